"""Statements whose form alone tells that they do not do what they are meant to do."""

from __future__ import annotations

import ast

from gradtui.diagnosis.recorded.blame.alike import returns_unlike
from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.dropped import is_dropped
from gradtui.diagnosis.recorded.blame.expressions import name_of
from gradtui.diagnosis.recorded.blame.forms import idle_ones
from gradtui.diagnosis.recorded.blame.misstored import drops_before, is_misstored
from gradtui.diagnosis.recorded.blame.rebound import is_rebound
from gradtui.diagnosis.recorded.blame.stores import is_doubled
from gradtui.diagnosis.recorded.blame.twins import is_cut_off
from gradtui.diagnosis.recorded.blame.words import is_tested_twice

_BOUNDING = ("clip", "clamp")
_SIGNS = (
    is_cut_off, is_dropped, is_doubled, is_rebound, is_tested_twice, drops_before, is_misstored,
)  # fmt: skip


def is_vain(s: Statement) -> bool:
    """Return whether a statement loses what it makes, repeats another, or does nothing in part."""
    vain = any(holds(s) for holds in _SIGNS) or returns_unlike(s.unit, s.node)
    return vain or idle_ones(s.node) > 0 or any(map(_chooses_nothing, s.nodes))


def _chooses_nothing(node: ast.AST) -> bool:
    """Return whether an expression has two cases that are the same, or keeps to one number."""
    match node:
        case ast.IfExp(_, one, other):
            return ast.dump(one) == ast.dump(other)
        case ast.Call(args=[*_, ast.Constant(low), ast.Constant(high)]):
            return name_of(node.func) in _BOUNDING and low == high
        case _:
            return False
