"""What the gradient of a normalisation lacks that takes the mean and the size for constants.

A value that has no mean, or one size, along some axes is a normalised one, whatever computed it:
nothing flows back along it, and nothing to its mean.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.branches import inserted
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.glances import is_array
from gradtui.diagnosis.recorded.blame.material import arrays
from gradtui.diagnosis.recorded.blame.trees import walked

_FOLDS = ("mean", "sum")
_CLOSE = 1e-3
"""How far the sum of squares may be from 1, because code adds a small number to it."""
_NOTHING = 1e-6
"""How far a mean may be from 0, relative to the largest element."""
_COST = 2
"""How far-fetched it is: one of the terms is forgotten sooner than all of them."""
_MOST = 6
"""Most arrays that are looked at."""


def normalised(s: Statement) -> Iterator[Candidate]:
    """Yield a value without its part along a normalised one, and without its mean if that has none.

    It is changed on a line of its own unless it is a name.
    """
    value, whole = s.value(), True
    match value:
        case ast.BinOp(left=ast.Name() as value, op=ast.Div()):
            whole = False  # it is divided by the scale
    shape = () if value is None or s.unpacks else s.shape(value) or s.shape_of_value(value) or ()
    target = s.node.targets[0] if whole and isinstance(s.node, ast.Assign) else value
    if value is None or not shape or not isinstance(target, ast.Name) or _is_folded(s, target.id):
        return
    if whole and _is_divided(s, target.id):
        return
    alike = [name for name, held in arrays(s) if held.shape == shape and name.isidentifier()]
    for name in alike[:_MOST]:
        array = s.object(name)
        for axes, parts in _parts(s, array) if is_array(array) and name != target.id else ():
            text = f"{target.id}{''.join(part.format(target.id, name, axes) for part in parts)}"
            told = f"what flows back through {_names(parts)} of which {name} is made is missing"
            if whole and isinstance(s.node, ast.Assign) and not is_leaf(value):
                edit = inserted(s, s.node, f"{target.id} = {text}", behind=True)
            else:
                edit = s.replaced(value, text, 1)
            yield Candidate((edit,), "missing-path", told, _COST, None, value)


def _is_folded(s: Statement, name: str) -> bool:
    """Return whether the function takes a mean or a sum of what a name stands for."""
    folds = (one for one in s.unit.of(ast.Call) if getattr(one.func, "attr", "") in _FOLDS)
    return any(isinstance(inner, ast.Name) and inner.id == name
               for one in folds for inner in walked(one))  # fmt: skip


def _is_divided(s: Statement, name: str) -> bool:
    """Return whether another line divides what a name stands for, and would say it there."""
    return any(isinstance(one.op, ast.Div) and isinstance(one.left, ast.Name)
               and one.left.id == name for one in s.unit.of(ast.BinOp))  # fmt: skip


def _names(parts: list[str]) -> str:
    return "the mean and the scale" if len(parts) > 1 else "the scale"


def _parts(s: Statement, array: NDArray[Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield the axes along which an array is normalised, and what its gradient then lacks."""
    every = range(array.ndim)
    along = [*[(axis,) for axis in every], tuple(axis for axis in every if axis != 1), (*every,)]
    for axes in dict.fromkeys(along):
        if min((array.shape[axis] for axis in axes), default=0) < 2:
            continue
        given = ", ".join(map(str, axes))
        given = given if len(axes) == 1 else f"({given})"
        given = f"{s.dialect.axis}={given}, {s.dialect.keepdims}=True"
        squares, room = array**2, _NOTHING * np.max(np.abs(array))
        for fold in _FOLDS:
            if np.all(np.abs(getattr(squares, fold)(axes) - 1) <= _CLOSE):
                parts = [f" - {{1}} * ({{0}} * {{1}}).{fold}({{2}})"]
                if fold == "mean" and np.all(np.abs(array.mean(axes)) <= room):
                    parts.insert(0, " - {0}.mean({2})")
                yield given, parts
