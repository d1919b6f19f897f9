"""FILE.py:NAME on the command line: the file is run, and a function of it checked."""

from __future__ import annotations

import argparse
import linecache
import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

from gradtui.base.source import InputError, Place, did_you_mean
from gradtui.base.streams import tell, working
from gradtui.base.text import clean

if TYPE_CHECKING:
    from gradtui.debugger.session import Session
    from gradtui.diagnosis.recorded.check import Outcome
    from gradtui.diagnosis.recorded.target import Target

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_NAMED = re.compile(r"(?P<file>.+\.py):(?P<name>[^\W\d]\w*(\.[^\W\d]\w*)*)")


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

    with _running(argument) as target:
        try:
            return check_target(target)
        except (InputError, MemoryError):
            raise
        except Exception as error:
            if _is_users(error):
                raise
            return Outcome(target, "not-compared", (internal(argument, error),))


def trace_code(argument: str) -> Session:
    """Run a file of Python and return a session on one call of a function of it.

    Raises InputError for what cannot be used and where gradtui itself fails, RaisedError for
    exceptions of the user's code.
    """
    from gradtui.base.failures import report_failure
    from gradtui.debugger.session import Session
    from gradtui.diagnosis.recorded.trace import trace_target

    with _running(argument) as target:
        try:
            traced = trace_target(target)
        except (InputError, MemoryError):
            raise
        except Exception as error:
            if _is_users(error):
                raise
            said = report_failure("gradtui itself failed at the call", error)
            raise InputError(said, file=argument) from None
    session = Session(traced.problem, judgement=traced.judgement)
    session.again = partial(_trace_again, argument)
    return session


def _trace_again(argument: str) -> Session:
    """Run a file that may have changed once more; raises InputError, for its exceptions too."""
    file = argument.rpartition(":")[0]
    linecache.checkcache()
    _forget_modules(os.path.dirname(os.path.abspath(file)))
    with working(f"running {argument}"):
        try:
            return trace_code(argument)
        except RaisedError as error:
            said = InputError(error.text.splitlines()[-1], _raised_at(error, file), file=file)
            raise said.within(
                file, [line.rstrip("\n") for line in linecache.getlines(file)]
            ) from None


def _forget_modules(folder: str) -> None:
    """Let the modules of a folder be imported anew: they may have changed, too."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name != "__main__" and isinstance(file, str) and file.startswith(folder + os.sep):
            del sys.modules[name]


def _raised_at(error: RaisedError, file: str) -> Place | None:
    """Return the last line of a file that an exception came through."""
    cause, path = error.__cause__, os.path.abspath(file)
    if isinstance(cause, SyntaxError) and cause.lineno:
        return Place(cause.lineno)
    found = [
        line for frame, line in traceback.walk_tb(cause.__traceback__ if cause else None)
        if frame.f_code.co_filename == path
    ]  # fmt: skip
    return Place(found[-1]) if found else None


@contextmanager
def _running(argument: str) -> Iterator[Target]:
    """Run a file of Python and give the function of it that an argument names, to be called."""
    from gradtui.diagnosis.recorded.target import target_of

    match = _NAMED.fullmatch(argument)
    assert match is not None
    if "." in match["name"]:
        raise InputError(
            f"'{match['name']}' needs an object: write a function that makes it, as `def case(W=W0)"
            ": net = Net(W); return net.loss(X), net.backward()`, and name that",
            file=match["file"],
        )  # fmt: skip
    with _raising(), _as_script(match["file"]) as module:
        function = getattr(module, match["name"], None)
        if not callable(function):
            known = [name for name, value in vars(module).items() if callable(value)]
            hint = did_you_mean(match["name"], known)
            raise InputError(f"there is no function '{match['name']}'{hint}", file=match["file"])
        yield target_of(function, None, (), {})


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
        try:
            exec(code, module.__dict__)
        except SystemExit as end:
            if end.code:  # a script that ends well has made its functions
                raise
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
