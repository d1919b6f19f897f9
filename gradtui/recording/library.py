"""The library that the user's code computes with, NumPy or another, as a recording needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from msgspec import Struct

from gradtui.recording.calls import CallRecorder
from gradtui.recording.checked import Checking
from gradtui.recording.kept import Kept
from gradtui.recording.kinds import KINDS
from gradtui.recording.names import rebound
from gradtui.recording.recorder import Array, Recorder
from gradtui.recording.run import Randomness, Result, run_recorded


class World(Protocol):
    """A world in which code runs: recorded, or plain."""

    def taking(self, array: Array) -> Any:
        """Return one of our arrays in the form that the user's code takes."""

    def giving(self, value: Any) -> Any:
        """Return a result of the user's code as an array of NumPy's."""


class Dialect(Struct, frozen=True, eq=False):
    """The spelling of a library's functions."""

    module: ModuleType
    axis: str
    keepdims: str
    """The names of its reductions' axis and keepdims arguments."""
    swapped: str
    """The attribute that swaps the last two axes of an array."""
    swapping: str
    """The name of the method that swaps two axes."""
    flipping: str
    """How an array is reversed along an axis, from a prefix for the module, the array, the axis."""
    size: str
    """What gives an array's number of elements, written after it."""
    methods: frozenset[str]
    """Attributes of its arrays, and other names, without side effects."""


class Library(Protocol):
    """A library of arrays."""

    @property
    def world(self) -> World:
        """The world in which code runs plainly."""

    @property
    def dialect(self) -> Dialect:
        """The spelling of its functions."""

    def seen(self, value: Any) -> Any:
        """Return an array of the library's as one of NumPy's; other values as they are."""

    def copied(self, value: Any) -> Any:
        """Return a copy of an array of the library's; other values as they are."""

    def parts(self, value: Any) -> Mapping[str, Any]:
        """Return the arrays that an array holds beside its own numbers, by attribute."""

    def recorder(self) -> Recorder:
        """Return a recorder for one run."""

    def listening(
        self, recorder: Any, function: Callable[..., Any], *, kinds: bool
    ) -> AbstractContextManager[None]:
        """Tell a recorder of everything that the user's code does; `function` is the one to be run.

        With `kinds`, recorded values pass for Python's own when the code asks for their types.
        """

    def randomness(self, seed: int | None) -> Randomness:
        """Return the state of the global generators, seeded first if there is a seed."""

    def kept(self, function: Callable[..., Any]) -> Kept:
        """Return the present state of everything that a function can reach."""

    def careful(self) -> AbstractContextManager[None]:
        """Have the library check what could otherwise end the process, if code is edited."""

    def checked(self) -> Sequence[Checking]:
        """Return what has to check more, in each run of edited code, than it does otherwise."""

    def finely(self) -> AbstractContextManager[Any]:
        """Have code on values of a run round these no more than that did."""

    def in_python(self, function: Callable[..., Any]) -> AbstractContextManager[None]:
        """Have Python run what a compiler of the library has made of the functions called."""


class _AsIs:
    """Code on plain arrays of NumPy's."""

    def taking(self, array: Array) -> Any:
        """Return the array."""
        return array

    def giving(self, value: Any) -> Any:
        """Return the value."""
        return value


class NumPy:
    """NumPy, whose arrays record themselves."""

    world: World = _AsIs()
    dialect = Dialect(
        np, "axis", "keepdims", ".swapaxes(-1, -2)", "swapaxes", "{0}flip({1}, {2})", ".size",
        frozenset(dir(np.ndarray)),
    )  # fmt: skip

    def seen(self, value: Any) -> Any:
        """Return an array without the operators of its own class; other values as they are."""
        return np.asarray(value) if isinstance(value, np.ndarray) else value

    def copied(self, value: Any) -> Any:
        """Return a copy of an array; other values as they are."""
        return value.copy() if isinstance(value, np.ndarray) else value

    def parts(self, value: Any) -> Mapping[str, Any]:
        """Return nothing."""
        return {}

    def recorder(self) -> Recorder:
        """Return a recorder for one run."""
        return CallRecorder()

    def listening(
        self, recorder: CallRecorder, function: Callable[..., Any], *, kinds: bool
    ) -> AbstractContextManager[None]:
        """Have NumPy's names in the user's modules make recording arrays."""
        recorder.listing = kinds
        return rebound(recorder, function, KINDS if kinds else {})

    def randomness(self, seed: int | None) -> Randomness:
        """Return the state of NumPy's and Python's global generators."""
        return Randomness(seed)

    def kept(self, function: Callable[..., Any]) -> Kept:
        """Return the present state of everything that a function can reach."""
        return Kept(function)

    def careful(self) -> AbstractContextManager[None]:
        """Check nothing: what could end the process is checked where a function is edited."""
        return nullcontext()

    def checked(self) -> Sequence[Checking]:
        """Return nothing, for the same reason."""
        return ()

    def finely(self) -> AbstractContextManager[Any]:
        """Do nothing: a run has no other values than its code's own."""
        return nullcontext()

    def in_python(self, function: Callable[..., Any]) -> AbstractContextManager[None]:
        """Change nothing: NumPy has no compiler."""
        return nullcontext()


NUMPY: Library = NumPy()


def record(
    library: Library,
    function: Callable[[Any, Mapping[str, Any]], Any],
    arguments: Mapping[str, Any],
    recorded: Mapping[str, Array],
    called: Callable[..., Any],
    *,
    kinds: bool = True,
) -> Result:
    """Run `function(world, arguments)` and record it; `recorded` are the values of some arguments.

    `called` is the user's function, whose module's names take part; with `kinds`, recorded values
    pass for Python's own.  Exceptions of the user's code pass through.
    """
    recorder = library.recorder()
    return run_recorded(
        recorder, library.listening(recorder, called, kinds=kinds), function, arguments, recorded
    )
