"""What is missing in an expression, or after a statement: found by running the code with it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from gradtui.diagnosis.recorded.blame.afters import After
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.effects import is_idle
from gradtui.diagnosis.recorded.blame.multiples import multiples
from gradtui.diagnosis.recorded.blame.slots import Slot
from gradtui.diagnosis.recorded.blame.straying import Straying
from gradtui.diagnosis.recorded.blame.trial import Patch, Results, Trials, is_same
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.diagnosis.recorded.blame.worth import Worth


class Fillings:
    """The numbers, factors and terms with which some expression makes results right."""

    def __init__(
        self, trials: Trials, worth: Worth, straying: Straying, may_run: Callable[[], bool]
    ) -> None:
        self._trials, self._worth, self._straying, self._may_run = trials, worth, straying, may_run
        self._zeros: dict[ast.AST, Results | None] = {}
        """Expression -> the results with 0 in its place."""
        self._hand: Results | None = None
        """The results of the code with the edits found so far."""

    def begin(self) -> None:
        """Begin anew, with the code as it stands."""
        self._hand = self._trials.results(None)
        self._zeros.clear()

    @property
    def is_empty(self) -> bool:
        """Whether a wrong result is zero, so that something is never added to it."""
        hand = self._hand or {}
        return any(name in hand and not hand[name].any() for name in self._trials.wrong)

    def in_slot(self, slot: Slot, cost: int) -> Iterator[Candidate]:
        """Yield factors and terms with which an expression makes some gradient right."""
        if cost == 0:
            if slot.takes_numbers:
                yield from (slot.negated(), *slot.counted())
            yield from self._in_sum(slot, slot.lacking(), likely=True)
        elif cost == 1 and slot.takes_numbers:
            changed = self._run(slot.s, slot.more())
            for value in multiples(self._trials, self._hand, changed):
                yield from slot.constant(value)
            yield from self._in_sum(slot, slot.missing.handed() if slot.whole else ())
        elif cost in (2, 3, 4):
            if cost == 2 and slot.s.numpy and not isinstance(slot, After):
                for one in slot.passed():
                    if self._worth.is_worth(slot.s, one.edits, cost):
                        yield one
            yield from self._in_product(slot, cost)

    def in_after(self, after: After) -> Iterator[Candidate]:
        """Yield what a value may have to be added to, behind the statement that makes it."""
        for text, edit in () if after.alone else after.kept():
            if self._worth.is_worth_keeping(after, text):
                told = f"it must be added to {text}"
                yield Candidate((edit,), "missing-path", told, 2, None, after.node)

    def _in_product(self, slot: Slot, cost: int) -> Iterator[Candidate]:
        """Yield factors and terms made from arrays with which an expression is right."""
        nothing = self._nothing(slot)
        vain = nothing is not None and is_same(nothing, self._hand, self._trials.wrong)
        if vain and not self.is_empty:
            return
        for factor, own in slot.missing.factors if slot.takes_factors and not vain else ():
            worth = own == cost and self._may_run()
            if worth and self._worth.is_worth_times(slot, factor, cost):
                once = self._run(slot.s, slot.times(factor))
                if once is not None and self._is_idle(once, nothing):
                    continue  # nobody multiplies by a name that happens to be 0 or 1
                for value in multiples(self._trials, nothing, once):
                    yield from slot.factor(factor, value, cost)
        alike = slot.alike() if self._worth.glancing else ()
        yield from self._in_sum(slot, (*slot.missing.terms(), *alike) if cost == 2 else ())

    def _in_sum(
        self, slot: Slot, terms: Iterable[str], *, likely: bool = False
    ) -> Iterator[Candidate]:
        """Yield multiples of terms with which an expression is right; `likely` ones are all run."""
        for term in terms:
            worth = slot.whole and not slot.s.idle_parts.isdisjoint(term.split(" * "))
            worth |= likely
            if self._may_run() and (worth or self._worth.is_worth_adding(slot, term)):
                for value in multiples(
                    self._trials, self._hand, self._run(slot.s, slot.plus(term))
                ):
                    yield from slot.term(term, value)

    def _is_idle(self, once: Results, nothing: Results | None) -> bool:
        """Return whether a factor gives the results that 0 gives, or changes none."""
        wrong = self._trials.wrong
        return is_same(once, nothing, wrong) or is_same(once, self._hand, wrong)

    def _nothing(self, slot: Slot) -> Results | None:
        """Return the results with 0 in an expression's place, or in that of its product."""
        key = slot.within or slot.node
        if key not in self._zeros:
            self._zeros[key] = self._run(slot.s, slot.times("0.0"))
        return self._zeros[key]

    def _run(self, s: Statement, edit: Edit) -> Results | None:
        if is_idle(s, [edit]):
            return None
        found = self._trials.results(Patch(s.unit, (edit,)))
        self._straying.note(s)
        return found
