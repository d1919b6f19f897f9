"""Edits of the user's code, in place while it runs; what comes of them is another's to say."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, contextmanager
from typing import Any

from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.blame.watchdog import Watchdog

Array = NDArray[Any]
Results = Mapping[str, Array]
"""What code gives, by name: gradients, or the weights along a way."""


_MEASURED = 3
_LONGEST, _FEWEST = 60.0, 40
"""Seconds that runs may take in all where they are slow, and how many there are at least."""


class Patch(Struct, frozen=True, eq=False):
    """A function and the edits of its text that belong together."""

    unit: Unit
    edits: tuple[Edit, ...]


class Trials(ABC):
    """Runs the user's code edited, as often as it may."""

    def __init__(self, wrong: Sequence[str], most: int) -> None:
        self.wrong = tuple(wrong)
        """The results that are wrong."""
        self.left = most
        """How many more runs are allowed."""
        self.numbers: Sequence[float] = ()
        """What a number in the code may have to be."""
        self.watchdog = Watchdog()
        self._standing: tuple[Patch, ...] = ()

    @abstractmethod
    def results(self, patch: Patch | None) -> Results | None:
        """Return what the code gives at a first glance with an edit; None if that is no use."""

    @abstractmethod
    def mended(self, patch: Patch) -> frozenset[str]:
        """Return the wrong results that an edit makes right everywhere; none if it spoils one."""

    @abstractmethod
    def true(self, name: str) -> Array:
        """Return what a result must be at a first glance."""

    @abstractmethod
    def is_right(self, name: str, results: Results) -> bool:
        """Return whether a result is right at a first glance."""

    def stand(self, patch: Patch, mended: Set[str]) -> None:
        """Let an edit be part of the code from now on."""
        self._standing = (*self._standing, patch)
        self.wrong = tuple(name for name in self.wrong if name not in mended)

    def measure(self) -> None:
        """Take note of how long a run takes as it is; what is slow is run fewer times."""
        taken = list[float]()
        for _ in range(_MEASURED):
            start = time.perf_counter()
            self.results(None)
            taken.append(time.perf_counter() - start)
        self.watchdog.usual = usual = min(taken)
        self.left = min(self.left, max(_FEWEST, int(_LONGEST / max(usual, 1e-6))))

    @contextmanager
    def edited(self, patch: Patch | None) -> Iterator[None]:
        """Let the standing edits and another one be in the code.

        Raises SyntaxError and ValueError where that is none, Endless where it does not end.
        """
        edits: dict[Unit, list[Edit]] = {}
        for one in (*self._standing, *([patch] if patch is not None else [])):
            edits.setdefault(one.unit, []).extend(one.edits)
        with ExitStack() as stack:
            for unit, own in edits.items():
                stack.enter_context(unit.running(unit.edited(own)))
            stack.enter_context(self.watchdog.watching())
            yield
