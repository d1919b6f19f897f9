"""Edits of what an index picks: two parts moved at once, those of another array, a part as long."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise, product

from msgspec.structs import replace

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf, names_in
from gradtui.diagnosis.recorded.blame.forms import loops_around
from gradtui.diagnosis.recorded.blame.names import is_of_gradient
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit

_MOST, _LONGEST = 6, 3
"""Most arrays of whole numbers that are tried, and most elements that a slice may leave out."""


def picks(s: Statement) -> Iterator[Candidate]:
    """Yield other picks of each indexed array in a statement."""
    indexed = [one for one in s.nodes if isinstance(one, ast.Subscript)]
    for node in indexed:
        parts = parts_of(node)
        for text in dict.fromkeys((*_moved(s, parts), *_like(s, parts, indexed))):
            if text != s.text(node.slice):
                yield _candidate(s, node, node.slice, text)
        for at, part in enumerate(parts):
            for text in (*_as_long(part), *_last(s, part), *_beside(s, part),
                         *_chosen(s, parts, at), *_scattered(s, node, parts, at)):  # fmt: skip
                yield _candidate(s, node, part, text)
            for text in _rounds_beside(s, node, at):
                yield replace(_candidate(s, node, part, text), cost=0, named=True)
        yield from _all(s, node)
    for call in (one for one in s.nodes if isinstance(one, ast.Call)):
        yield from _selected(s, call)
        yield from _counted(s, call)
    yield from _where(s)
    yield from _counterparts(s)


def _selected(s: Statement, call: ast.Call) -> Iterator[Candidate]:
    """Yield the elements next to the one that a method picks along an axis."""
    match call:
        case ast.Call(ast.Attribute(attr="select"), [_, ast.Constant(int(own)) as index]):
            for other in (own + 1, own - 1):
                if other >= 0:
                    told, edit = f"the index must be {other}", s.replaced(index, str(other))
                    yield Candidate((edit,), "wrong-variable", told, 1, str(other), index)


def _counted(s: Statement, call: ast.Call) -> Iterator[Candidate]:
    """Yield the number of rows of an array for that of the elements of one, and the reverse."""
    match call:
        case ast.Call(ast.Name("len"), [ast.Subscript(array, ast.Constant(int())) as counted]):
            text = s.text(array)
        case ast.Call(ast.Name("len"), [counted]) if is_leaf(counted) and _has_rows(s, counted):
            text = f"{s.text(counted)}[0]"
        case _:
            return
    told, edit = f"{s.text(counted)} must be {text}", s.replaced(counted, text)
    yield Candidate((edit,), "wrong-variable", told, 0, text, counted)


def _has_rows(s: Statement, node: ast.expr) -> bool:
    shape = s.shape(node)
    return shape is not None and len(shape) > 1


def parts_of(node: ast.Subscript) -> list[ast.expr]:
    """Return the indices of an indexed array."""
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def _candidate(s: Statement, node: ast.Subscript, part: ast.expr, text: str) -> Candidate:
    edit = Edit(s.unit.start(part), s.unit.end(part), text)
    told = f"the index must be {text}"
    return Candidate((edit,), "wrong-variable", told, 1, text, node)


def offset_of(part: ast.expr) -> tuple[str, int] | None:
    """Return the name and the number of an index such as `i + 1`; None for others."""
    match part:
        case ast.Name(name):
            return name, 0
        case ast.BinOp(ast.Name(name), ast.Add() | ast.Sub() as op, ast.Constant(int(value))):
            return name, value if isinstance(op, ast.Add) else -value
        case _:
            return None


def offset(name: str, value: int, like: str = "") -> str:
    """Return the text of an index such as `i + 1`, with the spaces of another one."""
    space = "" if like and " " not in like else " "
    return f"{name}{space}{'-' if value < 0 else '+'}{space}{abs(value)}" if value else name


def _rounds_beside(s: Statement, node: ast.Subscript, at: int) -> Iterator[str]:
    """Yield the rounds of a loop for a number in an index, if the loop goes along that axis.

    It does so in another index of the array, or in that of one that is as long.
    """
    part, size = parts_of(node)[at], _size(s, node, at)
    if not isinstance(part, ast.Constant) or type(part.value) is not int:
        return
    for loop in loops_around(s):
        count = loop.target if isinstance(loop, ast.For) else None
        if isinstance(count, ast.Name) and count.id not in names_in(node):
            along = [
                one for one in walked(loop) if isinstance(one, ast.Subscript)
                and [s.text(part) for part in parts_of(one)[at : at + 1]] == [count.id]
            ]  # fmt: skip
            same = any(s.text(one.value) == s.text(node.value) for one in along)
            if same or (size and any(_size(s, one, at) == size for one in along)):
                yield count.id


def _size(s: Statement, node: ast.Subscript, axis: int) -> Sequence[int]:
    """Return the length of an axis of an indexed array; empty if it is unknown."""
    return (s.shape(node.value) or ())[axis : axis + 1]


def _counterparts(s: Statement) -> Iterator[Candidate]:
    """Yield parts of another array in another round, for one of the round that is stored in.

    What flows to one of two factors is the other: `du[i] += v[j]` stands beside `dv[j] += u[i]`.
    """
    stored = [one for one in s.nodes if isinstance(one, ast.Subscript) and not _is_loaded(one)]
    rounds = {text for one in stored for text in map(s.text, parts_of(one)) if text in s.loops}
    others = [one for one in dict.fromkeys(s.loops) if one in s.scope]
    for node in s.nodes if rounds else ():
        if not isinstance(node, ast.Subscript) or not _is_loaded(node):
            continue
        own, parts = s.held(node.value), parts_of(node)
        if own is None or not own.shape or s.text(parts[0]) not in rounds:
            continue
        alike = [
            text for text, held in s.scope.items() if text.isidentifier()
            and held.kind == "f" and len(held.shape) == len(own.shape)
            and held.shape[1:] == own.shape[1:] and text != s.text(node.value)
        ]  # fmt: skip
        rest = "".join(f", {s.text(one)}" for one in parts[1:])
        alike.sort(key=is_of_gradient)
        for name, other in product(alike[:_MOST], others):
            if other != s.text(parts[0]):
                text = f"{name}[{other}{rest}]"
                told = f"{s.text(node)} must be {text}"
                yield Candidate((s.replaced(node, text),), "wrong-variable", told, 1, text, node)


def _all(s: Statement, node: ast.Subscript) -> Iterator[Candidate]:
    """Yield the sum or the mean over an axis of which one row is taken, such as the first example.

    A sum of that row becomes one over its axes and the first.
    """
    shape = s.shape(node.value) or ()
    row = isinstance(node.slice, ast.Constant) and type(node.slice.value) is int
    if not row or not _is_loaded(node) or len(shape) < 2:
        return
    array, told = s.inside(node.value, 9), f"{s.text(node)} is only one of {shape[0]}: all"
    folded = s.parents.get(s.parents.get(node, node))
    if isinstance(folded, ast.Call) and (axes := _axes(folded, len(shape) - 1)) is not None:
        assert isinstance(folded.func, ast.Attribute)
        text = f"{array}.{folded.func.attr}(axis=({', '.join(map(str, axes))}))"
        told_of_axes = f"{told} are needed, over the axes {', '.join(map(str, axes))}"
        yield Candidate((s.replaced(folded, text),), "wrong-axis", told_of_axes, 0, text, folded)
    for name in ("sum", "mean"):
        text = f"{array}.{name}({s.dialect.axis}=0)"
        told_of_all = f"{told} are needed, as their {name}"
        yield Candidate((s.replaced(node, text),), "wrong-axis", told_of_all, 1, text, node)


def _axes(call: ast.Call, rank: int) -> list[int] | None:
    """Return the axes of an array's sum or mean, once it has another first axis, and that one."""
    match call:
        case ast.Call(ast.Attribute(attr="sum" | "mean"), [], [ast.keyword("axis", axis)]):
            parts = axis.elts if isinstance(axis, ast.Tuple) else [axis]
        case _:
            return None
    try:
        own = [ast.literal_eval(one) for one in parts]
    except ValueError:
        return None
    return [0, *(one % rank + 1 for one in own)] if all(type(one) is int for one in own) else None


