"""Slots: places where a factor or a term may be missing, and how it would be written there."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import cached_property
from types import FunctionType

from gradtui.base.text import number
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.constants import (
    Constant,
    constants,
    count_below,
    divides,
    is_agreed,
    made_by_logarithms,
    made_of_two,
    made_of_written,
    named,
    rows_divided_by,
    same,
)
from gradtui.diagnosis.recorded.blame.counts import summed_beside
from gradtui.diagnosis.recorded.blame.expressions import is_leaf, multiplied, name_of, summands
from gradtui.diagnosis.recorded.blame.meaning import meant
from gradtui.diagnosis.recorded.blame.missing import Missing
from gradtui.diagnosis.recorded.blame.roles import is_backward
from gradtui.diagnosis.recorded.blame.scope import Shape
from gradtui.diagnosis.recorded.blame.siblings import lacking, siblings
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.diagnosis.recorded.blame.uses import is_read_beside
from gradtui.diagnosis.recorded.blame.watch import VIEWS
from gradtui.recording.places import is_users_file

_DIGITS = 3
"""Most digits of a number that a user would write."""
_ODD = 5
"""The cost of multiplying by a number that is not in the code."""
_FRACTION = 2
"""The extra cost of a factor that is divided by a whole number."""

_FUNCTIONS = {"sqrt": "square root", "exp": "exponential", "log": "logarithm"}


class Slot:
    """An expression that may lack a factor or a term."""

    def __init__(
        self, s: Statement, node: ast.expr, shape: Shape | None, within: ast.AST | None = None
    ) -> None:
        self.s, self.node, self.shape = s, node, shape
        self.within = within
        """The product with a slot of its own that this is a factor of."""
        self.missing = Missing(s, node, shape)
        """What it may lack."""

    @property
    def takes_numbers(self) -> bool:
        """Whether a number may be missing here: of a product, only as a factor of the whole.

        No length is a part of a gradient by itself.
        """
        length = isinstance(self.node, ast.Call) and name_of(self.node.func) == "len"
        return not length and (self.within is None or isinstance(self.node, ast.Constant))

    @property
    def takes_factors(self) -> bool:
        """Whether an array may be missing here as a factor: elementwise ones, only of the whole."""
        alone = isinstance(self.within, ast.BinOp) and not isinstance(self.within.op, ast.MatMult)
        return not alone

    @property
    def whole(self) -> bool:
        """Whether it is a whole value that is stored or returned."""
        return self.node in self.s.values

    @property
    def distance(self) -> int:
        """The cost of a missing part here, which is likelier where a value is computed."""
        whole = _moved(self.s, self.node)
        parent = self.s.parents.get(whole)
        if not is_leaf(unmoved(self.node)):
            # What a function that computes a gradient returns is likelier wrong inside of it.
            call = self.node if isinstance(self.node, ast.Call) else None
            inside = call and self._is_given(call) and is_backward(ast.unparse(call.func))
            return 2 if inside else int(isinstance(self.s.node, ast.Return))
        if isinstance(parent, ast.Call) and self._is_given(parent):
            return 2 if whole in parent.args else 0
        return int(isinstance(parent, ast.Tuple | ast.List | ast.Dict | ast.Return))

    def _is_given(self, call: ast.Call) -> bool:
        """Return whether a call is one of a function by its name, or of the user's own."""
        function = meant(self.s, call.func)
        own = isinstance(function, FunctionType) and is_users_file(function.__code__.co_filename)
        return isinstance(call.func, ast.Name) or own

    def times(self, factor: str) -> Edit:
        """Return the edit that multiplies it: of several lines, what stands before them."""
        own, below = self.s.inside(self.node, 2), factor.removeprefix("1 / ")
        if "\n" in own and below == factor and (at := self._before_lines()) is not None:
            return Edit(at, at, f"* {self.s.spelled(factor)} ")
        text = f"{own} * {factor}" if below == factor else f"{own} / {below}"
        return self.s.replaced(self.node, text, 2)

    def _before_lines(self) -> int | None:
        """Return where the sign of a product stands whose last factor goes on in other lines."""
        match self.node:
            case ast.BinOp(left, ast.Mult(), right) if left.end_lineno == self.node.lineno:
                unit = self.s.unit
                between = unit.between(unit.end(left), unit.start(right))
                return unit.end(left) + between.index("*") if between.isascii() else None
        return None

    def plus(self, term: str) -> Edit:
        """Return the edit that adds to it, or takes what has a minus from it."""
        text = f"- {term[1:]}" if term.startswith("-") else f"+ {term}"
        return self.s.replaced(self.node, f"{self.s.inside(self.node, 1)} {text}", 1)

    def scaled(self, constant: Constant) -> Edit:
        """Return the edit that multiplies or divides it by a number."""
        text = f"{self.s.inside(self.node, 2)} {self.s.spelled(constant.text)}"
        return self.s.replaced(self.node, text, 2)

    def negated(self) -> Candidate:
        """Return it with the other sign."""
        edit = self.s.replaced(self.node, f"-{self.s.inside(self.node, 2)}", 3)
        return Candidate((edit,), "sign", "its sign is wrong", 0, "-1", self.node)

    def more(self) -> Edit:
        """Return the edit that adds it to itself, or 1 to a written 0."""
        nothing = isinstance(self.node, ast.Constant) and not self.node.value
        return self.plus("1.0") if nothing else self.times("2.0")

    def constant(self, more: float) -> Iterator[Candidate]:
        """Yield it with a multiple of what `more` adds, if a user would write that.

        A number is written by name if it is in scope.
        """
        if isinstance(self.node, ast.Constant):
            own = float(self.node.value)  # type: ignore[arg-type]
            value = own + more * (own or 1.0)
            if divides(self.s, self.node) and more != 2:  # by twice as much, it is half of it
                value = own / (1 - more / 2)
            text = f"-{self.s.text(self.node)}" if own and value == -own else number(value)
            rows = rows_divided_by(self.s, value / own) if own and "." in text else ""
            if rows:
                edit = self.s.replaced(self.node, f"{self.s.text(self.node)} / {rows}", 2)
                told = f"the division by {rows} is missing"
                yield Candidate((edit,), "constant-factor", told, 1, f"1/{rows}", self.node)
            elif (count := count_below(self.s, self.node, value)) or _is_short(text):
                text = count or text
                edit = self.s.replaced(self.node, text, 9 if text[0] != "-" else 3)
                told = f"{self.s.text(self.node)} must be {text}"
                cost = 1 if count or same(2 * value, round(2 * value)) else 2
                cost += 2 * is_agreed(self.s.unit.tree, own)
                yield Candidate((edit,), "constant-factor", told, cost, text, self.node)
            by_logs = made_by_logarithms(self.s, self.s.text(self.node), value / own) if own else ()
            for made in () if _is_short(text) else (*by_logs, *made_of_written(self.s, value)):
                edit = self.s.replaced(self.node, made, 2)
                told = f"{self.s.text(self.node)} must be {made}"
                yield Candidate((edit,), "constant-factor", told, 2, made, self.node)
            return
        value = more + 1
        if same(value, -1) or same(value, 0):
            return  # it has the other sign; nobody multiplies by a name that happens to be 0
        found = next(constants(self.s, value))
        factor = found.text.removeprefix("* ")
        factor = f"1/{factor[2:]}" if factor.startswith("/ ") else factor
        usual = same(abs(value), 2) or same(abs(value), 0.5) or _is_named(found)
        cost = _ODD if not found.known else 1 if usual else 2
        if found.known or _is_short(factor):
            yield Candidate(
                (self.scaled(found),), "constant-factor", found.told, cost, factor, self.node
            )
        for one in named(self.s, value) if not _is_named(found) else ():
            factor = one.text.removeprefix("* ")
            if factor.startswith(f"{self.s.unit.given}."):  # what the object keeps is for this
                yield Candidate(
                    (self.scaled(one),), "constant-factor", one.told, cost, factor, self.node
                )

    def counted(self) -> Iterator[Candidate]:
        """Yield it as often as the term beside it is summed."""
        for text, size in summed_beside(self.s, self.node):
            own = Constant(f"* {text}", f"the factor {text} is missing", True)
            known = (
                one for one in named(self.s, size)
                if one.text.removeprefix("* ") in self.s.scope
                and one.text.count(".") < 2  # not what another object keeps
            )  # fmt: skip
            found = next(known, own) if size > 1 else own
            factor = found.text.removeprefix("* ")
            yield Candidate(
                (self.scaled(found),), "constant-factor", found.told, 0, factor, self.node,
                named=True,
            )  # fmt: skip

    def factor(self, text: str, value: float, cost: int) -> Iterator[Candidate]:
        """Yield it with a multiple of a factor, if a user would write that."""
        many = (
            text
            if same(value, 1)
            else f"(-{text})"
            if same(value, -1)
            else (f"{number(value)} * {text}")
        )
        usual = same(value, round(value)) and abs(value) < 4
        if not usual and same(1 / value, round(1 / value)):
            many = f"{text} / {round(1 / value)}"
        elif not usual:
            found = next(constants(self.s, value))
            if not _is_named(found):
                return
            many = f"{text} {found.text}"
        own = cost + _FRACTION * (not usual) + 2 * self._is_named()
        told = f"the factor {many} is missing"
        yield Candidate((self.times(many),), "missing-factor", told, own, many, self.node)

    def _is_named(self) -> bool:
        """Return whether it is a name that is only added, for nothing else, or passed on."""
        parent = self.s.parents.get(self.node)
        added = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub)
        handing = ast.Tuple | ast.List | ast.Dict | ast.Return
        handed = isinstance(self.s.node, ast.Return) and isinstance(parent, handing)
        added = added and not is_read_beside(self.s.unit, self.s.node, self.s.text(self.node))
        return is_leaf(self.node) and (added or handed)

    @cached_property
    def _summed(self) -> frozenset[str]:
        """The terms that it is the sum of, also as they are computed on lines of their own."""
        terms = {self.s.text(one) for one in summands(self.node)}
        computed = (
            self.s.text(one.value) for one in self.s.unit.of(ast.Assign)
            if self.s.text(one.targets[0]) in terms
        )  # fmt: skip
        return frozenset({*terms, *computed})

    def term(self, text: str, value: float) -> Iterator[Candidate]:
        """Yield it with a multiple of a term, if a user would write that."""
        rule = "missing-path" if same(value, 1) else "missing-term"
        # A long expression has a name on another line, and what is returned is computed on one.
        repeated = not is_leaf(self.node) and text.startswith(self.s.inside(self.node, 9))
        handed = is_leaf(self.node) and isinstance(self.s.node, ast.Return)
        many, cost = text if same(value, 1) else f"-{text}", 2 + repeated
        cost += 2 * (handed or text in self._summed)  # whose factor is likelier to be missing
        if not same(abs(value), 1):
            if text in map(self.s.text, multiplied(self.node)):
                return  # it lacks a factor
            found = next(constants(self.s, value))
            if not found.known:
                yield from self._times(text, value)
                return
            short = number(value)
            cost += 0 if _is_short(short) or _is_named(found) else 2
            many = f"{text} {found.text}"
            if found.text.startswith("*"):
                many = f"{found.text[2:]} * {text}"
            elif found.text[2:].isdigit() and len(short) <= len("0.125"):
                many = f"{short} * {text}"
        told = f"the term {many} is missing"
        yield Candidate((self.plus(many),), rule, told, cost, many, self.node)

    def _times(self, text: str, value: float) -> Iterator[Candidate]:
        """Yield it with a name as a term, times a product of numbers beside it."""
        for factor in made_of_two(self.s, abs(value)) if text in self.s.scope else ():
            sign = "-" if value < 0 else "+"
            term = f"{factor} * {self.s.spelled(text)}"
            own = self.s.inside(self.node, 1)
            edit = self.s.replaced(self.node, f"{own} {sign} {term}", 1)
            told = f"the term {sign.strip('+')}{term} is missing"
            yield Candidate((edit,), "missing-term", told, 2, term, self.node)

    def passed(self) -> Iterator[Candidate]:
        """Yield its root, and functions of a whole value that may have been forgotten."""
        for name, told in _FUNCTIONS.items() if self.whole else [*_FUNCTIONS.items()][:1]:
            text = f"{self.s.numpy}{name}({self.s.text(self.node)})"
            if name == "sqrt" and not self.shape and self.s.dialect.module.__name__ == "torch":
                text = f"{self.s.inside(self.node, 9)}**0.5"  # numbers may be no tensors
            edit = self.s.replaced(self.node, text)
            told = f"its {told} is needed"
            yield Candidate((edit,), "missing-factor", told, 2, None, self.node)

    def alike(self) -> Iterator[str]:
        """Yield terms that are made like others in the code, of other names."""
        if self.whole:
            yield from siblings(self.s)

    def lacking(self) -> Sequence[str]:
        """Return the terms that others of its form have, in its own names."""
        return lacking(self.s, self.node) if self.whole else []


def _is_named(constant: Constant) -> bool:
    """Return whether a number has a name in the code."""
    return any(map(str.isalpha, constant.text))


def _is_short(text: str) -> bool:
    """Return whether a number has no more digits than a user would write."""
    return len(text.lstrip("-0.").replace(".", "")) <= _DIGITS


def unmoved(node: ast.expr) -> ast.expr:
    """Return the expression whose elements another only puts in another order."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr not in VIEWS:
            break
        node = node.func.value
    return node


def _moved(s: Statement, node: ast.expr) -> ast.expr:
    """Return the expression that only puts the elements of another in another order."""
    while isinstance(named := s.parents.get(node), ast.Attribute) and named.attr in VIEWS:
        call = s.parents.get(named)
        if not isinstance(call, ast.Call) or call.func is not named:
            break
        node = call
    return node
