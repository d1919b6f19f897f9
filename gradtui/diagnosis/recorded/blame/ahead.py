"""Missing lines before all that reads an argument, such as a slope that each gradient lacks."""

from __future__ import annotations

import ast
from typing import Any

from msgspec.structs import replace

from gradtui.diagnosis.recorded.blame.afters import line_behind
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, unwrapped
from gradtui.diagnosis.recorded.blame.definitions import Function
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Unit

_LACKING = frozenset({"constant-factor", "missing-factor", "missing-path", "missing-term", "sign"})


def ahead(s: Statement, candidate: Candidate) -> Candidate | None:
    """Return the line that changes an argument for all that reads it as an edit does for one.

    It follows the statement before the first that reads it; None if there is no such line.
    """
    node, edit = candidate.node, candidate.edits[0]
    alone = len(candidate.edits) == 1 and candidate.rule in _LACKING
    if not isinstance(node, ast.Name) or not alone or s.unit.body is not None:
        return None
    own = s.replaced(node, "")
    before = _before_readers(s.unit, node.id)
    if before is None or (edit.start, edit.end) != (own.start, own.end):
        return None
    text = f"{node.id} = {unwrapped(edit.text.decode())}"
    line = line_behind(s.unit, before, text)
    return None if line is None else replace(candidate, edits=(line,), node=before)


def _before_readers(unit: Unit, name: str) -> ast.stmt | None:
    """Return the statement before the first that reads an argument, if several places read it."""
    used = {one for one in unit.of(ast.Name) if one.id == name}
    stored = any(isinstance(one.ctx, ast.Store) for one in used)
    given = any(one.arg == name for one in unit.of(ast.arg))
    if stored or not given or len(used) < 2 or not isinstance(unit.node, Function):
        return None
    body: list[Any] = unit.node.body
    first = next(at for at, one in enumerate(body) if not used.isdisjoint(walked(one)))
    above = [one for one in body[:first] if not isinstance(one, ast.Pass)]
    return above[-1] if above else None
