"""The slopes of what the forward half applies, which the backward half computes anew.

The forward half may keep neither the value nor the operand of an activation.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from types import ModuleType

from msgspec import Struct

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.definitions import Function
from gradtui.diagnosis.recorded.blame.derived import Deriving, operands
from gradtui.diagnosis.recorded.blame.expressions import names_in
from gradtui.diagnosis.recorded.blame.kept import kept_for
from gradtui.diagnosis.recorded.blame.slots import Slot
from gradtui.diagnosis.recorded.blame.trees import walked

_FUNCTIONS = 256
"""Most functions of which is known what they apply."""
_LONGEST, _MOST, _DEPTH = 160, 8, 4
"""Longest slope in characters, most that are tried, and the most names that are looked up."""


class Applied(Struct, frozen=True, eq=False):
    """An elementwise expression of one operand."""

    written: ast.expr
    """The expression as it is written."""
    whole: ast.expr
    """The same without names that the function itself gives values."""
    operand: str
    """The dump of its operand."""


def curved(s: Statement, slots: Sequence[Slot]) -> Iterator[Candidate]:
    """Yield values times the slope of what another method applies, if this one can compute it."""
    if not s.numpy:
        return
    found = dict[str, tuple[str, Applied]]()
    for other in _others(s):
        if _repeats(s, other):
            return
        slopes = _slopes(other, s.dialect.module, s.numpy)
        known, own = (_known(s, other), _own_names(s)) if slopes else ({}, {})
        for made, what, one in slopes:
            text = _told(s, made, known, own)
            if text is not None and len(found) < _MOST:
                found.setdefault(text, (what, one))
    for text, (what, one) in found.items():
        for slot in slots:
            if slot.takes_factors and not _is_renamed(slot) and text not in s.text(s.node):
                line = one.written.lineno
                told = f"the factor {text} is missing, {what} {ast.unparse(one.written)} in line "
                yield Candidate((slot.times(text),), "missing-factor", f"{told}{line}",
                                1 + slot.distance, text, slot.node,
                                named=not _is_anew(text))  # fmt: skip


def _is_anew(text: str) -> bool:
    """Return whether a slope computes its operand anew, of which the function has no value."""
    for node in walked(ast.parse(text, mode="eval")):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            return True
        if isinstance(node, ast.Call) and any(map(_is_made_of_two, node.args)):
            return True
    return False


def _is_made_of_two(node: ast.expr) -> bool:
    """Return whether an expression calculates with several values, or calls something."""
    return any(
        isinstance(one, ast.Call | ast.List | ast.Tuple)
        or (isinstance(one, ast.BinOp) and not isinstance(one.left, ast.Constant))
        for one in walked(node)
    )


def _is_renamed(slot: Slot) -> bool:
    """Return whether it is a name that a line before gives its value: a slope is missing there."""
    return isinstance(slot.node, ast.Name) and slot.whole and slot.node.id in slot.s.recent


def _repeats(s: Statement, other: Function) -> bool:
    """Return whether a statement computes what another function does: that is no gradient."""
    return any(ast.dump(value) in _computed(other) for value in s.values)


@lru_cache(_FUNCTIONS)
def _computed(function: Function) -> frozenset[str]:
    """Return the dumps of what a function computes."""
    nodes = (one for one in walked(function) if isinstance(one, ast.BinOp | ast.Call))
    return frozenset(map(ast.dump, nodes))


def _others(s: Statement) -> Iterator[Function]:
    """Yield the other methods of the class, such as the forward half."""
    for one in [] if s.unit.owner is None else s.unit.owner.body:
        if isinstance(one, Function) and one is not s.unit.node:
            yield one


@lru_cache(_FUNCTIONS)
def _slopes(
    function: Function, module: ModuleType, prefix: str
) -> Sequence[tuple[ast.expr, str, Applied]]:
    """Return the slopes of what a function applies, and parts of them, each with what it is."""
    deriving = Deriving(module, prefix)
    return [
        (made, what, one)
        for one in _applied(function)
        for make, what in ((deriving.of, "the slope of"), (deriving.rest, "part of the slope of"))
        if (made := make(one.whole, one.operand)) is not None
    ]


def _applied(function: Function) -> Sequence[Applied]:
    """Return the expressions of a function that apply something to an operand."""
    given = _given(function)
    return [
        Applied(node, whole, base)
        for node in walked(function) if isinstance(node, ast.BinOp | ast.Call)
        if len(ast.unparse(whole := _Put(given).put(node))) <= _LONGEST
        for base in dict.fromkeys(map(ast.dump, operands(whole)))
    ]  # fmt: skip


def _given(function: Function) -> Mapping[str, ast.expr]:
    """Return what a function stores under names that it stores once, by the dumps of those."""
    stored = [one.id for one in walked(function)
              if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]  # fmt: skip
    return {
        ast.dump(ast.Name(one.targets[0].id, ast.Load())): one.value
        for one in walked(function)
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
        and stored.count(one.targets[0].id) == 1
    }  # fmt: skip


def _known(s: Statement, other: Function) -> Mapping[str, ast.expr]:
    """Return what another function keeps, as this one names it, by the dump of its value."""
    given, found = _given(other), dict[str, ast.expr]()
    for node in s.unit.of(ast.Assign):
        kept = kept_for(s.unit, node)
        if kept is not None and kept.function is other:
            for value, name in zip(kept.values, kept.read, strict=True):
                whole = _Put(given).put(value)
                found |= {ast.dump(whole): ast.Name(name, ast.Load())} if name else {}
    return found


def _own_names(s: Statement) -> Mapping[str, ast.expr]:
    """Return the names that a function gives values before a statement, by the dumps of those."""
    return {ast.dump(value): ast.parse(name, mode="eval").body for name, value in _stored(s)}


def _told(
    s: Statement, slope: ast.expr, known: Mapping[str, ast.expr], own: Mapping[str, ast.expr]
) -> str | None:
    """Return a slope in the names of a statement's function; None if those do not tell it."""
    made = _Put(own).put(_Put(known).put(slope))
    names = names_in(made)
    usable = all(name in s.locals or name in s.unit.globals for name in names)
    if isinstance(made, ast.Name):  # a factor, as others that may be missing
        return None
    text = ast.unparse(made).replace(" ** ", "**")
    return f"({text})" if usable and len(text) <= _LONGEST else None


def _stored(s: Statement) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a function gives values before a statement, with those."""
    for one in s.unit.of(ast.Assign):
        target = one.targets[0]
        if isinstance(target, ast.Name) and s.recent.get(target.id) == one.lineno:
            yield target.id, one.value


class _Put(ast.NodeTransformer):
    """Puts expressions in the place of others, those told by their dumps."""

    def __init__(self, given: Mapping[str, ast.expr], deep: int = _DEPTH) -> None:
        self._given, self._deep = given, deep
        self._kinds = {text.partition("(")[0] for text in given} if deep else set[str]()

    def put(self, node: ast.expr) -> ast.expr:
        """Return an expression with others in it; the given one is left as it is."""
        made = self.visit(deepcopy(node))
        assert isinstance(made, ast.expr)
        return made

    def visit(self, node: ast.AST) -> ast.AST:
        """Return a part of an expression, or what is in its place."""
        told = type(node).__name__ in self._kinds  # a dump of each part of a large one is slow
        found = self._given.get(ast.dump(node)) if told else None
        if found is None:
            return self.generic_visit(node)
        return _Put(self._given, self._deep - 1).put(found)
