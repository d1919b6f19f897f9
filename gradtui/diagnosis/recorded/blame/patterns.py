"""Terms that continue the pattern of a sum: a neighbouring element, a factor that nothing uses."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice, product

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.names import renamed
from gradtui.diagnosis.recorded.blame.picks import offset, offset_of, parts_of
from gradtui.diagnosis.recorded.blame.scope import Held, Shape
from gradtui.diagnosis.recorded.blame.trees import walked

_MOST = 40
"""Most terms that are tried for a sum."""
_NEAR = 6
"""Most neighbours of an element that are tried."""


def patterns(s: Statement) -> Iterator[Candidate]:
    """Yield each sum in a statement with one more term that is made like its others."""
    for node in s.nodes:
        if node in s.indexing or not _is_sum(node) or _is_sum(s.parents.get(node)):
            continue
        assert isinstance(node, ast.BinOp)
        terms = [*_terms(node)]
        own = {ast.unparse(one) for one, _ in terms}
        found = dict[tuple[str, str], int]()
        for term, sign in terms:
            for text, cost in _made(s, term):
                if ast.unparse(ast.parse(text, mode="eval").body) not in own:
                    found.setdefault((sign, text), cost)
        for (sign, text), cost in [*found.items()][:_MOST]:
            edit = s.replaced(node, f"{s.text(node)} {sign} {text}", 1)
            told = f"the term {text} is missing"
            yield Candidate((edit,), "missing-term", told, cost, text, node)


def _is_sum(node: ast.AST | None) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def _terms(node: ast.expr, sign: str = "+") -> Iterator[tuple[ast.expr, str]]:
    """Yield the terms of a sum with their signs; none inside parentheses."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        yield from _terms(node.left)
        yield node.right, "+" if isinstance(node.op, ast.Add) else "-"
    else:
        yield node, sign


def _made(s: Statement, term: ast.expr) -> Iterator[tuple[str, int]]:
    """Yield terms like another one: with other neighbours, and with a factor that nothing uses.

    Each comes with how far-fetched it is.
    """
    text = s.text(term)
    if "\n" in text or isinstance(term, ast.Constant):
        return
    moved = [*_moved(s, term)]
    for one in (text, *(one for one, _ in moved)):
        yield from ((renamed, 1) for renamed in _renamed(s, term, one))
    yield from moved


def _moved(s: Statement, term: ast.expr) -> Iterator[tuple[str, int]]:
    """Yield a term with its indices at the neighbours that the indices beside it tell of.

    Each comes with how far-fetched it is: more than one index is seldom another.
    """
    indices = [one for one in walked(term) if isinstance(one, ast.Subscript)]
    if len({s.text(one.slice) for one in indices}) != 1:
        return
    own = parts_of(indices[0])
    ways = [[s.text(part), *_neighbours(s, at, part, len(own))] for at, part in enumerate(own)]
    source, start = s.text(term).encode(), s.unit.start(term)
    spans = sorted((s.unit.start(one.slice), s.unit.end(one.slice)) for one in indices)
    for choice in islice(product(*ways), 1, _MOST):
        text = source
        for first, last in reversed(spans):
            text = text[: first - start] + ", ".join(choice).encode() + text[last - start :]
        yield (
            text.decode(),
            min(2, sum(one != two[0] for one, two in zip(choice, ways, strict=True))),
        )


def _neighbours(s: Statement, at: int, part: ast.expr, count: int) -> list[str]:
    """Return what stands in the place of an index beside it, and what continues that."""
    own = offset_of(part)
    if own is None:
        return []
    found = dict[int, str]()
    for one in s.nodes:
        parts = parts_of(one) if isinstance(one, ast.Subscript) else []
        there = offset_of(parts[at]) if len(parts) == count else None
        if there is not None and there[0] == own[0]:
            found.setdefault(there[1], s.text(parts[at]))
    if len(found) > 1:
        like = found[max(found, key=abs)]
        for value in range(min(found) - 1, max(found) + 2)[:_NEAR]:
            found.setdefault(value, offset(own[0], value, like))
    return [text for text in found.values() if text != s.text(part)]


def _renamed(s: Statement, term: ast.expr, text: str) -> Iterator[str]:
    """Yield a term with the name of a value that nothing uses for one of its names."""
    names = [one for one in walked(term) if isinstance(one, ast.Name) and is_leaf(one)]
    held = {one.id: s.scope.get(one.id) for one in names if one not in s.indexing}
    for idle in s.idle:
        other = s.scope.get(idle)
        for name, own in held.items() if other is not None and other.kind == "f" else ():
            if own is not None and other is not None and _form(own) == _form(other):
                yield renamed(text, {name: idle})


def _form(held: Held) -> tuple[str, Shape]:
    return held.kind, held.shape
