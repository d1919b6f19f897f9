"""Edits that change a part of a value: a penalty of all weights but the first, 1 at the labels."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import islice

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.forgotten import forgotten
from gradtui.diagnosis.recorded.blame.owned import copied_first
from gradtui.diagnosis.recorded.blame.units import Edit

_NAME = re.compile(r"\w+")
_PART = re.compile(r"([\w.]+)(\[[^\[\]]*:[^\[\]]*\])")
_PARTS, _NUMBERS, _INDICES = 3, 6, 4
"""Most parts that are tried, most numbers that each is multiplied by, and most indices."""


def partly(s: Statement) -> Iterator[Candidate]:
    """Yield the line after a statement that adds a multiple of a part to that part of its value.

    The code takes the same part of an array of that shape elsewhere.
    """
    target = s.node.targets[0] if isinstance(s.node, ast.Assign) else None
    held = s.stored(target) if isinstance(target, ast.Name) else None
    if held is None or held.kind != "f" or not held.shape or not s.margin.isspace():
        return
    assert isinstance(target, ast.Name)
    parts = [found for text, _ in s.expressions if (found := _PART.fullmatch(text))]
    alike = [one for one in parts if (own := s.scope.get(one[1])) and own.shape == held.shape]
    numbers = [text for text, one in s.scope.items() if (one.kind, one.shape) == ("f", ())]
    numbers.sort(key=lambda text: -s.recent.get(text, 0))
    end = s.unit.end(s.node)
    for one in [one for one in alike if one[1] != target.id][:_PARTS]:
        for number in numbers[:_NUMBERS]:
            for times in (number, f"2 * {number}"):
                line = f"{target.id}{one[2]} += {times} * {one[0]}"
                told = f"the term {times} * {one[0]} is missing in a part of {target.id}"
                edit = Edit(end, end, f"\n{s.margin}{copied_first(s, target.id)}{line}")
                yield Candidate((edit,), "missing-term", told, 0, line, s.node)


def picked(s: Statement) -> Iterator[Candidate]:
    """Yield a line that changes all elements by a number, with an index of those that are meant."""
    node = s.node
    if not isinstance(node, ast.AugAssign) or not isinstance(node.value, ast.Constant):
        return
    held = s.stored(node.target) if isinstance(node.target, ast.Name) else None
    if held is None or held.kind != "f" or not held.shape:
        return
    idle = set(forgotten(s))
    for text in islice(_indices(s, len(held.shape)), _INDICES):
        cost = int(idle.isdisjoint(_NAME.findall(text)))
        edit = Edit(s.unit.end(node.target), s.unit.end(node.target), f"[{text}]")
        told = f"only the elements at {text} are meant"
        yield Candidate((edit,), "wrong-variable", told, cost, text, node.target)


def _indices(s: Statement, axes: int) -> Iterator[str]:
    """Yield what picks one element along the last of some axes: labels in scope."""
    for text, held in s.scope.items():
        if held.kind == "i" and len(held.shape) == axes - 1:
            yield f"{s.numpy}arange(len({text})), {text}" if axes == 2 else text
