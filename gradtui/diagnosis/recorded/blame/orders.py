"""Edits of the order of elements: a missing reversal, a scan's direction, axes laid out wrongly.

A missing conjugate is of that kind, too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations, pairwise, permutations, product
from math import prod
from types import ModuleType

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import indices_of, is_leaf
from gradtui.diagnosis.recorded.blame.transposes import axes_of, is_order
from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit

_SCANS = ("cumsum", "cumprod", "logcumsumexp")
_PARTNERS = {"flipud": "fliplr", "fliplr": "flipud"}
_LAID = ("reshape", "view")
_COMPLEX = (b"conj", b"fft", b"complex")
"""What the text of functions of complex numbers contains."""
_CONVOLVED = (b"conv", b"kernel", b"filter", b"weight", b"flip", b"rot", b"::-1")
"""What the text of functions has that may turn an array round."""
_AXES = 16
"""Most axes of subscripts of which one takes the place of another."""
_SPACED = re.compile(r"\w\s+\w")
_WHOLE, _MOST = 3, 4
"""Fewest and most axes that are laid out in any other order."""
_FILES = 256
"""Most functions of which is known what the others do."""


def orders(s: Statement) -> Iterator[Candidate]:
    """Yield other orders of the elements of a statement's expressions."""
    yield from _in_shape(s)
    for node in s.nodes:
        if isinstance(node, ast.Call):
            yield from _scanned(s, node)
            yield from _laid(s, node)
            yield from _turned_before(s, node)
            yield from _turned_too(s, node)
        if isinstance(node, ast.expr) and _may_be_reversed(s, node):
            yield from _reversed(s, node)
            yield from _turned_round(s, node)
        if isinstance(node, ast.Subscript):
            yield from _as_it_is(s, node)


def _in_shape(s: Statement) -> Iterator[Candidate]:
    """Yield what is stored in the shape of the array whose gradient it may be."""
    for node in s.values:
        own = s.shape(node) or s.shape_of_value(node) or ()
        named = {
            held.shape: text for text, held in s.scope.items()
            if held.kind == "f" and held.shape in s.wanted and held.shape != own
            and prod(held.shape) == prod(own) > 1
        }  # fmt: skip
        inner = s.inside(node, 9)
        for shape, text in named.items():
            turns = ("", s.transpose) if len(own) == 2 and len(shape) != 2 else ("",)
            for turn in turns:
                made = f"{inner}{turn}.reshape({text}.shape)"
                told = f"it must have the shape of {text}"
                yield Candidate((s.replaced(node, made),), "wrong-axis", told, 1, None, node)


def conjugates(s: Statement) -> Iterator[Candidate]:
    """Yield the conjugates of a statement's arrays, if its function has complex ones."""
    names = {one.id for one in s.nodes if isinstance(one, ast.Name)}
    if s.complex.keys().isdisjoint(names) and not any(one in s.unit.source for one in _COMPLEX):
        return
    method = "conj_physical" if b"conj_physical" in s.unit.source else "conj"
    for node in s.nodes:
        if isinstance(node, ast.expr) and _is_array(s, node):
            text = f"{s.inside(node, 9)}.{method}()"
            told = "its conjugate is needed"
            yield Candidate((s.replaced(node, text),), "wrong-variable", told, 1, text, node)


def _is_array(s: Statement, node: ast.expr) -> bool:
    """Return whether an expression is an array, and not used to pick from one."""
    if node in s.indexing or isinstance(getattr(node, "ctx", None), ast.Store):
        return False
    if isinstance(s.parents.get(node), ast.Attribute) or isinstance(s.node, ast.For):
        return False
    return bool(s.shape(node) or s.shape_of_value(node))


def _may_be_reversed(s: Statement, node: ast.expr) -> bool:
    """Return whether an expression is an array that only its order may spoil."""
    if node in s.indexing or isinstance(getattr(node, "ctx", None), ast.Store):
        return False
    plain = isinstance(node, ast.Call | ast.Subscript | ast.BinOp) or is_leaf(node)
    shape = s.shape(node) if plain else None
    if plain and shape is None and not is_leaf(node):
        shape = s.shape_of_value(node)
    return shape is not None and max(shape, default=0) > 1


