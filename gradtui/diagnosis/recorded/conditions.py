"""What the code does on a side of a comparison that decides which statements run."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from functools import lru_cache

from gradtui.base.source import Place

_ENDING = (ast.Raise, ast.Pass, ast.Expr, ast.Assert)
"""Statements that compute nothing."""
_FILES, _PLACES = 64, 4096


def only_guards(place: Place | None, holds: bool) -> bool:
    """Return whether code computes nothing else where a comparison turns out as told.

    It may raise an exception there, or print something.
    """
    found = _decided(place)
    if found is None:
        return False
    node, turned = found
    if isinstance(node, ast.Assert):
        return True
    body = node.body if holds != turned else node.orelse
    return bool(body) and all(isinstance(one, _ENDING) for one in body)


def ends_loop(place: Place | None) -> bool:
    """Return whether it depends on a comparison how many rounds a loop runs."""
    return place is not None and _ends_loop(place, _text(place.file))


@lru_cache(_PLACES)
def _ends_loop(place: Place, text: str) -> bool:
    found = _decided(place)
    if found is None or isinstance(found[0], ast.Assert):
        return False
    node = found[0]
    leaving = any(isinstance(one, ast.Break | ast.Return) for one in (*node.body, *node.orelse))
    return leaving or isinstance(node, ast.While)


def called(place: Place | None) -> str:
    """Return the name of the function of Python that compares at a place; empty without one."""
    for node in _at(place):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return node.func.id
    return ""


def _decided(place: Place | None) -> tuple[ast.If | ast.While | ast.Assert, bool] | None:
    """Return the statement that a comparison decides, and whether it is negated there."""
    compared = next((one for one in _at(place) if isinstance(one, ast.Compare)), None)
    for statement in ast.walk(_tree(_text(place.file))) if place and compared else ():
        if isinstance(statement, ast.If | ast.While | ast.Assert):
            turned = _negated(statement.test, compared)
            if turned is not None:
                return statement, turned
    return None


def _negated(test: ast.expr, compared: ast.AST | None) -> bool | None:
    """Return whether a comparison is negated in a test; None if it does not stand there."""
    if test is compared:
        return False
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not | ast.Invert):
        inner = _negated(test.operand, compared)
        return None if inner is None else not inner
    parts = list[ast.expr]()
    if isinstance(test, ast.BoolOp):
        parts = test.values
    elif isinstance(test, ast.Call):  # of any or all
        parts = [*test.args, test.func]
    elif isinstance(test, ast.Attribute):
        parts = [test.value]
    found = (_negated(one, compared) for one in parts)
    return next((one for one in found if one is not None), None)


def _at(place: Place | None) -> Iterator[ast.expr]:
    """Yield the expressions at a place."""
    if place is None or not place.file:
        return
    start = len(linecache.getline(place.file, place.line)[: place.column - 1].encode())
    for node in ast.walk(_tree(_text(place.file))):
        if isinstance(node, ast.expr) and (node.lineno, node.col_offset) == (place.line, start):
            yield node


def _text(file: str) -> str:
    return "".join(linecache.getlines(file))


@lru_cache(_FILES)
def _tree(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError:
        return ast.Module([], [])
