"""Whole numbers off by one that are no index: what another is compared with, or changed by."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.trees import walked

_MOST = 4
"""Most changes of other counters that are tried."""


def wholes(s: Statement) -> Iterator[Candidate]:
    """Yield the next numbers for one that a whole number is compared with, or changed by."""
    for node in s.nodes:
        pairs: Sequence[tuple[ast.expr, ast.expr]]
        match node:
            case ast.Compare(left=one, comparators=[other]):
                pairs = ((one, other), (other, one))
            case ast.AugAssign(target=one, op=ast.Add() | ast.Sub(), value=other):
                pairs = ((one, other),)
            case _:
                continue
        for whole, number in pairs:
            value = _value(number)
            for text in (f"{value + 1}", f"{value - 1}") if value is not None else ():
                if _is_whole(s, whole):
                    told = f"{s.text(number)} must be {text}"
                    edit = s.replaced(number, text)
                    yield Candidate((edit,), "wrong-variable", told, 1, text, number)
    if isinstance(s.node, ast.AugAssign) and _is_whole(s, s.node.target):
        yield from _beside(s, s.node)


def _beside(s: Statement, own: ast.AugAssign) -> Iterator[Candidate]:
    """Yield what other counters of the function are changed by."""
    others = [one for one in s.unit.of(ast.AugAssign) if type(one.op) is type(own.op)]
    texts = dict.fromkeys(s.text(one.value) for one in others if _is_whole(s, one.value))
    for text in [one for one in texts if one != s.text(own.value)][:_MOST]:
        told = f"{s.text(own.value)} must be {text}, as beside it"
        edit = s.replaced(own.value, text)
        yield Candidate((edit,), "wrong-variable", told, 1, text, own.value, named=True)


def _value(node: ast.expr) -> int | None:
    """Return the whole number that is written in an expression; None for any other."""
    match node:
        case ast.Constant(int(value)) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(ast.USub(), ast.Constant(int(value))):
            return -value
        case _:
            return None


def _is_whole(s: Statement, node: ast.expr) -> bool:
    """Return whether an expression is made of whole numbers, and masks of them, alone."""
    names = [one for one in walked(node) if isinstance(one, ast.Name | ast.Attribute)]
    kinds = {held.kind for one in names if (held := s.held(one)) is not None}
    return "i" in kinds and kinds <= {"i", "b"}