def _reversed(s: Statement, node: ast.expr) -> Iterator[Candidate]:
    """Yield an array reversed along its last axis, or the first."""
    cost = 1 if b"flip" in s.unit.source or b"::-1" in s.unit.source else 3
    for axis in ("-1", "0"):
        text = s.flipped(s.inside(node, 9), axis)
        told = "it must be reversed"
        yield Candidate((s.replaced(node, text),), "wrong-axis", told, cost, text, node)
    count = len(s.shape(node) or ())
    if count > 1 and s.dialect.module.__name__ == "numpy":  # a kernel turned over, as in a slope
        text = f"{s.inside(node, 9)}[{':, ' * (count - 2)}::-1, ::-1]"
        told, far = "it must be reversed along its last two axes", 2 if count > 2 else 3
        yield Candidate((s.replaced(node, text),), "wrong-axis", told, far, text, node)


def _turned_round(s: Statement, node: ast.expr) -> Iterator[Candidate]:
    """Yield an array reversed along two axes, as the kernel of a convolution is on the way back."""
    shape = s.shape(node) or s.shape_of_value(node) or ()
    convolved = any(one in s.unit.source for one in _CONVOLVED)
    cost = 1 if convolved and is_leaf(node) else 3
    for axes in ((-2, -1), (0, 1)) if len(shape) > 2 else ((0, 1),):
        if len(shape) > 1 and all(shape[at] > 1 for at in axes):
            text, told = s.flipped(s.inside(node, 9), f"{axes}"), "it must be turned round"
            yield Candidate((s.replaced(node, text),), "wrong-axis", told, cost, text, node)


