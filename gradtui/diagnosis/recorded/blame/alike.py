"""Whether an edit makes a line like others of its function: code stands in rows."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import multiplied, summands
from gradtui.diagnosis.recorded.blame.names import is_numbered
from gradtui.diagnosis.recorded.blame.trees import nodes_of, target_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.blame.unnamed import (
    STORING,
    calculates,
    form_of,
    signs_beside,
    statement_after,
    step_of,
    value_of,
)

_FILES, _LINES = 32, 4096
"""Most files and lines of which is kept what is asked again for every edit."""
_OPERATOR = re.compile(r"[-+*/%@&|^<>]")
_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")
_OF_TWO = ast.UnaryOp | ast.BinOp
_ROW = 3
"""Fewest signs of a kind, or terms, that make a row."""


def becomes_alike(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether a line becomes like another one, except for names and signs.

    An element of a tuple may become like another one of it, too.
    """
    if isinstance(own, ast.For):
        return _is_round_alike(unit, own, edits)
    if returns_unlike(unit, own):
        edited = statement_after(unit, own, edits)
        return edited is not None and _negates(edited)
    before = value_of(own)
    if before is None or not (isinstance(own, STORING) or _may_calculate(unit, own, edits)):
        return False
    edited = statement_after(unit, own, edits)
    step, turned = step_of(own), step_of(edited)
    if step is not None and turned is not None:
        signs = signs_beside(unit, own, step)
        if type(step.op) not in signs and signs == {type(turned.op)}:
            return True
    after = value_of(edited) if edited is not None else None
    if edited is None or after is None or isinstance(after, ast.Name):
        return False
    if _is_element_alike(before, after):
        return True
    form = form_of(edited)
    if not isinstance(own, STORING) or form == form_of(own):
        return False
    negative = isinstance(before, ast.UnaryOp) and isinstance(after, ast.Constant)
    if not (calculates(before) or negative or _calls(after) > 1):
        return calculates(after) and form in _forms_of_parts(unit.node, _whole_of(own))
    return form in _forms(unit.node) and not _is_alike(unit, own)


def _is_alike(unit: Unit, own: ast.Assign | ast.AugAssign) -> bool:
    """Return whether a line with a call is as another one: simple calculations often are."""
    return _calls(own.value) > 0 and _loosely(unit.node)[_without_texts(own)] > 1


def becomes_unlike(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether a line that calculates as another one does becomes like none."""
    if not isinstance(own, STORING) or not calculates(own.value) or not _is_alike(unit, own):
        return False
    edited = statement_after(unit, own, edits)
    return edited is not None and _without_texts(edited) not in _loosely(unit.node)


def returns_unlike(unit: Unit, node: ast.stmt) -> bool:
    """Return whether a function returns a name, where another one of the file returns minus one.

    That may be the gradient, and the negative logarithm of a likelihood.
    """
    named = isinstance(node, ast.Return) and isinstance(node.value, ast.Name)
    return named and _returns_negative(unit.tree) and not any(map(_negates, unit.of(ast.Return)))


@lru_cache(_FILES)
def _returns_negative(tree: ast.Module) -> bool:
    return any(map(_negates, walked(tree)))


def _negates(node: ast.AST) -> bool:
    """Return whether a statement returns minus a name."""
    match node:
        case ast.Return(value=ast.UnaryOp(op=ast.USub(), operand=ast.Name())):
            return True
        case _:
            return False


def _is_element_alike(before: ast.expr, after: ast.expr) -> bool:
    """Return whether an element of a tuple becomes like another one that calculates something.

    Or a term becomes a number times something, as another one of its sum is.
    """
    own = _rows(before)
    rows = own, _rows(after) if own and calculates(after) else ()
    if [*map(len, rows[0])] != [*map(len, rows[1])]:
        return False
    return any(
        form_of(now) != form_of(was) and form_of(now) in map(form_of, old) and calculates(now)
        for old, new in zip(*rows, strict=True) for was, now in zip(old, new, strict=True)
    )  # fmt: skip


@lru_cache(_LINES)
def _rows(node: ast.expr) -> Sequence[Sequence[ast.expr]]:
    """Return the elements of each tuple, list and dict in an expression, and numbered terms."""
    elements = [
        one.values if isinstance(one, ast.Dict) else one.elts
        for one in walked(node) if isinstance(one, ast.Tuple | ast.List | ast.Dict)
    ]  # fmt: skip
    terms = [*summands(node)]
    row = any(map(_is_numbered, terms)) and len(terms) >= _ROW
    return [*elements, terms] if row else elements


def _is_numbered(node: ast.expr) -> bool:
    """Return whether an expression is a product with a number."""
    return any(isinstance(one, ast.Constant) for one in multiplied(node))


def becomes_same(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether a line becomes one that stands elsewhere in the file and calculates.

    Its value may differ from what another function calculates in one name: a backward half
    calculates anew what the forward half has.
    """
    edited = statement_after(unit, own, edits) if isinstance(own, STORING) else None
    if edited is None or ast.dump(edited) in _calculating(unit.tree):
        return edited is not None
    before, after = value_of(own), value_of(edited)
    if before is None or after is None:
        return False
    return _is_repeated(unit, after) and not _is_repeated(unit, before)


def stands_elsewhere(unit: Unit, own: ast.stmt) -> bool:
    """Return whether another function of the file has a line that stores the same calculation."""
    return isinstance(own, STORING) and ast.dump(own) in _calculating(unit.tree, unit.node)


def recurs(s: Statement, candidate: Candidate) -> bool:
    """Return whether a name makes an expression of two that the function has elsewhere, too.

    Such as the `-reg` of a line beside.
    """
    (edit, *others), node = candidate.edits, candidate.node
    around = None if node is None else s.parents.get(node)
    if others or candidate.rule != "wrong-variable" or not isinstance(around, _OF_TWO):
        return False
    made = re.escape(s.unit.text_after(around, [edit]))
    return re.search(rf"(?<![\w.]){made}(?![\w.(\[])", s.unit.text(s.unit.node)) is not None


@lru_cache(_FILES)
def _calculating(tree: ast.Module, beside: ast.AST | None = None) -> frozenset[str]:
    """Return the lines of a file, without those of a function, that store what they calculate.

    Or what a function makes of a name.
    """
    inside = {*walked(beside)} if beside is not None else frozenset[ast.AST]()
    storing = (one for one in nodes_of(tree) if isinstance(one, STORING) and one not in inside)
    return frozenset(ast.dump(one) for one in storing if calculates(one.value) or _is_call(one))


def _is_call(node: ast.Assign | ast.AugAssign) -> bool:
    """Return whether a statement stores what a function makes of a name."""
    called = node.value if isinstance(node.value, ast.Call) else None
    return called is not None and any(isinstance(one, ast.Name) for one in called.args)


def _is_repeated(unit: Unit, value: ast.expr) -> bool:
    """Return whether another function calculates a value, but for the name of one operand."""
    rows = _calculated(unit.tree, unit.node).get(_operations(value), ())
    names = _operands(value) if rows else ()
    return len(names) >= _ROW and any(sum(map(str.__ne__, names, one)) <= 1 for one in rows)


@lru_cache(_FILES)
def _calculated(tree: ast.Module, function: ast.AST) -> Mapping[str, Sequence[Sequence[str]]]:
    """Return the operands of what other functions calculate, by its operations."""
    inside, found = {*walked(function)}, defaultdict[str, list[Sequence[str]]](list)
    for one in nodes_of(tree):
        if isinstance(one, ast.BinOp) and one not in inside and len(_operands(one)) >= _ROW:
            found[_operations(one)].append(_operands(one))
    return found


def _operands(node: ast.expr) -> Sequence[str]:
    """Return the operands of a calculation, from left to right."""
    match node:
        case ast.BinOp(left, _, right):
            return [*_operands(left), *_operands(right)]
        case ast.UnaryOp(ast.USub(), operand):
            return _operands(operand)
        case _:
            return [ast.unparse(node)]


def _operations(node: ast.expr) -> str:
    """Return the form of a calculation, without its operands."""
    match node:
        case ast.BinOp(left, op, right):
            return f"({_operations(left)} {type(op).__name__} {_operations(right)})"
        case ast.UnaryOp(ast.USub(), operand):
            return f"-{_operations(operand)}"
        case _:
            return ""


def becomes_sum(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether a line adds to what it stores, as its function does elsewhere.

    Or whether it stores the sum of two products that differ in the numbers of their names.
    """
    if isinstance(own, ast.Assign) and calculates(own.value):
        edited = statement_after(unit, own, edits)
        terms = [*summands(edited.value)] if isinstance(edited, ast.Assign) else []
        if len(terms) == 2 and ast.dump(own.value) in map(ast.dump, terms):
            return is_numbered(*map(ast.unparse, terms))
    if [one.text for one in edits] != [b"+="] or not isinstance(own, ast.Assign):
        return False
    sums = [ast.dump(one.target) for one in unit.of(ast.AugAssign)]
    return ast.dump(own.targets[0]) in sums


def _is_round_alike(unit: Unit, own: ast.For, edits: Sequence[Edit]) -> bool:
    """Return whether the rounds of a loop become like those of another one."""
    edited = statement_after(unit, own, edits)
    others = (one for one in unit.of(ast.For) if one is not own)
    form = form_of(edited.iter) if isinstance(edited, ast.For) else None
    return form != form_of(own.iter) and form in {form_of(one.iter) for one in others}


def _may_calculate(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether an operator stands in a statement with edits, which need not be parsed."""
    return _OPERATOR.search(unit.text_after(own, edits)) is not None


def _calls(node: ast.expr) -> int:
    return sum(isinstance(one, ast.Call) for one in walked(node))


@lru_cache(_FILES)
def _forms(function: ast.AST) -> frozenset[object]:
    """Return the forms of the lines of a function that store something."""
    return frozenset(form_of(one) for one in walked(function) if isinstance(one, STORING))


@lru_cache(_FILES)
def _loosely(function: ast.AST) -> Counter[object]:
    """Return how many lines of a function have each form, whatever texts stand in them."""
    return Counter(_without_texts(one) for one in walked(function) if isinstance(one, STORING))


@lru_cache(_LINES)
def _without_texts(node: ast.stmt) -> object:
    """Return the form of a line without its texts, such as those of `einsum`."""
    return form_of(ast.parse(_TEXT.sub("''", ast.unparse(node))).body[0])


@lru_cache(_LINES)
def _forms_of_parts(function: ast.AST, name: str) -> frozenset[object]:
    """Return the forms of the lines of a function that store parts of an array of some name."""
    storing = (one for one in walked(function) if isinstance(one, STORING))
    return frozenset(form_of(one) for one in storing if name and _whole_of(one) == name)


def _whole_of(node: ast.Assign | ast.AugAssign) -> str:
    """Return the name of the array in a part of which a line stores; empty if it does not."""
    target = target_of(node)
    return ast.unparse(target.value) if isinstance(target, ast.Subscript) else ""
