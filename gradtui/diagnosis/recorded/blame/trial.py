"""Trials: the user's code run with edits in place. Judges nothing."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import takewhile
from typing import Any, TypeVar

from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.blame.watch import Watched
from gradtui.diagnosis.recorded.repeated import are_alike
from gradtui.diagnosis.recorded.watchdog import Watchdog

Array = NDArray[Any]
_Any = TypeVar("_Any")
Results = Mapping[str, Array]
"""The results of code by name: gradients, or the weights along a path."""


_MEASURED = 3
_LONGEST, _APART, _SETTLED = 30.0, 0.4, 0.5
"""Most processor seconds of a search, and the shares for a part of it that is apart, and for all
of it once an edit repairs all."""
_FEWEST, _PAUSE = 40, 0.1
"""The fewest runs of slow code, and the seconds for which a look at the clock holds."""


class Patch(Struct, frozen=True, eq=False):
    """A function with edits of its text that belong together."""

    unit: Unit
    edits: tuple[Edit, ...]


class Trials(ABC):
    """Runs the user's edited code, within a budget."""

    def __init__(
        self, wrong: Sequence[str], most: int, freeing: Callable[[], object] = lambda: None,
        checks: AbstractContextManager[None] | None = None,
    ) -> None:  # fmt: skip
        """`freeing` ends the wait of a run for a lock; `checks` are entered for each run."""
        self.wrong = tuple(wrong)
        """The results that are wrong."""
        self._most = self._left = most
        self._start, self._seen, self._late = time.process_time(), 0.0, False
        self.longest = _LONGEST
        """Most processor seconds of the search."""
        self.settled = False
        """Whether an edit repairs all, so that only a likelier one is still looked for."""
        self.nearly: frozenset[str] = frozenset()
        """The wrong results that the edit tried last makes right but for an approximation."""
        self.partly = False
        """Whether the edit tried last mends something at a few points alone, as far as is told.

        Elsewhere a small number in the code, or what the truth is known by, may keep it from that.
        """
        self.strays: bool | None = None
        """Whether the edit tried last changes what is to be derived; None if it fails."""
        self.endless = False
        """Whether the edit tried last had to be ended."""
        self.fits: Callable[[Patch, Set[str]], bool] = lambda patch, mended: True
        """Returns whether the results that an edit mends are right for data of other sizes."""
        self.directions: Mapping[str, Sequence[Sequence[Array]]] = {}
        """Result -> the directions that it may have, if it may have any length."""
        self.numbers: Sequence[float] = ()
        """A possible right value of a number in the code."""
        self.watchdog = Watchdog(freeing, checks)
        self._standing: tuple[Patch, ...] = ()

    @abstractmethod
    def results(self, patch: Patch | None) -> Results | None:
        """Return the results of the code with an edit at the first point; None if useless."""

    @abstractmethod
    def mended(self, patch: Patch) -> frozenset[str]:
        """Return the wrong results that an edit makes right everywhere; none if it spoils one."""

    def mended_anew(self, patch: Patch) -> frozenset[str]:
        """Return the wrong results that an edit makes right for what it makes of the loss."""
        return frozenset()

    @abstractmethod
    def true(self, name: str) -> Array:
        """Return the right result at the first point."""

    @abstractmethod
    def is_right(self, name: str, results: Results) -> bool:
        """Return whether a result is right at the first point."""

    def stand(self, patch: Patch, mended: Set[str]) -> None:
        """Keep an edit in the code from now on."""
        self._standing = (*self._standing, patch)
        self.wrong = tuple(name for name in self.wrong if name not in mended)

    @property
    def kept(self) -> tuple[Patch, ...]:
        """The edits that are kept in the code."""
        return self._standing

    @contextmanager
    def assuming(self, *edits: tuple[Patch, Set[str]]) -> Iterator[None]:
        """Keep edits that mend some results in the code for a while; runs are not counted."""
        before, wrong, left = self._standing, self.wrong, self._left
        for patch, mended in edits:
            self.stand(patch, mended)
        try:
            yield
        finally:
            self._standing, self.wrong, self._left = before, wrong, left

    @contextmanager
    def returning(self, kept: tuple[Patch, ...], wrong: Sequence[str]) -> Iterator[None]:
        """Keep only some edits in the code for a while, without which other results are wrong."""
        with self.assuming():
            self._standing, self.wrong = kept, tuple(wrong)
            yield

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Give a part of the search time of its own, which the rest does not lose."""
        begun = time.process_time()
        start, self._start = self._start, begun - (1 - _APART) * self.longest
        self._seen = 0.0
        try:
            yield
        finally:
            self._start, self._seen = start + time.process_time() - begun, 0.0

    def measure(self) -> None:
        """Note the duration of an unedited run; slow code is run fewer times."""
        taken = list[float]()
        for _ in range(_MEASURED):
            start = time.perf_counter()
            self.results(None)
            taken.append(time.perf_counter() - start)
        self.watchdog.usual = min(taken)

    def allow(self, most: int) -> None:
        """Allow at least so many runs."""
        more = max(0, most - self._most)
        self._most, self._left = self._most + more, self._left + more

    @property
    def left(self) -> int:
        """The number of runs left; none after a while, unless few have been made.

        None, too, once a run has waited, because others may wait as long.
        """
        now = time.perf_counter()
        if now - self._seen > _PAUSE:  # asking for the time of the processor is slow
            self._seen = now
            most = self.longest * (_SETTLED if self.settled else 1.0)
            self._late = time.process_time() - self._start > most
        late = self._late and self.made >= _FEWEST
        return 0 if late or self.watchdog.waited else self._left

    def in_time(self, many: Iterable[_Any]) -> Iterator[_Any]:
        """Yield many things until no runs are left, such as what is only looked at."""
        return takewhile(lambda _: self.left > 0, many)

    @property
    def made(self) -> int:
        """The number of runs made."""
        return self._most - self._left

    def count(self) -> None:
        """Note that the code is run once more."""
        self._left -= 1

    @contextmanager
    def edited(self, patch: Patch | None) -> Iterator[None]:
        """Put the kept edits and another one into the code.

        Raises SyntaxError and ValueError for invalid code, Endless if it does not end.
        """
        with self.standing(patch), self.watchdog.watching():
            yield

    @contextmanager
    def standing(self, patch: Patch | None = None) -> Iterator[None]:
        """Put the kept edits and another one into the code, which may take any time."""
        edits: dict[Unit, list[Edit]] = {}
        for one in self._with(patch):
            edits.setdefault(one.unit, []).extend(one.edits)
        with ExitStack() as stack:
            for unit, own in edits.items():
                stack.enter_context(unit.running(unit.edited(own)))
            yield

    def _with(self, patch: Patch | None) -> tuple[Patch, ...]:
        return self._standing if patch is None else (*self._standing, patch)


def faithful(watched: Watched, trials: Trials) -> list[Unit]:
    """Return the functions that ran and whose text is current."""
    own = trials.results(None)
    return [
        unit
        for unit in watched.units()
        if (found := trials.results(Patch(unit, ()))) is not None
        and is_same(found, own, trials.wrong)
    ]


def is_same(one: Results, other: Results | None, names: Sequence[str]) -> bool:
    """Return whether results of some names are the same, but for the order of sums."""
    return other is not None and all(
        name in one and name in other and are_alike(one[name], other[name]) for name in names
    )
