"""FILE.py:NAME on the command line: the file is run, and a function of it checked."""

from __future__ import annotations

import argparse
import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

from gradtui.base.source import InputError, did_you_mean
from gradtui.base.streams import tell
from gradtui.base.text import clean

if TYPE_CHECKING:
    from gradtui.diagnosis.recorded.check import Outcome

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_NAMED = re.compile(r"(?P<file>.+\.py):(?P<name>[^\W\d]\w*)")


class RaisedError(Exception):
    """An exception of the user's code; its cause is that exception."""

    @property
    def text(self) -> str:
        """The traceback of the user's code alone, as Python prints it."""
        error = self.__cause__
        assert error is not None
        lines = traceback.format_exception(type(error), error, _users(error.__traceback__))
        return clean("".join(lines).rstrip(), newlines=True)


def is_code(file: str) -> bool:
    """Return whether an argument names a function in a file of Python, which is run."""
    return _NAMED.fullmatch(file) is not None


def check_code(argument: str) -> Outcome:
    """Run a file of Python and check a function of it.

    Raises InputError for what cannot be used, RaisedError for exceptions of the user's code.
    """
    from gradtui.diagnosis.internal import internal
    from gradtui.diagnosis.recorded.check import Outcome, check_target
    from gradtui.diagnosis.recorded.target import target_of

    match = _NAMED.fullmatch(argument)
    assert match is not None
    with _raising(), _as_script(match["file"]) as module:
        function = getattr(module, match["name"], None)
        if not callable(function):
            known = [name for name, value in vars(module).items() if callable(value)]
            hint = did_you_mean(match["name"], known)
            raise InputError(f"there is no function '{match['name']}'{hint}", file=match["file"])
        target = target_of(function, None, (), {})
        try:
            return check_target(target)
        except (InputError, MemoryError):
            raise
        except Exception as error:
            if _is_users(error):
                raise
            return Outcome(target, "not-compared", (internal(argument, error),))


def report_code(argument: str, arguments: argparse.Namespace) -> tuple[bool, bool]:
    """Check code and print what is found; return whether it failed, and whether it warned."""
    from gradtui.explain.recorded import recorded_errors, recorded_notices, recorded_text
    from gradtui.explain.report import to_json

    outcome = check_code(argument)
    if not arguments.quiet:
        for notice in recorded_notices(outcome):
            tell(notice)
    if arguments.json:
        print(to_json(outcome.as_dict(argument)))
    elif not arguments.quiet:
        print(recorded_text(outcome, argument))
    elif text := recorded_errors(outcome, strict=arguments.strict):
        print(text)
    return outcome.failed, outcome.warned


@contextmanager
def _raising() -> Iterator[None]:
    """Tell exceptions of the user's code from gradtui's own words on it."""
    try:
        yield
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        raise RaisedError from error


@contextmanager
def _as_script(file: str) -> Iterator[ModuleType]:
    """Run a file as `python FILE` does, and give its module, which is `__main__` meanwhile."""
    module = ModuleType("__main__")
    module.__file__ = os.path.abspath(file)
    before: Any = sys.modules.get("__main__"), sys.argv, list(sys.path)
    try:
        with open(file, "rb") as source:
            code = compile(source.read(), module.__file__, "exec")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=file) from None
    sys.modules["__main__"], sys.argv = module, [file]
    sys.path.insert(0, os.path.dirname(module.__file__))
    try:
        exec(code, module.__dict__)
        yield module
    finally:
        sys.modules["__main__"], sys.argv, sys.path[:] = before


def _users(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback from the first frame on that is not gradtui's."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_OURS):
        trace = trace.tb_next
    return trace


def _is_users(error: BaseException) -> bool:
    """Return whether an exception comes from a call in the user's code, not in gradtui's."""
    from gradtui.recording.places import is_users_file

    frames = (frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__))
    told = [file for file in frames if file.startswith(_OURS) or is_users_file(file)]
    return not told or not told[-1].startswith(_OURS)


def tell_raised(error: RaisedError) -> None:
    """Print the traceback of the user's exception on standard error."""
    tell(error.text)
