"""Where a recording holds the values that a statement of a backward pass computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.tape import Leaf, Moved, Tape

Array = NDArray[Any]
Line = tuple[str, int]
Nodes = Sequence[Sequence[int]]
"""Where the values of a statement are, each time that it ran."""

_SAME = 1e-9
"""The relative difference of two recordings of the same value."""


class Stored:
    """Finds the nodes that hold given values."""

    def __init__(
        self, tape: Tape, back: Collection[int], counted: Sequence[Line | None] = ()
    ) -> None:
        """`back` are the nodes of the backward pass, in the order of the run.

        `counted` are the lines that nodes count to if several call the function that makes them.
        """
        self._tape = tape
        self._doubtful = set[tuple[tuple[int, ...], ...]]()
        self._lines = defaultdict[Line, list[int]](list)
        self._alike = defaultdict[tuple[int, ...], list[int]](list)
        for id in back:
            node = tape.nodes[id]
            if tape.value(id).dtype.kind == "f" and not isinstance(node, Leaf):
                self._alike[tape.shape(id)].append(id)
                own = None if node.place is None else (node.place.file, node.place.line)
                for line in {own, counted[id] if id < len(counted) else own}:
                    if line is not None:
                        self._lines[line].append(id)

    def nodes(
        self, file: str, lines: Sequence[int], owns: Sequence[Sequence[Array]]
    ) -> Nodes | None:
        """Return the nodes with the values that a statement computed, each time that it ran.

        None if they are unknown.  Each time has several values if it stores a tuple.
        """
        here = sorted({id for at in lines for id in self._lines.get((file, at), ())})
        found, begun, sure = list[list[int]](), [-1] * max(map(len, owns), default=0), True
        claimed, equal = set[int](), set[int]()
        for part, own in (pair for one in owns for pair in enumerate(one)):
            # Each time comes after the one before; what is added to 0 stands there twice.
            alike = [id for id in here if id > begun[part] and self._is_like(id, own)]
            if alike:
                last = alike[0]
                for id in alike[1:]:  # of one that is only moved since, the last
                    if id == last + 1:
                        last = id
                sure &= last not in claimed  # several values are the same one
                ids, begun[part] = [last], last
                claimed.update(range(alike[0], last + 1))
                equal.update(alike)
            else:
                ids = self._elsewhere(own)
                views = [id for id in ids if self._is_moved_from(id, here)]
                ids, sure = views or ids, sure and bool(views)
            if not ids:
                return None
            found.append(ids)
        if not sure or equal - claimed:
            self._doubtful.add(_key(found))
        return found

    def is_doubtful(self, nodes: Nodes) -> bool:
        """Return whether only values of other lines are known that equal a statement's."""
        return _key(nodes) in self._doubtful

    def _is_moved_from(self, id: int, here: Collection[int]) -> bool:
        """Return whether a value only rearranges the elements of some others."""
        pending, seen = [id], {id}
        while pending:
            node = self._tape.nodes[pending.pop()]
            operands = {*node.inputs} if isinstance(node, Moved) else set()
            if not operands.isdisjoint(here):
                return True
            pending += operands - seen
            seen |= operands
        return False

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
        if value.shape != own.shape or _begin_apart(value, own):
            return False
        with np.errstate(all="ignore"):
            close = np.abs(value - own) <= _SAME * np.abs(own)
        nowhere = np.isnan(value) & np.isnan(own)  # such as behind a mask
        return bool(np.all(close | (value == own) | nowhere))


def _begin_apart(one: Array, other: Array) -> bool:
    """Return whether the first elements of two arrays of a shape differ: those of most do."""
    if not one.size:
        return False
    first, second = one.item(0), other.item(0)
    return bool(abs(first - second) > _SAME * abs(second))  # not so of no numbers


def _key(nodes: Nodes) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(some) for some in nodes)
