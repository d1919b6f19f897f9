"""Edits of a fold: another axis, several, and whether it keeps them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import name_of
from gradtui.diagnosis.recorded.blame.units import Edit

_AXES = ("0", "1", "-1", "2", "3")
_DEEPEST = 5
"""Most axes of an array of which several are chosen."""
_FOLDS = frozenset({
    "sum", "mean", "max", "min", "prod", "cumsum", "std", "var", "argmax", "argmin", "amax", "amin",
    "softmax", "log_softmax", "logsumexp",
})  # fmt: skip
_ALONG_ONE = frozenset({
    "unbind", "unstack", "chunk", "split", "array_split", "tensor_split", "cat", "stack",
    "concatenate", "cumsum", "cumprod", "logcumsumexp", "diff", "gather", "index_select", "scatter",
    "scatter_add", "index_add", "take_along_axis", "sort", "argsort", "topk", "argmax", "argmin",
    "softmax", "log_softmax", "unsqueeze", "squeeze", "select", "narrow",
})  # fmt: skip
"""Functions and methods that are given one axis, and never several."""
_PLACES = {"flip": 1, "roll": 2, "repeat": 2, "stack": 1, "concatenate": 1, "expand_dims": 1}
"""Where functions that move elements are given an axis."""


def of_axis(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield other axes of a sum, and whether it keeps them."""
    named = {one.arg: one for one in node.keywords}
    axis = named.get("axis") or named.get(s.dialect.axis)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name in _PLACES and s.dialect.module.__name__ == "numpy":
        yield from _of_moved(s, node, name, axis)
        return
    if axis is None and name not in _FOLDS:
        return
    kept = named.get("keepdims") or named.get(s.dialect.keepdims)
    for edit, told, cost in (*_other_axes(s, node, axis), *_keeping(s, node, kept)):
        yield Candidate((edit,), "wrong-axis", told, cost, None, node)
    if axis is None and kept is None and _place_of_axis(s, node) is None:
        for other in dict.fromkeys((*_axes_beside(s), *_AXES)):
            text = f"{s.dialect.axis}={other}, {s.dialect.keepdims}=True"
            told = f"the axis must be {other}, which it must keep"
            yield Candidate((added(s, node, text),), "wrong-axis", told, 1, None, node)


def of_entry(s: Statement, node: ast.Subscript) -> Iterator[Candidate]:
    """Yield the sum along an axis of which one entry alone is taken."""
    index = node.slice
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    taken = [at for at, one in enumerate(parts) if not isinstance(one, ast.Slice)]
    if isinstance(node.ctx, ast.Store) or len(taken) != 1 or not s.numpy:
        return
    (axis,), shape = taken, s.shape(node.value)
    several = isinstance(node.value, ast.Call) if shape is None else shape[axis : axis + 1] > (1,)
    if several and _is_number(parts[axis]):
        text = f"{s.numpy}sum({s.text(node.value)}, {s.dialect.axis}={axis})"
        told = f"it must sum over axis {axis}"
        yield Candidate((s.replaced(node, text),), "wrong-axis", told, 1, text, node)


def folded(s: Statement) -> Iterator[Candidate]:
    """Yield the sums of a statement's values over axes that a wrong gradient does not have."""
    for value in s.values:
        shape = s.shape(value) or ()
        for wanted in s.wanted if len(shape) <= _DEEPEST else ():
            for axes in combinations(range(len(shape)), max(0, len(shape) - len(wanted))):
                left = tuple(size for at, size in enumerate(shape) if at not in axes)
                if axes and left == tuple(wanted):
                    over = str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})"
                    text = f"{s.inside(value, 9)}.sum({s.dialect.axis}={over})"
                    told = f"it must be summed over {s.dialect.axis}={over}"
                    yield Candidate((s.replaced(value, text),), "wrong-axis", told, 1, text, value)


def _is_number(part: ast.expr) -> bool:
    number = part.operand if isinstance(part, ast.UnaryOp) else part
    return isinstance(number, ast.Constant) and type(number.value) is int


