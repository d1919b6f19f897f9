"""One run of the user's function: recorded, or plain. Judges nothing."""

from __future__ import annotations

import builtins
import copy
import ctypes
import gc
import io
import logging
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import (
    AbstractContextManager,
    contextmanager,
    redirect_stderr,
    redirect_stdout,
)
from typing import Any, overload

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.recording.arguments import is_record, laid_out, parts_of, with_values
from gradtui.recording.array import Recorded
from gradtui.recording.places import is_users_file
from gradtui.recording.recorder import Recorder
from gradtui.recording.tape import Tape

Array = NDArray[Any]

_WORDS = 625 * 4
"""The bytes of the state of NumPy's usual generator."""
_LONG = 5_000
"""Nodes of a tape that is spared garbage collection."""
_others: bool | None = None
"""Whether others had spared objects before a run spared its own; None before it does."""
_shared = False
"""Whether what this process shares with another, with the user's code, is spared."""


class Case(Struct, frozen=True):
    """Settings of a checked function that cannot be guessed."""

    wrt: tuple[str, ...] = ()
    """The arguments whose gradients are judged; none for all with returned gradients."""
    seed: int | None = None
    """The seed of NumPy's and Python's global generators before every run."""


@overload
def case(function: Callable[..., Any], /) -> Callable[..., Any]: ...
@overload
def case(
    *, wrt: Sequence[str] = (), seed: int | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]: ...
def case(
    function: Callable[..., Any] | None = None, /, *, wrt: Sequence[str] = (),
    seed: int | None = None,
) -> Callable[..., Any]:  # fmt: skip
    """Return a decorator that sets the arguments to judge, and the seed.

    It may itself be a decorator, which sets nothing.
    """
    names = (wrt,) if isinstance(wrt, str) else tuple(wrt)

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__gradtui_case__ = Case(names, seed)  # type: ignore[attr-defined]
        return function

    return mark if function is None else mark(function)


def case_of(function: Callable[..., Any]) -> Case:
    """Return the settings from a function's decorator."""
    found = getattr(function, "__gradtui_case__", None)
    return found if isinstance(found, Case) else Case()


class Result(Struct, frozen=True, eq=False):
    """The result of a recorded run, and its tape."""

    returned: Any
    """Nested tuples, lists and mappings of arrays, some of which record."""
    recorder: Recorder
    warned: frozenset[tuple[str, int]] = frozenset()
    """The files and lines of the user's code that warned."""

    @property
    def tape(self) -> Tape:
        """The tape of the run."""
        return self.recorder.tape

    def with_tape(self, tape: Tape) -> Result:
        """Return the same run with another tape."""
        recorder = copy.copy(self.recorder)
        recorder.tape = tape
        return replace(self, recorder=recorder)

    def node(self, value: Any) -> int | None:
        """Return the node of a returned array; None if it was not recorded."""
        if not isinstance(value, Recorded) or value._memory is None:
            return None
        own = value._memory.tape is self.tape and value._memory.is_typed(value)
        return value._memory.read(value) if own else None


class Randomness:
    """The present state of the global generators, to be restored before every run."""

    def __init__(self, seed: int | None = None) -> None:
        if seed is not None:
            np.random.seed(seed)
            random.seed(seed)
        self._numpy, self._python = np.random.get_state(), random.getstate()
        self._words = _words_of(self._numpy)

    def restore(self) -> None:
        """Put the state back: NumPy's only where it has changed, for that takes long."""
        if self._words is None or _words() != self._words:
            np.random.set_state(self._numpy)
        random.setstate(self._python)


def _words() -> bytes | None:
    """Return the words of NumPy's usual generator and its place among them; None for another."""
    used = np.random.get_bit_generator()  # type: ignore[attr-defined]
    if type(used) is not np.random.MT19937:
        return None
    return ctypes.string_at(used.ctypes.state_address, _WORDS)


def _words_of(state: Any) -> bytes | None:
    """Return the same of a state that has just been read; None if there is more to it."""
    if not isinstance(state, tuple):  # of another generator
        return None
    _, words, place, pending, _ = state
    known = words.tobytes() + int(place).to_bytes(4, sys.byteorder)
    return known if not pending and _words() == known else None


