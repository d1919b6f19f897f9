"""The targets of the fuzz tests, searched with the coverage of gradtui's own lines as the guide.

By hand, and where atheris is installed:
python tests/hostile/coverage_fuzz.py NAME FOLDER [-max_total_time=SECONDS]
The folder keeps the inputs that reach new lines, and what fails; the options are libFuzzer's.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

try:
    atheris: Any = import_module("atheris")
except ImportError:
    sys.exit("coverage_fuzz.py needs atheris: pip install atheris")
with atheris.instrument_imports(include=["gradtui"]):
    fuzz = import_module("fuzz")

SEEDS = {
    "source": fuzz.SOURCE, "csv": fuzz.TABLE, "npz": fuzz.ARCHIVE, "npy": fuzz.ARRAY,
    "toml": fuzz.TOML, "saved": fuzz.SAVED,
}  # fmt: skip
"""The sound content of targets whose input is a whole file; that of others is made of words."""


def main() -> None:
    """Search the target that the first argument names, until something fails."""
    if len(sys.argv) < 3 or sys.argv[1] not in fuzz.TARGETS:
        sys.exit(f"usage: coverage_fuzz.py NAME FOLDER, NAME one of {', '.join(fuzz.TARGETS)}")
    program, name, folder, *options = sys.argv
    target, strategy = fuzz.TARGETS[name]
    files, inputs = Path(folder, "files"), Path(folder, name)
    for made in (files, inputs):
        made.mkdir(parents=True, exist_ok=True)

    @settings(database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def example(given: object) -> None:
        target(files, given)

    def whole(content: bytes) -> None:
        target(files, [(0.0, sys.maxsize, content)])

    # Examples are read from whole buffers: short ones, that libFuzzer begins with, give none.
    options = ["-len_control=0", f"-artifact_prefix={folder}/{name}-", *options, str(inputs)]
    if name in SEEDS:
        (inputs / "seed").write_bytes(SEEDS[name])
    one = whole if name in SEEDS else example.hypothesis.fuzz_one_input
    atheris.Setup([program, *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
