"""FILE.py:NAME on the command line: runs the file and checks one of its functions."""

from __future__ import annotations

import ast
import linecache
import os
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from gradtui.base.raised import raised_as
from gradtui.base.source import InputError, Place, did_you_mean
from gradtui.base.streams import tell, working
from gradtui.base.text import clean

if TYPE_CHECKING:
    from gradtui.debugger.session import Session
    from gradtui.diagnosis.recorded.outcome import Outcome
    from gradtui.diagnosis.recorded.progress import Progress
    from gradtui.diagnosis.recorded.target import Target

_NAMED = re.compile(r"(?P<file>.+\.py):(?P<name>[^\W\d]\w*(\.[^\W\d]\w*)*)")


class RaisedError(Exception):
    """An exception of the user's code; its cause is that exception."""

    @property
    def text(self) -> str:
        """The traceback of the user's code alone, as Python prints it."""
        error = self.__cause__
        assert error is not None
        from gradtui.recording.traces import users_traceback

        trace = users_traceback(error.__traceback__)
        lines = traceback.format_exception(type(error), error, trace)
        return clean("".join(lines).rstrip(), newlines=True)


def is_code(file: str) -> bool:
    """Return whether an argument names a function in a file of Python, which is run."""
    return _NAMED.fullmatch(file) is not None


def refuse_unnamed(argument: str) -> None:
    """Raise InputError for a file of Python without the name of a function in it."""
    file, _, name = argument.partition(".py")
    if (name and not name.startswith(":")) or ".py" not in argument or is_code(argument):
        return
    file += ".py"
    try:
        with open(file, "rb") as source:
            tree = ast.parse(source.read())
    except OSError as error:
        from gradtui.scenario.reading import reason_of

        raise InputError(reason_of(error), file=file) from None
    except (SyntaxError, ValueError) as error:
        where = Place(getattr(error, "lineno", None) or 1)
        raise InputError(
            f"is not Python: {getattr(error, 'msg', error)}", where, file=file
        ) from None
    known = [one.name for one in tree.body if isinstance(one, ast.FunctionDef)]
    # One without arguments may return another function with those of a call.
    called = [one for one in tree.body if isinstance(one, ast.FunctionDef) and _is_called(one)]
    called.sort(key=lambda one: not one.args.defaults)
    example = called[0].name if called else "case"
    have = "its functions are" if len(known) > 1 else "its function is"
    told = f"{have} {', '.join(known)}" if known else "it has no function"
    if known and not called:
        need = "all need" if len(known) > 1 else "needs"
        told += f", which {need} arguments: give defaults, for example `def case(W=W0)`"
    raise InputError(f"name the function to run, for example {file}:{example}; {told}",
                     file=file)  # fmt: skip


def _is_called(function: ast.FunctionDef) -> bool:
    """Return whether a function can be called without arguments."""
    given, keyed = function.args, function.args.kw_defaults
    positional = len(given.posonlyargs) + len(given.args)
    return positional == len(given.defaults) and all(one is not None for one in keyed)


def check_code(
    argument: str, crashed: str | None = None, progress: Progress | None = None
) -> Outcome:
    """Run a file of Python and check a function of it, telling of its `progress`.

    With the signal by which a search for the line at fault has `crashed`, there is no other.
    Raises InputError for unusable input, RaisedError for exceptions of the user's code.
    """
    from gradtui.diagnosis.internal import internal
    from gradtui.diagnosis.recorded.check import check_target
    from gradtui.diagnosis.recorded.outcome import Outcome
    from gradtui.recording.traces import is_users

    with _running(argument) as target:
        try:
            return check_target(target, progress, crashed=crashed)
        except (InputError, MemoryError):
            raise
        except Exception as error:
            if is_users(error):
                raise
            return Outcome(target, "not-compared", (internal(argument, error),))


def trace_code(argument: str, *, at_once: bool = False) -> Session:
    """Run a file of Python and return a session on one call of a function of it.

    With `at_once`, its gradients are compared in another process meanwhile, if that can be.
    Raises InputError for unusable input and for failures of gradtui itself, RaisedError for
    exceptions of the user's code.
    """
    from gradtui.base.failures import report_failure
    from gradtui.debugger.session import Session
    from gradtui.diagnosis.recorded.trace import trace_target
    from gradtui.recording.traces import is_users

    threads = threading.enumerate() if at_once else None
    with _running(argument) as target:
        try:
            traced = trace_target(target, threads)
        except (InputError, MemoryError):
            raise
        except Exception as error:
            if is_users(error):
                raise
            said = report_failure("gradtui itself failed at the call", error)
            raise InputError(said, file=argument) from None
    session = Session(traced.problem, judgement=traced.judged)
    session.again = partial(_trace_again, argument)
    return session


