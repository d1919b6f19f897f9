"""Values that a function keeps under names: in attributes, and as entries of a dict."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

from gradtui.diagnosis.recorded.blame.trees import block_of, walked
from gradtui.diagnosis.recorded.blame.units import Unit

_FUNCTIONS = 256
"""Most functions of which is known what they keep."""
_ROW = 2
"""Fewest entries that are what their names tell, by which another one is judged."""


class _Names(Struct, frozen=True, eq=False):
    """The names of a function."""

    given: Sequence[str]
    """Its arguments."""
    read: frozenset[str]
    stored: frozenset[str]
    kept: frozenset[str]
    kept_twice: frozenset[str]


def misfiled(unit: Unit, node: ast.stmt) -> Iterator[tuple[ast.expr, str, bool]]:
    """Yield values that may be kept under another one's name: each with a name that may be meant.

    And whether the value is kept twice.  The name meant is that under which it is kept, if the
    function has such a value, or else those of the arguments that nothing reads or that it does not
    keep.  A number may stand in the place of an argument of that name, and beside entries that are
    what their names tell something that is calculated of what its name tells.  So may what is
    calculated of a name, where other names are stored as they are.
    """
    names = _names_of(unit.node)
    match node:
        case ast.Assign(value=ast.Dict() as entries) | ast.Return(value=ast.Dict() as entries):
            yield from _of_entries(entries, names)
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(), attr=attribute)], value=value):
            if (attribute in names.given and _is_number(value)) or _is_turned(value, attribute):
                yield value, attribute, False
            elif isinstance(value, ast.Name):
                yield from _kept_twice(value, attribute, names)
            else:
                yield from _calculated(unit, node, value)
        case ast.Assign(targets=[ast.Subscript()], value=value):
            yield from _calculated(unit, node, value)


def _calculated(
    unit: Unit, node: ast.stmt, value: ast.expr
) -> Iterator[tuple[ast.expr, str, bool]]:
    """Yield what is calculated of a name, if lines beside it store names in the same object."""
    kept = _kept_in(node)
    if kept is not None and isinstance(value, ast.BinOp) and isinstance(value.left, ast.Name):
        beside = (one for one in block_of(unit.node, node) if _kept_in(one) == kept)
        plain = [one for one in beside if isinstance(getattr(one, "value", None), ast.Name)]
        if len(plain) >= _ROW:
            yield value, value.left.id, False


def _kept_in(node: ast.stmt) -> str | None:
    """Return the object or the container in which a statement stores a value."""
    match node:
        case ast.Assign([ast.Subscript(value=owner) | ast.Attribute(value=owner)]):
            return ast.dump(owner)
        case _:
            return None


def _kept_twice(value: ast.Name, kept: str, names: _Names) -> Iterator[tuple[ast.expr, str, bool]]:
    """Yield the names that may be meant for a value that is kept under another one."""
    idle = kept in names.stored and kept not in names.read
    if value.id == kept or not (idle or value.id in names.kept_twice):
        return
    own = kept in names.given or kept in names.stored
    unread = [one for one in names.given[1:] if one not in names.read]
    meant = [kept] if own else unread or [one for one in names.given[1:] if one not in names.kept]
    yield from ((value, name, True) for name in meant)


def _of_entries(entries: ast.Dict, names: _Names) -> Iterator[tuple[ast.expr, str, bool]]:
    """Yield the entries of a dict that are not what their names tell, but others are."""
    pairs = entries_of(entries)
    told = _told_by(pairs)
    for key, value in pairs if told else ():
        meant = told.format(key)
        if isinstance(value, ast.Name):
            if meant in names.given or meant in names.stored:
                yield from _kept_twice(value, meant, names)
        elif any(isinstance(one, ast.Name) and one.id == meant for one in walked(value)):
            yield value, meant, False


def _told_by(pairs: Sequence[tuple[str, ast.expr]]) -> str:
    """Return the form of the names that several entries have, such as `d{}`; empty without one."""
    forms = Counter(
        "{}".join(value.id.split(key, 1)) for key, value in pairs
        if isinstance(value, ast.Name) and key and key in value.id
    )  # fmt: skip
    form, count = max(forms.items(), key=lambda pair: pair[1], default=("", 0))
    return form if count >= _ROW else ""


def entries_of(entries: ast.Dict) -> Sequence[tuple[str, ast.expr]]:
    """Return the names of a dict's entries that are written out, with the values."""
    return [
        (key.value, value) for key, value in zip(entries.keys, entries.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    ]  # fmt: skip


def _is_turned(value: ast.expr, name: str) -> bool:
    """Return whether a value is that of a name with a sign or a `not` before it."""
    operand = value.operand if isinstance(value, ast.UnaryOp) else None
    return isinstance(operand, ast.Name) and operand.id == name


def _is_number(value: ast.expr) -> bool:
    match value:
        case ast.Constant(int() | float()) | ast.UnaryOp(ast.USub(), ast.Constant()):
            return True
        case _:
            return False


@lru_cache(_FUNCTIONS)
def _names_of(function: ast.AST) -> _Names:
    nodes = [*walked(function)]
    names = [one for one in nodes if isinstance(one, ast.Name)]
    kept = Counter(
        value.id for one in nodes if isinstance(one, ast.stmt)
        for value in (*values_kept(one), *_returned(one)) if isinstance(value, ast.Name)
    )  # fmt: skip
    return _Names(
        [one.arg for one in nodes if isinstance(one, ast.arg)],
        frozenset(one.id for one in names if isinstance(one.ctx, ast.Load)),
        frozenset(one.id for one in names if isinstance(one.ctx, ast.Store)),
        frozenset(kept),
        frozenset(one for one, count in kept.items() if count > 1),
    )


def _returned(node: ast.stmt) -> Sequence[ast.expr]:
    """Return the entries of a dict that a statement returns."""
    entries = node.value if isinstance(node, ast.Return) else None
    return entries.values if isinstance(entries, ast.Dict) else []


def values_kept(node: ast.stmt) -> Sequence[ast.expr]:
    """Return the values that a statement keeps for later, in an object or side by side."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="save_for_backward"), args=values)):
            return values
        case ast.Assign(value=ast.Tuple(elts=values) | ast.List(elts=values)):
            return values
        case ast.Assign(value=ast.Dict(values=values)):
            return values
        case ast.Assign(targets=[ast.Attribute()], value=value):
            return [value]
        case _:
            return []
