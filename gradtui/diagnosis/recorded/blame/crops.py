"""Slices of a padded array's gradient that leave out the padding, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import indices_of
from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit

_FILES = 32
"""Most files of which it is kept how wide they pad arrays."""


def crops(s: Statement) -> Iterator[Candidate]:
    """Yield the slices between the widths by which the code pads an array, on all axes at once."""
    yield from _moved(s)
    widths = [one for one in _widths(s.unit.tree) if set(one) <= s.scope.keys()]
    for node in s.nodes if widths else ():
        if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
            continue
        parts = indices_of(node)
        cut = [one for one in parts if isinstance(one, ast.Slice) and (one.lower or one.upper)]
        several = [widths] if len(widths) == len(cut) else [[one] * len(cut) for one in widths]
        for some in several if cut else ():
            texts = [f"{before}:-{behind}" for before, behind in some]
            edits = tuple(Edit(s.unit.start(one), s.unit.end(one), text)
                          for one, text in zip(cut, texts, strict=True))  # fmt: skip
            told = f"the index must be {texts[0]}, without what is padded"
            yield Candidate(edits, "wrong-variable", told, 1, texts[0], node)


def _moved(s: Statement) -> Iterator[Candidate]:
    """Yield slices that leave out on one side alone what is padded on both, moved by half of it."""
    for node in s.nodes:
        if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
            continue
        parts = indices_of(node)
        texts = {part: text for part in parts if (text := _in_the_middle(s, part)) is not None}
        if texts:
            edits = tuple(Edit(s.unit.start(part), s.unit.end(part), text)
                          for part, text in texts.items())  # fmt: skip
            told = f"the index must be {next(iter(texts.values()))}, without what is padded"
            yield Candidate(edits, "wrong-variable", told, 0, None, node)


def _in_the_middle(s: Statement, part: ast.expr) -> str | None:
    """Return a slice such as `p:n - p` for `:n - 2 * p`; None for another one."""
    match part:
        case ast.Slice(None, ast.BinOp(size, ast.Sub(), ast.BinOp(one, ast.Mult(), other)), None):
            widths = [side for side in (one, other) if not isinstance(side, ast.Constant)]
            twice = {ast.unparse(one), ast.unparse(other)} - {*map(ast.unparse, widths)} == {"2"}
            width = s.text(widths[0]) if twice else None
            return None if width is None else f"{width}:{s.text(size)} - {width}"
        case _:
            return None


@lru_cache(_FILES)
def _widths(tree: ast.Module) -> tuple[tuple[str, str], ...]:
    """Return the names of the widths by which a file pads arrays, before and behind them."""
    calls = (one for one in nodes_of(tree) if isinstance(one, ast.Call))
    padded = (one.args[1] for one in calls if _pads(one) and len(one.args) > 1)
    found = dict[tuple[str, str], None]()
    for one in (one for widths in padded for one in walked(widths)):
        match one:
            case ast.Tuple([ast.Name(before), ast.Name(behind)]):
                found[before, behind] = None
    return tuple(found)


def _pads(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "pad"
