"""Which conditions keep a custom function from a gradient that it calculates in a branch."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import takewhile

from msgspec import Struct

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.ends import unit_of, values_of
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.returned import Withheld

_NEEDS, _SAVED, _SAVING = "needs_input_grad", "saved_tensors", "save_for_backward"
_FARTHEST = 5
"""Most names that are followed from one to the next."""

Tests = tuple[tuple[ast.expr, bool], ...]
"""Conditions, each with what it is where a branch runs."""
Meaning = tuple[ast.expr, int | None, Unit]
"""What a name is given, or a place in that, with the function that does."""


class Question(Struct, frozen=True, eq=False):
    """A question that is put wrongly, with the edit that puts it right."""

    unit: Unit
    edit: Edit
    told: str


class Shut(Struct, frozen=True, eq=False):
    """Why the branches do not run that calculate a gradient."""

    questions: Sequence[Question]
    """What may be put wrongly."""
    place: Place | None
    """The place of the first condition, if all of them ask for nothing but arguments."""


def shut(withheld: Withheld) -> Shut | None:
    """Return why a gradient that is withheld is not calculated; None if it never would be."""
    unit = unit_of(withheld.backward)
    ways = [] if unit is None else list(_ways(unit, withheld.at))
    if unit is None or not ways:
        return None
    asking = _Asking(withheld)
    held = [[asking.holds(test, unit) for test, _ in tests] for tests in ways]
    fail = [
        [test for (test, wanted), is_so in zip(tests, own, strict=True) if is_so is not wanted]
        for tests, own in zip(ways, held, strict=True)
    ]
    if not all(fail) or any(None in own for own in held):
        return Shut(asking.questions, None) if asking.questions else None
    first = asking.questions[0] if asking.questions else None
    if first is None:
        place = unit.place(unit.start(fail[0][0]), unit.end(fail[0][0]))
    else:
        place = first.unit.place(first.edit.start, first.edit.end)
    return Shut(asking.questions, place)


def _ways(unit: Unit, at: int) -> Iterator[Tests]:
    """Yield the conditions on which each value other than None is returned at a place."""
    statements = list(_statements(getattr(unit.node, "body", ()), ()))
    for end, tests in statements:
        values = values_of(end) if isinstance(end, ast.Return) else ()
        for value, own in _choices(values[at], tests) if at < len(values) else ():
            if not isinstance(value, ast.Name):
                yield from () if _is_none(value) else (own,)
                continue
            for statement, there in statements:
                for name, stored, _ in _bound(statement):
                    if name == value.id:
                        for one, beside in _choices(stored, there):
                            yield from () if _is_none(one) else ((*own, *beside),)


def _statements(body: Sequence[ast.stmt], tests: Tests) -> Iterator[tuple[ast.stmt, Tests]]:
    """Yield statements and those inside them, with the conditions on which they run."""
    for one in body:
        yield one, tests
        if isinstance(one, ast.If):
            yield from _statements(one.body, (*tests, (one.test, True)))
            yield from _statements(one.orelse, (*tests, (one.test, False)))
        elif not isinstance(one, ast.FunctionDef | ast.ClassDef):
            yield from _statements(getattr(one, "body", ()), tests)


def _choices(value: ast.expr, tests: Tests) -> Iterator[tuple[ast.expr, Tests]]:
    """Yield the values that an expression may have, with the conditions for each."""
    if isinstance(value, ast.IfExp):
        yield from _choices(value.body, (*tests, (value.test, True)))
        yield from _choices(value.orelse, (*tests, (value.test, False)))
    else:
        yield value, tests


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _bound(statement: ast.AST) -> Iterator[tuple[str, ast.expr, int | None]]:
    """Yield the names that a statement gives a value, and that value, or a place in it."""
    match statement:
        case ast.Assign(targets, value):
            for target in targets:
                yield from _parts(target, value)
        case ast.AnnAssign(target, value=ast.expr() as value) | ast.AugAssign(target, value=value):
            yield from _parts(target, value)


def _parts(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr, int | None]]:
    match target, value:
        case ast.Tuple(targets), ast.Tuple(values) if len(targets) == len(values):
            for one, part in zip(targets, values, strict=True):
                yield from _parts(one, part)
        case ast.Tuple(targets), _:
            places = takewhile(lambda one: not isinstance(one, ast.Starred), targets)
            yield from ((_key(one), value, at) for at, one in enumerate(places))
        case _:
            yield _key(target), value, None


def _number(index: ast.expr) -> int | None:
    """Return the whole number that an index is; None for another one."""
    match index:
        case ast.Constant(int() as at):
            return at
        case ast.UnaryOp(ast.USub(), ast.Constant(int() as at)):
            return -at
        case _:
            return None


def _key(node: ast.expr) -> str:
    """Return a name, or an attribute with its dot, by which what is saved is known."""
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(ast.Name(), name):
            return f".{name}"
    return ""


def _begins_as_none(node: ast.expr, unit: Unit) -> bool:
    """Return whether a function gives a name None at first."""
    return isinstance(node, ast.Name) and any(
        name == node.id and _is_none(value)
        for statement in unit.of(ast.Assign) if statement.lineno < node.lineno
        for name, value, _ in _bound(statement)
    )  # fmt: skip


class _Asking:
    """Finds what the conditions in a custom function ask for."""

    def __init__(self, withheld: Withheld) -> None:
        self._withheld = withheld
        self._forward = [own for one in withheld.forward if (own := unit_of(one)) is not None]
        self.questions = list[Question]()
        """Those that may be put wrongly."""

    def holds(self, node: ast.expr, unit: Unit, left: int = _FARTHEST) -> bool | None:
        """Return whether a condition of a function holds; None if it asks for anything else."""
        match node:
            case ast.BoolOp(op, values):
                found = [self.holds(one, unit, left) for one in values]
                chosen = all if isinstance(op, ast.And) else any
                return None if None in found else chosen(map(bool, found))
            case ast.UnaryOp(ast.Not(), operand):
                inner = self.holds(operand, unit, left)
                return None if inner is None else not inner
            case ast.Compare(own, [ast.Is() | ast.IsNot() as op], [ast.Constant(None)]):
                at = self._argument(own, unit, left)
                if at is None and _begins_as_none(own, unit):
                    self._ask_for_own(own, node, unit, left)
                    return isinstance(op, ast.Is)
                return self._is_given(at, node, unit, isinstance(op, ast.IsNot))
            case ast.Subscript(own, index) if self._is_needs(own, unit, left):
                at = _number(index)
                return None if at is None else self._is_needed(at, node, unit)
        meaning = self._meaning(node, unit) if left else None
        if meaning is None:
            return None
        value, place, inside = meaning
        if place is None:
            return self.holds(value, inside, left - 1)
        needs = self._is_needs(value, inside, left - 1)
        return self._needs(place) if needs else None

    def _is_given(
        self, at: int | None, node: ast.Compare, unit: Unit, asked: bool
    ) -> bool | None:  # fmt: skip
        """Return what it is to have asked whether an argument is given, or is not."""
        if at is None or not self._needs(at):
            return None
        if at == self._withheld.at:
            start, end = unit.end(node.left), unit.start(node.comparators[0])
            words = unit.between(start, end)
            other = words.replace("is", "is not") if asked is False else words.replace(" not", "")
            edit = Edit(start, end, other)
            self._ask(unit, edit, node)
        return asked

    def _ask_for_own(self, name: ast.expr, node: ast.expr, unit: Unit, left: int) -> None:
        """Ask for the argument instead of a name that has no value yet, such as its gradient."""
        for own in sorted(unit.stored):
            if self._argument(ast.Name(own, ast.Load()), unit, left) == self._withheld.at:
                self._ask(unit, Edit(unit.start(name), unit.end(name), own), node)

    def _is_needed(self, at: int, node: ast.Subscript, unit: Unit) -> bool | None:
        """Return whether an argument needs a gradient; `at` below 0 counts from the last one."""
        count = len(self._withheld.needed) if at < 0 else 0
        if at + count != self._withheld.at:
            own = str(self._withheld.at - count)
            edit = Edit(unit.start(node.slice), unit.end(node.slice), own)
            self._ask(unit, edit, node)
        return self._needs(at + count)

    def _needs(self, at: int) -> bool | None:
        """Return whether the argument at a place needs a gradient; None if none stands there."""
        needed = self._withheld.needed
        return needed[at] if 0 <= at < len(needed) else None

    def _ask(self, unit: Unit, edit: Edit, node: ast.expr) -> None:
        told = f"it depends on `{unit.text(node)}`, which must be `{unit.text_after(node, [edit])}`"
        self.questions.append(Question(unit, edit, told))

    def _is_needs(self, node: ast.expr, unit: Unit, left: int) -> bool:
        """Return whether an expression stands for all needs of gradients."""
        if isinstance(node, ast.Attribute) and node.attr == _NEEDS:
            return True
        meaning = self._meaning(node, unit) if left else None
        return meaning is not None and meaning[1] is None and (
            self._is_needs(meaning[0], meaning[2], left - 1)
        )  # fmt: skip

    def _argument(self, node: ast.expr, unit: Unit, left: int) -> int | None:
        """Return the place of the argument that an expression stands for; None for others."""
        parameters = self._withheld.parameters
        match node:
            case ast.Name(name) if name in parameters and self._is_own(name, unit):
                return parameters.index(name)
            case ast.Subscript(own, ast.Constant(int() as at)):
                return self._saved(own, at, left)
        meaning = self._meaning(node, unit) if left else None
        if meaning is None:
            return None
        value, place, inside = meaning
        if place is None:
            return self._argument(value, inside, left - 1)
        return self._saved(value, place, left - 1)

    def _is_own(self, name: str, unit: Unit) -> bool:
        """Return whether a name may be that of an argument: of no adjoint that is given."""
        return unit in self._forward or name in unit.stored

    def _saved(self, node: ast.expr, at: int, left: int) -> int | None:
        """Return the place of the argument at a place among what is saved."""
        calls = [
            (call, unit) for unit in self._forward for call in unit.of(ast.Call)
            if isinstance(call.func, ast.Attribute) and call.func.attr == _SAVING
        ]  # fmt: skip
        own = isinstance(node, ast.Attribute) and node.attr == _SAVED
        if not own or len(calls) != 1 or at >= len(calls[0][0].args) or not left:
            return None
        call, unit = calls[0]
        return self._argument(call.args[at], unit, left - 1)

    def _meaning(self, node: ast.expr, unit: Unit) -> Meaning | None:
        """Return what the only assignment to a name gives it, or to an attribute of the context."""
        key = _key(node)
        units = self._forward if key.startswith(".") else [unit]
        found = [
            (value, place, one) for one in units for statement in one.of(ast.stmt)
            for name, value, place in _bound(statement) if key and name == key
        ]  # fmt: skip
        return found[0] if len(found) == 1 else None
