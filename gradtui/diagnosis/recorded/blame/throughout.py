"""Edits of several places of a line at once: a name throughout a part, an index like another's."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, product
from math import prod
from types import FunctionType

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.computing import own_methods
from gradtui.diagnosis.recorded.blame.expressions import indices_of, is_leaf
from gradtui.diagnosis.recorded.blame.names import difference
from gradtui.diagnosis.recorded.blame.units import Edit

_MOST, _NAMES, _COUNTS = 6, 6, 12
"""Most parts of a line in which a name is another one, and most arrays and whole numbers for it."""
_INDICES = 3
"""Most numbers of rounds that are swapped with one another."""


def throughout(s: Statement) -> Iterator[Candidate]:
    """Yield edits of several places of a statement that belong together."""
    yield from _renamed(s)
    yield from _indexed(s)
    yield from _crossed(s)
    yield from _together(s)
    yield from _whole(s)


def _renamed(s: Statement) -> Iterator[Candidate]:
    """Yield another name for one that a part of an expression reads several times."""
    smallest = dict[tuple[ast.expr, ...], ast.expr]()
    for node in s.nodes:
        named = defaultdict[str, list[ast.expr]](list)
        if not isinstance(node, ast.BinOp | ast.Call | ast.Tuple | ast.Slice):
            continue
        for one in _read(node):
            named[s.text(one)].append(one)
        for several in named.values():
            if len(several) > 1:
                smallest[tuple(several)] = node  # an inner part comes last
    for names, node in [*smallest.items()][-_MOST:]:
        own, text = s.held(names[0]), s.text(names[0])
        count = own is not None and (own.kind, own.shape) == ("i", ())
        if own is None or not (count or (own.kind == "f" and own.shape)):
            continue
        alike = [other for other, held in s.scope.items()
                 if (held.kind, held.shape) == (own.kind, own.shape)
                 and other != text and is_leaf(ast.parse(other, mode="eval").body)]  # fmt: skip
        alike.sort(key=lambda other: -s.recent.get(other, 0))
        made = [f"{name}({text})" for name, one in own_methods(s) if _takes_one(one)]
        for other in (*alike[: _COUNTS if count else _NAMES], *made[: 0 if count else _NAMES]):
            told = f"{text} must be {other} throughout {s.text(node)}"
            edits = tuple(s.replaced(one, other) for one in names)
            yield Candidate(edits, "wrong-variable", told, 1 + (other in made), other, node)


def _takes_one(method: FunctionType) -> bool:
    """Return whether a method is given one value."""
    return method.__code__.co_argcount == 2  # the object itself counts


def _read(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the names, attributes and entries that are read in an expression, each as a whole."""
    if isinstance(node, ast.expr) and is_leaf(node):
        if isinstance(getattr(node, "ctx", None), ast.Load):
            yield node
        return
    for part in ast.iter_child_nodes(node):
        yield from _read(part)


def _indexed(s: Statement) -> Iterator[Candidate]:
    """Yield an array at the index of another in the same product, as far as both go."""
    for node in s.nodes:
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
            continue
        found = [one for one in (node.left, node.right) if isinstance(one, ast.Subscript)]
        if len(found) < 2:
            continue
        for one, other in (found, found[::-1]):
            mine, theirs = indices_of(one), indices_of(other)
            count = min(len(mine), len(theirs))
            texts = [s.text(part) for part in theirs[:count]]
            if count < 2 or texts == [s.text(part) for part in mine[:count]]:
                continue
            text = ", ".join(texts)
            edit = Edit(s.unit.start(mine[0]), s.unit.end(mine[count - 1]), text)
            told = f"it must be at {text}, as {s.text(other.value)} is"
            yield Candidate((edit,), "wrong-variable", told, 1, text, one)


def _crossed(s: Statement) -> Iterator[Candidate]:
    """Yield two numbers of rounds in each other's place, in the indices of several arrays."""
    named = defaultdict[str, list[ast.Name]](list)
    for node in s.nodes:
        if isinstance(node, ast.Name) and node in s.indexing and _is_in_value(s, node):
            own = s.held(node)
            if own is not None and (own.kind, own.shape) == ("i", ()):
                named[node.id].append(node)
    for one, other in combinations([*named][:_INDICES], 2):
        edits = tuple(s.replaced(node, to) for of, to in ((one, other), (other, one))
                      for node in named[of])  # fmt: skip
        told = f"{one} and {other} are swapped"
        yield Candidate(edits, "wrong-variable", told, 1, None, s.node)


def _together(s: Statement) -> Iterator[Candidate]:
    """Yield several names changed alike: `a1, b1` for `a2, b2`, which belong together."""
    read = [one for value in s.values for one in _read(value)]
    names = {s.text(one) for one in read} & s.scope.keys()
    if len(names) < 2:
        return
    changed = dict[tuple[str, str], dict[str, str]]()
    for name, other in product(sorted(names), s.scope):
        change = difference(name, other)
        if other not in names and all(change) and _is_as_large(s, name, other):
            changed.setdefault(change, {})[name] = other
    several = [others for others in changed.values() if len(others) > 1]
    for others in sorted(several, key=len, reverse=True)[:_MOST]:
        edits = tuple(s.replaced(one, others[s.text(one)]) for one in read
                      if s.text(one) in others)  # fmt: skip
        told = f"{' and '.join(others)} must be {' and '.join(others.values())}"
        yield Candidate(edits, "wrong-variable", told, 1, None, s.node)


def _is_as_large(s: Statement, name: str, other: str) -> bool:
    one, two = s.scope[name], s.scope[other]
    return one.kind == two.kind and prod(one.shape) == prod(two.shape)


def _is_in_value(s: Statement, node: ast.expr) -> bool:
    return any(s.unit.start(one) <= s.unit.start(node) < s.unit.end(one) for one in s.values)


def _whole(s: Statement) -> Iterator[Candidate]:
    """Yield a product of matrices for that of a part of each, as of one gate of several."""
    for node in s.nodes:
        found = [one for one in _operands(node) if _is_part(one)]
        if isinstance(node, ast.expr) and len(found) == 2:
            edits = tuple(s.replaced(one, s.text(one.value)) for one in found)
            one, other = (s.text(part.value) for part in found)
            told = f"it must be the product of {one} and {other} as a whole"
            yield Candidate(edits, "missing-path", told, 1, None, node)


def _operands(node: ast.AST) -> Iterator[ast.Subscript]:
    """Yield the operands of a product of matrices that are parts of arrays."""
    match node:
        case ast.BinOp(left, ast.MatMult(), right):
            pass
        case ast.Call(func=ast.Attribute(attr="dot" | "matmul" | "mm"), args=[left, right]):
            pass
        case ast.Call(func=ast.Attribute(value=left, attr="dot" | "matmul" | "mm"), args=[right]):
            pass
        case _:
            return
    yield from (one for one in (left, right) if isinstance(one, ast.Subscript))


def _is_part(node: ast.Subscript) -> bool:
    """Return whether an index takes a range, and nothing else."""
    parts = indices_of(node)
    bounds = [bound for part in parts if isinstance(part, ast.Slice)
              for bound in (part.lower, part.upper)]  # fmt: skip
    return any(bounds) and all(isinstance(part, ast.Slice) for part in parts)
