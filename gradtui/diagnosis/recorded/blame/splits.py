"""The part of an array that another line leaves, such as `x[:m]` beside `x[m:]`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import indices_of
from gradtui.diagnosis.recorded.blame.units import Edit


def splits(s: Statement) -> Iterator[Candidate]:
    """Yield what is left of an array where other elements of it are picked elsewhere."""
    for node in (one for one in s.nodes if isinstance(one, ast.Subscript)):
        for at, part in enumerate(indices_of(node)):
            for text in dict.fromkeys(_left(s, node, at)) if isinstance(part, ast.Slice) else ():
                edit = Edit(s.unit.start(part), s.unit.end(part), text)
                told = f"the index must be {text}, for the rest is picked elsewhere"
                yield Candidate((edit,), "wrong-variable", told, 0, text, node, named=True)


def _left(s: Statement, node: ast.Subscript, at: int) -> Iterator[str]:
    """Yield what others of the same array leave at an index, with the same other indices."""
    own = [s.text(one) for one in indices_of(node)]
    for other in s.unit.of(ast.Subscript):
        texts = [s.text(one) for one in indices_of(other)]
        beside = [*texts[:at], own[at], *texts[at + 1 :]]
        alike = other is not node and len(texts) == len(own) and beside == own
        if alike and s.text(other.value) == s.text(node.value):
            rest = _rest(s, indices_of(other)[at])
            yield from [] if rest in ("", own[at]) else [rest]
            single = _picked_first(s, node)
            yield from [f"{single}{rest}"] if rest[:1] == ":" and single else []


def _picked_first(s: Statement, node: ast.Subscript) -> int:
    """Return how many of an array's first elements are picked one by one."""
    picked = {
        one.slice.value for one in s.unit.of(ast.Subscript)
        if isinstance(one.slice, ast.Constant) and s.text(one.value) == s.text(node.value)
    }  # fmt: skip
    return next(at for at in range(len(picked) + 1) if at not in picked)


def _rest(s: Statement, part: ast.expr) -> str:
    """Return the slice of what a slice leaves; empty if it leaves several parts, or none."""
    match part:
        case ast.Slice(ast.expr() as bound, None, None):
            return f":{s.text(bound)}"
        case ast.Slice(None, ast.expr() as bound, None):
            return f"{s.text(bound)}:"
        case _:
            return ""
