"""The sides of the kinks of the user's code on which a run has been.

A loop whose `if margin > 0` always holds tells nothing of what the gradient is where it does not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.conditions import called, ends_loop
from gradtui.engine.kinks import keeps_range
from gradtui.recording.choices import Choice, apart, signs_of
from gradtui.recording.sweep import gradients
from gradtui.recording.tape import FLAT, Array, Call, Leaf, Moved, Tape

_OF_ONE = ("relu", "leaky_relu", "abs", "absolute", "fabs")
_OF_TWO = ("maximum", "minimum", "fmax", "fmin", "clip")
"""A clip has two operands if it has one bound alone."""
_SIGNS = {"greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<="}
_BOTH = frozenset({-1, 1})
_NOISE = 1e-12
"""The size of rounding errors beside the largest gradient."""
_NEAR = 1e-3
"""The distance from 1 of a bound that only keeps shares from it."""
_POSITIVE = frozenset({
    "square", "abs", "absolute", "exp", "sqrt", "relu", "softmax", "sigmoid", "arccos", "acos",
    "cosh",
})  # fmt: skip
_KEEPING = frozenset({"add", "multiply", "divide", "sum", "mean", "max", "min"})
"""Functions whose result is not negative, for any operands or for such ones."""
_ENDING = frozenset({"arccos", "arcsin", "arctanh", "acos", "asin", "atanh"})
"""Functions that end at 1 and -1."""
_COUNTING = frozenset({
    "floor", "ceil", "trunc", "floor_divide", "astype", "digitize", "searchsorted", "bucketize",
})  # fmt: skip
"""Functions that may give other whole numbers the farther out they are."""
_AGREEING = frozenset({"all", "any"})
ROUNDS = "rounds"
"""The name by which the rounds of a loop are told, as results in whole numbers are by theirs."""
Signs = frozenset[int]
"""Those of differences that are 0 on a kink."""
_Key = tuple[str, Place | None]


class Kink(Struct, frozen=True):
    """A call or comparison with a kink, in all rounds of its loop."""

    name: str
    place: Place | None
    sides: tuple[str, str] | None
    """What lies on one of its sides, and of what, in words; None for a comparison in the code."""
    decides: bool = False
    """Whether it compares single numbers, as a condition of a statement does."""

    @property
    def agrees(self) -> bool:
        """Whether it is a truth value made of several, above 0 if it holds."""
        return self.name in _AGREEING

    @property
    def said(self) -> tuple[str, str]:
        """What lies on one of its sides, and of what, in words."""
        if self.sides is not None:
            return self.sides
        if self.agrees:
            return f"{self.name} of this mask", ""
        function = called(self.place) if self.decides else ""
        if function in ("max", "min"):
            # Python compares what comes later with what came before, or asks what came before
            # by the opposite operator if the later one is a plain number.
            asked = self.name.startswith("less" if function == "max" else "greater")
            later, former = ("first", "second") if asked else ("second", "first")
            return f"the {later} argument of {function}", f"the {former}"
        return f"the left side of {_SIGNS[self.name]}", "the right one"


class Run(Struct, frozen=True, eq=False):
    """A recorded run."""

    tape: Tape
    root: int
    """The node of its loss."""
    ends: tuple[int, ...] | None = ()
    """The nodes of its gradients; None if not all are known."""
    leaving: bool = False
    """Whether numbers on the way to the loss leave the recording: no comparison of them is seen."""


class Seen:
    """The sides on which runs have been, with what they compute up to their losses.

    Of a gradient nothing is known beyond the bounds that code keeps it in.  To be on a side may not
    be enough: where all units of a column are off, as before a standard deviation, no gradient
    arrives at them, and a slope there cannot be seen to be wrong.
    """

    def __init__(self) -> None:
        self._signs = defaultdict[Kink, Signs](frozenset)
        self._reached = defaultdict[Kink, Signs](frozenset)
        self._left: list[Run] = []
        """Runs of which it is not known where gradients arrive."""
        self._calls = set[Kink]()
        """The kinks of calls."""
        self._levels = defaultdict[_Key, set[int]](set)
        """What results in whole numbers or steps, and rounds of loops, have been."""
        self.leaving = False
        """Whether code may choose by what is not seen: by numbers that leave the recording."""
        self.settles = False
        """Whether something is compared with a tolerance, as loops do that may never end."""

    def note(self, run: Run) -> None:
        """Add the sides of a run that compares no gradients."""
        for _, kink, differences in calls_with_kinks(run.tape, _of(run), run.root, forward=True):
            self._signs[kink] |= signs_of(differences)
            self._calls.add(kink)
        for level in run.tape.levels:
            if level.at <= run.root:
                self._levels[level.name, level.place].add(level.told)
                self.leaving |= level.leaves or level.name in _COUNTING
        for key, told in _rounds(run):
            self._levels[key].add(told)
        self.leaving |= run.leaving
        for one in run.tape.choices:
            if one.at <= run.root and one.keeps_range:
                self.settles = True
            elif _is_early(one.at, one.inputs, run.root) and _may_turn(run.tape, one):
                self._signs[_kink_of(one)] |= one.signs

    def add(self, run: Run) -> bool:
        """Add those of a run, and return whether some are new, or may be."""
        on, before, steady = dict(self._signs), self._sides(), self._steady
        self.note(run)
        self._left.append(run)
        more = _are_more(self._signs, on) or _are_more(self._sides(), before)
        return more or bool(steady - self._steady) or self.leaving

    @property
    def _steady(self) -> frozenset[_Key]:
        """The results in whole numbers or steps, and rounds, that have always been the same."""
        return frozenset(key for key, told in self._levels.items() if len(told) == 1)

    def has(self, kink: Kink, sign: int) -> bool:
        """Return whether a run has been on a side of a kink."""
        return sign in self._signs.get(kink, ())

    @property
    def is_done(self) -> bool:
        """Whether gradients have arrived on both sides of all kinks, or never do."""
        if self.leaving or self._steady:
            return False
        return all(signs >= _BOTH for signs in self._sides().values())

    @property
    def lacks_agreement(self) -> bool:
        """Whether all of some comparisons never hold, or any always does."""
        return any(one.agrees and not signs >= _BOTH for one, signs in self._signs.items())

    def varies(self, name: str, place: Place | None) -> bool:
        """Return whether a result in whole numbers or steps, or of rounds, has changed."""
        return len(self._levels.get((name, place), ())) > 1

    def _sides(self) -> dict[Kink, Signs]:
        """Return the sides at which gradients have arrived; those seen where none ever did."""
        both = [kink for kink in self._calls if self._signs[kink] >= _BOTH]
        if any(not self._reached[kink] >= _BOTH for kink in both):
            for run in self._left:
                for kink, signs in _reached(run):
                    self._reached[kink] |= signs
            self._left.clear()
        return {**self._signs, **{kink: found for kink in both if (found := self._reached[kink])}}


def _are_more(now: Mapping[Kink, Signs], before: Mapping[Kink, Signs]) -> bool:
    return any(one & _BOTH > before.get(kink, frozenset()) & _BOTH for kink, one in now.items())


def _reached(run: Run) -> Iterator[tuple[Kink, Signs]]:
    """Yield the signs of the differences at which a gradient arrives, beyond rounding."""
    calls = [*calls_with_kinks(run.tape, range(run.root), run.root)]
    wanted = {*run.tape.arguments.values(), *(id for id, _, _ in calls)}
    arriving = {id: np.abs(one) for id, one in gradients(run.tape, run.root, wanted).items()}
    least = _NOISE * max(float(np.max(one, initial=0.0)) for one in arriving.values())
    for id, kink, differences in calls:
        reached = np.broadcast_to(arriving[id] > least, differences.shape)
        yield kink, signs_of(differences[reached])


def one_sided(runs: Sequence[Run]) -> dict[Kink, Signs]:
    """Return the kinks of which runs, with their gradients, have been on one side alone.

    Of those that compare the same numbers, such as a relu and its mask, the first is returned.
    """
    signs, measures = defaultdict[Kink, Signs](frozenset), defaultdict[Kink, float](float)
    meant = set[Kink]()
    for run in runs:
        for _, kink, differences in calls_with_kinks(run.tape, _of(run), run.root):
            meant.add(kink)
            signs[kink] |= signs_of(differences)
            measures[kink] += apart(differences)
        ending = _ending(run.tape)
        for one in run.tape.choices:
            kink = _kink_of(one)
            signs[kink] |= one.signs
            measures[kink] += one.apart
            if _may_turn(run.tape, one) and not _only_keeps_range(one, run, ending):
                meant.add(kink)
    found = dict[Kink | str, Kink]()
    for kink, own in signs.items():
        if kink in meant and not own >= _BOTH:
            alike = measures[kink] > 0 and np.isfinite(measures[kink])
            found.setdefault(f"{measures[kink]:.9g}" if alike else kink, kink)
    return {kink: signs[kink] for kink in found.values()}


def steady(runs: Sequence[Run]) -> Iterator[_Key]:
    """Yield results in whole numbers or steps, and rounds of loops, that are the same in all runs.

    They are told by name and place.
    """
    found = defaultdict[_Key, set[int]](set)
    for run in runs:
        for one in run.tape.levels:
            if one.at <= run.root:
                found[one.name, one.place].add(one.told)
        for key, told in _rounds(run):
            found[key].add(told)
    yield from (key for key, told in found.items() if len(told) == 1)


def _rounds(run: Run) -> Iterator[tuple[_Key, int]]:
    """Yield for each loop that ends by a comparison what tells its numbers of rounds.

    A loop that never goes on, or never ends, by a comparison has been on one side of it alone.
    """
    found = defaultdict[Place | None, list[Signs]](list)
    for one in run.tape.choices:
        if one.at <= run.root and one.of_numbers and not one.keeps_range:
            found[one.place].append(one.signs)
    for place, signs in found.items():
        if len(set(signs)) > 1 and ends_loop(place):
            yield (ROUNDS, place), hash(tuple(signs))


def _of(run: Run) -> Iterable[int]:
    """Return the nodes before the loss, and those that the gradients come from."""
    if run.ends is None:
        return range(len(run.tape))
    found = {*run.ends}
    for id in range(len(run.tape) - 1, run.root, -1):
        node = run.tape.nodes[id]
        if id in found and not isinstance(node, Leaf):
            found.update(node.inputs)
    return [*range(run.root), *sorted(id for id in found if id > run.root)]


def calls_with_kinks(
    tape: Tape, ids: Iterable[int], root: int, *, forward: bool = False, ends: bool = False
) -> Iterator[tuple[int, Kink, Array]]:
    """Yield the kinks of calls, with the differences that are 0 there.

    A call whose bounds only keep numbers in range has none. After the loss, at `root`, those are
    bounds close to 0 alone: a gradient may be cut off at any other. If only `forward`, kinks of
    what is computed after it are left out. Those with one side alone count with `ends`: abs ends
    at 0, where its relu has a kink.
    """
    ending = _ending(tape)
    for id in ids:
        node = tape.nodes[id]
        if not isinstance(node, Call) or not tape.active[id]:
            continue
        early = _is_early(id, [one for one in node.inputs if tape.active[one]], root)
        if forward and not early:
            continue
        words = _words(node)
        still = [tape.value(one) for one in node.inputs if not tape.active[one]] if words else ()
        if any(_is_guard(one, backward=early and id > root, ends=id in ending) for one in still):
            continue
        left = tape.value(node.inputs[0])
        for sides, at in words:
            right = np.zeros(()) if at is None else tape.value(node.inputs[at])
            differences = np.subtract(left, right, dtype=np.float64)
            never = not ends and bool(np.all(right <= 0))
            never = never and _is_never_negative(tape, node.inputs[0])
            # The size of a complex number has no sides: its operand is the pairs of its parts.
            if not never and differences.shape == tape.shape(id):
                yield id, Kink(node.name, node.place, sides), differences


def _is_early(id: int, inputs: Iterable[int | None], root: int) -> bool:
    """Return whether a node is before the loss, or all that it compares is."""
    return id <= root or all(one is None or one <= root for one in inputs)


def _words(node: Call) -> Sequence[tuple[tuple[str, str], int | None]]:
    """Return what the kinks of a call compare with what, and the operand that this is."""
    if node.name in _OF_ONE:
        return [((f"the argument of {node.name}", "0"), None)]
    own = f"the first argument of {node.name}"
    if node.name in _OF_TWO and len(node.inputs) == 2:
        return [((own, "the second"), 1)]
    if node.name == "clip" and len(node.inputs) == 3:
        return [((own, "the lower bound"), 1), ((own, "the upper bound"), 2)]
    return ()


def _is_guard(bound: Array, *, backward: bool, ends: bool) -> bool:
    """Return whether a bound only keeps numbers in range, which may end at 1 and -1."""
    if ends and np.all(np.abs(bound) == 1):
        return True
    if backward:
        return keeps_range(bound) and not bool(np.any((np.abs(bound) > 1) & np.isfinite(bound)))
    return keeps_range(bound) or _is_near_one(bound)


def _is_near_one(bound: Array) -> bool:
    """Return whether a bound keeps shares from 1."""
    short = 1 - np.abs(bound)
    return bool(np.all((short > 0) & (short < _NEAR)))


def _only_keeps_range(one: Choice, run: Run, ending: Collection[int]) -> bool:
    """Return whether a comparison only keeps numbers in range."""
    if one.bound is None:
        return False
    ends = any(id in ending for id in one.inputs)
    backward = one.at > run.root and _is_early(one.at, one.inputs, run.root)
    return _is_guard(np.array(one.bound), backward=backward, ends=ends)


def _ending(tape: Tape) -> frozenset[int]:
    """Return the operands of functions that end at 1 and -1, where rounding alone brings numbers.

    Bounds of such an operand are operands, too.
    """
    found = set[int]()
    for id in range(len(tape) - 1, -1, -1):
        node = tape.nodes[id]
        if isinstance(node, Call) and (
            node.name in _ENDING or (id in found and node.name in _OF_TWO)
        ):
            found.update(one for one in node.inputs if tape.active[one])
    return frozenset(found)


def _kink_of(one: Choice) -> Kink:
    return Kink(one.name, one.place, one.sides, one.of_numbers and one.sides is None)


def _may_turn(tape: Tape, one: Choice) -> bool:
    """Return whether a comparison may turn out otherwise: nothing is below 0 that cannot be."""
    id = next((id for id in one.inputs if id is not None), None)
    if id is None or one.bound is None or one.bound[1] > 0:
        return True
    return not _is_never_negative(tape, id)


def _is_never_negative(tape: Tape, id: int) -> bool:
    """Return whether a value is a sum or product of squares, sizes and the like."""
    pending, seen = [id], {id}
    while pending:
        operands = _kept_by(tape, pending.pop())
        if operands is None:
            return False
        pending += {*operands} - seen
        seen.update(operands)
    return True


def _kept_by(tape: Tape, id: int) -> Sequence[int] | None:
    """Return the operands that a value is not negative without; None if it may be with them."""
    node = tape.nodes[id]
    if not tape.active[id]:
        return () if np.all(tape.value(id) >= 0) else None
    if isinstance(node, Call):
        square = node.name == "multiply" and len(set(node.inputs)) == 1
        raised = node.name == "power" and len(node.inputs) == 2  # not so of complex numbers
        even = raised and np.all(tape.value(node.inputs[1]) % 2 == 0)
        if square or even or node.name in _POSITIVE:
            return ()
        return node.inputs if node.name in _KEEPING else None
    return node.inputs if isinstance(node, Moved) else None


def is_uncertain(tape: Tape, root: int) -> bool:
    """Return whether central differences are part of a true gradient, inexact at large numbers."""
    calls = (node for id, node in enumerate(tape.nodes[:root]) if tape.active[id])
    return any(
        isinstance(one, Call) and one.form is None and one.back is None and one.name not in FLAT
        for one in calls
    )
