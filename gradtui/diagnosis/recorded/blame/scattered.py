"""Edits that add to the rows of an array of zeros, which indices tell and nothing fills."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import islice, product, zip_longest

from gradtui.diagnosis.recorded.blame.accumulations import adding
from gradtui.diagnosis.recorded.blame.begun import unfilled, unwritten
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, unwrapped
from gradtui.diagnosis.recorded.blame.scope import Held, Shape
from gradtui.diagnosis.recorded.blame.trees import block_of
from gradtui.engine.shapes import stretches

_MOST = 120
"""Most lines tried for an array."""
_WHOLE = 30
"""Most values that are added, and multiplied."""


def scattered(s: Statement) -> Iterator[Candidate]:
    """Yield the line that adds rows: at the end of a loop's rounds, or before an array is read."""
    if isinstance(s.node, ast.For):
        names, last = [*unwritten(s.unit, s.node)], s.node.body[-1]
    else:
        names, last = [*lacking(s)], s.node
    for name in names if s.numpy else ():
        for text in islice(dict.fromkeys(_lines(s, name)), _MOST):
            yield adding(s, last, name, text)


def lacking(s: Statement) -> Sequence[str]:
    """Return the arrays that stay zeros although the line behind a statement reads them."""
    block = block_of(s.unit.node, s.node)
    behind = block[block.index(s.node) + 1 :][:1]
    return unfilled(s.unit, behind[0]) if behind else []


def _lines(s: Statement, name: str) -> Iterator[str]:
    """Yield the calls that add values of fitting shapes, at each of the indices in turn."""
    own = s.scope.get(name) or s.stored(ast.Name(name))
    known = [(text, held) for text, held in _at_hand(s) if text != name]
    vectors = [text for text, held in known if held.kind == "i" and len(held.shape) == 1]
    vectors = vectors if own is not None and own.shape else []
    row = own.shape[1:] if own is not None else ()
    values = [_values(s, known, index, row) for index in vectors]
    for some in zip_longest(*values):
        for index, value in zip(vectors, some, strict=True):
            if value is not None and s.dialect.module.__name__ == "torch":
                yield f"{name}.index_add_(0, {index}, {value})"
            elif value is not None:
                yield f"{s.numpy}add.at({name}, {index}, {value})"


def _at_hand(s: Statement) -> list[tuple[str, Held]]:
    """Return the function's own values, the latest first, and then its expressions."""
    names = (one for one in s.unit.nodes if isinstance(one, ast.Name))
    latest = {one.id: one.lineno for one in names if isinstance(one.ctx, ast.Store)}
    found = [
        (text, held) for text, held in s.scope.items()
        if text.encode() in s.unit.source and text not in s.unit.globals
    ]  # fmt: skip
    found.sort(key=lambda pair: -latest.get(pair[0], 0))
    return found + [pair for pair in s.expressions if "zeros" not in pair[0]]


def _values(
    s: Statement, known: Sequence[tuple[str, Held]], index: str, row: Shape
) -> Iterator[str]:
    """Yield arrays with a row for each index, rows that others pick, and products of two.

    Where the code multiplies rows that the index picks, it is another value that is, too.
    """
    count = s.scope[index].shape
    others = [
        text for text, held in known
        if text != index and (held.kind, held.shape) == ("i", count) and text in s.scope
    ]  # fmt: skip
    full = (*count, *row)
    arrays = [(text, held.shape) for text, held in known if held.kind == "f"]
    picked = [
        (f"{text}[{other}]", (*count, *shape[1:])) for other in others for text, shape in arrays
        if shape and shape[1:] in (row, ()) and text in s.scope
    ]  # fmt: skip
    whole = [text for text, shape in (*arrays, *picked) if shape == full]
    whole = [*dict.fromkeys(whole)][:_WHOLE]
    yield from map(unwrapped, whole)
    rows = re.compile(rf"\b\w+\[{re.escape(index)}\]")
    made = [text for text, shape in arrays if shape == full and rows.search(text)]
    own = [text for text in whole if text.isidentifier()]
    yield from (unwrapped(rows.sub(one, text)) for text in made for one in own if one not in text)
    beside = [
        f"{text}[:, None]" if shape == count != full else text
        for text, shape in (*arrays, *(one for one in picked if one[1] == count))
        if shape and (shape == count or stretches(shape, full))
    ]  # fmt: skip
    for sign in "*/":
        yield from (f"{one} {sign} {two}" for one, two in product(whole, beside) if one != two)
