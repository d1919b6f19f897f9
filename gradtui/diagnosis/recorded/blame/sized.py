"""Whether an edit is right for data of other sizes, too, and not by chance for those at hand."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.trial import Patch
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.diagnosis.recorded.resized import resized, sizes_of
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.diagnosis.recorded.watchdog import Endless
from gradtui.recording.slopes import Untold

Array = NDArray[Any]

_NAME = re.compile(r"[^\W\d]\w*")
_COUNT = re.compile(r"(?<![\w.])(?:[3-9]|[1-9]\d+|\d+\.\d*[1-9]\d*)(?![\w.])")
"""A whole number that hardly comes from a square, or a ratio."""
_SIZES = frozenset({"len", "shape", "size"})
_MOST = 3
"""Most sizes that are changed."""
_VAST = 4_000
"""Most recorded operations of a run that is recorded again."""
_CLOSE = 1e-3
"""The largest difference of equal gradients, relative to the largest element."""
_FAILING = (CodeFailed, Endless, InputError, Lost, Untold)
"""What code may raise for other data."""


def is_of_sizes(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether an edit may be right by chance: it is about sizes, counts, or rounds."""
    texts = [
        text for one in edits for text in (one.text.decode(), s.unit.between(one.start, one.end))
    ]
    names = {name for text in texts for name in _NAME.findall(text)}
    counts = {
        text
        for text in names - {*s.loops}
        if (held := s.scope.get(text)) and (held.kind, held.shape) == ("i", ())
    }
    counted = any(_COUNT.search(one.text.decode()) for one in edits)
    return isinstance(s.node, ast.For) or bool(counts) or not names.isdisjoint(_SIZES) or counted


class _Size(Struct, frozen=True, eq=False):
    """Another size, with the true gradients there."""

    many: int
    other: int
    true: Mapping[str, Array]


class Sized:
    """Runs edited code on data of other sizes."""

    def __init__(
        self, runs: Runs, names: Iterable[str], wrong: Iterable[str], operations: int,
        edited: Callable[[Patch | None], AbstractContextManager[None]],
        written: Callable[[], Set[int]] = frozenset, meant: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        """`edited` puts an edit, if any, into the code for a while, and ends what does not end.

        `written` returns the whole numbers that the code has: it is for no other size than such, or
        a part of one.  `meant` returns whether the gradients are judged by others than the true
        ones, such as those that pass what rounds, which are unknown for other sizes.
        """
        self._runs, self._names, self._wrong = runs, tuple(names), frozenset(wrong)
        self._operations, self._edited, self._written = operations, edited, written
        self._meant = meant

    def __call__(self, patch: Patch, mended: Set[str]) -> bool:
        """Return whether the gradients that an edit mends are right for other sizes."""
        return all(self._fits(size, patch, mended) for size in self._sizes)

    @cached_property
    def _sizes(self) -> list[_Size]:
        """The sizes that the code takes, and where it is wrong in nothing else."""
        if self._operations > _VAST or self._meant():
            return []
        sizes, found = sizes_of(self._runs), list[_Size]()
        taken, written = sizes.lengths | sizes.numbers, self._written()
        free = (one for one in sizes.lengths - sizes.shares
                if one > 1 and all(number % one for number in written))  # fmt: skip
        for many in sorted(free, reverse=True)[:_MOST]:
            # Pairs and parts of the data stay whole.
            other = next(times * many for times in count(2) if times * many not in taken)
            with resized(self._runs, many, other) as runs:
                true = self._true(runs)
            found += [] if true is None else [_Size(many, other, true)]
        return found

    def _true(self, runs: Runs) -> Mapping[str, Array] | None:
        try:
            with self._edited(None):
                runs.first()
            point = runs.point(runs.given, self._names, near=True)
        except _FAILING:
            return None
        others = point.true.keys() - self._wrong
        right = all(is_close(point.hand.get(name), point.true[name]) for name in others)
        return point.true if right and point.is_finite else None

    def _fits(self, size: _Size, patch: Patch, mended: Set[str]) -> bool:
        with resized(self._runs, size.many, size.other) as runs:
            try:
                with self._edited(patch):
                    _, found = runs.as_is(runs.given)
            except _FAILING:
                return False
        return all(is_close(found.get(name), size.true[name]) for name in mended)


def is_close(own: Array | None, true: Array) -> bool:
    """Return whether a gradient is the true one."""
    if own is None or np.shape(own) != true.shape:
        return False
    room = _CLOSE * np.max(np.abs(true), initial=0.0)
    return bool(np.all(np.abs(own - true) <= room))
