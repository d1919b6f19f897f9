"""Gradients that are added up beside the loss and lack the division that this gets afterwards."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from gradtui.diagnosis.recorded.blame.branches import inserted
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import names_in
from gradtui.diagnosis.recorded.blame.trees import block_of, walked


def alongside(s: Statement) -> Iterator[Candidate]:
    """Yield lines before a statement that scale what it reads as another sum was scaled before."""
    block = block_of(s.unit.node, s.node)
    before = block[: block.index(s.node)]
    scaled = [(at, line, name) for at, line in enumerate(before) if (name := _scaled(line))]
    if len(scaled) > 1:
        return  # a line is missing beside those
    for at, line, name in scaled:
        if not _is_summed(name, before[:at]):
            continue
        for other in dict.fromkeys(_names(s.node)):
            held, behind = s.scope.get(other), before[at + 1 :]
            if held is None or held.kind != "f" or any(other in _names(one) for one in behind):
                continue
            if other == name or not _is_summed(other, before[:at]):
                continue
            text = re.sub(rf"\b{name}\b", other, s.text(line))
            told = f"{text} is missing, as line {line.lineno} does with {name}"
            edit = inserted(s, s.node, text, behind=False)
            yield Candidate((edit,), "missing-factor", told, 0, text, s.node, named=True)


def _scaled(line: ast.stmt) -> str | None:
    """Return the name that a line multiplies or divides by another value; None for others."""
    match line:
        case ast.AugAssign(ast.Name(name), ast.Mult() | ast.Div()):
            return name
        case ast.Assign([ast.Name(name)], ast.BinOp(ast.Name(own), ast.Mult() | ast.Div())):
            return name if name == own else None
        case _:
            return None


def _is_summed(name: str, lines: Sequence[ast.stmt]) -> bool:
    """Return whether lines add to a name, or to parts of it, again and again."""
    loops = (one for line in lines if isinstance(line, ast.For) for one in walked(line))
    return any(
        isinstance(one, ast.AugAssign) and isinstance(one.op, ast.Add | ast.Sub)
        and name in names_in(one.target)
        for one in loops
    )  # fmt: skip


def _names(node: ast.stmt) -> list[str]:
    return [one.id for one in walked(node) if isinstance(one, ast.Name)]
