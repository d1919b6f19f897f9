"""What a backward pass needs: by how much a change of one of its values moves the results.

A backward pass is linear in its adjoints.  Going back from random sums of the results tells of
every value at once whether another one in its place would make the results right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.elements import reached
from gradtui.diagnosis.recorded.blame.stored import Line, Nodes, Stored
from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.slopes import Untold
from gradtui.recording.sweep import through
from gradtui.recording.tape import Added, Call, Leaf, Moved, evaluate

Array = NDArray[Any]
_SUMS = 3
"""Random sums of each result."""
_WORK = 30_000
"""Most nodes visited on all ways back."""
_SEED = 41
PLAIN = (1.0, -1.0, 2.0, 0.5, -2.0, -0.5)
"""The multiples that are tried for an edit that is known up to one."""
_AGAIN, _FEW = 10_000, 2
"""Most nodes computed again for a statement, and most multiples for which they are."""
_NEARLY = 0.1
"""The relative difference of sums that are equal but for the error of an approximation."""
_MOVED = 1e-3
"""The relative size of a change that tells whether results are linear in a value."""
_NOISE = 1e-12
"""How small something is, beside the largest, that may be an error of rounding: nearly all that
is left of the gradient of a bias before a normalisation."""


class Change(Struct, frozen=True, eq=False):
    """Another value for what a line computes once."""

    own: Array
    found: Array
    none: Array | None = None
    """The value without the part whose multiple is open; None if it is not open."""


class _Sum(Struct, frozen=True, eq=False):
    """A random sum of the elements of a wrong result, or of all right ones."""

    seeds: Mapping[str, Array]
    """Result -> the weights of its elements, in the shape of its node."""
    lacking: float
    """By how much it is too small."""
    slopes: Mapping[int, Array]
    """Node -> the derivative by its elements."""


class Needs:
    """The changes that results need, at one point."""

    def __init__(
        self, point: Point, wrong: Collection[str], close: float,
        counted: Sequence[Line | None] = (), *, apart: bool = True,
    ) -> None:  # fmt: skip
        """`close` is the relative difference of two sums that are equal.

        `counted` are the lines of the calls that nodes count to.  Unless they are taken `apart`,
        the wrong results count as one, which is right if all of them are.
        """
        self._close, self._counted = close, counted
        self._tape, self._point = point.result.tape, point
        self._wrong = frozenset(wrong)
        forward = reached(self._tape, point.root)
        nodes = {
            name: id for name, id in point.nodes.items()
            if id is not None and point.hand[name].shape == point.true[name].shape
        }  # fmt: skip
        self._back = sorted(set(self._tape.sources(*nodes.values())) - forward)
        self._blind = set[int]()
        """Nodes of which not all ways to the results are known."""
        self._linear: dict[frozenset[int], bool] = {}
        self._dependent: dict[frozenset[int], Sequence[int]] = {}
        self._tops: Mapping[str, int] = nodes
        self._rooms = defaultdict[frozenset[int], int](lambda: _AGAIN)
        """The values of a statement -> how many nodes may still be computed again for it."""
        self._slopes_of: dict[tuple[int, ...], tuple[Sequence[int], Array, Array]] = {}
        names = [name for name in nodes if name in self._wrong]
        groups = [[name] for name in names] if apart else [names]
        work = len(self._back) * _SUMS * (len(groups) + 1)
        self._sums = [*self._ways(groups)] if names and work <= _WORK else []
        self._lacking = np.array([one.lacking for one in self._sums])[:, None]
        self._telling = [
            [at for at, one in enumerate(self._sums)
             if group[0] in one.seeds or self._wrong.isdisjoint(one.seeds)]
            for group in groups if group
        ]  # fmt: skip
        """The sums that must be right for each wrong result to be: its own, and all right ones."""
        sizes = (float(np.abs(point.true[name]).sum()) for name in nodes)
        self._noise = _NOISE * max(sizes, default=0.0)
        """By how much sums move that do not change."""
        self._stored = Stored(self._tape, self._back if self._sums else (), counted)

    @cached_property
    def together(self) -> Needs | None:
        """The changes that all wrong results need, if those of each take too much work to know."""
        if self._sums:
            return None
        return Needs(self._point, self._wrong, self._close, self._counted, apart=False)

    def _ways(self, groups: Sequence[Sequence[str]]) -> Iterable[_Sum]:
        """Return sums of each group of wrong results, and of all right ones, in turn.

        Most changes miss the first of each.
        """
        rng = np.random.default_rng(_SEED)
        rest = [name for name in self._tops if name not in self._wrong]
        groups = [*groups, *([rest] if rest else ())]
        drawn = [[self._drawn(names, rng) for _ in range(_SUMS)] for names in groups]
        return chain.from_iterable(zip(*drawn, strict=True))

    def _drawn(self, names: Sequence[str], rng: np.random.Generator) -> _Sum:
        """Return a random sum of some results."""
        seeds, lacking, tops = dict[str, Array](), 0.0, dict[int, Array]()
        for name in names:
            hand, true, node = self._point.hand[name], self._point.true[name], self._tops[name]
            way = rng.normal(size=true.shape)
            if name in self._point.symmetric:
                way = (way + way.swapaxes(-1, -2)) / 2
            if name in self._wrong:
                lacking += float(np.sum(way * (true - hand)))
            seeds[name] = way.reshape(self._tape.shape(node))
            tops[node] = tops.get(node, 0) + seeds[name]
        return _Sum(seeds, lacking, self._slopes(tops))

    def _slopes(self, tops: Mapping[int, Array]) -> dict[int, Array]:
        """Return the derivative of a weighted sum of nodes by all before them."""
        found = dict(tops)
        inside = set(self._back)
        with np.errstate(all="ignore"):
            for id in reversed(self._back):
                arriving = found.get(id)
                if arriving is None:
                    continue
                for source, flow in self._through(id, arriving, inside).items():
                    before = found.get(source)
                    found[source] = flow if before is None else before + flow
        return found

    def _through(self, id: int, arriving: Array, inside: Collection[int]) -> dict[int, Array]:
        """Return the contributions through a node; if they are unknown, its inputs are blind."""
        if id in self._blind:
            return {}

        def reaches(source: int) -> bool:
            return source in inside and self._tape.value(source).dtype.kind == "f"

        try:
            return through(self._tape, id, arriving, reaches)
        except (Untold, RuntimeError):
            node = self._tape.nodes[id]
            self._blind.update({id, *(() if isinstance(node, Leaf) else node.inputs)})
            return {}

    def judge(
        self, nodes: Nodes, changes: Sequence[Change], ways: Sequence[float] = PLAIN
    ) -> bool | None:
        """Return whether changes of what a statement computes make a wrong result right.

        `changes` are those of all times that it ran, `nodes` where its values are, and `ways` the
        multiples of an open part that are tried.  None if too much would be computed again.
        """
        if all(one.none is None for one in changes):
            ways = PLAIN[:1]
        linear = self._is_linear(nodes)
        if not linear:
            ways = ways[:_FEW]
            own = _all(nodes)
            self._rooms[own] -= len(ways) * len(self._behind(own))
            if self._rooms[own] < 0:
                return None
        moving = self._linearly if linear else self._again
        moved, rooms = moving(nodes, changes, ways)
        told = np.logical_and.accumulate(np.isfinite(moved).all(axis=1))[:, None]
        with np.errstate(all="ignore"):
            apart, size = np.abs(moved - self._lacking), rooms + np.abs(self._lacking)
            if not self._is_any((apart <= self._noise + _NEARLY * size) | ~told):
                return False
            right = apart <= self._noise + self._close * size
        # An approximation may be as right as it can be.
        return True if told.all() and self._is_any(right) else None

    def _is_any(self, fits: Array) -> bool:
        """Return whether some result is right, for one of the multiples: most miss the first."""
        return any(
            bool(fits[rows[0]].any() and fits[rows].all(axis=0).any()) for rows in self._telling
        )

    def _linearly(
        self, nodes: Nodes, changes: Sequence[Change], ways: Sequence[float]
    ) -> tuple[Array, Array]:
        """Return how changes move each sum, for each multiple, and the size of what is added."""
        moved, rooms = np.zeros((len(self._sums), len(ways))), np.zeros((len(self._sums), 1))
        sums, slopes, sizes = self._slopes_by(tuple(chain.from_iterable(nodes)))
        with np.errstate(all="ignore"):
            own = _joined(nodes, [one.own for one in changes])
            step = _step(own, _joined(nodes, [one.found for one in changes]))
            total, base = _weighed(slopes, step), np.zeros(len(sums))
            if any(one.none is not None for one in changes):
                none = [one.own if one.none is None else one.none for one in changes]
                base = _weighed(slopes, _step(own, _joined(nodes, none)))
            moved[sums] = base[:, None] + np.multiply.outer(total - base, ways)
            rooms[sums, 0] = _weighed(sizes, np.abs(step))
        return moved, rooms

    def _slopes_by(self, ids: tuple[int, ...]) -> tuple[Sequence[int], Array, Array]:
        """Return the sums that depend on some nodes, their derivatives, and the sizes of those.

        There is a row for each sum, and a column for each element of each node.
        """
        if ids not in self._slopes_of:
            sums = [
                at for at, one in enumerate(self._sums) if not one.slopes.keys().isdisjoint(ids)
            ]
            sizes = [self._tape.value(id).size for id in ids]
            slopes = np.zeros((len(sums), sum(sizes)))
            for row, at in zip(slopes, sums, strict=True):
                parts = np.split(row, np.cumsum(sizes)[:-1])
                for part, id in zip(parts, ids, strict=True):
                    part += self._sums[at].slopes.get(id, np.zeros(())).ravel()
            self._slopes_of[ids] = sums, slopes, np.abs(slopes)
        return self._slopes_of[ids]

    def _again(
        self, nodes: Nodes, changes: Sequence[Change], ways: Sequence[float]
    ) -> tuple[Array, Array]:
        """Return the same by computing again all that depends on the values."""
        moved, rooms = np.zeros((2, len(self._sums), len(ways)))
        for at, way in enumerate(ways):
            wanted = {
                id: (change.own, np.asarray(change.found if change.none is None
                                 else change.none + way * (change.found - change.none)))
                for ids, change in zip(nodes, changes, strict=True) for id in ids
            }  # fmt: skip
            found = self._replayed(wanted)
            with np.errstate(all="ignore"):
                for one, sums in enumerate(self._sums):
                    parts = [seed * found[name] for name, seed in sums.seeds.items()]
                    moved[one, at] = sum(part.sum() for part in parts)
                    rooms[one, at] = sum(np.abs(part).sum() for part in parts)
        return moved, rooms

    def _replayed(self, wanted: Mapping[int, tuple[Array, Array]]) -> dict[str, Array]:
        """Return by how much the results move if some nodes, as they are, get wanted values.

        What they get of other changed ones moves them as far again.
        """
        tape, values = self._tape, dict[int, Array]()

        def value(id: int) -> Array:
            return values[id] if id in values else tape.value(id)

        with np.errstate(all="ignore"):
            for id in self._behind(frozenset(wanted)):
                node, made = tape.nodes[id], tape.value(id)
                if isinstance(node, Moved | Added) and not values.keys().isdisjoint(node.inputs):
                    made = evaluate(node, value)
                elif isinstance(node, Call) and made.dtype.kind in "fb":
                    made = _computed(node, [*map(value, node.inputs)], made)
                if id in wanted:
                    own, other = wanted[id]
                    made = np.where(made == own, other, made + (other - own))
                values[id] = made
            return {name: value(id) - tape.value(id) for name, id in self._tops.items()}

    def _behind(self, ids: frozenset[int]) -> Sequence[int]:
        """Return some nodes with all of the backward pass that depend on them."""
        if ids not in self._dependent:
            reached = set(ids)
            for id in self._back:
                node = self._tape.nodes[id]
                if not isinstance(node, Leaf) and not reached.isdisjoint(node.inputs):
                    reached.add(id)
            self._dependent[ids] = sorted(reached)
        return self._dependent[ids]

    def nodes(
        self, file: str, lines: Sequence[int], owns: Sequence[Sequence[Array]]
    ) -> Nodes | None:
        """Return the nodes with the values that a statement computed, each time that it ran.

        None if they are unknown, or not all ways from them to the results are known.
        """
        found = self._stored.nodes(file, lines, owns)
        return None if found is None or not self._blind.isdisjoint(_all(found)) else found

    def is_exact(self, nodes: Nodes, *, adding: bool) -> bool:
        """Return whether `judge` is certain: no value depends on another, as in some loops.

        It is, too, if the statement is only `adding` to its value, of which nothing else is made
        in between. It is not if only equal values of other lines are known.
        """
        ids, made = _all(nodes), self._tape.nodes
        if self._stored.is_doubtful(nodes):
            return False
        reached = frozenset(self._behind(ids))
        if adding:
            return not any(isinstance(made[id], Call) and id < max(ids) for id in reached - ids)
        return all(
            isinstance(node := made[id], Leaf) or reached.isdisjoint(node.inputs) for id in ids
        )

    def _is_linear(self, nodes: Nodes) -> bool:
        """Return whether all results are linear in some values.

        They are not where these are compared, though most changes may leave a mask as it is.
        """
        ids = _all(nodes)
        if ids not in self._linear:
            compared = any(self._tape.value(id).dtype.kind == "b" for id in self._behind(ids))
            self._linear[ids] = not compared and self._moves_linearly(ids)
        return self._linear[ids]

    def _moves_linearly(self, ids: frozenset[int]) -> bool:
        """Return whether the slopes of all results tell how they move if some values change."""
        rng = np.random.default_rng(_SEED)
        steps = {id: rng.normal(size=self._tape.shape(id)) for id in sorted(ids)}
        own = [Change(self._tape.value(id), self._tape.value(id) + step)
               for id, step in steps.items()]  # fmt: skip
        told, rooms = self._linearly([[id] for id in steps], own, (1.0,))
        moved, again = self._again([[id] for id in steps], own, (1.0,))
        noise = _NOISE * np.max(rooms, initial=0.0)
        close = np.abs(told - moved) <= noise + _MOVED * (rooms + again)
        return bool(close.all())


def _computed(node: Call, inputs: Sequence[Array], usual: Array) -> Array:
    """Return the value of a call of other inputs; NaN if it takes none like these."""
    try:
        return np.asarray(node.compute(*inputs)).astype(usual.dtype, copy=False)
    except Exception:  # a library's own, such as that of a decomposition of what is not finite
        return np.full_like(usual, np.nan)


def _joined(nodes: Nodes, values: Sequence[Array]) -> Array:
    """Return the elements of the values of nodes, of which several may have the same one."""
    pairs = zip(nodes, values, strict=True)
    return np.concatenate([value.ravel() for ids, value in pairs for _ in ids])


def _step(own: Array, found: Array) -> Array:
    """Return by how much each element of a value changes.

    What a mask hides later may be infinite, or no number: the same one has not changed.
    """
    step = found - own
    if np.isfinite(step).all():
        return step
    same = (own == found) | (np.isnan(own) & np.isnan(found))
    return np.where(same, 0.0, step)


def _weighed(slopes: Array, step: Array) -> Array:
    """Return by how much sums move, with a row of slopes each: not at all by unused elements."""
    if np.isfinite(step).all():
        return np.asarray(slopes @ step)
    return np.asarray(np.where(slopes == 0, 0.0, slopes * step).sum(axis=1))


def _all(nodes: Nodes) -> frozenset[int]:
    return frozenset(id for some in nodes for id in some)
