"""`gradtui new`: a scenario or code to start from, or a copy of a scenario with its files."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from gradtui.base.source import InputError
from gradtui.base.text import clean


def write_new(arguments: argparse.Namespace) -> int:
    """Write a copy, NumPy code if FILE ends in .py, or else a commented scenario."""
    path = Path(arguments.file)
    _check_name(path, arguments.origin)
    if arguments.origin is not None:
        return _write(_copies(arguments.origin, path), path)
    from gradtui.scenario.template import PROGRAM, TEMPLATE

    return _write({path: (PROGRAM if path.suffix == ".py" else TEMPLATE).encode()}, path)


def _check_name(path: Path, origin: str | None) -> None:
    """Refuse a name under which the new file would not be found again."""
    from gradtui.scenario.bundled import is_bundled

    if is_bundled(str(path)):
        raise InputError(
            f"this is the name of a bundled scenario: `gradtui new {path}.toml --from {path}` "
            "copies it", file=str(path),
        )  # fmt: skip
    if path.suffix not in (".toml", ".py"):
        raise InputError(f"a scenario's name ends in .toml, that of code in .py: `gradtui new "
                         f"{path.with_suffix('.toml')}`", file=str(path))  # fmt: skip
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent}", file=str(path))
    if origin is not None and path.suffix == ".py":
        raise InputError("a copy of a scenario needs a name that ends in .toml",
                         file=str(path))  # fmt: skip


def _copies(origin: str, path: Path) -> Mapping[Path, bytes]:
    """Return the files of a scenario under the names of its copy, the scenario last.

    Files beside `path` with the same content are left out; raises InputError if one has other
    content, or if the scenario is unusable.
    """
    from gradtui.scenario.bundled import find_scenario
    from gradtui.scenario.files import files_of
    from gradtui.scenario.load import load_problem
    from gradtui.scenario.reading import DATA_LIMIT, read_bytes

    source = find_scenario(origin)
    load_problem(source)
    scenario, *others = files_of(source)
    found: dict[Path, bytes] = {}
    for other in others:
        copy = path.parent / os.path.relpath(other, os.path.dirname(scenario))
        contents = read_bytes(other, DATA_LIMIT)
        if not os.path.lexists(copy):
            found[copy] = contents
        elif read_bytes(copy, DATA_LIMIT) != contents:
            raise InputError(f"a different file of this name already exists, and {origin} needs "
                             "its own: choose another folder", file=str(copy))  # fmt: skip
    return {**found, path: read_bytes(scenario, DATA_LIMIT)}


def _write(files: Mapping[Path, bytes], path: Path) -> int:
    """Write files, of which `path` is the one to open; return the exit status."""
    from gradtui.base.files import reason, write_file

    for file, contents in files.items():
        try:
            if os.path.lexists(path):
                raise FileExistsError
            if file.parent != path.parent:
                file.parent.mkdir(parents=True, exist_ok=True)
            write_file(file, contents, new=True)
        except FileExistsError:
            raise InputError("the file exists; choose another name",
                             file=str(path)) from None  # fmt: skip
        except OSError as error:
            raise InputError(f"cannot be written: {reason(error)}", file=str(file)) from None
    code = path.suffix == ".py"
    what = (
        f"check it with `gradtui check {path}:case`" if code else f"open it with `gradtui {path}`"
    )
    beside = "".join(f" and {file}" for file in files if file != path)
    print(clean(f"wrote {path}{beside}: {what}"))
    return 0