def _turned_too(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield an array that is reversed along one of its first two axes, reversed along both."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name in _PARTNERS and isinstance(node.func, ast.Attribute):
        called = f"{s.text(node.func.value)}.{_PARTNERS[name]}"
        text = f"{called}({s.text(node)})"
        told = "it must be reversed along both axes"
        yield Candidate((s.replaced(node, text),), "wrong-axis", told, 0, text, node)


def _as_it_is(s: Statement, node: ast.Subscript) -> Iterator[Candidate]:
    """Yield an array that is reversed as it is."""
    parts = indices_of(node)
    turned = [s.text(one).replace(" ", "") == "::-1" for one in parts]
    plain = all(
        one or s.text(part) in (":", "...") for one, part in zip(turned, parts, strict=True)
    )
    if any(turned) and plain and isinstance(node.ctx, ast.Load):
        edit, told = s.replaced(node, s.text(node.value)), "it must not be reversed"
        yield Candidate((edit,), "wrong-axis", told, 1, None, node)


def _scanned(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield a running sum or product from the other end."""
    called = node.func
    if not isinstance(called, ast.Attribute) or called.attr not in _SCANS:
        return
    own, args = called.value, [*node.args]
    if isinstance(own, ast.Name) and isinstance(s.unit.globals.get(own.id), ModuleType):
        if not args:
            return
        array, args = args[0], args[1:]
    else:
        array = own
    named = [one.value for one in node.keywords if one.arg in ("axis", "dim")]
    axis = s.text((args + named)[0]) if args + named else "0"
    start, end = s.unit.start(node), s.unit.end(node)
    before, after = s.unit.start(array), s.unit.end(array)
    turned = s.flipped(s.inside(array, 9), axis)
    made = s.unit.between(start, before) + turned + s.unit.between(after, end)
    for text in (s.flipped(made, axis), *_turned_back(s, node, axis)):
        told = "it must run from the other end"
        yield Candidate((s.replaced(node, text),), "wrong-axis", told, 1, text, node)


def _turned_back(s: Statement, node: ast.Call, axis: str) -> Iterator[str]:
    """Yield a running sum reversed, where what it takes may be: its shape need not be known."""
    if b"flip" in s.unit.source:
        yield s.flipped(s.text(node), axis)


def _laid(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield a reshaped array with two axes laid out the other way round."""
    called = node.func
    if not isinstance(called, ast.Attribute) or called.attr not in _LAID:
        return
    one_tuple = len(node.args) == 1 and isinstance(node.args[0], ast.Tuple)
    sizes = [*node.args[0].elts] if one_tuple and isinstance(node.args[0], ast.Tuple) else node.args
    if not 1 < len(sizes) <= _MOST or any(isinstance(one, ast.Starred) for one in sizes):
        return
    for one, two in combinations(range(len(sizes)), 2):
        texts = [s.text(size) for size in sizes]
        texts[one], texts[two] = texts[two], texts[one]
        inner = f"({', '.join(texts)})" if one_tuple else ", ".join(texts)
        head = s.unit.between(s.unit.start(node), s.unit.end(called))
        text = f"{head}({inner}).{s.dialect.swapping}({one}, {two})"
        told = f"its axes {one} and {two} are laid out the other way round"
        yield Candidate((s.replaced(node, text),), "wrong-axis", told, 1, text, node)


def _turned_before(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield a reshaped array with two axes swapped before."""
    called = node.func
    if not isinstance(called, ast.Attribute) or called.attr not in (*_LAID, "flatten"):
        return
    shape = s.shape(called.value) or ()
    for one, two in combinations(range(len(shape)), 2) if len(shape) <= _MOST else ():
        text = f"{s.inside(called.value, 9)}.{s.dialect.swapping}({one}, {two})"
        told = f"its axes {one} and {two} must be swapped before"
        edit = s.replaced(called.value, text)
        yield Candidate((edit,), "transposed", told, 1, text, called.value)


def of_axes(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield other orders of the axes of a full transpose, or other axes of one of two."""
    given = [
        one for arg in node.args for one in (arg.elts if isinstance(arg, ast.Tuple) else [arg])
    ]
    axes = [one for one in given if isinstance(one, ast.Constant) and type(one.value) is int]
    if len(axes) == 2 and len(given) == 2:
        yield from _of_two_axes(s, node, axes)
    own = tuple(int(str(one.value)) for one in axes)
    if len(own) < _WHOLE or sorted(own) != [*range(len(own))]:
        return
    start, end = s.unit.start(axes[0]), s.unit.end(axes[-1])
    undone = {*_undone(s.unit.tree, s.unit.node)}
    for order in dict.fromkeys((*_orders(own), *(one for one in undone if len(one) == len(own)))):
        text, moved = ", ".join(map(str, order)), sum(map(int.__ne__, own, order))
        told, named = f"the axes must be {text}", order in undone
        # Nobody writes an order that leaves all axes where they are.
        cost = 0 if named else 2 if moved > 2 else int([*own] != sorted(own))
        edit = Edit(start, end, text)
        yield Candidate((edit,), "transposed", told, cost, text, node, named)


def _orders(own: tuple[int, ...]) -> Iterable[tuple[int, ...]]:
    """Return all other orders of a few axes, and of more those with two exchanged."""
    if len(own) <= _MOST:
        return permutations(own)
    return [
        tuple(two if at == one else one if at == two else at for at in own)
        for one, two in combinations(own, 2)
    ]


@lru_cache(_FILES)
def _undone(tree: ast.Module, function: ast.AST) -> Sequence[tuple[int, ...]]:
    """Return the orders of axes that undo those of a file's other functions."""
    own = {*walked(function)}
    calls = (one for one in nodes_of(tree) if one not in own and is_order(one))
    return [*dict.fromkeys(axes_of(one, undone=True) for one in calls)]


def _of_two_axes(s: Statement, node: ast.Call, axes: Sequence[ast.Constant]) -> Iterator[Candidate]:
    """Yield other pairs of axes that are swapped."""
    shape = s.shape(node.func.value) if isinstance(node.func, ast.Attribute) else None
    shape = shape or s.shape_of_value(node)
    count = len(shape) if shape else 0
    own = {int(str(one.value)) % count for one in axes} if count else set()
    for one, two in combinations(range(min(count, _MOST + 1)), 2):
        if {one, two} != own:
            text, start, end = f"{one}, {two}", s.unit.start(axes[0]), s.unit.end(axes[-1])
            told = f"the axes must be {text}"
            yield Candidate((Edit(start, end, text),), "transposed", told, 1, text, node)


def of_subscripts(s: Statement, node: ast.Constant) -> Iterator[Candidate]:
    """Yield the subscripts of an einsum with two neighbouring axes of a part exchanged.

    Or with one axis in the place of another.  An axis is a letter or, with a space between axes as
    einops has it, a word.
    """
    text = s.text(node)
    axes = [*re.finditer(r"\w+" if _SPACED.search(text) else r"[^\W\d_]", text)]
    names = sorted({one[0] for one in axes})
    for one, name in product(axes, names) if len(axes) <= _AXES else ():
        if name != one[0]:
            other = text[: one.start()] + name + text[one.end() :]
            told, edit = f"the subscripts must be {other}", s.replaced(node, other)
            yield Candidate((edit,), "wrong-axis", told, 1, other, node)
    for one, two in pairwise(axes):
        between = text[one.end() : two.start()]
        if between.strip():
            continue  # of two parts
        turned = text[: one.start()] + two[0] + between + one[0] + text[two.end() :]
        told = f"the subscripts must be {turned}"
        yield Candidate((s.replaced(node, turned),), "transposed", told, 1, turned, node)
