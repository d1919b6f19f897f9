"""Lines without what tells them from others like them: names, signs and indices.

Code stands in rows, so that a line is often compared with those beside it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from gradtui.diagnosis.recorded.blame.trees import block_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit

STORING = (ast.Assign, ast.AugAssign)
_LINES = 4096
"""Most lines of which is kept what is asked again for every edit."""
_NUMBERS = re.compile(r"\d+")


def statement_after(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> ast.stmt | None:
    """Return a statement with edits; None if it becomes several."""
    if isinstance(own, ast.For):
        return _statement(unit.line_after(edits) + " pass")
    return _statement(unit.text_after(own, edits))


@lru_cache(_LINES)
def _statement(text: str) -> ast.stmt | None:
    """Return the statement of a text; None if it has several."""
    try:
        (found,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    return found


def value_of(own: ast.stmt) -> ast.expr | None:
    """Return what a line stores or returns."""
    return own.value if isinstance(own, ast.Assign | ast.AugAssign | ast.Return) else None


@lru_cache(_LINES)
def calculates(node: ast.expr) -> bool:
    """Return whether an operator stands in an expression."""
    return any(isinstance(one, ast.BinOp) for one in walked(node))


@lru_cache(_LINES)
def form_of(node: ast.stmt | ast.expr) -> object:
    """Return code without its names and signs, to be compared."""
    return _unnamed(node)


def _unnamed(node: object) -> object:
    """Return a part of code without what tells it from others like it.

    An attribute has no numbers, such as of one of several functions, and what is stored no index.
    """
    match node:
        case ast.Name():
            return ast.Name, type(node.ctx)
        case ast.Attribute():
            return ast.Attribute, _unnamed(node.value), _NUMBERS.sub("", node.attr), type(node.ctx)
        case ast.Subscript(ctx=ast.Store()):
            return ast.Subscript, _unnamed(node.value), ast.Store
        case ast.Sub():
            return (ast.Add,)
        case ast.Constant():
            return ast.Constant, repr(node.value)  # for 1 and 1.0 are equal
        case ast.AST():
            return type(node), *[_unnamed(getattr(node, name, None)) for name in node._fields]
        case list():
            return tuple(map(_unnamed, node))
        case _:
            return node


class Step(NamedTuple):
    """What a line adds to what it stores in, or takes from it."""

    op: ast.operator
    value: ast.expr


def step_of(node: ast.stmt | None) -> Step | None:
    """Return the step of a line such as `w -= dw` or `w = w - dw`; None for any other."""
    match node:
        case ast.AugAssign(op=ast.Add() | ast.Sub() as op, value=value):
            return Step(op, value)
        case ast.Assign(
            targets=[target], value=ast.BinOp(left, ast.Add() | ast.Sub() as op, right)
        ) if ast.unparse(target) == ast.unparse(left):
            return Step(op, right)
        case _:
            return None


def signs_beside(unit: Unit, own: ast.stmt, step: Step) -> set[type[ast.operator]]:
    """Return the operators of the lines of the same form that change a value beside one."""
    form = form_of(step.value) if calculates(step.value) else None
    beside = (step_of(one) for one in block_of(unit.node, own) if one is not own)
    return {type(one.op) for one in beside if one is not None and form_of(one.value) == form}
