"""Where code says that a value is detached: `stop_gradient(x)`, `x.detach()`, and their names."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterator

from gradtui.base.source import Place

_WORD = re.compile(r"detach|stop_?grad|no_?grad")
_CALL = re.compile(rf"[\w.]*(?:{_WORD.pattern})\w*\(")
"""The beginning of a call that detaches a value."""


def is_detached(place: Place) -> bool:
    """Return whether what an expression computes is detached on its line.

    It is an operand of a call that detaches, or computed of nothing but the result of one.
    """
    line = linecache.getline(place.file, place.line)
    if not _WORD.search(line):
        return False
    try:
        tree = ast.parse(line.strip())
    except SyntaxError:
        return True  # a part of a longer statement, whose other lines are not looked at
    start = place.column - 1 - (len(line) - len(line.lstrip()))
    own = (start, start + place.width)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    detaching = [span for node in calls if _is_detaching(node) and (span := _span(node))]
    if any(_within(own, span) for span in detaching):
        return True
    functions = {id(part) for node in calls for part in ast.walk(node.func)}
    names = [_span(node) for node in ast.walk(tree)
             if isinstance(node, ast.Name) and id(node) not in functions]  # fmt: skip
    inner = [span for span in detaching if _within(span, own)]
    return bool(inner) and not any(
        _within(name, own) and not any(_within(name, span) for span in inner) for name in names
    )


def says_detached(file: str) -> bool:
    """Return whether any line of a file may detach something."""
    return any(map(_WORD.search, linecache.getlines(file)))


def detached_operands(place: Place) -> Iterator[bool]:
    """Yield for each operand of an expression whether it is a detached value as it is written."""
    for written in _operands(place):
        if isinstance(written, ast.Name):
            given = re.compile(rf"\b{re.escape(written.id)}\s*=(?!=)\s*(.*)")
            lines = (linecache.getline(place.file, line) for line in range(place.line, 0, -1))
            last = next((match[1] for line in lines if (match := given.search(line))), "")
            yield _CALL.match(last) is not None
        else:
            yield isinstance(written, ast.Call) and _is_detaching(written)


def _operands(place: Place) -> list[ast.expr]:
    text = linecache.getline(place.file, place.line)[place.column - 1 :][: place.width]
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return []  # it goes on in the next line
    match tree:
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.Call(args=args):
            return args
        case ast.UnaryOp(operand=operand):
            return [operand]
    return []


def _is_detaching(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    return _WORD.search(name) is not None


def _span(node: ast.expr) -> tuple[int, int]:
    return node.col_offset, node.end_col_offset or node.col_offset


def _within(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]
