"""Expressions of the user's code with all names renamed alike, such as those of another gate.

A sum of two of them tells what a line lacks that has only one.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.names import difference, renamed
from gradtui.diagnosis.recorded.blame.trees import walked

_MOST = 24
"""Most siblings of the expressions at a statement, and most terms that other lines tell of."""
_TERMS = 12
"""Most terms that another line tells of."""


def siblings(s: Statement) -> list[str]:
    """Return the siblings of the expressions that can be computed at a statement.

    One of `dz @ Wz.T` is `dr @ Wr.T`, if the names that it needs have the same shapes.
    """
    known = {text for text, _ in s.expressions}
    found = dict[str, None]()
    for text, held in s.expressions:
        if held.kind == "f":
            found |= dict.fromkeys(one for one in _renamed(s, text) if one not in known)
    return [*found][:_MOST]


def _renamed(s: Statement, text: str) -> Iterator[str]:
    """Yield an expression with its names changed in the same way, in all ways that are known."""
    tree = ast.parse(text, mode="eval")
    names = dict.fromkeys(
        ast.unparse(one) for one in walked(tree)
        if isinstance(one, ast.expr) and is_leaf(one) and s.held(one) is not None
    )  # fmt: skip
    for before, after in dict.fromkeys(change for name in names for change in _changes(s, name)):
        others = {name: name.replace(before, after) for name in names if before in name}
        if len(others) > 1 and all(_is_alike(s, *pair) for pair in others.items()):
            yield renamed(text, others)


def _changes(s: Statement, name: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a name that differ in others of the same shape, with what stands there."""
    own = s.scope[name]
    for other, held in s.scope.items():
        if other != name and (held.shape, held.kind) == (own.shape, own.kind):
            rest, more = difference(name, other)
            if rest and more:
                yield rest, more


def _is_alike(s: Statement, name: str, other: str) -> bool:
    one, two = s.scope[name], s.scope.get(other)
    return two is not None and (one.shape, one.kind) == (two.shape, two.kind)


def lacking(s: Statement, node: ast.expr) -> Sequence[str]:
    """Return what other lines add to an expression of the same form, in the names of this one.

    `dW = outer(dz, x) + outer(z, dx)` tells of `dV = outer(dy, x)` that `outer(y, dx)` is missing.
    What most lines tell of comes first.
    """
    return [text for text, _ in Counter(_lacking(s, node)).most_common(_MOST)]


def _lacking(s: Statement, node: ast.expr) -> Iterator[str]:
    for line in s.unit.nodes:
        value = line.value if isinstance(line, ast.Assign) and line is not s.node else None
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
            for own, more in ((value.left, value.right), (value.right, value.left)):
                names = None if is_leaf(own) else _matched(own, node)
                if names is not None:
                    yield from islice(_in_names(s, more, names), _TERMS)


def _matched(one: ast.AST, other: ast.AST) -> Mapping[str, str] | None:
    """Return the names of an expression with those that stand for them in another one."""
    if is_leaf(one) or is_leaf(other):
        both = is_leaf(one) and is_leaf(other)
        return {ast.unparse(one): ast.unparse(other)} if both else None
    parts = [[*ast.iter_child_nodes(node)] for node in (one, other)]
    if type(one) is not type(other) or len(parts[0]) != len(parts[1]):
        return None
    if not parts[0] and ast.dump(one) != ast.dump(other):
        return None
    if isinstance(one, ast.Call) and isinstance(other, ast.Call):
        called = (ast.dump(node.func) for node in (one, other) if is_leaf(node.func))
        if len({*called}) > 1:
            return None
    found: dict[str, str] = {}
    for pair in zip(*parts, strict=True):
        names = _matched(*pair)
        if names is None or any(found.get(name, own) != own for name, own in names.items()):
            return None
        found |= names
    return found


def _in_names(s: Statement, node: ast.expr, names: Mapping[str, str]) -> Iterator[str]:
    """Yield an expression with other names, for some of which there are several."""
    own = dict.fromkeys(
        ast.unparse(one) for one in walked(node)
        if isinstance(one, ast.expr) and is_leaf(one) and s.held(one) is not None
    )  # fmt: skip
    text = ast.unparse(node)
    for chosen in product(*(_choices(s, name, names) for name in own)):
        yield renamed(text, dict(zip(own, chosen, strict=True)))


def _choices(s: Statement, name: str, names: Mapping[str, str]) -> Sequence[str]:
    """Return what may stand for a name: what the others tell, itself, or its object's others."""
    if name in names:
        return [names[name]]
    changes = [difference(*pair) for pair in names.items()]
    told = [name.replace(*change) for change in changes if change[0] and change[0] in name]
    owner, _, attribute = name.rpartition(".")
    beside = [
        text for text, held in s.scope.items()
        if owner and attribute and text.rpartition(".")[0] == owner and held.kind == "f"
        and len(held.shape) == len(s.scope[name].shape)
    ]  # fmt: skip
    return [*dict.fromkeys([*(one for one in told if one in s.scope), name, *beside])]
