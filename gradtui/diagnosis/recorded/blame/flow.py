"""The values of a backward pass's lines, and which of them are known to be right.

A value is known to be right if it is the true adjoint of a value of the forward pass, or the
contribution along one of its edges. The mistake is where right values become something else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.approximate import vanishing
from gradtui.diagnosis.recorded.blame.elements import reached, reached_by_wrong
from gradtui.diagnosis.recorded.blame.marks import SUMS, Mark, Marks, mark_of, rounded
from gradtui.diagnosis.recorded.blame.told import Line, Told
from gradtui.diagnosis.recorded.blame.walks import (
    first_shapes,
    is_masked,
    kept,
    line_of,
    overwritten,
    unmoved,
)
from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.tape import Added, Call, Leaf, Moved

Array = NDArray[Any]
_SAME = 1e-9
"""The largest relative difference of equal gradients."""


class Counted(NamedTuple):
    """Another line for each value of a run."""

    flow: Flow
    """What is known of the run."""
    lines: Sequence[Line | None]


class Flow(Told):
    """The lines of one recorded run; `scales` are factors by which right values may be off."""

    def __init__(
        self, point: Point, scales: Sequence[float], *, summing: bool = False,
        counted: Counted | None = None,
    ) -> None:  # fmt: skip
        """With `summing`, sums of some contributions are right until something else uses them.

        By default, each value counts to the line that computes it.
        """
        super().__init__()
        tape = point.result.tape
        self.point, self._tape, self._scales, self._summing = point, tape, scales, summing
        self._partial = set[int]()
        """Values that are sums of some contributions, not of all."""
        self._found: dict[int, Mark] = {} if counted is None else counted.flow._found
        own = [line_of(tape, id) for id in range(len(tape))]
        self._lines = own if counted is None else counted.lines
        forward = reached(tape, point.root)
        self._marks: Marks = Marks(point, forward) if counted is None else counted.flow._marks
        self.forward = {line for id in forward if (line := self._lines[id]) is not None}
        places = (tape.nodes[id].place for id in forward)
        self.places = {place for place in places if place is not None}
        self._feed(point, forward)
        self.lost = {name for name, node in point.nodes.items() if node is None}
        self.shapes = first_shapes(tape)
        self._note_idle(point)
        self.moving = {
            line for id, line in enumerate(self._lines)
            if isinstance(tape.nodes[id], Moved) and id not in forward and line is not None
        }  # fmt: skip
        self._follow(point, forward)

    def counted(self, lines: Sequence[Line | None]) -> Flow:
        """Return the same with each value counted to another line, such as that of a call."""
        own = Counted(self, lines)
        return Flow(self.point, self._scales, summing=self._summing, counted=own)

    def _note_idle(self, point: Point) -> None:
        """Find the lines whose values take part in nothing and choose no elements.

        There are none if a gradient is lost.
        """
        computing, choosing = set[Line](), list[int]()
        for id, line in enumerate(self._lines):
            if line is not None and isinstance(self._tape.nodes[id], Call):
                if self._tape.value(id).dtype.kind == "f":
                    computing.add(line)
                else:
                    choosing.append(id)
        ends = *choosing, *self._tape.converted, *self._tape.compared
        taken = {self._lines[id] for id in self._tape.sources(*ends)}
        if set(point.nodes) - vanishing(point) <= set().union(*self.feeds.values()):
            self.idle = computing - self.forward - set(self.feeds) - taken

    def is_rearranged(self, hand: Array, true: Array) -> bool:
        """Return whether a gradient has the true one's elements in another order."""
        (form, size), (other, wanted) = mark_of(hand), mark_of(true)
        return form == other and rounded(size) == rounded(wanted)

    def knows(self, value: Array, times: Sequence[float] = (1.0,)) -> float:
        """Return how much of a right value one is, times a number: 0 if it is none."""
        return self._marks.knows(value, times, self._scales)

    def _is_marked(self, id: int, scales: Sequence[float] | None = None) -> bool:
        """Return whether a value is right, whatever else is added, times one of some scales."""
        return self._marks.holds(self._mark_of(id), scales or self._scales)

    def _is_exact(self, id: int) -> bool:
        """Return whether a value is right without any factor."""
        summed = id in self._partial and self._marks.knows(self._tape.value(id), (1.0,), (1.0,))
        return bool(summed) or self._is_marked(id, (1.0,))

    def _is_put_together(self, id: int) -> bool:
        """Return whether parts, of which each may be unknown, are together a whole adjoint."""
        node = self._tape.nodes[id]
        if not isinstance(node, Moved) or len(node.inputs) < 2:
            return False
        return self._marks.repeats(self._tape.value(id), self._mark_of(id))

    def _mark_of(self, id: int) -> Mark:
        if id not in self._found:
            self._found[id] = mark_of(self._tape.value(id))
        return self._found[id]

    def _feed(self, point: Point, forward: set[int]) -> None:
        """Find the lines that take part in each gradient.

        Moved elements are shared between lines: they count if nothing is computed.
        """
        nodes, told = self._tape.nodes, set(point.nodes) - vanishing(point)
        computing = {line for id, line in enumerate(self._lines) if isinstance(nodes[id], Call)}
        sparing, spoiling = set[Line](), set[Line]()
        for name, node in point.nodes.items():
            wrong = None if node is None else reached_by_wrong(
                self._tape, node, point.hand[name], point.true[name]
            )  # fmt: skip
            for id in self._tape.sources(*([] if node is None else [node])):
                line = self._lines[id]
                if line is None:
                    continue
                if id in forward:
                    self.shared[line].add(name)
                elif isinstance(nodes[id], Call) or line not in computing:
                    self.feeds[line] |= {name} & told
                    (spoiling if wrong is None or id in wrong else sparing).add(line)
        self.sparing = sparing - spoiling

    def _follow(self, point: Point, forward: set[int]) -> None:
        """Separate the lines with right values from those where that ends."""
        right = list[bool]()
        exact = list[bool]()
        clean = list[bool]()
        values = {self._mark_of(id) for id in forward}
        negated = {
            mark_of(own) for name, own in point.hand.items()
            if own.any() and _is_like(own, -point.true[name])
        }  # fmt: skip
        for id, node in enumerate(self._tape.nodes):
            inputs = () if isinstance(node, Leaf) else node.inputs
            line = self._lines[id]
            # Of a line's intermediate values, only those that it starts from count.
            clean.append(
                all(
                    clean[i] if self._lines[i] == line and line is not None else right[i]
                    for i in inputs
                )
            )
            # What has the other sign of a result may be right for what is subtracted from it.
            right.append(
                self._mark_of(id) not in negated and self._is_right(id, inputs, right, forward)
            )
            moved = not isinstance(node, Call)
            passed = moved and (all(exact[i] for i in inputs) or self._is_put_together(id))
            exact.append(passed if moved else self._is_exact(id))
            back = [i for i in inputs if i not in forward and self._lines[i] is not None]
            if right[id] and not exact[id] and all(exact[i] for i in back):
                # A factor that the values before did not need is a mistake, unless none is known.
                right[id] = all(self._mark_of(i) in values for i in back)
        self.right = sum(
            one and bool(self._tape.value(id).any())
            for id, one in enumerate(right) if id not in forward
        )  # fmt: skip
        self._turn(self._told(point, right, clean, forward, values), right, forward)
        self._opposed(right, forward)
        self._misplaced(point, right, exact)
        self._localise(forward, values)

    def _told(
        self, point: Point, right: Sequence[bool], clean: Sequence[bool], forward: set[int],
        values: set[Mark],
    ) -> Sequence[tuple[int, Line]]:  # fmt: skip
        """Find the lines whose results are right; return the wrong ones made of right ones."""
        told, turning = dict[Line, bool](), list[tuple[int, Line]]()
        partial = set[Line]()
        ends = self._ends({node for node in point.nodes.values() if node is not None})
        for id, node in enumerate(self._tape.nodes):
            line = self._lines[id]
            if line is None or id in forward:
                continue
            if not isinstance(node, Call) and not is_masked(self._tape, node):
                continue
            if id + 1 < len(self._tape) and self._lines[id + 1] == line and id not in ends:
                continue
            if self._tape.value(id).dtype.kind != "f":
                continue
            # Of complex numbers, the conjugate may be needed instead.
            known = right[id] and id not in self._tape.imaginary
            told[line] = told.get(line, True) and known
            if self._mark_of(id) in values:
                self.repeating.add(line)
            if not self._marks.is_adjoint(self._mark_of(id)):
                partial.add(line)
            if self._marks.turns(self._tape.value(id), self._mark_of(id)):
                self.turned.add(line)
            if clean[id] and not right[id]:
                turning.append((id, line))
        self.known = {line for line, is_right in told.items() if is_right}
        self.whole = told.keys() - partial - self.repeating
        return turning

    def _turn(
        self, turning: Sequence[tuple[int, Line]], right: Sequence[bool], forward: set[int]
    ) -> None:
        """Find the lines at which right values end, and those that handed them what they use."""
        cleared = self._cleared(right, forward)
        passed = defaultdict[Line, set[int]](set)  # a sum's rounds have those before in common
        for id, line in turning:
            if cleared[id]:
                continue
            handed, seen = self._handed(id, line, passed[line])
            if lacking := self._incomplete(handed):
                self.lacking |= lacking
                continue
            passed[line] |= seen
            self.first.add(line)
            own = (self._lines[i] for i in handed if i not in forward)
            self.handing |= {one for one in own if one is not None}

    def _ends(self, returned: set[int]) -> set[int]:
        """Return the values that are used by other lines alone, or returned.

        Several may be computed on a line, one after the other.
        """
        within, beyond = set[int](), set(returned)
        for id, node in enumerate(self._tape.nodes):
            for source in () if isinstance(node, Leaf) else node.inputs:
                (within if self._lines[source] == self._lines[id] else beyond).add(source)
        return beyond - within

    def _opposed(self, right: Sequence[bool], forward: set[int]) -> None:
        """Find the lines that compute right values with the other sign, of others."""
        opposite = [False] * len(right)
        turned = [-scale for scale in self._scales]
        for id, node in enumerate(self._tape.nodes):
            line = self._lines[id]
            if id in forward or isinstance(node, Leaf) or right[id]:
                continue
            mark = self._mark_of(id)
            opposite[id] = bool(mark[0][1]) and self._marks.holds(mark, turned)
            if opposite[id] and line is not None and not any(opposite[i] for i in node.inputs):
                self.opposite.add(line)

    def _localise(self, forward: set[int], values: set[Mark]) -> None:
        """Find the lines that no adjoint has reached."""
        reached, told = [False] * len(self._tape), set[Line]()
        for id, node in enumerate(self._tape.nodes):
            line = self._lines[id]
            if isinstance(node, Leaf):  # such as the gradient that a layer is given
                given = self._tape.value(id).size > 1 and not self._tape.active[id]
                reached[id] = given and self._is_marked(id)
                continue
            if id in forward:
                continue
            adjoint = self._is_marked(id) and self._mark_of(id) not in values
            reached[id] = adjoint or any(reached[i] for i in node.inputs)
            if line is not None:
                (told if reached[id] else self.local).add(line)
        self.local -= told

    def _cleared(self, right: Sequence[bool], forward: set[int]) -> list[bool]:
        """Return which values are right after all: those from which only right ones are made."""
        nodes = self._tape.nodes
        cleared, used = [True] * len(nodes), [False] * len(nodes)
        for id in range(len(nodes) - 1, -1, -1):
            node = nodes[id]
            cleared[id] = right[id] or (used[id] and cleared[id])
            if id in forward or isinstance(node, Leaf):
                continue
            for i in node.inputs:
                used[i] = True
                cleared[i] &= cleared[id]
        return cleared

    def _misplaced(self, point: Point, right: Sequence[bool], exact: Sequence[bool]) -> None:
        """Find the lines that only move or store right values, if a wrong gradient results.

        Of values that are put together, those that a factor makes right differ from the others.
        """
        written_over = overwritten(self._tape, point.nodes.values())
        for name, top in point.nodes.items():
            hand, true = point.hand[name], point.true[name]
            if top is None or not right[top] or np.allclose(mark_of(hand)[1], mark_of(true)[1]):
                continue
            last = kept(self._tape, top)
            made, pending = kept(self._tape, unmoved(self._tape, last)), [last]
            place, line = self._tape.nodes[made].place, self._lines[made]
            again = any(one.place == place for one in self._tape.nodes[:made])
            if again and isinstance(self._tape.nodes[made], Call) and line is not None:
                self.first.add(line)  # the last round of a loop alone
            while pending:
                id = pending.pop()
                node, line = self._tape.nodes[id], self._lines[id]
                if node.place in written_over and isinstance(node, Call) and line is not None:
                    self.first.add(line)
                if isinstance(node, Moved | Added) and not self._is_marked(id):
                    pending += node.inputs
                    if line is not None:
                        self.first.add(line)
                    scaled = {
                        self._lines[unmoved(self._tape, i)] for i in node.inputs if not exact[i]
                    }
                    if len(scaled) < len(node.inputs):
                        self.handing |= {one for one in scaled if one is not None}

    def _incomplete(self, handed: Iterable[int]) -> set[Line]:
        """Return the lines of the sums that are used before all of their terms are added."""
        pending, found = [id for id in handed if id in self._partial], set[int]()
        while pending:
            id = pending.pop()
            if id not in found:
                found.add(id)
                inputs = getattr(self._tape.nodes[id], "inputs", ())
                pending += [one for one in inputs if one in self._partial]
        return {line for id in found if (line := self._lines[id]) is not None}

    def _handed(self, id: int, line: Line, passed: Set[int]) -> tuple[list[int], set[int]]:
        """Return the values of other lines from which a value is computed on its line.

        Beside them come all that were looked at; what `passed` has is left out.
        """
        pending, found, seen = [id], list[int](), {id}
        while pending:
            node = self._tape.nodes[pending.pop()]
            for source in () if isinstance(node, Leaf) else node.inputs:
                if source in seen or source in passed:
                    continue
                seen.add(source)
                if self._lines[source] == line or not isinstance(self._tape.nodes[source], Call):
                    pending.append(source)
                else:
                    found.append(source)
        return found, seen

    def _is_right(
        self, id: int, inputs: Iterable[int], right: list[bool], forward: set[int]
    ) -> bool:
        node = self._tape.nodes[id]
        if id in forward or isinstance(node, Leaf):
            return True
        value = self._tape.value(id)
        if not value.any() or (isinstance(node, Moved | Added) and not is_masked(self._tape, node)):
            if self._summing and not self._partial.isdisjoint(inputs) and not self._is_marked(id):
                self._partial.add(id)
            return all(right[i] for i in inputs) or self._is_put_together(id)
        if value.dtype.kind != "f" or self._is_marked(id):
            return True
        summed = self._summing and isinstance(node, Call) and node.name in SUMS
        if summed and all(right[i] for i in inputs) and self.knows(value):
            self._partial.add(id)
            return True
        return False


def _is_like(one: Array, other: Array) -> bool:
    return one.shape == other.shape and np.allclose(one, other, rtol=_SAME, equal_nan=True)
