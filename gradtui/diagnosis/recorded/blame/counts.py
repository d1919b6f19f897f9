"""Numbers of elements that a mean divides by."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import prod

from msgspec import Struct

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.constants import sizes
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.scope import Shape
from gradtui.diagnosis.recorded.blame.trees import walked

_MEANS = {"mean": 1, "average": 1, "mse_loss": 2, "MSELoss": 0}
"""Functions that average, with their most arguments if they do so over all axes."""
_SIZES, _AXES = ("size", "numel"), ("axis", "dim")
_FACTORS = ast.Mult | ast.Div
_MOST = 2
"""Most arrays whose elements are counted."""
_LENGTHS = 4
"""Most lengths tried for another one."""


def of_count(s: Statement, count: ast.expr) -> Iterator[Candidate]:
    """Yield all elements of an array in the place of its rows, in code that takes their mean."""
    means = _means(s.unit.node) or _means(s.unit.tree)
    if not any(one.whole for one in means):
        return
    sizes = dict[int, str]()
    for array, shape in _counted(s, count, means):
        sizes.setdefault(prod(shape), array)
    for array in [*sizes.values()][:_MOST]:
        text = f"{array}{s.dialect.size}"
        told = f"{s.text(count)} must be {text}: the mean is that of all elements"
        yield Candidate((s.replaced(count, text),), "constant-factor", told, 0, text, count)


def of_size(s: Statement, count: ast.expr) -> Iterator[Candidate]:
    """Yield other lengths in scope for one, or for a whole number, that something is divided by."""
    if isinstance(count, ast.Name | ast.Attribute):
        held = s.held(count)
        if held is None or held.kind != "i" or held.shape or not held.value:
            return
        own = {int(held.value), int(held.value) - 1}  # n - 1 is that of an unbiased variance
    elif _is_size(count):
        own = {dict(sizes(s)).get(s.text(count), 0)}
    else:
        return
    own |= {size for one in own for size in (2 * one, one // 2)}  # a factor of 2 is likelier
    found = dict[int, str]()
    for text, size in sizes(s):
        if size > 1 and size not in own:
            found.setdefault(size, text)
    for text in [*found.values()][:_LENGTHS]:
        told = f"{s.text(count)} must be {text}"
        yield Candidate((s.replaced(count, text),), "wrong-variable", told, 1, text, count)


def lengths(s: Statement) -> Iterator[Candidate]:
    """Yield the length of an array for the number of its elements, where that has a name.

    And the reverse.
    """
    value = s.value() if isinstance(s.node, ast.Assign) else None
    others: Sequence[str]
    match value:
        case ast.Attribute(array, "size") | ast.Call(ast.Attribute(array, "numel"), []):
            others, cost = (f"{s.text(array)}.shape[0]", f"{s.text(array)}.shape[1]"), 0
        case (ast.Subscript(ast.Attribute(array, "shape"), ast.Constant(0))
              | ast.Call(ast.Name("len"), [array])):  # fmt: skip
            others, cost = (f"{s.text(array)}{s.dialect.size}",), 1
        case _:
            return
    shape = s.shape(array) or ()
    for text in others[: len(shape)] if len(shape) > 1 else ():
        told = f"{s.text(value)} must be {text}"
        yield Candidate((s.replaced(value, text),), "wrong-variable", told, cost, text, value)


def _is_size(node: ast.expr) -> bool:
    """Return whether an expression is a length of an axis, or the size of an array."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in ("len", *_SIZES)
        case ast.Subscript(value=ast.Attribute(attr="shape")):
            return True
    return False


def summed_beside(s: Statement, node: ast.expr) -> Iterator[tuple[str, int]]:
    """Yield the lengths of the axes that the next term of a sum is summed over, as written.

    The term that a node is in may lack such a factor: of `a @ a.T - k`, k counts only once.
    """
    term: ast.AST = node
    while isinstance(above := s.parents.get(term), ast.BinOp) and isinstance(above.op, _FACTORS):
        term = above
    if not isinstance(above, ast.BinOp) or not isinstance(above.op, ast.Add | ast.Sub):
        return
    for one in walked(above.right if term is above.left else above.left):
        match one:
            case ast.BinOp(left=array, op=ast.MatMult()):
                pass
            case ast.Call(func=ast.Attribute(attr="dot" | "matmul"), args=[array, _]):
                pass
            case ast.Call(func=ast.Attribute(attr="dot" | "matmul", value=array), args=[_]):
                pass
            case _:
                continue
        shape = s.shape(array)
        if shape and is_leaf(array):
            axis = len(shape) - 1
            yield f"{s.text(array)}.shape[{axis}]" if axis else f"len({s.text(array)})", shape[-1]


