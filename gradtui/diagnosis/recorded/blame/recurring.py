"""Expressions that differ in one name, number or sign from one that the file has again and again.

Such as `np.sqrt((Y - x)**2 + (Y - y)**2)` in a file that has the distance with `X - x` elsewhere.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import OPERATORS
from gradtui.diagnosis.recorded.blame.likeness import narrowed
from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit

_FILES = 16
"""Most files of which the expressions are kept."""
_LINES = 1024
"""Most statements of which it is kept what is odd in them."""
_LEAST, _MOST = 10, 150
"""The fewest and the most nodes of an expression that says something by being there again."""
_AGAIN = 2
"""How often the file has the other expression, at least."""


class _Mark(NamedTuple):
    """What tells expressions apart: by their form alone, and as they are."""

    form: int
    text: int
    size: int


class _Written(NamedTuple):
    """The expressions of a file."""

    marks: Mapping[ast.AST, _Mark]
    counts: Mapping[int, Counter[int]]
    """Form -> how often the file has each expression of it."""
    first: Mapping[int, ast.expr]
    """Expression -> where it is first."""


def recurring(s: Statement) -> Iterator[Candidate]:
    """Yield the name, the number or the sign that an expression has wherever else it is."""
    for part, other in odd_parts(s.unit, s.node):
        told = f"{s.text(part)} must be {ast.unparse(other)}, as in the same expression elsewhere"
        if isinstance(part, ast.BinOp) and isinstance(other, ast.BinOp):
            sign = OPERATORS[type(other.op)]
            edit = Edit(*s.operator(part), sign)
        else:
            sign = ast.unparse(other)
            edit = s.replaced(part, sign)
        yield Candidate((edit,), "wrong-variable", told, 0, sign, part, named=True)


@lru_cache(_LINES)
def odd_parts(unit: Unit, node: ast.stmt) -> Sequence[tuple[ast.expr, ast.expr]]:
    """Return the parts of a statement that differ from what the file has there again and again."""
    written, found = _written(unit.tree), dict[ast.expr, ast.expr]()
    for one in walked(node):
        mark = written.marks.get(one)
        if mark is None or not isinstance(one, ast.expr) or not _LEAST <= mark.size <= _MOST:
            continue
        counts = written.counts[mark.form]
        for text, count in counts.items() if counts[mark.text] == 1 else ():
            if count >= _AGAIN:
                part, other = narrowed(one, written.first[text])
                if _is_one_token(part, other):
                    found.setdefault(part, other)
    return [*found.items()]


def _is_one_token(part: ast.expr, other: ast.expr) -> bool:
    """Return whether two expressions differ in a name, in a number or in the sign between two."""
    match part, other:
        case ast.BinOp(left, _, right), ast.BinOp(one, _, two):
            return [*map(ast.dump, (left, right))] == [*map(ast.dump, (one, two))]
        case (ast.Name(), ast.Name()) | (ast.Constant(), ast.Constant()):
            return True
        case _:
            return False


@lru_cache(_FILES)
def _written(tree: ast.Module) -> _Written:
    marks, first = dict[ast.AST, _Mark](), dict[int, ast.expr]()
    counts = defaultdict[int, Counter[int]](Counter)
    for node in reversed(nodes_of(tree)):  # what is below a node comes before it
        below = [marks[one] for one in ast.iter_child_nodes(node) if one in marks]
        kind = type(node).__name__
        forms, texts = ([one[at] for one in below] for at in (0, 1))
        own = (getattr(node, "attr", ""), getattr(node, "arg", ""))
        mark = _Mark(
            hash((kind, *own, *forms)), hash((kind, *own, _token(node), *texts)),
            1 + sum(one.size for one in below),
        )  # fmt: skip
        if isinstance(node, ast.expr | ast.keyword):
            marks[node] = mark
        if isinstance(node, ast.expr):
            counts[mark.form][mark.text] += 1
            first[mark.text] = node
    return _Written(marks, counts, first)


def _token(node: ast.AST) -> str:
    """Return the name, the number or the sign of a node itself."""
    match node:
        case ast.Name(name):
            return name
        case ast.Constant(value):
            return repr(value)
        case ast.BinOp(op=sign) | ast.UnaryOp(op=sign):
            return type(sign).__name__
        case ast.Compare(ops=signs):
            return " ".join(type(one).__name__ for one in signs)
        case _:
            return ""
