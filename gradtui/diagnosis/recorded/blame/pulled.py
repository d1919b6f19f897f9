"""Terms that flow back through the code's matrix products: `a.T @ g` and `g @ b.T` of `a @ b`.

A value that several products use has such a term of each.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.scope import Shape
from gradtui.diagnosis.recorded.blame.trees import walked

_PRODUCTS = ("dot", "matmul", "mm", "bmm")
_TURNS = (".T", ".mT", ".t()", ".transpose(1, 2)", ".transpose(-2, -1)", ".transpose(0, 2, 1)")
"""Spellings of a transpose, beside that of the library."""
_FLAT = 3
"""How many of them are of no stack."""
_MOST, _LATEST = 24, 8
"""Most products of a file, and most arrays that may be the gradients of one."""
_FILES = 32
"""Most files whose products are kept."""


def pulled(s: Statement, shape: Shape | None) -> list[str]:
    """Return the terms of a shape that flow back through products, of arrays in scope.

    The arrays stored last are the likeliest to be the gradients of the products.
    """
    rank = len(shape or ())
    if shape is None or rank < 2:
        return []
    named = [(text, held.shape) for text, held in s.scope.items()
             if held.kind == "f" and len(held.shape) == rank]  # fmt: skip
    latest = sorted(named, key=lambda pair: -s.recent.get(pair[0], 0))[:_LATEST]
    found = dict[str, None]()
    for left, right, form in _products(s.unit.tree):
        before, behind = _turned(s, left, rank), _turned(s, right, rank)
        for own in latest:
            for one, two in ((before, own), (own, behind)):
                if one is not None and two is not None and _shape(one[1], two[1]) == shape:
                    found[form.format(one[0], two[0])] = None
    return [*found]


def _shape(one: Shape, two: Shape) -> Shape | None:
    """Return the shape of the product of two stacks of matrices; None without one."""
    fits = one[:-2] == two[:-2] and one[-1] == two[-2]
    return (*one[:-1], two[-1]) if fits else None


def _turned(s: Statement, text: str, rank: int) -> tuple[str, Shape] | None:
    """Return the transpose of a factor with its shape; None if it is not in scope."""
    usual = s.transpose if rank == 2 else s.dialect.swapped
    for turn in (usual, *_TURNS):
        held = s.scope.get(text.removesuffix(turn))
        if text.endswith(turn) and held is not None and len(held.shape) == rank:
            return text.removesuffix(turn), held.shape
    held = s.scope.get(text)
    if held is None or held.kind != "f" or len(held.shape) != rank:
        return None
    written = (turn for turn in _TURNS[_FLAT:] if turn.encode() in s.unit.source)
    turn = usual if rank == 2 else next(written, usual)
    return f"{text}{turn}", (*held.shape[:-2], held.shape[-1], held.shape[-2])


@lru_cache(_FILES)
def _products(tree: ast.Module) -> Sequence[tuple[str, str, str]]:
    """Return the factors of the matrix products of a file, with the form of each product."""
    return [*dict.fromkeys(one for node in walked(tree) for one in _factors(node))][:_MOST]


def _factors(node: ast.AST) -> Iterator[tuple[str, str, str]]:
    match node:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield ast.unparse(left), ast.unparse(right), "{} @ {}"
        case ast.Call(func=ast.Attribute(value=left, attr=name), args=[right]) if name in _PRODUCTS:
            yield ast.unparse(left), ast.unparse(right), f"{{}}.{name}({{}})"
        case ast.Call(func=ast.Attribute(attr=name) as called, args=[left, right]):
            if name in _PRODUCTS:
                yield ast.unparse(left), ast.unparse(right), f"{ast.unparse(called)}({{}}, {{}})"
