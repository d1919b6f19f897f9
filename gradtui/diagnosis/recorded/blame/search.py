"""The search for the edit of the user's code that makes wrong gradients right."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.candidates import Around, Candidate, Statement
from gradtui.diagnosis.recorded.blame.edits import edits
from gradtui.diagnosis.recorded.blame.flow import Flow, Line
from gradtui.diagnosis.recorded.blame.guard import guarded
from gradtui.diagnosis.recorded.blame.material import renamings
from gradtui.diagnosis.recorded.blame.preview import Preview
from gradtui.diagnosis.recorded.blame.slots import After, Slot, afters, slots
from gradtui.diagnosis.recorded.blame.trial import Gradients, Patch, Trials
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.blame.watch import Held, Watched
from gradtui.diagnosis.recorded.judge import Judge
from gradtui.diagnosis.recorded.runs import Point, Runs
from gradtui.diagnosis.recorded.simple import ratio_of

_POINTS = 3
_WORK, _CALL, _LEAST, _MOST = 3_000_000, 600, 200, 5_000
"""Operations that edited runs may execute in all; what any run takes besides; and bounds."""
_NUMBERS = 1 << 9
"""Bytes of a value that take as long as an operation."""
_SCALES = 6
_ROUNDS = 4
"""Mistakes that are told apart."""
_SOLVED = 1e-6
_TIERS, _COSTS = 5, 5
_UNTOLD = 3
"""The tier of what the recorded values say nothing of."""
_LONGEST, _EXPRESSIONS = 60, 40
"""Characters of an expression that is taken from elsewhere, and how many are."""


class Blame(Struct, frozen=True, eq=False):
    """A line that makes gradients wrong, and the edit that makes them right."""

    gradients: tuple[str, ...]
    place: Place
    rule: str
    told: str
    factor: str | None
    fix: str
    lines: tuple[int, int]
    """The first and the last line that the fix takes the place of."""


class _Suspect(Struct, frozen=True, eq=False):
    """A statement that may be wrong."""

    statement: Statement
    tier: int
    """From the likeliest, 0."""
    promoted: bool
    """Whether it only hands on what is right as such."""
    order: int


class _Hit(Struct, frozen=True, eq=False):
    """An edit that mends something."""

    suspect: _Suspect
    candidate: Candidate
    cost: int
    mended: frozenset[str]

    @property
    def patch(self) -> Patch:
        """The edit in its function."""
        return Patch(self.suspect.statement.unit, self.candidate.edits)

    def rank(self) -> tuple[int, int, int, bool, int, int]:
        """Return what sorts the best edit first."""
        size = sum(len(one.text) + one.start - one.end for one in self.candidate.edits)
        tier, cost = self.suspect.tier, self.cost
        return (
            -len(self.mended),
            tier + cost,
            tier,
            self.suspect.promoted,
            self.suspect.order,
            size,
        )


def blamed(
    runs: Runs, points: Sequence[Point], judge: Judge, wrong: Sequence[str]
) -> tuple[Blame, ...]:
    """Return the lines that make gradients wrong, each with the edit that mends them."""
    called = runs.target.backward or runs.target.function
    with guarded(called, lambda: runs.as_is(points[0].values)):
        return tuple(_Search(runs, points, judge, wrong).found())


class _Search:
    """One search, for as many mistakes as there are."""

    def __init__(
        self, runs: Runs, points: Sequence[Point], judge: Judge, wrong: Sequence[str]
    ) -> None:
        # Numbers of the user's own are often special: they come last.
        chosen = [*points[1:_POINTS], points[0]]
        tape = chosen[0].result.tape
        most = _WORK // (len(tape) + tape.bytes // _NUMBERS + _CALL)
        most = min(_MOST, max(_LEAST, most))
        self._trials = Trials(runs, chosen, judge, wrong, most)
        self._point = chosen[0]
        self._flow = Flow(chosen[0], _scales(chosen[0], wrong))
        hand, true = self._point.hand, self._point.true
        self._rearranged = any(self._flow.is_rearranged(hand[n], true[n]) for n in wrong)
        self._watched = Watched({file for file, _ in self._flow.feeds})
        self._watched.run(lambda: runs.as_is(chosen[0].values))
        self._preview = Preview(self._flow, self._watched.held)
        self._glancing = True
        """Whether only edits are tried whose line is right at a glance."""
        self._units = [unit for unit in self._watched.units() if self._is_faithful(unit)]

    def found(self) -> Iterator[Blame]:
        """Yield a blame for each mistake that an edit mends."""
        for _ in range(_ROUNDS):
            if not self._trials.wrong:
                return
            hit = self._best()
            if hit is None:
                return
            self._trials.stand(hit.patch, hit.mended)
            yield _told(hit)

    def _is_faithful(self, unit: Unit) -> bool:
        """Return whether a function's text is what runs."""
        own = self._trials.gradients(Patch(unit, ()))
        return own is not None and self._is_same(own, self._hand)

    def _best(self) -> _Hit | None:
        hits = list[_Hit]()
        suspects = self._suspects()
        for glancing in (True, False):
            self._glancing = glancing
            for total in range(_TIERS + _COSTS):
                for suspect in suspects:
                    if 0 <= total - suspect.tier < _COSTS:
                        hits += self._hits(suspect, total - suspect.tier)
                if any(len(hit.mended) == len(self._trials.wrong) for hit in hits):
                    return min(hits, key=_Hit.rank)
        return min(hits, key=_Hit.rank, default=None)

    def _is_worth(self, s: Statement, edits: Sequence[Edit]) -> bool:
        return not self._glancing or self._preview.is_hopeful(s, edits)

    def _is_worth_adding(self, slot: Slot, term: str) -> bool:
        """Return whether a term may be what is missing, so often as a number in scope says."""
        if not self._glancing or self._preview.is_hopeful(slot.s, [slot.plus(term)]):
            return True
        return slot.whole and self._preview.is_hopeful_sum(slot.s, term, [*slot.multiples()])

    def _suspects(self) -> list[_Suspect]:
        found = []
        for unit in self._units:
            for node in ast.walk(unit.node):
                if isinstance(node, ast.stmt) and node is not unit.node:
                    suspect = self._suspect(unit, node)
                    if suspect is not None:
                        found.append(suspect)
        found.sort(key=lambda one: one.order)
        return [one for one in found if one.tier < _TIERS]

    def _suspect(self, unit: Unit, node: ast.stmt) -> _Suspect | None:
        key = unit.file, node.lineno
        order = self._watched.order.get(key)
        if order is None or isinstance(node, ast.FunctionDef | ast.ClassDef | ast.While):
            return None
        statement = Statement(unit, node, self._around(unit, node))
        lines = {(unit.file, one.lineno) for one in statement.nodes if isinstance(one, ast.expr)}
        called = self._called(lines)
        beside = set() if called else self._beside(unit, node, lines)
        lines = lines | called | beside
        fed = {name for line in lines for name in self._flow.feeds.get(line, ())}
        tier = self._tier(lines, fed)
        if called or beside:
            return _Suspect(statement, min(_UNTOLD, max(1 if called else 2, tier)), True, order)
        handing = bool(lines & self._flow.handing)
        promoted = tier == _UNTOLD or (handing and not lines & self._flow.first)
        return _Suspect(statement, tier, promoted, order)

    def _called(self, lines: set[Line]) -> set[Line]:
        """Return the lines that run when lines that compute nothing themselves call functions."""
        if any(line in self._flow.feeds for line in lines):
            return set()
        codes = {code for line in lines for code in self._watched.calls.get(line, ())}
        return {
            (file, at) for file, code in codes for _, _, at in code.co_lines() if at is not None
        }

    def _beside(self, unit: Unit, node: ast.stmt, lines: set[Line]) -> set[Line]:
        """Return the lines that use what a line only renames, or that it has it from."""
        if not isinstance(node, ast.Assign) or any(line in self._flow.feeds for line in lines):
            return set()
        if not isinstance(node.targets[0], ast.Name):
            return set()
        own = {type(one.ctx): one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        for ours, theirs in ((ast.Store, ast.Load), (ast.Load, ast.Store)):
            found = {
                (unit.file, one.lineno)
                for one in ast.walk(unit.node)
                if isinstance(one, ast.Name)
                and one.id == own.get(ours)
                and isinstance(one.ctx, theirs)
            } & set(self._flow.feeds)
            if found:
                return found
        return set()

    def _tier(self, lines: set[Line], fed: set[str]) -> int:
        """Return how likely it is that lines which take part in some gradients are the culprit."""
        wrong = set(self._trials.wrong)
        if not fed:
            return _TIERS if lines & self._flow.forward else _UNTOLD
        if not fed & wrong:
            return _TIERS
        if lines & self._flow.forward:
            return _UNTOLD
        likely = bool(lines & (self._flow.first | self._flow.handing))
        if self._rearranged:
            likely |= bool(lines & self._flow.moving)
        if lines & self._flow.known and not likely:
            return 4
        exact = wrong - self._flow.lost <= fed <= wrong
        return (0 if likely else 1) if exact else 2

    def _around(self, unit: Unit, node: ast.stmt) -> Around:
        """Return what is in scope at a statement, and what can be computed of it."""
        scope = self._watched.scope(unit.file, node.lineno)
        assert unit.node.end_lineno is not None
        ever = self._watched.ever(unit.file, unit.first, unit.node.end_lineno)
        known = {name.partition(".")[0].partition("[")[0] for name in scope} | set(unit.globals)
        expressions = [(text, held) for text, names, held in self._expressions if names <= known]
        wanted = {self._trials.true(name).shape for name in self._trials.wrong}
        return Around(scope, ever, self._flow.shapes, expressions, wanted)

    @cached_property
    def _expressions(self) -> list[tuple[str, set[str], Held]]:
        """The expressions of the code that have an array for a value, with the names in them."""
        found: dict[str, tuple[str, set[str], Held]] = {}
        for unit in self._units:
            for node in ast.walk(unit.node):
                if isinstance(node, ast.BinOp | ast.Call | ast.Subscript):
                    text = unit.text(node)
                    shape = self._flow.shapes.get(unit.place(unit.start(node), unit.end(node)))
                    if shape and len(text) <= _LONGEST and "\n" not in text:
                        names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
                        if isinstance(node, ast.BinOp):
                            text = f"({text})"
                        found.setdefault(text, (text, names, Held(shape, "f")))
        return list(found.values())[:_EXPRESSIONS]

    def _hits(self, suspect: _Suspect, cost: int) -> Iterator[_Hit]:
        """Yield the edits of a statement, as far-fetched as `cost`, that mend something."""
        s = suspect.statement
        for candidate in self._candidates(s, cost):
            if self._trials.left <= 0:
                return
            mended = self._trials.mended(Patch(s.unit, candidate.edits))
            if mended:
                yield _Hit(suspect, candidate, max(cost, candidate.cost), mended)

    def _candidates(self, s: Statement, cost: int) -> Iterator[Candidate]:
        yield from (
            one
            for one in (*edits(s), *renamings(s))
            if one.cost == cost and (not cost or self._is_worth(s, one.edits))
        )
        for slot in slots(s):
            yield from self._in_slot(slot, cost - isinstance(s.node, ast.Return))
        for after in afters(s):
            if cost and not after.alone:
                # What a line lacks is likelier in it than after it.
                yield from self._in_slot(after, cost - 1)
            if cost == 2:
                yield from self._in_after(after)

    def _in_slot(self, slot: Slot, cost: int) -> Iterator[Candidate]:
        """Yield factors and terms with which an expression makes some gradient right."""
        if cost == 0:
            yield slot.negated()
        elif cost == 1:
            doubled = self._run(slot.s, slot.times("2.0"))
            for value in self._solved(self._hand, doubled):
                yield slot.constant(value + 1)
        elif cost in (2, 3, 4):
            nothing = self._run(slot.s, slot.times("0.0"))
            if nothing is None or self._is_same(nothing, self._hand):
                return
            for factor, own in slot.factors():
                worth = own == cost and self._trials.left > 0
                if worth and self._is_worth(slot.s, [slot.times(factor)]):
                    for value in self._solved(nothing, self._run(slot.s, slot.times(factor))):
                        yield slot.factor(factor, value, cost)
            if cost == 2:
                for term in slot.terms():
                    if self._trials.left > 0 and self._is_worth_adding(slot, term):
                        for value in self._solved(self._hand, self._run(slot.s, slot.plus(term))):
                            yield slot.term(term, value)

    def _in_after(self, after: After) -> Iterator[Candidate]:
        yield from after.picked()
        for text, edit in () if after.alone else after.kept():
            told = f"it must be added to {text}"
            yield Candidate((edit,), "missing-path", told, 2, None, after.node)

    def _run(self, s: Statement, edit: Edit) -> Gradients | None:
        return self._trials.gradients(Patch(s.unit, (edit,)))

    @cached_property
    def _hand(self) -> Gradients | None:
        """What the code returns with the edits found so far."""
        return self._trials.gradients(None)

    def _is_same(self, one: Gradients, other: Gradients | None) -> bool:
        return other is not None and all(
            name in one and name in other and np.array_equal(one[name], other[name], equal_nan=True)
            for name in self._trials.wrong
        )

    def _solved(self, base: Gradients | None, once: Gradients | None) -> Iterator[float]:
        """Yield how often the difference that an edit makes gives a true gradient.

        A backward pass is linear in what flows back, unless that goes round a loop: there only
        once is tried.
        """
        if base is None or once is None:
            return
        found = list[float]()
        if any(self._trials.is_right(name, once) for name in self._trials.wrong):
            found.append(1.0)
        for name in self._trials.wrong:
            true = self._trials.true(name)
            if not base[name].shape == true.shape == once[name].shape:
                continue
            with np.errstate(all="ignore"):
                step, lacking = once[name] - base[name], true - base[name]
                value = float(np.sum(step * lacking) / np.sum(step * step))
                rest = np.max(np.abs(lacking - value * step), initial=0.0)
            fits = np.isfinite(value) and rest <= _SOLVED * np.max(np.abs(true), initial=0.0)
            if fits and all(abs(value - one) > _SOLVED * abs(one) for one in found):
                found.append(value)
        yield from found


def _scales(point: Point, wrong: Sequence[str]) -> tuple[float, ...]:
    """Return the factors by which what flows back may be off: many divide by N in the end.

    There are none where such a factor may be the mistake.
    """
    tape = point.result.tape
    sizes = {float(tape.shape(id)[0]) for id in range(point.root) if tape.shape(id)}
    scales = sorted(sizes - {1.0})[:_SCALES]
    for name in wrong:
        hand, true = point.hand[name], point.true[name]
        ratio = (
            ratio_of([hand.reshape(-1)], [true.reshape(-1)]) if hand.shape == true.shape else None
        )
        if ratio is not None:
            return (1.0,)
    return (1.0, *scales)


def _told(hit: _Hit) -> Blame:
    unit = hit.suspect.statement.unit
    node = hit.candidate.node or hit.suspect.statement.node
    place = unit.place(unit.start(node), unit.end(node))
    return Blame(
        tuple(sorted(hit.mended)),
        place,
        hit.candidate.rule,
        hit.candidate.told,
        hit.candidate.factor,
        unit.line_after(hit.candidate.edits),
        unit.lines(hit.candidate.edits),
    )