def _other_axes(
    s: Statement, node: ast.Call, axis: ast.keyword | None
) -> Iterator[tuple[Edit, str, int]]:
    given = _place_of_axis(s, node) if axis is None else axis.value
    for other in _AXES:
        told = f"the axis must be {other}"
        if given is None:
            yield added(s, node, f"{s.dialect.axis}={other}"), told, 1
        elif s.text(given) != other:
            yield s.replaced(given, other), told, 0
    if name_of(node.func) in _ALONG_ONE:
        return
    for several in _several_axes(s, node, given):
        told = f"the axes must be {several}"
        if given is None:
            yield added(s, node, f"{s.dialect.axis}={several}"), told, 1
        else:
            yield s.replaced(given, several), told, 0
    if given is not None:
        name = "" if axis is None else f"{axis.arg}="
        start = s.unit.start(given) - len(name)
        yield Edit(start, s.unit.end(given), f"{name}None"), "it must sum over all axes", 1


def _of_moved(
    s: Statement, node: ast.Call, name: str, axis: ast.keyword | None
) -> Iterator[Candidate]:
    """Yield other axes along which elements are put in another order."""
    array, place = _array(node, s), _PLACES[name]
    place -= isinstance(node.func, ast.Attribute) and array is node.func.value
    behind = node.args[place] if len(node.args) > place else None
    given = behind if axis is None else axis.value
    shape = s.shape(node) or s.shape_of_value(node) or (array is not None and s.shape(array)) or ()
    count = min(len(shape), _DEEPEST)
    own = {one % count for one in _numbers(given)} if count else set()
    for size in (1, 2) if name == "flip" else (1,):
        for axes in combinations(range(count), size):
            if set(axes) == own:
                continue
            text = str(axes) if size > 1 else str(axes[0])
            edit = (
                added(s, node, f"{s.dialect.axis}={text}")
                if given is None
                else s.replaced(given, text)
            )
            told = f"the {'axes' if size > 1 else 'axis'} must be {text}"
            cost = int(given is None and name != "flip")  # without one, all axes are reversed
            yield Candidate((edit,), "wrong-axis", told, cost, None, node)


def _array(node: ast.Call, s: Statement) -> ast.expr | None:
    """Return the array that a function is called with, or that a method belongs to."""
    array = node.func.value if isinstance(node.func, ast.Attribute) else None
    if array is not None and s.is_module(array):
        return node.args[0] if node.args else None
    return array


def _several_axes(s: Statement, node: ast.Call, given: ast.expr | None) -> Iterator[str]:
    """Yield the sets of several axes, but not all, that are not the given ones."""
    array = _array(node, s)
    count = len((array is not None and s.shape(array)) or ())
    own = {one % count for one in _numbers(given)} if count else set()
    for size in range(2, count) if count <= _DEEPEST else ():
        for axes in combinations(range(count), size):
            if set(axes) != own:
                yield f"({', '.join(map(str, axes))})"


def _numbers(given: ast.expr | None) -> list[int]:
    """Return the axes that are given as numbers."""
    parts = given.elts if isinstance(given, ast.Tuple | ast.List) else [given]
    try:
        found = [ast.literal_eval(one) for one in parts if one is not None]
    except ValueError:
        return []
    return [one for one in found if type(one) is int]


def _axes_beside(s: Statement) -> Iterator[str]:
    """Yield the axes that other calls of the function are given by name."""
    for node in s.unit.nodes:
        if isinstance(node, ast.keyword) and node.arg in ("axis", s.dialect.axis):
            yield s.text(node.value)


def _keeping(
    s: Statement, node: ast.Call, kept: ast.keyword | None
) -> Iterator[tuple[Edit, str, int]]:
    if kept is None:
        yield added(s, node, f"{s.dialect.keepdims}=True"), "it must keep its axes", 1
    elif isinstance(kept.value, ast.Constant):
        other = str(not kept.value.value)
        yield s.replaced(kept.value, other), f"{kept.arg} must be {other}", 1


def _place_of_axis(s: Statement, node: ast.Call) -> ast.expr | None:
    """Return an axis that is given by its place: behind the array, if that is an argument."""
    func = node.func
    method = isinstance(func, ast.Attribute) and not s.is_module(func.value)
    return node.args[-1] if len(node.args) == (1 if method else 2) else None


def added(s: Statement, node: ast.Call, text: str) -> Edit:
    """Return the edit that adds an argument to a call."""
    end = s.unit.end(node) - 1
    end = len(s.unit.source[:end].rstrip())
    before = {b"(": "", b",": " "}.get(s.unit.source[end - 1 : end], ", ")
    return Edit(end, end, f"{before}{text}")
