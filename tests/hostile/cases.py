"""Runs the hostile cases, in a process of their own: `python cases.py FOLDER` prints what became.

A line of JSON for each: its id, the exit status, what was printed, the processor time; then the
most memory that the process ever had.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import shutil
import sys
import time
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from gradtui.base.source import InputError
from gradtui.cli.arguments import main
from gradtui.saving.format import decode_saved
from hostile.base import BASE, COLUMNS, DOCUMENT, LOSS, SOURCE
from hostile.recipes import RECIPES, SAVED

ADDRESSES = 4 << 30
"""Bytes of address space: NumPy's threads reserve some that they never use."""
ELSEWHERE = ("terminal", "saved elsewhere")
"""Cases that other tests are about."""


def text_of(case: dict[str, Any]) -> str:
    """Return the text that a case states."""
    return "".join(
        "".join(text.replace("%d", str(i)) for i in range(times)) if "%d" in text else text * times
        for text, times in case["parts"]
    )


def scenario_text(case: dict[str, Any]) -> str:
    """Return the scenario that a case is, or that its file is for."""
    match case["at"]:
        case "expression":
            code = f"p = {text_of(case)}\n{LOSS} + 0*mean(p)\n"
        case "program":
            code = text_of(case)
        case "file":
            return text_of(case).replace("{base}", BASE)
        case "edit":
            return _replaced(BASE, case["old"], case.get("latin") or text_of(case))
        case "files":
            text = BASE
            for old, new in case["edits"]:
                text = _replaced(text, old, new)
            return text
        case "append":
            return BASE + text_of(case)
        case "csv":
            return COLUMNS
        case "python":
            return SOURCE
    plain = all(char.isprintable() or char == "\n" for char in code) and "'''" not in code
    return _replaced(BASE, f'"""\n{LOSS}\n"""', f"'''\n{code}'''" if plain else quoted(code))


def quoted(text: str) -> str:
    """Return a text as a string of TOML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _replaced(text: str, old: str, new: str) -> str:
    assert not old or text.count(old) == 1, old
    return text.replace(old, new) if old else text


def write(case: dict[str, Any], folder: Path) -> Path:
    """Write the files of a case and return the scenario."""
    if case["at"] == "recipe":
        return RECIPES[case["recipe"]](folder)
    if case["at"] in ("csv", "python"):
        name = "a.csv" if case["at"] == "csv" else "m.py"
        (folder / name).write_bytes(text_of(case).encode())
    text = scenario_text(case)
    if case.get("crlf"):
        text = text.replace("\n", "\r\n")
    path = folder / "case.toml"
    path.write_bytes(text.encode("latin-1" if "latin" in case else "utf-8"))
    return path


def run(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return what becomes of a case."""
    folder.mkdir()
    out, err = io.StringIO(), io.StringIO()
    path = folder / "saved"
    make = SAVED.get(case.get("recipe", "")) if case["at"] == "saved" else None
    raw = b"" if make is None else make(folder)
    if make is None:
        path = write(case, folder)
    start = time.process_time()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            if make is not None:
                decode_saved(raw, str(path))
                status = 0
            else:
                status = main(["show", str(path)])
    except InputError as error:
        status = 2
        err.write(f"{error}\n")
    except BaseException:
        status = -1
        err.write(traceback.format_exc())
    seconds = time.process_time() - start
    shutil.rmtree(folder)
    printed = out.getvalue()
    return {
        "id": case["id"], "file": str(path), "status": status, "seconds": seconds,
        "out": printed[:20_000], "err": err.getvalue()[:20_000],
    }  # fmt: skip


def most_memory() -> int:
    """Return the most bytes of memory that this process has had."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    wanted = sys.argv[2:]
    for number, each in enumerate(DOCUMENT["cases"]):
        if each["at"] not in ELSEWHERE and (not wanted or each["id"] in wanted):
            print(json.dumps(run(each, Path(sys.argv[1]) / str(number))), flush=True)
    print(json.dumps({"memory": most_memory()}))
