"""What a backward pass needs: by how much a change of one of its values moves the results.

A backward pass is linear in its adjoints.  Going back from random sums of the results tells of
every value at once whether another one in its place would make the results right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.runs import Point
from gradtui.recording.slopes import Untold, flows
from gradtui.recording.tape import Added, Call, Leaf, Moved, evaluate

Array = NDArray[Any]
Line = tuple[str, int]
Nodes = Sequence[Sequence[int]]
"""Where the values of a statement are, each time that it ran."""

_SUMS = 3
"""Random sums of each result."""
_WORK = 6_000
"""Most nodes visited on all ways back."""
_SEED = 41
PLAIN = (1.0, -1.0, 2.0, 0.5, -2.0, -0.5)
"""The multiples that are tried for an edit that is known up to one."""
_SAME = 1e-9
"""The relative difference of two recordings of the same value."""
_AGAIN, _FEW = 20_000, 2
"""Most nodes computed again in a search, and most multiples for which they are."""
_NEARLY = 0.1
"""The relative difference of sums that are equal but for the error of an approximation."""
_MOVED = 1e-3
"""The relative size of a change that tells whether results are linear in a value."""


class Change(Struct, frozen=True, eq=False):
    """Another value for what a line computes once."""

    own: Array
    found: Array
    none: Array | None = None
    """The value without the part whose multiple is open; None if it is not open."""


class _Sum(Struct, frozen=True, eq=False):
    """A random sum of the elements of a result."""

    name: str
    lacking: float
    """By how much it is too small."""
    slopes: dict[int, Array]
    """Node -> the derivative by its elements."""


class Needs:
    """The changes that results need, at one point."""

    def __init__(self, point: Point, wrong: Collection[str], close: float) -> None:
        """`close` is the relative difference of two sums that are equal."""
        self._tape, self._point, self._close = point.result.tape, point, close
        self._wrong = frozenset(wrong)
        forward = set(self._tape.sources(point.root))
        nodes = {
            name: id for name, id in point.nodes.items()
            if id is not None and point.hand[name].shape == point.true[name].shape
        }  # fmt: skip
        reached = set[int]()
        for id in nodes.values():
            reached.update(self._tape.sources(id))
        self._back = sorted(reached - forward)
        self._blind = set[int]()
        """Nodes of which not all ways to the results are known."""
        self._linear: dict[frozenset[int], bool] = {}
        self._doubtful = set[frozenset[int]]()
        self._dependent: dict[frozenset[int], Sequence[int]] = {}
        self._tops: Mapping[str, int] = nodes
        self._room = _AGAIN
        self._sums = [*self._ways(nodes)] if self._may_go(nodes) else []
        self._lines = defaultdict[Line, list[int]](list)
        self._alike = defaultdict[tuple[int, ...], list[int]](list)
        for id in self._back if self._sums else ():
            node = self._tape.nodes[id]
            if self._tape.value(id).dtype.kind == "f" and not isinstance(node, Leaf):
                self._alike[self._tape.shape(id)].append(id)
                if node.place is not None:
                    self._lines[node.place.file, node.place.line].append(id)

    def _may_go(self, nodes: dict[str, int]) -> bool:
        told = any(name in self._wrong for name in nodes)
        return told and len(self._back) * _SUMS * len(nodes) <= _WORK

    def _ways(self, nodes: dict[str, int]) -> Iterator[_Sum]:
        rng = np.random.default_rng(_SEED)
        for name, node in nodes.items():
            hand, true = self._point.hand[name], self._point.true[name]
            for _ in range(_SUMS):
                way = rng.normal(size=true.shape)
                if name in self._point.symmetric:
                    way = (way + way.swapaxes(-1, -2)) / 2
                lacking = float(np.sum(way * (true - hand))) if name in self._wrong else 0.0
                seed = way.reshape(self._tape.shape(node))
                yield _Sum(name, lacking, self._slopes(node, seed))

    def _slopes(self, top: int, seed: Array) -> dict[int, Array]:
        """Return the derivative of a weighted sum of a node by all before it."""
        found: dict[int, Array] = {top: seed}
        inside = set(self._back)
        with np.errstate(all="ignore"):
            for id in reversed(self._back):
                arriving = found.get(id)
                if arriving is None:
                    continue
                for source, flow in self._passed(id, arriving, inside):
                    before = found.get(source)
                    found[source] = flow if before is None else before + flow
        return found

    def _passed(
        self, id: int, arriving: Array, inside: Collection[int]
    ) -> Iterator[tuple[int, Array]]:
        node, tape = self._tape.nodes[id], self._tape
        match node:
            case Leaf():
                return
            case Added(inputs, index):
                yield inputs[0], arriving.reshape(-1)[index]
            case Moved(inputs, index):
                sizes = [tape.value(one).size for one in inputs]
                whole = np.zeros(sum(sizes))
                np.add.at(whole, index.reshape(-1), arriving.reshape(-1))
                parts = np.split(whole, np.cumsum(sizes)[:-1])
                for source, part in zip(inputs, parts, strict=True):
                    yield source, part.reshape(tape.shape(source))
            case Call():
                kinds = [tape.value(one).dtype.kind for one in node.inputs]
                wanted = tuple(
                    one in inside and kind == "f"
                    for one, kind in zip(node.inputs, kinds, strict=True)
                )
                if id in self._blind or not any(wanted):
                    return
                values = [tape.value(one) for one in node.inputs]
                try:
                    made = flows(node, values, tape.value(id), arriving, wanted)
                except (Untold, RuntimeError):
                    self._blind.update({id, *node.inputs})
                    return
                yield from (
                    (source, flow)
                    for source, flow in zip(node.inputs, made, strict=True)
                    if flow is not None
                )

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
            self._room -= len(ways) * len(self._behind(_all(nodes)))
            if self._room < 0:
                return None
        moving = self._linearly if linear else self._again
        right, nearly = self._possible(ways), self._possible(ways)
        for one, moved in zip(self._sums, moving(nodes, changes, ways), strict=True):
            for found, close in (right, self._close), (nearly, _NEARLY):
                fits = {
                    way for way, (total, room) in zip(ways, moved, strict=True)
                    if abs(total - one.lacking) <= close * (room + abs(one.lacking))
                }  # fmt: skip
                for name in [one.name] if one.name in found else found:
                    found[name] &= fits
            if not any(nearly.values()):
                return False
        # An approximation may be as right as it can be.
        return True if any(right.values()) else None

    def _possible(self, ways: Sequence[float]) -> dict[str, set[float]]:
        """Return all multiples for each wrong result that was recorded."""
        return {name: set(ways) for name in self._wrong & {one.name for one in self._sums}}

    def _linearly(
        self, nodes: Nodes, changes: Sequence[Change], ways: Sequence[float]
    ) -> Iterator[list[tuple[float, float]]]:
        """Yield how changes move each sum, for each multiple, and the size of what is added."""
        for one in self._sums:
            total = base = room = 0.0
            with np.errstate(all="ignore"):
                for ids, change in zip(nodes, changes, strict=True):
                    for slope in [one.slopes[id] for id in ids if id in one.slopes]:
                        step = slope * (change.found - change.own)
                        total += float(step.sum())
                        room += float(np.abs(step).sum())
                        if change.none is not None:
                            base += float((slope * (change.none - change.own)).sum())
            yield [(base + way * (total - base), room) for way in ways]

    def _again(
        self, nodes: Nodes, changes: Sequence[Change], ways: Sequence[float]
    ) -> Iterator[list[tuple[float, float]]]:
        """Yield the same by computing again all that depends on the values."""
        found = list[dict[str, Array]]()
        for way in ways:
            given = {
                id: np.asarray(change.found if change.none is None
                               else change.none + way * (change.found - change.none))
                for ids, change in zip(nodes, changes, strict=True) for id in ids
            }  # fmt: skip
            found.append(self._replayed(given))
        for one in self._sums:
            seed = one.slopes[self._tops[one.name]]
            with np.errstate(all="ignore"):
                steps = [seed * moved[one.name] for moved in found]
            yield [(float(step.sum()), float(np.abs(step).sum())) for step in steps]

    def _replayed(self, given: Mapping[int, Array]) -> dict[str, Array]:
        """Return by how much the results move if some nodes have other values."""
        tape, values = self._tape, dict(given)

        def value(id: int) -> Array:
            return values[id] if id in values else tape.value(id)

        with np.errstate(all="ignore"):
            for id in self._behind(frozenset(given)):
                node, calm = tape.nodes[id], tape.value(id)
                if isinstance(node, Moved | Added):
                    values[id] = evaluate(node, value)
                elif isinstance(node, Call) and calm.dtype.kind == "f":
                    made = np.asarray(node.compute(*map(value, node.inputs)))
                    values[id] = made.astype(calm.dtype, copy=False)
            return {name: value(id) - tape.value(id) for name, id in self._tops.items()}

    def _behind(self, ids: frozenset[int]) -> Sequence[int]:
        """Return all nodes of the backward pass that depend on some."""
        if ids not in self._dependent:
            reached = set(ids)
            for id in self._back:
                node = self._tape.nodes[id]
                if not isinstance(node, Leaf) and not reached.isdisjoint(node.inputs):
                    reached.add(id)
            self._dependent[ids] = sorted(reached - ids)
        return self._dependent[ids]

    def is_exact(self, nodes: Nodes) -> bool:
        """Return whether `judge` is certain: no value depends on another, as in some loops.

        It is not if only equal values of other lines are known.
        """
        ids = _all(nodes)
        if ids in self._doubtful:
            return False
        reached = set(ids)
        for id in self._behind(ids):
            reached.add(id)
        return all(
            isinstance(node := self._tape.nodes[id], Leaf) or reached.isdisjoint(node.inputs)
            for id in ids
        )

    def _is_linear(self, nodes: Nodes) -> bool:
        """Return whether all results are linear in some values."""
        ids = _all(nodes)
        if ids not in self._linear:
            rng = np.random.default_rng(_SEED)
            steps = {id: rng.normal(size=self._tape.shape(id)) for id in sorted(ids)}
            own = [Change(self._tape.value(id), self._tape.value(id) + step)
                   for id, step in steps.items()]  # fmt: skip
            told = self._linearly([[id] for id in steps], own, (1.0,))
            moved = self._again([[id] for id in steps], own, (1.0,))
            self._linear[ids] = all(
                abs(one[0][0] - other[0][0]) <= _MOVED * (other[0][1] + one[0][1])
                for one, other in zip(told, moved, strict=True)
            )
        return self._linear[ids]

    def nodes(self, file: str, lines: Sequence[int], owns: Sequence[Array]) -> Nodes | None:
        """Return the nodes with the values that a statement computed, each time that it ran.

        None if they are unknown, or not all ways from them to the results are known.
        """
        if not self._sums:
            return None
        here = sorted(id for at in lines for id in self._lines.get((file, at), ()))
        found, used, sure = list[list[int]](), set[int](), True
        for own in owns:
            alike = [id for id in here if id not in used and self._is_like(id, own)]
            if alike:
                last = alike[0]
                for id in alike[1:]:  # of one that is only moved since, the last
                    if id == last + 1:
                        last = id
                ids = [last]
            else:
                ids = self._elsewhere(own)
                views = [id for id in ids if self._is_moved_from(id, here)]
                ids, sure = views or ids, sure and bool(views)
            if not ids or not self._blind.isdisjoint(ids):
                return None
            used.update(ids)
            found.append(ids)
        if not sure:
            self._doubtful.add(_all(found))
        return found

    def _is_moved_from(self, id: int, here: Collection[int]) -> bool:
        """Return whether a value only rearranges the elements of some others."""
        node = self._tape.nodes[id]
        if not isinstance(node, Moved):
            return False
        return any(one in here or self._is_moved_from(one, here) for one in node.inputs)

    def _elsewhere(self, own: Array) -> list[int]:
        """Return the nodes with a value that no node has at its own line, such as a view's."""
        alike = [id for id in self._alike.get(own.shape, ()) if self._is_like(id, own)]
        same = set(alike)
        return [
            id for id in alike
            if same.isdisjoint(getattr(self._tape.nodes[id], "inputs", ()))
        ]  # fmt: skip

    def _is_like(self, id: int, own: Array) -> bool:
        value = self._tape.value(id)
        if value.shape != own.shape:
            return False
        with np.errstate(all="ignore"):
            apart = np.abs(value - own) <= _SAME * np.abs(own)
        return bool(np.all(apart | (value == own)))


def _all(nodes: Nodes) -> frozenset[int]:
    return frozenset(id for some in nodes for id in some)
