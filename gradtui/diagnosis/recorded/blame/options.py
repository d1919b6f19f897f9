"""Edits of what a call is told in words or flags: a norm, a reduction, a triangle."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.units import Edit

_CHOICES = {
    "norm": ("backward", "forward", "ortho"),
    "reduction": ("sum", "mean", "none"),
    "reduce": ("sum", "mean", "prod", "amax", "amin"),
    "side": ("left", "right"),
    "padding_mode": ("zeros", "border", "reflection"),
    "mode": ("full", "same", "valid", "reduced", "complete"),
}
"""The words that some named arguments take."""
_TRIANGLES = ("solve_triangular", "triangular_solve", "cholesky_solve")
"""Functions that are told which triangle of a matrix they read."""
_TIGHT = 9


def options(s: Statement) -> Iterator[Candidate]:
    """Yield calls that are told otherwise."""
    for node in s.nodes:
        if isinstance(node, ast.Call):
            yield from _words(s, node)
            yield from _triangles(s, node)


def _words(s: Statement, call: ast.Call) -> Iterator[Candidate]:
    for named in call.keywords:
        own = named.value.value if isinstance(named.value, ast.Constant) else None
        choices = _CHOICES.get(named.arg or "", ())
        for word in choices if own in choices else ():
            if word != own:
                text = s.spelled(repr(word))
                told, edit = f"{named.arg} must be {text}", s.replaced(named.value, text)
                yield Candidate((edit,), "constant-factor", told, 1, text, named.value)


def _triangles(s: Statement, call: ast.Call) -> Iterator[Candidate]:
    """Yield solutions by the transpose of a triangular matrix, which has the other triangle."""
    named = {one.arg: one.value for one in call.keywords}
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name not in _TRIANGLES or not call.args:
        return
    flags = [named[one] for one in ("upper", "lower") if one in named]
    turned = list[Edit]()
    for flag in flags:
        if isinstance(flag, ast.Constant) and type(flag.value) is bool:
            turned.append(s.replaced(flag, str(not flag.value)))
    matrices = call.args[:1] if name == "solve_triangular" else call.args[1:2]
    for matrix in matrices if turned else ():
        text = f"{s.inside(matrix, _TIGHT)}{_transpose(s, matrix)}"
        if isinstance(matrix, ast.Attribute) and matrix.attr in ("T", "mT", "H", "mH"):
            text = s.text(matrix.value)
        told = f"it needs {text}, with the other triangle"
        yield Candidate((s.replaced(matrix, text), *turned), "transposed", told, 0, text, call)


def _transpose(s: Statement, matrix: ast.expr) -> str:
    """Return how the function transposes matrices like one."""
    if b".mT" in s.unit.source:
        return ".mT"
    shape = s.shape(matrix)
    return s.transpose if shape is not None and len(shape) == 2 else s.dialect.swapped
