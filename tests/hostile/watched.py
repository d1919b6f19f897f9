"""Uses scenarios while every audit event is watched: `python watched.py WARM EVERY FILE…`.

Every so many of them are checked and shown too: that takes most of the time.

It prints a line of JSON for each event that nothing in a file may cause, then how often the gate
was passed.  Allowed are the gate, by which the compiler makes functions of source that it wrote
itself; modules of the package and of what is installed, by their paths, when code of these asks for
them; and the files of a scenario's folder.  What imports and classes need of `exec` at their first
use is over when WARM has been used.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType

sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

import gradtui
from gradtui.base.source import InputError
from gradtui.cli.arguments import main

PACKAGE = Path(gradtui.__file__).resolve().parent
INSTALLED = tuple(
    os.path.realpath(path) + os.sep
    for path in (*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, PACKAGE)
)
GATES = {str(PACKAGE / "engine" / name) for name in ("compiler.py", "interpreter.py")}
READER = str(PACKAGE / "scenario" / "reading.py")
GATE = "<gradtui>"
"""The file name of what the gate compiles."""
IMPORT = "<frozen importlib._bootstrap>"
MADE = ("<string>", "<unknown>", "<frozen importlib.util>")
QUIET = ("open", "compile", "exec", "import", "marshal.loads", "object.", "sys.", "os.listdir",
         "os.scandir", "os.putenv", "gc.", "cpython.", "builtins.id", "time.")  # fmt: skip
"""Events that are judged on their own, or that touch nothing."""


def frames() -> Iterator[FrameType]:
    """Yield the frames from the one that caused an event."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename != __file__ or frame.f_code.co_name == "use":
            yield frame
        frame = frame.f_back


def comes_from(files: set[str]) -> bool:
    return any(frame.f_code.co_filename in files for frame in frames())


def is_installed(name: object) -> bool:
    """Tell whether a path is of the package or of what is installed."""
    text = os.fsdecode(name) if isinstance(name, str | bytes) else ""
    return os.path.isabs(text) and os.path.realpath(text).startswith(INSTALLED)


class Watch:
    """What happened that is not allowed."""

    def __init__(self) -> None:
        self.folder = os.devnull
        self.seen: list[dict[str, str]] = []
        self.gated = 0
        self.on = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.on:
            return
        self.on = False
        try:
            if not self.allows(event, arguments):
                self.seen.append({"event": event, "of": repr(arguments)[:300]})
        finally:
            self.on = True

    def allows(self, event: str, arguments: tuple[object, ...]) -> bool:
        match event, arguments:
            case "open", (path, mode, *_):
                return self.may_open(path, mode)
            case "compile", (_, name):
                return self.may_compile(name)
            case "exec", (CodeType() as code, *_):
                return self.may_compile(code.co_filename)
            case "import", (_, path, *_):
                return path is None or is_installed(path) or comes_from({IMPORT})
            case "marshal.loads", _:
                return comes_from({IMPORT})
        return event.startswith(QUIET)

    def may_compile(self, name: object) -> bool:
        """A module, what a module of what is installed makes while imported, or the gate."""
        made = name in MADE and comes_from({IMPORT})
        return made or is_installed(name) or (name == GATE and self.passes())

    def may_open(self, path: object, mode: object) -> bool:
        """A file of the scenario, or of what is installed, to read it.

        Below its folder the reader opens one part of a path after the other, by its bare name.
        """
        if isinstance(path, int):
            return False
        name = os.fsdecode(path)  # type: ignore[arg-type]
        if mode not in (None, "r", "rb"):
            return False
        if comes_from({READER}) and os.sep not in name and name not in ("", "..", "."):
            return True
        where = os.path.realpath(name) + os.sep
        return where.startswith((self.folder + os.sep, *INSTALLED))

    def passes(self) -> bool:
        """Tell whether it is the gate that asks."""
        found = comes_from(GATES)
        self.gated += found
        return found


def use(file: str, *, check: bool) -> None:
    """Do with a scenario what the shell can, and some of what the debugger does."""
    commands = [["run", file, "--steps", "3"]]
    if check:
        commands += [["check", file], ["show", file], ["show", file, "--json"]]
    for arguments in commands:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            main(arguments)
    with contextlib.suppress(InputError):
        session = gradtui.load(file)
        session.break_at("norm > 1")
        session.watch("loss - prev")
        session.branches.what_if("lr 0.01", 1)
        session.into()
        assert session.frame.loss is not None


if __name__ == "__main__":
    watch = Watch()
    sys.addaudithook(watch)
    warm, every, *files = sys.argv[1:]
    use(warm, check=True)
    for number, each in enumerate(files):
        watch.folder = os.path.realpath(os.path.dirname(each))
        watch.on = True
        use(each, check=number % int(every) == 0)
        watch.on = False
    for one in watch.seen:
        print(json.dumps(one))
    print(json.dumps({"gated": watch.gated}))