def _trace_again(argument: str) -> Session:
    """Run a file that may have changed again; raises InputError, also for its exceptions."""
    file = argument.rpartition(":")[0]
    linecache.checkcache()
    folder, package = _package_of(os.path.abspath(file))
    _forget_modules(os.path.normpath(os.path.join(folder, package.partition(".")[0])))
    with working(f"running {argument}"):
        try:
            return trace_code(argument, at_once=True)
        except RaisedError as error:
            raise as_input_error(error, file) from None


def as_input_error(error: RaisedError, file: str) -> InputError:
    """Return an exception of a Python file as an error at the last line of the file involved."""
    said = InputError(error.text.splitlines()[-1], _raised_at(error, file), file=file)
    return said.within(file, [line.rstrip("\n") for line in linecache.getlines(file)])


def _package_of(path: str) -> tuple[str, str]:
    """Return the folder above the packages that a file is in, and their dotted name or nothing."""
    folder, names = os.path.dirname(path), list[str]()
    while os.path.isfile(os.path.join(folder, "__init__.py")) and folder != os.path.dirname(folder):
        folder, name = os.path.split(folder)
        names.insert(0, name)
    return folder, ".".join(names)


def _forget_modules(folder: str) -> None:
    """Have the modules of a folder imported anew, because they may have changed, too."""
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
    """Run a Python file and return the function that an argument names."""
    from gradtui.diagnosis.recorded.targets import code_of

    match = _NAMED.fullmatch(argument)
    assert match is not None
    if "." in match["name"]:
        raise InputError(
            f"'{match['name']}' needs an object: write a function that makes one, `def case(W=W0)"
            ": net = Net(W); return net.loss(X), net.backward()`, and name that",
            file=match["file"],
        )  # fmt: skip
    with _raising(match["file"]), _as_script(match["file"]) as module:
        function = getattr(module, match["name"], None)
        if not callable(function):
            known = [
                name for name, value in vars(module).items() if isinstance(value, FunctionType)
            ]
            what = f"there is no function '{match['name']}'"
            hint = did_you_mean(match["name"], known)
            if match["name"] in vars(module):
                what, hint = f"'{match['name']}' is not a function", ""
            hint = hint or (f"; there are {', '.join(known)}" if known else "")
            raise InputError(what + hint, file=match["file"])
        yield code_of(function, (), {})


@contextmanager
def _raising(file: str) -> Iterator[None]:
    """Tell exceptions of the user's code from gradtui's own errors."""
    with raised_as(RaisedError):
        try:
            yield
        except ModuleNotFoundError as error:
            if error.name != "torch":
                raise
            what = "the code needs PyTorch, which is not installed here: pip install "
            raise InputError(f"{what}'gradtui[torch]'", file=file) from None


@contextmanager
def _as_script(file: str) -> Iterator[ModuleType]:
    """Run a file as `python FILE` does and return its module, which is `__main__` meanwhile.

    In a package it imports by relative names too, as `python -m` would let it.
    """
    module = ModuleType("__main__")
    module.__file__ = os.path.abspath(file)
    before: Any = sys.modules.get("__main__"), sys.argv, list(sys.path)
    try:
        with open(file, "rb") as source:
            code = compile(source.read(), module.__file__, "exec", dont_inherit=True)
    except OSError as error:
        from gradtui.scenario.reading import reason_of

        raise InputError(reason_of(error), file=file) from None
    sys.modules["__main__"], sys.argv = module, [file]
    folder, package = _package_of(module.__file__)
    module.__package__ = package or None
    sys.path[:0] = dict.fromkeys([os.path.dirname(module.__file__), folder])
    try:
        try:
            exec(code, module.__dict__)
        except SystemExit as end:
            if end.code:  # a script that exits well has defined its functions
                raise
        yield module
    finally:
        sys.modules["__main__"], sys.argv, sys.path[:] = before


def tell_raised(error: RaisedError) -> None:
    """Print the traceback of the user's exception on standard error."""
    tell(error.text)