def _is_loaded(node: ast.Subscript) -> bool:
    return isinstance(node.ctx, ast.Load)


def _moved(s: Statement, parts: Sequence[ast.expr]) -> Iterator[str]:
    """Yield the index with two neighbouring parts moved by one."""
    own = [offset_of(part) for part in parts]
    for at, (one, two) in enumerate(pairwise(own)):
        if one is None or two is None:
            continue
        for more, further in product((1, -1), repeat=2):
            texts = [s.text(part) for part in parts]
            texts[at] = offset(one[0], one[1] + more)
            texts[at + 1] = offset(two[0], two[1] + further)
            yield ", ".join(texts)


def _like(
    s: Statement, parts: Sequence[ast.expr], indexed: Sequence[ast.Subscript]
) -> Iterator[str]:
    """Yield the index with some parts as they stand together in the statement's other indices."""
    texts = [s.text(part) for part in parts]
    for other in indexed:
        theirs = [s.text(part) for part in parts_of(other)]
        for at in range(len(parts) - len(theirs) + 1) if len(theirs) > 1 else ():
            yield ", ".join([*texts[:at], *theirs, *texts[at + len(theirs) :]])


def _as_long(part: ast.expr) -> Iterator[str]:
    """Yield the slices that leave out as many elements, but others: `:-2` for `1:-1`."""
    if not isinstance(part, ast.Slice) or part.step is not None:
        return
    first, last = _number(part.lower), _number(part.upper)
    if first is None or last is None or first < 0 or last > 0:
        return
    out = first - last
    for begin in range(out + 1) if 0 < out <= _LONGEST else ():
        if begin != first:
            yield f"{begin or ''}:{begin - out or ''}"


