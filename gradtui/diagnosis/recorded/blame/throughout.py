"""Edits of several places of a line at once: a name throughout a part, an index like another's."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.units import Edit

_MOST, _NAMES, _COUNTS = 6, 6, 12
"""Most parts of a line in which a name is another one, and most arrays and whole numbers for it."""


def throughout(s: Statement) -> Iterator[Candidate]:
    """Yield edits of several places of a statement that belong together."""
    yield from _renamed(s)
    yield from _indexed(s)


def _renamed(s: Statement) -> Iterator[Candidate]:
    """Yield another name for one that a part of an expression reads several times."""
    smallest = dict[tuple[ast.Name, ...], ast.expr]()
    for node in s.nodes:
        named = defaultdict[str, list[ast.Name]](list)
        if not isinstance(node, ast.BinOp | ast.Call | ast.Tuple | ast.Slice):
            continue
        for one in ast.walk(node):
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load):
                named[one.id].append(one)
        for several in named.values():
            if len(several) > 1:
                smallest[tuple(several)] = node  # an inner part comes last
    for names, node in [*smallest.items()][-_MOST:]:
        own = s.held(names[0])
        count = own is not None and (own.kind, own.shape) == ("i", ())
        if own is None or not (count or (own.kind == "f" and own.shape)):
            continue
        alike = [text for text, held in s.scope.items()
                 if (held.kind, held.shape) == (own.kind, own.shape)
                 and text.isidentifier() and text != names[0].id]  # fmt: skip
        alike.sort(key=lambda text: -s.recent.get(text, 0))
        for text in alike[: _COUNTS if count else _NAMES]:
            told = f"{names[0].id} must be {text} throughout {s.text(node)}"
            edits = tuple(s.replaced(one, text) for one in names)
            yield Candidate(edits, "wrong-variable", told, 1, text, node)


def _indexed(s: Statement) -> Iterator[Candidate]:
    """Yield an array at the index of another in the same product, as far as both go."""
    for node in s.nodes:
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
            continue
        found = [one for one in (node.left, node.right) if isinstance(one, ast.Subscript)]
        if len(found) < 2:
            continue
        for one, other in (found, found[::-1]):
            mine, theirs = _parts(one), _parts(other)
            count = min(len(mine), len(theirs))
            texts = [s.text(part) for part in theirs[:count]]
            if count < 2 or texts == [s.text(part) for part in mine[:count]]:
                continue
            text = ", ".join(texts)
            edit = Edit(s.unit.start(mine[0]), s.unit.end(mine[count - 1]), text)
            told = f"it must be at {text}, as {s.text(other.value)} is"
            yield Candidate((edit,), "wrong-variable", told, 1, text, one)


def _parts(node: ast.Subscript) -> list[ast.expr]:
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
