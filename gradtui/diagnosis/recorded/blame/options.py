"""Edits of what a call is told in words or flags: a norm, a reduction, a triangle."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

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
_FILES, _MOST = 32, 8
"""Most files whose words are kept, and most of these."""


def options(s: Statement) -> Iterator[Candidate]:
    """Yield calls that are told otherwise."""
    for node in s.nodes:
        if isinstance(node, ast.Call):
            yield from _words(s, node)
            yield from _told(s, node)
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


def _told(s: Statement, call: ast.Call) -> Iterator[Candidate]:
    """Yield calls with another of the words that the file compares or passes to its functions."""
    worded = [(node, word) for node in _given(call) if (word := _word(node)) is not None]
    every = (_given(one) for one in s.unit.of(ast.Call)) if worded else ()
    passed = Counter(_word(node) for given in every for node in given)
    for node, own in worded:
        for word in _words_of(s.unit.tree):
            if word != own:
                text = s.spelled(repr(word))
                told, edit = f"{s.text(node)} must be {text}", s.replaced(node, text)
                # Both halves of a layer are told the same.
                agrees = passed[word] > 0 and passed[own] == 1
                yield Candidate((edit,), "wrong-variable", told, 0, text, node, named=agrees)


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(one.value for one in call.keywords)]


def _word(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


@lru_cache(_FILES)
def _words_of(tree: ast.Module) -> Sequence[str]:
    """Return the words that a file compares with others, the first ones alone if there are many."""
    found = (
        side.value for one in ast.walk(tree) if isinstance(one, ast.Compare)
        for side in (one.left, *one.comparators) if isinstance(side, ast.Constant)
    )  # fmt: skip
    return [*dict.fromkeys(one for one in found if isinstance(one, str))][:_MOST]


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