def _counted(s: Statement, count: ast.expr, means: Sequence[_Mean]) -> Iterator[tuple[str, Shape]]:
    """Yield the arrays of several axes that have as many rows as an expression counts.

    Those come first that are averaged or divided, for another array's rows are often counted.
    """
    counted = list[str]()
    match count:
        case ast.Call(func=ast.Name(id="len"), args=[ast.expr() as array]):
            counted, number = [s.text(array)], _rows(s, array)
        case ast.Subscript(value=ast.Attribute(value=array, attr="shape")):
            counted, number = [s.text(array)], _rows(s, array)
        case ast.Call(func=ast.Attribute(value=array, attr="size"), args=[_]):
            counted, number = [s.text(array)], _rows(s, array)
        case ast.Name() | ast.Attribute():
            held = s.held(count)
            number = None if held is None or held.shape else held.value
        case _:
            return
    averaged = [name for mean in means if mean.whole for name in mean.names]
    within = {*walked(count)}
    divided = [
        s.text(one) for one in s.nodes
        if isinstance(one, ast.expr) and is_leaf(one) and one not in within
    ]  # fmt: skip
    shapes = {name: s.scope[name].shape for name in (*counted, *divided, *averaged)
              if name in s.scope}  # fmt: skip
    averages = {shapes[name] for name in averaged if name in shapes}
    for name in sorted(shapes, key=lambda one: -(one in averaged) - (one in divided)):
        shape = shapes[name]
        if len(shape) < 2 or (shape[0] != number and name not in counted):
            continue
        if shape in averages or (number,) not in averages:
            yield name, shape  # else the mean is that of a number for each row


def _rows(s: Statement, array: ast.expr) -> float | None:
    """Return the length of an array's first axis; None if unknown."""
    held = s.held(array)
    return held.shape[0] if held is not None and held.shape else None


class _Mean(Struct, frozen=True):
    """A mean in the code, or a number of elements that it divides by."""

    whole: bool
    """Whether it is that of all elements, and not of sums, nor of how often something holds."""
    names: tuple[str, ...]
    """The names in it, without those of the factors of matrix products."""


@lru_cache(64)
def _means(tree: ast.AST) -> Sequence[_Mean]:
    """Return the means that code takes."""
    calls = [node for node in walked(tree) if isinstance(node, ast.Call)]
    given = {node.func for node in calls if node.args}  # `size(0)` counts the rows
    sizes = (node for node in walked(tree) if isinstance(node, ast.Attribute)
             and node.attr in _SIZES and node not in given)  # fmt: skip
    means = (node for node in calls if _called(node) in _MEANS)
    return [
        *(_Mean(_is_whole(node), tuple(_names(node))) for node in means),
        *(_Mean(True, tuple(_names(node))) for node in sizes),
    ]


def _is_whole(node: ast.Call) -> bool:
    tests = {one.args[0] for one in walked(node)
             if isinstance(one, ast.Call) and _called(one) == "where" and one.args}  # fmt: skip
    return not (node.keywords or len(node.args) > _MEANS[_called(node)]) and not any(
        (isinstance(one, ast.Compare) and one not in tests)
        or (isinstance(one, ast.Call) and _has_axis(one))
        for one in walked(node)
    )


def _has_axis(node: ast.Call) -> bool:
    """Return whether a call sums over one axis."""
    named = any(one.arg in _AXES for one in node.keywords)
    return named or (_called(node) == "sum" and any(map(_is_number, node.args)))


def _is_number(node: ast.expr) -> bool:
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant)


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.expr) and is_leaf(node):
        yield ast.unparse(node)
    product = isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
    for one in () if product else ast.iter_child_nodes(node):
        yield from _names(one)
