"""What the user's code computes with, NumPy or another library, as a recording needs to know it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from msgspec import Struct

from gradtui.recording.calls import CallRecorder
from gradtui.recording.kept import Kept
from gradtui.recording.kinds import KINDS
from gradtui.recording.names import rebound
from gradtui.recording.recorder import Array, Recorder
from gradtui.recording.run import Randomness, Result, run_recorded


class World(Protocol):
    """Where code runs: recorded, or as it is."""

    def taking(self, array: Array) -> Any:
        """Return an array of ours as one that the user's code takes."""

    def giving(self, value: Any) -> Any:
        """Return what the user's code gives back, as an array of NumPy's."""


class Dialect(Struct, frozen=True, eq=False):
    """How a library's functions are written."""

    module: ModuleType
    axis: str
    keepdims: str
    """What its reductions call their axis, and that it is kept."""
    swapped: str
    """What swaps the last two axes of an array."""
    methods: frozenset[str]
    """What its arrays can be asked, and what else only computes."""


class Library(Protocol):
    """A library of arrays."""

    @property
    def world(self) -> World:
        """Where code runs as it is."""

    @property
    def dialect(self) -> Dialect:
        """How its functions are written."""

    def seen(self, value: Any) -> Any:
        """Return an array of the library's as one of NumPy's, anything else as it is."""

    def copied(self, value: Any) -> Any:
        """Return a copy of an array of the library's, anything else as it is."""

    def recorder(self) -> Recorder:
        """Return a recorder for one run."""

    def listening(
        self, recorder: Any, function: Callable[..., Any], *, kinds: bool
    ) -> AbstractContextManager[None]:
        """Let a recorder be told of what the user's code does; `function` is what will be run.

        With `kinds` recorded values pass for Python's own where the code asks for their types.
        """

    def randomness(self, seed: int | None) -> Randomness:
        """Return the state of the global generators, after they are seeded if there is a seed."""

    def kept(self, function: Callable[..., Any]) -> Kept:
        """Return what a function can reach, as it is now."""


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
    dialect = Dialect(np, "axis", "keepdims", ".swapaxes(-1, -2)", frozenset(dir(np.ndarray)))

    def seen(self, value: Any) -> Any:
        """Return the value."""
        return value

    def copied(self, value: Any) -> Any:
        """Return a copy of an array, anything else as it is."""
        return value.copy() if isinstance(value, np.ndarray) else value

    def recorder(self) -> Recorder:
        """Return a recorder for one run."""
        return CallRecorder()

    def listening(
        self, recorder: CallRecorder, function: Callable[..., Any], *, kinds: bool
    ) -> AbstractContextManager[None]:
        """Let NumPy's names in the user's modules make arrays that record."""
        return rebound(recorder, function, KINDS if kinds else {})

    def randomness(self, seed: int | None) -> Randomness:
        """Return the state of NumPy's and Python's global generators."""
        return Randomness(seed)

    def kept(self, function: Callable[..., Any]) -> Kept:
        """Return what a function can reach, as it is now."""
        return Kept(function)


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
    """Run `function(world, arguments)` and record it; `recorded` are values of some arguments.

    `called` is the user's function, whose module's names take part; with `kinds` recorded values
    pass for Python's own.  Exceptions of the user's code pass through.
    """
    recorder = library.recorder()
    return run_recorded(
        recorder, library.listening(recorder, called, kinds=kinds), function, arguments, recorded
    )
