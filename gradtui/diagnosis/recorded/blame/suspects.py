"""The statements that may be wrong, the likeliest first."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence, Set
from functools import cached_property, partial
from types import CodeType

from msgspec.structs import replace

from gradtui.diagnosis.recorded.blame.accumulations import forgotten_entries
from gradtui.diagnosis.recorded.blame.arguments import hands_less
from gradtui.diagnosis.recorded.blame.beaten import is_beaten
from gradtui.diagnosis.recorded.blame.begun import begins_as_ones, replaces, unwritten
from gradtui.diagnosis.recorded.blame.beside import Beside
from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.computable import Expressions
from gradtui.diagnosis.recorded.blame.conditions import never_changes
from gradtui.diagnosis.recorded.blame.crosswise import crossed_in
from gradtui.diagnosis.recorded.blame.effects import is_harmless
from gradtui.diagnosis.recorded.blame.expressions import is_element
from gradtui.diagnosis.recorded.blame.forgotten import lacks_kept, lacks_made
from gradtui.diagnosis.recorded.blame.forms import (
    counts,
    does_nothing,
    filed_as,
    hands_on,
    is_partial,
    keeps_values,
    makes,
    stores_gradient,
    stores_windows,
)
from gradtui.diagnosis.recorded.blame.forwarded import forwards_elsewhere
from gradtui.diagnosis.recorded.blame.given import scaled_beside
from gradtui.diagnosis.recorded.blame.kept import is_strange
from gradtui.diagnosis.recorded.blame.labels import UNLABELLED, Labels
from gradtui.diagnosis.recorded.blame.layers import NONE, Faulty
from gradtui.diagnosis.recorded.blame.loops import runs_unlike
from gradtui.diagnosis.recorded.blame.majority import stands_out
from gradtui.diagnosis.recorded.blame.namesakes import namesakes_of
from gradtui.diagnosis.recorded.blame.opposed import is_opposed
from gradtui.diagnosis.recorded.blame.popped import pops_unlike
from gradtui.diagnosis.recorded.blame.recurring import odd_parts
from gradtui.diagnosis.recorded.blame.resets import is_spoilt
from gradtui.diagnosis.recorded.blame.rows import is_odd
from gradtui.diagnosis.recorded.blame.scattered import lacking
from gradtui.diagnosis.recorded.blame.scope import Scope, Shape
from gradtui.diagnosis.recorded.blame.sites import Calls
from gradtui.diagnosis.recorded.blame.suspect import Suspect
from gradtui.diagnosis.recorded.blame.told import Line, Told
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.diagnosis.recorded.blame.unpacked import unpacks_unlike
from gradtui.diagnosis.recorded.blame.uses import (
    is_beside,
    lines_next,
    lines_of,
    over,
)
from gradtui.diagnosis.recorded.blame.vain import is_vain
from gradtui.diagnosis.recorded.blame.wasted import rewritten_in, wasted_in
from gradtui.diagnosis.recorded.blame.watch import Watched

TIERS = 5
UNTOLD = 3
"""The tier of statements without recorded evidence."""


class Suspects:
    """The statements of some functions that ran, with their evidence."""

    def __init__(
        self,
        flow: Told,
        watched: Watched,
        units: Sequence[Unit],
        calls: Calls | None = None,
        *,
        rearranged: bool = False,
        scaled: bool = False,
        negated: bool = False,
        misshapen: bool = False,
        exchanged: bool = False,
        of_loss: CodeType | None = None,
        back: CodeType | None = None,
        counting: bool = False,
        faulty: Faulty = NONE,
        labels: Labels = UNLABELLED,
    ) -> None:
        """`back` is the function that the backward half begins with, if it has one of its own.

        Counters are part of the computation if it is `counting`, as an update counts its steps.
        """
        self._counting = counting
        self._flow, self._watched, self._units, self._calls = flow, watched, units, calls
        self._failing = flow.first | flow.lacking
        self._rearranged, self._of_loss = rearranged, of_loss
        """Whether a result has the right elements in another order."""
        self._scaled, self._negated = scaled, negated
        """Whether most results are off by a common factor, or all but for their sign."""
        self._exchanged = exchanged
        """Whether two results are in one another's places."""
        self._misshapen = misshapen
        """Whether a result has another shape."""
        self._of_losses: dict[Unit, bool] = {}
        self._ever: dict[Unit, Scope] = {}
        """The values of the names of each function at some time."""
        self._expressions = Expressions(units, flow.shapes, watched.part)
        self._beside = Beside(flow, watched)
        self._back, self._faulty, self._labels = back, faulty, labels
        self._wrong: set[str] = set()
        self._wanted: Collection[Shape] = ()

    @property
    def right(self) -> int:
        """The number of values of the backward pass that are known to be right."""
        return self._flow.right

    def ranked(self, wrong: Collection[str], wanted: Collection[Shape]) -> list[Suspect]:
        """Return the statements that may make results wrong, in the order of execution.

        `wanted` are the shapes that the results must have.
        """
        self._wrong, self._wanted = set(wrong), wanted
        found = [self._suspect(unit, node) for unit in self._units for node in unit.of(ast.stmt)]
        told = [self._labels.told(one) for one in found if one is not None and one.tier < TIERS]
        return self._faulty.among(sorted(told, key=lambda one: one.order))

    def of_loss(self, wrong: Set[str] | None = None) -> Iterator[Suspect]:
        """Yield the statements of the loss, or those that `wrong` results use values of, too."""
        forward, shared = self._flow.forward, self._flow.shared
        for unit, node in ((own, node) for own in self._units for node in own.of(ast.stmt)):
            lines = [(unit.file, line) for line in range(node.lineno, _end_of_head(node) + 1)]
            used = any(one in forward if wrong is None else wrong & shared[one] for one in lines)
            if used and (one := self._statement(unit, node)) is not None:
                yield Suspect(one[0], 1, True, one[1])

    def is_beaten(self, suspect: Suspect) -> bool:
        """Return whether an edit of another statement that repairs all is surely better."""
        calls, s = self._watched.calls, suspect.statement
        return is_beaten(s, self._flow, self._wrong, self._computed, calls)

    @cached_property
    def _computed(self) -> frozenset[str]:
        """The results that some lines are known to take part in."""
        return frozenset(name for fed in self._flow.feeds.values() for name in fed)

    def _statement(self, unit: Unit, node: ast.stmt) -> tuple[Statement, int] | None:
        """Return a statement that may be edited, and its place in the order of execution."""
        key = unit.file, node.lineno
        order = self._watched.order.get(key)
        if order is not None and not self._flow.feeds:
            order = -order  # the result is likelier wrong than its inputs
        if order is None or isinstance(node, ast.FunctionDef | ast.ClassDef | ast.While):
            return None
        if self._is_outside(unit, node):
            return None
        statement = Statement(unit, node, self._around(unit, node), self._loss(unit, node))
        return (statement, order) if is_harmless(statement, counting=self._counting) else None

    def _suspect(self, unit: Unit, node: ast.stmt) -> Suspect | None:
        one = self._statement(unit, node)
        if one is None:
            return None
        statement, order = one
        found = self._by_form(statement, order) or self._by_flow(statement, order)
        spoilt = (found is None or found.tier >= UNTOLD) and is_spoilt(statement)
        found = Suspect(statement, 1, False, order) if spoilt else found
        closed = never_changes(node, lambda line: (unit.file, line) in self._watched.order)
        return found and replace(found, forward=self._is_forward(unit), closed=closed)

    def _by_form(self, statement: Statement, order: int) -> Suspect | None:
        """Return the suspect of a loop, or of a statement that keeps or restores values."""
        unit, node = statement.unit, statement.node
        rounds = self._rounds(unit, node) if isinstance(node, ast.For) else None
        unlike = isinstance(node, ast.For) and runs_unlike(unit, node)
        if rounds is not None or (unlike and not self._is_forward(unit)):
            return Suspect(statement, 0 if unlike or rounds is None else rounds, True, order)
        if lacking(statement) or replaces(unit, node) or begins_as_ones(unit, node):
            return Suspect(statement, 1, False, order)
        strange = (
            is_strange(unit, node) or node in rewritten_in(unit.node)
            or bool(crossed_in(unit, node)) or any(namesakes_of(statement))
            or stands_out(unit, node) or bool(odd_parts(unit, node))
        )  # fmt: skip
        strange = strange or (is_odd(unit, node) and not self._is_forward(unit))
        if statement.restores and not strange:
            return Suspect(statement, UNTOLD - 1, False, order)
        odd = unpacks_unlike(unit, node) or forwards_elsewhere(unit, node)
        odd = odd or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
                      and bool(scaled_beside(unit.tree, node.value)))  # fmt: skip
        opposed = self._negated and is_opposed(node)
        opposed = opposed or (self._exchanged and hands_on(statement)
                              and unit.code is not self._of_loss)  # fmt: skip
        odd = odd or pops_unlike(unit, node) or lacks_made(statement)
        if strange or odd or opposed or is_vain(statement):
            return Suspect(statement, 0, False, order)
        # What a helper returns right for others may lack a term of this one's own.
        lacks = bool(wasted_in(unit.node).get(node)) or filed_as(node) in self._wrong
        forgets = not self._is_forward(unit) and lacks_kept(statement)
        return Suspect(statement, 1, False, order) if lacks or forgets else None

    def _by_flow(self, statement: Statement, order: int) -> Suspect | None:
        """Return the suspect of a statement by the values of its lines."""
        unit, node = statement.unit, statement.node
        lines = {(unit.file, one.lineno) for one in statement.nodes if isinstance(one, ast.expr)}
        forward = not lines.isdisjoint(self._flow.forward)
        if forward and is_beside(statement, self._flow):
            return Suspect(statement, 1, False, order)
        if (
            forward
            and isinstance(node, ast.Return)
            and self._beside.is_called_again(self._beside.called(lines))
        ):
            # The loss that it returns is right; the gradients may be those of a wrong call.
            return Suspect(statement, TIERS - 1, True, order)
        if forward and hands_on(statement) and makes(statement):
            return Suspect(statement, UNTOLD, True, order)
        called = set() if forward and not hands_less(statement) else self._beside.called(lines)
        if called and (call := self._call(statement, lines, order)) is not None:
            return call
        beside = set() if forward or called else self._beside.using(unit, node, lines)
        lines = called if forward and called else lines | called | beside
        fed = {name for line in lines for name in self._flow.feeds.get(line, ())}
        stored = node.targets[0] if isinstance(node, ast.Assign) else node
        kept = isinstance(stored, ast.Attribute | ast.Subscript | ast.AugAssign | ast.Expr)
        tier = self._tier(lines, fed, self._flow, partial=is_partial(node), kept=kept)
        if tier == TIERS and (fed or self._misshapen) and hands_on(statement):
            return Suspect(statement, UNTOLD - 1, True, order)
        computed = self._wrong & self._computed
        if tier == TIERS and not computed and self._loss(unit, node) is not None:
            tier = UNTOLD  # the loss that it computes tells nothing of gradients that it only names
        if fed and tier >= TIERS - 1 and forgotten_entries(statement):
            return Suspect(statement, UNTOLD - 1, True, order)
        if tier < TIERS and does_nothing(node):
            return Suspect(statement, min(1, tier), False, order)
        if beside and isinstance(node, ast.Assign) and is_element(node.value):
            # A line that only renames is likelier to lack the part that the next one lacks.
            return Suspect(statement, min(UNTOLD, tier), False, order)
        if called and tier == 2 and not fed <= self._wrong and self._beside.is_called_again(called):
            return Suspect(statement, 1, True, order)
        if called and tier == UNTOLD and fed & self._wrong and self._beside.is_called_again(called):
            tier = 2  # the forward pass calls the function, too
        if beside and tier == UNTOLD and fed & self._wrong and not self._is_forward(unit):
            tier = 2  # it hands a view to such a function
        if called or beside:
            return Suspect(statement, min(UNTOLD, max(1 if called else 2, tier)), True, order)
        of_loss = abs(order) in self._before or self._is_of_loss(unit)
        spared = stores_gradient(node) or (keeps_values(node) and not counts(statement))
        if tier == UNTOLD and of_loss and not spared:
            tier = TIERS - 1
        if tier == UNTOLD and not forward and stores_windows(statement):
            tier = 1
        promoted = tier == UNTOLD or bool(lines & self._flow.handing and not lines & self._failing)
        opposite, failing = bool(lines & self._flow.opposite), bool(lines & self._failing)
        return Suspect(statement, tier, promoted, order, opposite, failing)

    def _call(self, s: Statement, lines: set[Line], order: int) -> Suspect | None:
        """Return the suspect of a call of a function that others call, too; None if untold."""
        if self._calls is None or not self._calls.are_told(lines):
            return None
        told = self._calls.told
        fed = {name for line in lines for name in told.feeds.get(line, ())}
        if lines & told.forward:
            return Suspect(s, UNTOLD, True, order)
        if not fed:  # it only moves what others calculate with
            lines = lines_next(s.unit, s.node) & told.feeds.keys()
            fed = {name for line in lines for name in told.feeds[line]}
            tier = self._tier(lines, fed, told, partial=False, kept=False) if fed else UNTOLD
            return Suspect(s, min(UNTOLD, max(1, tier)), True, order)
        if not self._calls.is_right_elsewhere(lines):
            return None
        tier = self._tier(lines, fed, told, partial=False, kept=False)
        failing = bool(lines & (told.first | told.lacking))
        # What is opposite is likelier wrong in what it is called with.
        return Suspect(s, tier if failing else max(1, tier), not failing, order, failing=failing)

    def _rounds(self, unit: Unit, node: ast.For) -> int | None:
        """Return the tier of a loop whose rounds may be wrong or lack a gradient; else None."""
        inside = {(unit.file, line) for line in range(node.body[0].lineno, _end(node) + 1)}
        if inside & self._flow.forward:  # gradients may be made there, too
            return 2 if unwritten(unit, node) else None
        if inside.isdisjoint(self._watched.order):
            return 1  # it has no rounds
        called = self._beside.called(inside)
        fed = {name for line in inside | called for name in self._flow.feeds.get(line, ())}
        if not fed & self._wrong:
            return 2 if fed and unwritten(unit, node) else None
        return 1 if fed >= self._wrong else 2

    def _is_outside(self, unit: Unit, node: ast.stmt) -> bool:
        """Return whether a line only calls custom functions, inside which the mistake is."""
        lines = {(unit.file, line) for line in range(node.lineno, _end(node) + 1)}
        if not self._watched.custom or lines & self._watched.custom:
            return False
        return not any(line in self._flow.feeds for line in lines)

    def _loss(self, unit: Unit, node: ast.stmt) -> ast.expr | None:
        """Return the loss that a statement returns with gradients, which is right by definition."""
        value = node.value if isinstance(node, ast.Return) else None
        own = unit.code is self._of_loss and isinstance(value, ast.Tuple) and len(value.elts) > 1
        return value.elts[0] if own and isinstance(value, ast.Tuple) else None

    def _is_of_loss(self, unit: Unit) -> bool:
        """Return whether all that a function is known to compute is the loss."""
        if unit not in self._of_losses:
            lines = lines_of(unit)
            forward = lines & self._flow.forward
            self._of_losses[unit] = bool(forward) and lines & self._flow.feeds.keys() <= forward
        return self._of_losses[unit]

    def _is_forward(self, unit: Unit) -> bool:
        """Return whether some of a function computes the loss."""
        return not lines_of(unit).isdisjoint(self._flow.forward)

    @cached_property
    def _before(self) -> range:
        """The places in the order of execution of what runs first in the forward half."""
        order = self._watched.order
        began = [
            order[at] for unit in self._units if unit.code is self._back
            for at in lines_of(unit) if at in order
        ]  # fmt: skip
        return range(min(began, default=0))

    def _tier(
        self, lines: set[Line], fed: set[str], told: Told, *, partial: bool, kept: bool
    ) -> int:
        """Return how likely the lines that take part in some gradients are at fault.

        They store a `partial` value, or one that is `kept` by an object or in a sum.
        """
        wrong, failing = self._wrong, told.first | told.lacking
        if not fed and lines & told.idle and not lines & told.forward:
            # What nothing uses may be stored in the wrong elements, or not in its array.
            return UNTOLD - 1 if partial or kept else TIERS
        if not fed & wrong:
            return TIERS if fed or lines & told.forward else UNTOLD
        if lines & told.forward or told.sparing.issuperset(lines & told.feeds.keys()):
            return UNTOLD - partial  # what is stored in some elements may belong into others
        likely = bool(lines & (failing | told.handing | told.opposite))
        if self._rearranged:
            likely |= bool(lines & told.moving)
        # A right value, such as a local derivative, may lack the factor that all lack.
        lacking = self._scaled and fed == wrong
        if lines & told.turned and fed <= wrong:
            return 1
        if lines & told.known and not likely:
            return 2 if lacking or lines & told.repeating else 4
        exact = wrong - self._flow.lost <= fed <= wrong
        if partial:
            return 1 if exact else 2  # a part is never the adjoint of a whole
        if lines & failing and fed <= wrong:
            return 0 if exact else 1  # of several mistakes, each spoils its own
        if not exact:
            return 2
        return 0 if likely and not lines & told.known else 1

    def _around(self, unit: Unit, node: ast.stmt) -> Around:
        """Return the names in scope at a statement, with the expressions computable from them."""
        held = self._watched.scope(unit.file, node.lineno)
        ended = over(unit, node.lineno)
        scope = {text: one for text, one in held.items() if text not in ended}
        if unit not in self._ever:
            self._ever[unit] = self._watched.ever(unit.file, unit.first, _end(unit.node))
        expressions = partial(self._expressions.at, unit, scope)
        library, line = self._watched.library, (unit.file, node.lineno)
        return Around(scope, self._ever[unit], self._flow.shapes, expressions, self._wanted,
                      library.dialect, self._watched.locals.get(line, {}),
                      lambda one: self._watched.part(unit, one), library.seen)  # fmt: skip


def _end_of_head(node: ast.stmt) -> int:
    """Return the last line of a statement without those inside it."""
    inside = getattr(node, "body", None)
    return max(node.lineno, inside[0].lineno - 1) if isinstance(inside, list) else _end(node)


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno
