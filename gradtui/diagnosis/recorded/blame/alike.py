"""Whether an edit makes a line like others of its function, or unlike: code stands in rows."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.given import hands_unlike
from gradtui.diagnosis.recorded.blame.trees import block_of, nodes_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit

_STORING = (ast.Assign, ast.AugAssign)
_ADDING = (ast.Add, ast.Sub)
_FILES, _LINES = 32, 4096
"""Most files and lines of which is kept what is asked again for every edit."""
_NUMBERS = re.compile(r"\d+")
_OPERATOR = re.compile(r"[-+*/%@&|^<>]")
_ROW = 3
"""Fewest signs of a kind that make a row."""


def becomes_alike(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether a line becomes like another one, except for names and signs.

    An element of a tuple may become like another one of it, too.
    """
    if isinstance(own, ast.For):
        return _is_round_alike(unit, own, edits)
    if returns_unlike(unit, own):
        edited = _edited(unit, own, edits)
        return edited is not None and _negates(edited)
    before = _value(own)
    if before is None or not (isinstance(own, _STORING) or _may_calculate(unit, own, edits)):
        return False
    edited = _edited(unit, own, edits)
    if isinstance(own, ast.AugAssign) and isinstance(edited, ast.AugAssign):
        signs = _signs_beside(unit, own)
        if type(own.op) not in signs and signs == {type(edited.op)}:
            return True
    after = _value(edited) if edited is not None else None
    if edited is None or after is None or isinstance(after, ast.Name):
        return False
    if _is_element_alike(before, after):
        return True
    if not isinstance(own, _STORING) or not (_calculates(before) or _calls(after) > 1):
        return False
    form = _form(edited)
    return form != _form(own) and form in _forms(unit.node)


def returns_unlike(unit: Unit, node: ast.stmt) -> bool:
    """Return whether a function returns a name, where another one of the file returns minus one.

    That may be the gradient, and the negative logarithm of a likelihood.
    """
    named = isinstance(node, ast.Return) and isinstance(node.value, ast.Name)
    return named and _returns_negative(unit.tree) and not any(map(_negates, unit.of(ast.Return)))


@lru_cache(_FILES)
def _returns_negative(tree: ast.Module) -> bool:
    return any(map(_negates, ast.walk(tree)))


def _negates(node: ast.AST) -> bool:
    """Return whether a statement returns minus a name."""
    match node:
        case ast.Return(value=ast.UnaryOp(op=ast.USub(), operand=ast.Name())):
            return True
        case _:
            return False


def _is_element_alike(before: ast.expr, after: ast.expr) -> bool:
    """Return whether an element of a tuple becomes like another one that calculates something."""
    own = _rows(before)
    rows = own, _rows(after) if own and _calculates(after) else ()
    if [*map(len, rows[0])] != [*map(len, rows[1])]:
        return False
    return any(
        _form(now) != _form(was) and _form(now) in map(_form, old) and _calculates(now)
        for old, new in zip(*rows, strict=True) for was, now in zip(old, new, strict=True)
    )  # fmt: skip


@lru_cache(_LINES)
def _rows(node: ast.expr) -> Sequence[Sequence[ast.expr]]:
    """Return the elements of each tuple, list and dict in an expression."""
    return [
        one.values if isinstance(one, ast.Dict) else one.elts
        for one in walked(node) if isinstance(one, ast.Tuple | ast.List | ast.Dict)
    ]  # fmt: skip


def becomes_same(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether a line becomes one that stands elsewhere in the file and calculates.

    Its value may differ from what another function calculates in one name: a backward half
    calculates anew what the forward half has.
    """
    edited = _edited(unit, own, edits) if isinstance(own, _STORING) else None
    if edited is None or ast.dump(edited) in _calculating(unit.tree):
        return edited is not None
    before, after = _value(own), _value(edited)
    if before is None or after is None:
        return False
    return _is_repeated(unit, after) and not _is_repeated(unit, before)


def stands_elsewhere(unit: Unit, own: ast.stmt) -> bool:
    """Return whether another function of the file has a line that stores the same calculation."""
    return isinstance(own, _STORING) and ast.dump(own) in _calculating(unit.tree, unit.node)


@lru_cache(_FILES)
def _calculating(tree: ast.Module, beside: ast.AST | None = None) -> frozenset[str]:
    """Return the lines of a file, without those of a function, that store what they calculate."""
    inside = {*walked(beside)} if beside is not None else frozenset[ast.AST]()
    storing = (one for one in nodes_of(tree) if isinstance(one, _STORING) and one not in inside)
    return frozenset(ast.dump(one) for one in storing if _calculates(one.value))


def _is_repeated(unit: Unit, value: ast.expr) -> bool:
    """Return whether another function calculates a value, but for the name of one operand."""
    names = _operands(value)
    rows = _calculated(unit.tree, unit.node).get(_operations(value), ())
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


def breaks_row(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether one of a row gets another sign or name, or divides by a power."""
    line = unit, own, edits
    odd = _becomes_odd(*line) or _becomes_divided(*line) or _becomes_unlike(*line)
    return odd or hands_unlike(*line)


def _becomes_odd(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether a line or a term gets another sign than all others in its row."""
    edited = _edited(unit, own, edits)
    if isinstance(own, ast.AugAssign) and isinstance(edited, ast.AugAssign):
        kept = _is_kept(own.target)  # what an object keeps is no row with what is handed to it
        row = [type(one.op) for one in unit.of(ast.AugAssign)
               if isinstance(one.op, _ADDING) and _is_kept(one.target) == kept]  # fmt: skip
        turned = type(own.op) is not type(edited.op) and isinstance(edited.op, _ADDING)
        turned |= _is_negated(own.value, edited.value)
        in_row = _is_row(row) or _signs_beside(unit, own) == {type(own.op)}
        return turned and isinstance(own.op, _ADDING) and in_row
    before, after = _value(own), _value(edited) if edited is not None else None
    if before is None or after is None:
        return False
    return any(
        len(was := [*_signs(one, 1)][1:]) == len(now := [*_signs(other, 1)][1:])
        and (_is_row(was) or _adds_up(one, was)) and len({*now}) > 1
        for one, other in zip(_sums(before), _sums(after), strict=False)
    )  # fmt: skip


def _signs_beside(unit: Unit, own: ast.AugAssign) -> set[type[ast.operator]]:
    """Return the operators of the lines of the same form that change a value beside one."""
    form = _form(own.value) if _calculates(own.value) else None
    return {
        type(one.op) for one in block_of(unit.node, own)
        if isinstance(one, ast.AugAssign) and one is not own and isinstance(one.op, _ADDING)
        and _form(one.value) == form
    }  # fmt: skip


def _becomes_unlike(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether a line no longer repeats its names as another one of its form does.

    Such as `dr * h * (1 - r)` for `dr * r * (1 - r)` beside `dz * z * (1 - z)`.
    """
    edited = _edited(unit, own, edits)
    if edited is None or not isinstance(own, _STORING) or _form(edited) != _form(own):
        return False
    before, after = _repeats(own), _repeats(edited)
    storing = (one for one in unit.of(ast.stmt) if isinstance(one, _STORING) and one is not own)
    others = [_repeats(one) for one in storing if _form(one) == _form(own)]
    return len({*before}) < len(before) and before in others and after not in others


@lru_cache(_LINES)
def _repeats(node: ast.stmt) -> tuple[int, ...]:
    """Return the numbers of the names that a line uses, in the order in which they come first."""
    value = _value(node)
    names = [one.id for one in ast.walk(value) if isinstance(one, ast.Name)] if value else []
    at = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return tuple(at[name] for name in names)


def _becomes_divided(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether one of a row of factors becomes a divisor, though it is made as a power.

    The power's sign is likelier wrong.
    """
    edited = _edited(unit, own, edits)
    before, after = _value(own), _value(edited) if edited is not None else None
    if before is None or after is None:
        return False
    rows = [[[*_powers(one, 1)] for one in _outermost(value)] for value in (before, after)]
    turned = {
        one.id for was, now in zip(*rows, strict=False)
        if len(was) == len(now) and _is_row([power for _, power in was])
        for one, power in now if power < 0 and isinstance(one, ast.Name)
    }  # fmt: skip
    return bool(turned) and any(
        isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
        and isinstance(one.value, ast.BinOp) and isinstance(one.value.op, ast.Pow)
        and one.targets[0].id in turned
        for one in unit.nodes
    )  # fmt: skip


def _outermost(node: ast.AST, *, inside: bool = False) -> Iterator[ast.expr]:
    """Yield the products in an expression that are no factors of others."""
    product = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)
    if isinstance(node, ast.expr) and product and not inside:
        yield node
    for one in ast.iter_child_nodes(node):
        yield from _outermost(one, inside=product)


def _powers(node: ast.expr, power: int) -> Iterator[tuple[ast.expr, int]]:
    """Yield each factor of a product with 1, and each divisor with -1."""
    match node:
        case ast.BinOp(left, ast.Mult() | ast.Div() as op, right):
            yield from _powers(left, power)
            yield from _powers(right, power if isinstance(op, ast.Mult) else -power)
        case _:
            yield node, power


def _adds_up(node: ast.expr, signs: Sequence[int]) -> bool:
    """Return whether a sum of three is one of contributions, which are names and calls alone."""
    terms = [one for one in ast.walk(node) if isinstance(one, ast.expr)]
    plain = (ast.BinOp, ast.Name, ast.Attribute, ast.Subscript, ast.Call)
    inner = [one for one in terms if isinstance(one, ast.BinOp) and isinstance(one.op, _ADDING)]
    parts = {part for one in inner for part in (one.left, one.right)} - {*inner}
    return [*signs] == [1, 1] and all(isinstance(one, plain[1:]) for one in parts)


def _is_kept(target: ast.expr) -> bool:
    """Return whether a target is an attribute, or a part of one."""
    while isinstance(target, ast.Subscript):
        target = target.value
    return isinstance(target, ast.Attribute)


def _is_row(signs: Sequence[object]) -> bool:
    return len(signs) >= _ROW and len({*signs}) == 1


def _is_negated(before: ast.expr, after: ast.expr) -> bool:
    """Return whether an expression is another one with a minus."""
    minus = isinstance(after, ast.UnaryOp) and isinstance(after.op, ast.USub)
    return minus and ast.dump(before) in map(ast.dump, ast.iter_child_nodes(after))


def _sums(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the sums in an expression that are no terms of others."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, _ADDING):
        yield node
        return
    for one in ast.iter_child_nodes(node):
        yield from _sums(one)


def _signs(node: ast.expr, sign: int) -> Iterator[int]:
    """Yield the signs of the terms of a sum."""
    match node:
        case ast.BinOp(left, ast.Add() | ast.Sub() as op, right):
            yield from _signs(left, sign)
            yield from _signs(right, sign if isinstance(op, ast.Add) else -sign)
        case ast.UnaryOp(ast.USub(), operand):
            yield from _signs(operand, -sign)
        case _:
            yield sign


def becomes_sum(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether a line adds to what it stores, as its function does elsewhere."""
    if [one.text for one in edits] != [b"+="] or not isinstance(own, ast.Assign):
        return False
    sums = [ast.dump(one.target) for one in unit.of(ast.AugAssign)]
    return ast.dump(own.targets[0]) in sums


def _is_round_alike(unit: Unit, own: ast.For, edits: Sequence[Edit]) -> bool:
    """Return whether the rounds of a loop become like those of another one."""
    edited = _edited(unit, own, edits)
    others = (one for one in unit.of(ast.For) if one is not own)
    form = _form(edited.iter) if isinstance(edited, ast.For) else None
    return form != _form(own.iter) and form in {_form(one.iter) for one in others}


def _may_calculate(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether an operator stands in a statement with edits, which need not be parsed."""
    return _OPERATOR.search(unit.text_after(own, edits)) is not None


def _edited(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> ast.stmt | None:
    """Return a statement with edits; None if it becomes several."""
    if isinstance(own, ast.For):
        return _statement(unit.line_after(edits) + " pass")
    return _statement(unit.text_after(own, edits))


@lru_cache(_LINES)
def _statement(text: str) -> ast.stmt | None:
    """Return the statement of a text; None if it has several."""
    try:
        (found,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    return found


def _value(own: ast.stmt) -> ast.expr | None:
    """Return what a line stores or returns."""
    return own.value if isinstance(own, ast.Assign | ast.AugAssign | ast.Return) else None


@lru_cache(_LINES)
def _calculates(node: ast.expr) -> bool:
    return any(isinstance(one, ast.BinOp) for one in walked(node))


def _calls(node: ast.expr) -> int:
    return sum(isinstance(one, ast.Call) for one in ast.walk(node))


@lru_cache(_FILES)
def _forms(function: ast.AST) -> frozenset[object]:
    """Return the forms of the lines of a function that store something."""
    return frozenset(_form(one) for one in ast.walk(function) if isinstance(one, _STORING))


@lru_cache(_LINES)
def _form(node: ast.stmt | ast.expr) -> object:
    """Return code without its names and signs, to be compared."""
    return _unnamed(node)


def _unnamed(node: object) -> object:
    """Return a part of code without what tells it from others like it.

    An attribute has no numbers, such as of one of several functions, and what is stored no index.
    """
    match node:
        case ast.Name():
            return ast.Name, type(node.ctx)
        case ast.Attribute():
            return ast.Attribute, _unnamed(node.value), _NUMBERS.sub("", node.attr), type(node.ctx)
        case ast.Subscript(ctx=ast.Store()):
            return ast.Subscript, _unnamed(node.value), ast.Store
        case ast.Sub():
            return (ast.Add,)
        case ast.Constant():
            return ast.Constant, repr(node.value)  # for 1 and 1.0 are equal
        case ast.AST():
            return type(node), *[_unnamed(getattr(node, name, None)) for name in node._fields]
        case list():
            return tuple(map(_unnamed, node))
        case _:
            return node
