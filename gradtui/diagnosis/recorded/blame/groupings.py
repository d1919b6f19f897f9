"""Edits of parentheses: to how much of a sum or a product an operation applies."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import OPERATORS

_COST = 1


def groupings(s: Statement, node: ast.BinOp) -> Iterator[Candidate]:
    """Yield an operation with its parentheses elsewhere: `a * c + b` for `(a + b) * c`."""
    if isinstance(node.op, ast.Mult | ast.Div):
        yield from _of_product(s, node)
    elif isinstance(node.op, ast.Add | ast.Sub):
        yield from _of_sum(s, node)
    elif isinstance(node.op, ast.Pow) and _is(node.left, ast.Mult):
        inner = node.left
        text = f"{s.left(inner)} * {s.inside(inner.right, 9)}**{s.right(node)}"
        yield _grouped(s, node, text, 2, "extra-factor")


def _of_product(s: Statement, node: ast.BinOp) -> Iterator[Candidate]:
    sign, left, right = OPERATORS[type(node.op)], s.left(node), s.right(node)
    inner = node.left
    while _is(inner, ast.Mult, ast.Div):
        inner = inner.left
    if _is(inner, ast.Add, ast.Sub):
        one, two, plus = s.inside(inner.left, 2), s.inside(inner.right, 3), _sign(inner)
        rest = s.unit.between(s.unit.end(inner), s.unit.end(node)).strip().lstrip(")").strip()
        for text in (f"{one} {plus} {two} {rest}", f"{one} {rest} {plus} {two}"):
            yield _grouped(s, node, text, 1, "extra-factor")
    if _is(node.right, ast.Add, ast.Sub):
        inner = node.right
        one, two, plus = s.inside(inner.left, 2), s.inside(inner.right, 3), _sign(inner)
        yield _grouped(s, node, f"{left} {sign} {one} {plus} {two}", 1, "extra-factor")
        if sign == "*":
            yield _grouped(s, node, f"{one} {plus} {left} * {two}", 1, "extra-factor")
    if sign == "*" and _is(node.left, ast.Div):
        inner = node.left
        text = f"{s.left(inner)} / ({s.right(inner)} * {right})"
        yield _grouped(s, node, text, 2, "missing-factor")
    if sign == "/" and _is(node.right, ast.Mult):
        inner = node.right
        text = f"{left} / {s.left(inner)} * {s.right(inner)}"
        yield _grouped(s, node, text, 2, "missing-factor")
    if sign == "*" and _is(node.right, ast.Pow):
        inner = node.right
        text = f"({left} * {s.left(inner)})**{s.right(inner)}"
        yield _grouped(s, node, text, 4, "missing-factor")


def _of_sum(s: Statement, node: ast.BinOp) -> Iterator[Candidate]:
    plus, left, right = _sign(node), s.left(node), s.right(node)
    if _is(node.right, ast.Mult, ast.Div) and not _is_square(s, node.right):
        inner = node.right
        text = f"({left} {plus} {s.left(inner)}) {_sign(inner)} {s.right(inner)}"
        yield _grouped(s, node, text, 2, "missing-factor")
    if _is(node.left, ast.Mult, ast.Div):
        inner = node.left
        text = f"{s.left(inner)} {_sign(inner)} ({s.right(inner)} {plus} {right})"
        yield _grouped(s, node, text, 2, "missing-factor")


def _is_square(s: Statement, node: ast.BinOp) -> bool:
    """Return whether a value is multiplied by itself, as in tanh's slope, 1 - a * a."""
    return s.text(node.left) == s.text(node.right)


def _is(node: ast.expr, *operators: type[ast.operator]) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and isinstance(node.op, operators)


def _sign(node: ast.BinOp) -> str:
    return OPERATORS[type(node.op)]


def _grouped(s: Statement, node: ast.BinOp, text: str, binding: int, rule: str) -> Candidate:
    told = f"its parentheses are in the wrong place: {s.text(node)} must be {text}"
    return Candidate((s.replaced(node, text, binding),), rule, told, _COST, text, node)
