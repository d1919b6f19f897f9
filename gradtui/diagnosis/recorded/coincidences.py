"""Sizes that a backward pass uses as numbers, if another axis happens to be as long."""

from __future__ import annotations

import ast
import linecache
import os
from collections.abc import Iterator, Mapping

import numpy as np

from gradtui.base.source import Place
from gradtui.base.text import shape_text
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.notes import note
from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.tape import Call, Leaf, Tape

_SCALING = frozenset({"multiply", "divide", "true_divide"})
_CLOSE = 1e-9


def equal_sizes(point: Point) -> Iterator[Finding]:
    """Yield a note for each line of the backward pass whose size could be mixed up unseen.

    An array of the forward pass has two axes of that size: a division by the wrong one is right for
    these data alone.
    """
    tape = point.result.tape
    forward = set(tape.sources(point.root))
    square = _squares(tape, forward)
    tops = [node for node in point.nodes.values() if node is not None]
    back = {*tape.sources(*tops)} - forward
    told = set[tuple[str, int]]()
    for id in sorted(back) if square else ():
        node = tape.nodes[id]
        place = node.place
        if not isinstance(node, Call) or node.name not in _SCALING or place is None:
            continue
        for at, source in enumerate(node.inputs):
            size, inverse = _size(tape, source)
            text = _operand(place, at) if size in square else None
            # A rate of 0.25 is no size, but 1/N is.
            rate = text is not None and inverse and "/" not in text
            if text is None or rate or (place.file, place.line) in told:
                continue
            told.add((place.file, place.line))
            yield _note(text, size, place, square[size], tape)


def _note(text: str, size: int, place: Place, square: int, tape: Tape) -> Finding:
    where, shape = tape.nodes[square].place, shape_text(tape.shape(square))
    seen = f"an array of shape {shape}"
    if where is not None:
        own = "" if where.file == place.file else f" of {os.path.basename(where.file)}"
        seen = f"the array of shape {shape} in line {where.line}{own}"
    told = f"{text} stands for the size {size}, which {seen} has twice: a mix-up of its axes "
    told += "would go unseen; check with sizes that differ"
    return note("relies-on-data", "info", text, told, place, {"size": size})


def _squares(tape: Tape, forward: set[int]) -> Mapping[int, int]:
    """Return the sizes that some data or product has twice, each with the first such node.

    Parameters may well be square, and so may what is made of them element by element.
    """
    found = dict[int, int]()
    for id in sorted(forward):
        node, shape = tape.nodes[id], tape.shape(id)
        data = isinstance(node, Leaf) and not node.name and tape.value(id).dtype.kind == "f"
        product = isinstance(node, Call) and node.name == "@" and tape.active[id]
        for size in set(shape) if data or product else ():
            if size > 1 and shape.count(size) > 1:
                found.setdefault(size, id)
    return found


def _size(tape: Tape, id: int) -> tuple[int, bool]:
    """Return the integer that a number of the program is, or the whole one it is the inverse of.

    0 if it is neither.
    """
    node = tape.nodes[id]
    if not isinstance(node, Leaf) or node.name or tape.shape(id) != ():
        return 0, False
    value = abs(float(tape.value(id)))
    whole = id in tape.whole or tape.value(id).dtype.kind in "iu"
    for inverse, one in enumerate((value if whole else 0.0, 1 / value if value else 0.0)):
        if np.isfinite(one) and one > 1 and abs(one - round(one)) < _CLOSE:
            return round(one), bool(inverse)
    return 0, False


def _operand(place: Place, at: int) -> str | None:
    """Return an operand of a product or quotient as the user wrote it; None for plain numbers.

    A library may have swapped the two: where one is written as a number, that is the number.
    """
    line = linecache.getline(place.file, place.line)
    text = line[place.column - 1 : place.column - 1 + place.width]
    try:
        statement = ast.parse(text).body[0]
    except (SyntaxError, IndexError):
        return None
    value = statement.value if isinstance(statement, ast.Expr) else statement
    operands: list[ast.expr] = []
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult | ast.Div):
        operands = [value.left, value.right]
    elif isinstance(value, ast.AugAssign) and isinstance(value.op, ast.Mult | ast.Div):
        operands = [value.target, value.value]
    named = [any(isinstance(n, ast.Name) for n in ast.walk(one)) for one in operands]
    if at >= len(operands) or not all(named):
        return None
    return ast.get_source_segment(text, operands[at])
