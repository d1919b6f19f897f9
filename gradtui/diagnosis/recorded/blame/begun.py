"""What begins as zeros, or as ones by mistake, and what loops do with it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.expressions import name_of
from gradtui.diagnosis.recorded.blame.trees import nodes_of, target_of, walked
from gradtui.diagnosis.recorded.blame.units import Unit

_Storing = ast.Assign | ast.AugAssign
_FUNCTIONS = 64
"""Most functions of which what they write is kept."""
_ZEROS = ("zeros", "zeros_like", "new_zeros")
_ONES = frozenset({"ones", "ones_like", "new_ones"})
ADDING = ast.Add | ast.Sub


def begun(unit: Unit, before: ast.stmt) -> dict[str, ast.expr]:
    """Return the names that begin as zeros before a statement, with what they begin as."""
    return {name: value for line, name, value in _zeros(unit) if line < before.lineno}


@lru_cache(_FUNCTIONS)
def _zeros(unit: Unit) -> Sequence[tuple[int, str, ast.expr]]:
    """Return the lines that begin a name as zeros, with the name and its value."""
    return [
        (node.lineno, target.id, value) for node in unit.of(ast.Assign)
        for target, value in pairs(node) if isinstance(target, ast.Name) and is_zero(value)
    ]  # fmt: skip


@lru_cache(_FUNCTIONS)
def begun_as_ones(unit: Unit) -> frozenset[str]:
    """Return what begins as ones and is added to, as what begins as zeros is.

    It is a name, or an attribute with a dot or a key in brackets, which other functions may add to.
    """
    added = {_label(one.target) for one in unit.of(ast.AugAssign) if isinstance(one.op, ADDING)}
    added |= {label for label in _added_in(unit.tree) if label[0] in ".["}
    return frozenset(added & _ones_in(unit.of(ast.Assign)))


def adds_to_ones(unit: Unit, node: ast.AugAssign) -> bool:
    """Return whether a statement adds to what its function begins as ones, or another one does.

    The latter in the same object or dict.
    """
    label = _label(node.target)
    kept = label[0] in ".[" and label in _kept_as_ones(unit.tree)
    return isinstance(node.op, ADDING) and (kept or label in begun_as_ones(unit))


@lru_cache(_FUNCTIONS)
def _kept_as_ones(tree: ast.Module) -> frozenset[str]:
    return frozenset(_ones_in(one for one in nodes_of(tree) if isinstance(one, ast.Assign)))


def _ones_in(nodes: Iterable[ast.Assign]) -> set[str]:
    """Return what begins as ones, or holds an array that does."""
    return {
        label for node in nodes for target, value in pairs(node)
        if any(map(_is_ones, value.elts if isinstance(value, ast.List | ast.Tuple) else [value]))
        and (label := _stored_as(target)) is not None
    }  # fmt: skip


def _is_ones(value: ast.expr) -> bool:
    match value:
        case ast.Call(ast.Attribute(attr=name)) if name in _ONES:
            return True
        case ast.Call(ast.Attribute(attr="fill_" | "full" | "full_like"), [*_, ast.Constant(1)]):
            return True
        case _:
            return False


def begins_as_ones(unit: Unit, node: ast.stmt) -> bool:
    """Return whether something begins as ones by a statement, and is added to or stored into."""
    if not isinstance(node, ast.Assign):
        return False
    labels = {label for one, _ in pairs(node) if (label := _stored_as(one)) is not None}
    spread = isinstance(node.value, ast.Call) and name_of(node.value.func) in _ONES
    return not labels.isdisjoint(begun_as_ones(unit)) or bool(spread and labels & _filled(unit))


def _filled(unit: Unit) -> set[str]:
    """Return the names of arrays in which a function stores other arrays, or what it computes."""
    targets = (one.targets[0] for one in unit.of(ast.Assign)
               if not isinstance(one.value, ast.Constant | ast.UnaryOp))  # fmt: skip
    return {one.value.id for one in targets
            if isinstance(one, ast.Subscript) and isinstance(one.value, ast.Name)}  # fmt: skip


@lru_cache(_FUNCTIONS)
def _added_in(tree: ast.Module) -> frozenset[str]:
    """Return what the statements of a file add to."""
    return frozenset(
        _label(one.target) for one in nodes_of(tree)
        if isinstance(one, ast.AugAssign) and isinstance(one.op, ADDING)
    )  # fmt: skip


def _stored_as(target: ast.expr) -> str | None:
    """Return what a whole value is stored as; None for a part of an array."""
    keyed = isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant)
    whole = keyed or isinstance(target, ast.Name | ast.Attribute)
    return _label(target) if whole else None


def _label(target: ast.expr) -> str:
    """Return the name of a variable, `.name` of an attribute or `[key]`, parts of either apart."""
    match target:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return f".{name}"
        case ast.Subscript(slice=ast.Constant(value=str() as key)):
            return f"[{key}]"
        case ast.Subscript(value=value):
            return _label(value)
        case _:
            return "?"


def pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the targets of a statement, each with its value."""
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=False)
        else:
            yield target, node.value