class Answers:
    """What was typed into the first run, which every other one is told again."""

    def __init__(self) -> None:
        self._typed: list[str] = []

    @contextmanager
    def told(self) -> Iterator[None]:
        """Let `input` give what was typed before, and ask for what was not."""
        own, known = builtins.input, iter([*self._typed])

        def answer(prompt: object = "", /) -> str:
            typed = next(known, None)
            if typed is None:
                typed = own(prompt)
                self._typed.append(typed)
            return typed

        builtins.input = answer
        try:
            yield
        finally:
            builtins.input = own


def run_recorded(
    recorder: Recorder,
    listening: AbstractContextManager[None],
    function: Callable[[Recorder, Mapping[str, Any]], Any],
    arguments: Mapping[str, Any],
    recorded: Mapping[str, Array],
) -> Result:
    """Run `function(recorder, arguments)` and record it; `recorded` are values of parts of these.

    Within `listening`, the recorder hears of everything that the user's code does.  Exceptions of
    that code pass through.
    """
    known = parts_of(arguments)
    parts = {name: recorder.argument(name, laid_out(known[name], value))
             for name, value in recorded.items()}  # fmt: skip
    own = with_values(copied(arguments), known, parts)
    try:
        with listening, _uncollected(recorder.tape):
            own = {name: recorder.passed(value) for name, value in own.items()}
            returned = function(recorder, own)
    finally:
        recorder.tape.open = False
    return Result(returned, recorder)


@contextmanager
def _uncollected(tape: Tape) -> Iterator[None]:
    """Suspend garbage collection, and spare it a long tape afterwards, which is kept anyway.

    It would walk through all nodes again and again.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if len(tape) > _LONG:
            _spare()
        if enabled:
            gc.enable()


def spares() -> bool:
    """Return whether the garbage collector was spared what the user's code had made."""
    return _others is not None or _shared


def spare_shared() -> None:
    """Spare the garbage collector all that this new process shares with the other one."""
    global _shared
    _shared = True
    gc.freeze()


def _spare() -> None:
    """Spare the garbage collector all that there is now."""
    global _others
    if _others is None:
        _others = gc.get_freeze_count() > 0
    gc.freeze()


@contextmanager
def collected() -> Iterator[None]:
    """Collect afterwards what was spared, but for what others spared before."""
    global _others
    before, _others = _others, None
    try:
        yield
    finally:
        if _others is not None:
            gc.unfreeze()
            gc.collect()
            if _others:  # a test suite spares millions of objects, which would be walked again
                gc.freeze()
        _others = before


def copied(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of arguments whose arrays, also in containers, a run may change."""
    held = (np.ndarray, dict, list, tuple)
    return {
        name: _copied(value) if isinstance(value, held) or is_record(value) else value
        for name, value in arguments.items()
    }


def _copied(value: Any) -> Any:
    """Return a deep copy, which shares what cannot be copied, such as a module or a lock."""
    if type(value) is np.ndarray and not value.dtype.hasobject:
        return value.copy(order="K")
    try:
        return copy.deepcopy(value)
    except (TypeError, RuntimeError):  # the latter of tensors that others are computed to
        if type(value) is dict:
            return {key: _copied(one) for key, one in value.items()}
        if type(value) in (list, tuple):
            return type(value)(map(_copied, value))
        return value.copy() if isinstance(value, np.ndarray) else value


@contextmanager
def settled() -> Iterator[None]:
    """Restore streams, warnings and logging afterwards, wherever a run ended."""
    level = logging.root.manager.disable
    with (
        collected(), redirect_stdout(sys.stdout), redirect_stderr(sys.stderr),
        warnings.catch_warnings(),
    ):  # fmt: skip
        try:
            yield
        finally:
            logging.disable(level)


@contextmanager
def unheard() -> Iterator[None]:
    """Silence prints and warnings of a run that repeats another."""
    before = logging.root.manager.disable
    nowhere = io.StringIO()
    with (
        redirect_stdout(nowhere), redirect_stderr(nowhere),  # threads write tracebacks, too
        np.errstate(all="ignore"), warnings.catch_warnings(),
    ):  # fmt: skip
        warnings.simplefilter("ignore")
        if before < logging.CRITICAL:  # within another, it is silent: each change takes long
            logging.disable()
        try:
            yield
        finally:
            if logging.root.manager.disable != before:
                logging.disable(before)


@contextmanager
def warned() -> Iterator[set[tuple[str, int]]]:
    """Collect the files and lines of the user's code that warn."""
    found = set[tuple[str, int]]()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")  # once a line
        try:
            yield found
        finally:
            found.update((one.filename, one.lineno) for one in told if is_users_file(one.filename))