def _number(bound: ast.expr | None) -> int | None:
    """Return a bound that is written as a number, or left out; None for others."""
    if bound is None:
        return 0
    try:
        value = ast.literal_eval(bound)
    except ValueError:
        return None
    return value if type(value) is int and value else None


def _last(s: Statement, part: ast.expr) -> Iterator[str]:
    """Yield the last elements for as many first ones."""
    bound = part.upper if isinstance(part, ast.Slice) and part.lower is None else None
    if bound is not None and not isinstance(bound, ast.UnaryOp | ast.Constant):
        yield f"-{s.inside(bound, 2)}:"


def _beside(s: Statement, part: ast.expr) -> Iterator[str]:
    """Yield the parts of an array before and after another, such as `:n` and `2 * n:`."""
    if not isinstance(part, ast.Slice) or part.step is not None:
        return
    first, last = part.lower, part.upper
    if first is not None and last is not None and not isinstance(first, ast.UnaryOp | ast.Constant):
        yield from (f":{s.text(first)}", f"{s.text(last)}:", f"-{s.inside(first, 2)}:")


def _where(s: Statement) -> Iterator[Candidate]:
    """Yield the elements where a mask holds for a whole array that is changed in place."""
    target = s.node.target if isinstance(s.node, ast.AugAssign) else None
    held = s.held(target) if isinstance(target, ast.Name) else None
    if target is None or held is None or not held.shape:
        return
    masks = [text for text, mask in s.scope.items()
             if (mask.kind, mask.shape) == ("b", held.shape)]  # fmt: skip
    for mask in masks[:_MOST]:
        edit = s.replaced(target, f"{s.text(target)}[{mask}]")
        told = f"it may change only where {mask} holds"
        yield Candidate((edit,), "missing-factor", told, 1, mask, target)


def _chosen(s: Statement, parts: Sequence[ast.expr], at: int) -> Iterator[str]:
    """Yield whole numbers for a part that is all of an axis, beside others: named, or counted."""
    if s.text(parts[at]) != ":" or len(parts) < 2:
        return
    named = [text for text, held in s.scope.items() if held.kind == "i" and len(held.shape) == 1]
    beside = {s.text(one) for one in parts}
    if any(not isinstance(one, ast.Slice | ast.Constant) for one in parts):
        yield from [text for text in named if text not in beside][:_MOST]
        sizes = [text for text, held in s.scope.items() if (held.kind, held.shape) == ("i", ())]
        yield from [f"{s.numpy}arange({size})" for size in sizes[:_MOST]]


def _scattered(
    s: Statement, node: ast.Subscript, parts: Sequence[ast.expr], at: int
) -> Iterator[str]:
    """Yield arrays of as many whole numbers for a part that is the first elements of an axis."""
    part, shape = parts[at], s.shape(node)
    if shape is None or not isinstance(part, ast.Slice) or part.upper is None:
        return
    if part.lower is None and part.step is None:
        alike = ("i", shape[at : at + 1])
        yield from [text for text, one in s.scope.items() if (one.kind, one.shape) == alike][:_MOST]