def lost(unit: Unit, loop: ast.For) -> list[str]:
    """Return the names that begin as zeros before a loop, which reads them and only adds to them.

    What is only added to is a result of its own, unless other lines of the loop read it, too.
    """
    own = [*walked(loop)]
    writing = [one for one in own if isinstance(one, _Storing)]
    adding = {name: one for one in writing if (name := _added_to(one)) is not None}
    written = {name for one in writing if one not in adding.values() for name in _written_by(one)}
    inside = {name: {*walked(one)} for name, one in adding.items()}
    loaded = [one for one in own if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)]
    names = dict.fromkeys(one.id for one in loaded if one not in inside.get(one.id, ()))
    known = begun(unit, loop)
    return [name for name in names if name in known and name not in written]


def unwritten(unit: Unit, loop: ast.For) -> dict[str, ast.expr]:
    """Return the names that begin as zeros before a loop and of which the function stores no part.

    They are no arguments of calls, which may write into them, except in what it returns.
    """
    inside = set(read([*walked(loop)]))
    return {name: value for name, value in _untouched(unit, loop).items() if name not in inside}


def unfilled(unit: Unit, reader: ast.stmt) -> list[str]:
    """Return the names that begin as zeros, of which nothing is stored, and that a line reads."""
    known = _untouched(unit, reader)
    return [name for name in dict.fromkeys(read([*walked(reader)])) if name in known]


def replaces(unit: Unit, node: ast.stmt) -> bool:
    """Return whether each round of a loop replaces by a line what begins as zeros, and is not read.

    That it begins as zeros is for a sum.
    """
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    if not isinstance(target, ast.Name):
        return False
    loop = next((one for one in unit.of(ast.For) if node in one.body), None)
    return loop is not None and target.id in begun(unit, loop) and not any(
        isinstance(one, ast.Name) and one.id == target.id and one is not target
        for one in walked(loop)
    )  # fmt: skip


def _untouched(unit: Unit, before: ast.stmt) -> dict[str, ast.expr]:
    known = begun(unit, before)
    written = _written_in(unit.node) if known else ()
    return {name: value for name, value in known.items() if name not in written}


@lru_cache(_FUNCTIONS)
def _written_in(function: ast.AST) -> frozenset[str]:
    return frozenset(name for node in walked(function) for name in _changed_by(node))


def _changed_by(node: ast.AST) -> Iterator[str]:
    """Yield the names of which a statement may write parts."""
    if isinstance(node, ast.Assign):
        targets = [one for one in node.targets if isinstance(one, ast.Subscript)]
        yield from (name for target in targets for name in _names(target))
        if isinstance(node.value, ast.Call):
            given = [*node.value.args, *(one.value for one in node.value.keywords)]
            yield from (name for one in given for name in _names(one))
    elif isinstance(node, ast.AugAssign):
        yield from _names(node.target)
    elif isinstance(node, ast.Expr) and not _keeps(node.value):
        yield from _names(node.value)


def _keeps(node: ast.expr) -> bool:
    """Return whether a call only keeps tensors for the backward half."""
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr == "save_for_backward"


def read(nodes: Sequence[ast.AST]) -> list[str]:
    """Return the names that some nodes read."""
    return [one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)]


def stored(nodes: Sequence[ast.AST]) -> list[str]:
    """Return the names that some nodes store."""
    return [one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]


def is_zero(value: ast.expr) -> bool:
    """Return whether an expression is 0, or an array of zeros, perhaps on a condition."""
    if isinstance(value, ast.IfExp):
        return is_zero(value.body)
    if isinstance(value, ast.Call):
        return name_of(value.func) in _ZEROS
    return isinstance(value, ast.Constant) and value.value == 0


def _added_to(node: _Storing) -> str | None:
    """Return the name that a statement only adds to; None for another statement."""
    target = target_of(node)
    if not isinstance(target, ast.Name):
        return None
    if isinstance(node, ast.AugAssign):
        return target.id if isinstance(node.op, ADDING) else None
    plain = isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ADDING)
    return target.id if plain and target.id in read([*walked(node.value)]) else None


def _written_by(node: _Storing) -> Iterator[str]:
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        yield from _names(target)


def _names(node: ast.expr) -> list[str]:
    return [one.id for one in walked(node) if isinstance(one, ast.Name)]
