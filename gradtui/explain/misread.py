"""The numbers that a line gives with another operation in it: ŷ + y for ŷ - y.

One operation of the line is another, or the line is worked out in another order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.debugger.frame import Frame
from gradtui.engine.formula import formula
from gradtui.engine.graph import Kind, Node, needed_for
from gradtui.engine.indices import Index
from gradtui.engine.observables import observed
from gradtui.engine.vectorized import Vectorized
from gradtui.explain.slips import Guess
from gradtui.explain.symbols import paper, partial, shown_names
from gradtui.scenario.lesson import Question

_TOLD = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "**": "raise to a power"}
_INSTEAD = {"+": "-*", "-": "+", "*": "+", "/": "*"}
"""An operation -> those that are taken for it."""
_SWAPPED = {
    "-": "the size is right, the sign is wrong",
    "/": "the wrong one of the two is divided",
}
_SQUARE = 2.0
_SIGNS = frozenset("+-")
_LONG = 60
"""Longest line that is shown with its mistake, in characters."""

_MOST = 6
"""The most products of a line whose factors are exchanged, each with those of each other."""


class _Edit(Struct, frozen=True):
    """A line with a mistake in it."""

    nodes: Sequence[Node]
    root: int
    said: str
    """The mistake in words."""
    at: int
    """The operation that is another."""


def of_operations(frame: Frame, question: Question) -> Iterator[Guess]:
    """Yield the numbers of a value's line, or of a gradient's rule, with one operation mistaken.

    A number that two such mistakes give tells of neither.
    """
    if not question.name:
        found = _of_expression(frame, question)
    elif question.gradient:
        found = _of_rule(frame, frame.graph.names[question.name])
    else:
        found = _of_line(frame, frame.graph.names[question.name], question.index)
    guesses = [guess for guess in found if guess[0]]  # 0 is the number of who has no idea
    for at, (value, said) in enumerate(guesses):
        others = (other for place, (other, _) in enumerate(guesses) if place != at)
        if not any(math.isclose(value, other, rel_tol=1e-9, abs_tol=1e-12) for other in others):
            yield value, said


def _of_line(frame: Frame, node: int, index: Index) -> Iterator[Guess]:
    if frame.graph.nodes[node].kind is not Kind.OPERATION:
        return
    for edit in _edits(frame.graph.nodes, node):
        yield _value(frame, edit, index), _told(frame, edit)


def _of_expression(frame: Frame, question: Question) -> Iterator[Guess]:
    read = question.observable
    assert read is not None
    values = [[frame.tape.value(node) for node in question.needs]]
    for edit in _edits(read.nodes, read.root):
        edited = replace(read, nodes=tuple(edit.nodes), root=edit.root)
        with np.errstate(all="ignore"):
            yield float(observed(edited, values, frame.step)), edit.said


def _of_rule(frame: Frame, node: int) -> Iterator[Guess]:
    """Yield the products along the only path with a mistake in a local derivative's formula."""
    paths, program = frame.paths(node), frame.tape.program
    factors = frame.factors(paths[0]) if len(paths) == 1 else None
    if factors is None:
        return
    for at, edge in enumerate(pairwise(paths[0])):
        local = program.reverse.named_local.get(edge)
        if local is None or not _is_open(program.nodes[local]):
            continue
        rest = math.prod(factors[:at] + factors[at + 1 :])
        taken = "that is" if len(factors) == 1 else f"{partial(frame, *edge[::-1])} is taken as"
        for edit in _edits(program.nodes, local):
            said = _told(frame, edit).replace("that is", taken, 1)
            yield rest * _value(frame, edit, ()), said


def _edits(nodes: Sequence[Node], root: int) -> Iterator[_Edit]:
    """Yield a line with each mistake in it: in its last operation, or in a sign anywhere."""
    yield from _in_other_order(nodes, root)
    yield from _in_products(nodes, root)
    for id in sorted(_own(nodes, root), reverse=True):
        node = nodes[id]
        others = _INSTEAD.get(node.op, "") if id == root else _opposite(node.op)
        for op in others:
            edited = [*nodes]
            edited[id] = _as(node, op)
            yield _Edit(edited, root, _mistaken(node.op, op), id)
    node = nodes[root]
    if node.op in _SWAPPED:
        edited = [*nodes]
        edited[root] = _as(node, node.op, node.inputs[::-1])
        yield _Edit(edited, root, _SWAPPED[node.op], root)


def _in_products(nodes: Sequence[Node], root: int) -> Iterator[_Edit]:
    """Yield a sum of products with their factors exchanged, and one without any product."""
    own = [nodes[id] for id in sorted(_own(nodes, root))]
    products = [node for node in own if node.op == "*" and node.id != root]
    if nodes[root].op not in _SIGNS or not products:
        return
    for one, other in combinations(products[:_MOST], 2):
        taken = [nodes[id] for node in (one, other) for id in node.inputs]
        if any(map(_is_open, taken)) or taken[1].shape != taken[3].shape:
            continue
        edited = [*nodes]
        edited[one.id] = _as(one, "*", (one.inputs[0], other.inputs[1]))
        edited[other.id] = _as(other, "*", (other.inputs[0], one.inputs[1]))
        yield _Edit(edited, root, "the factors are exchanged", root)
    edited = [*nodes]
    for node in products:
        edited[node.id] = _as(node, "+")
    yield _Edit(edited, root, _mistaken("*", "+"), root)


def _in_other_order(nodes: Sequence[Node], root: int) -> Iterator[_Edit]:
    """Yield a line whose last operations are done in another order, as if from left to right."""
    last = nodes[root]
    if last.op not in _TOLD:
        return
    left, right = (nodes[id] for id in last.inputs)
    inner_left, inner_right = (one.op if _is_open(one) else "" for one in (left, right))
    if last.op in _SIGNS and inner_right == "*":
        a, b = right.inputs
        yield _appended(nodes, last, (last.op, left.id, a), ("*", None, b), said="multiply first")
    if last.op == "**" and inner_left in _SIGNS:
        a, b = left.inputs
        power = "square" if right.value == _SQUARE else _TOLD["**"]
        first = f"{_TOLD[inner_left]} first, then {power}"
        yield _appended(nodes, last, ("**", b, right.id), (inner_left, a, None), said=first)
        edit = _appended(nodes, last, ("**", b, right.id), ("**", a, right.id), said=first)
        *more, one, other = edit.nodes
        whole = Node(len(edit.nodes), Kind.OPERATION, inner_left, (other.id, one.id), last.shape)
        yield _Edit([*more, one, other, whole], whole.id, first, whole.id)


def _appended(
    nodes: Sequence[Node],
    last: Node,
    first: tuple[str, int, int],
    then: tuple[str, int | None, int | None],
    *,
    said: str,
) -> _Edit:
    """Return a line of two operations; None in the second stands for the first."""
    new = len(nodes)
    op, *inputs = first
    one = Node(new, Kind.OPERATION, op, tuple(inputs), last.shape)
    op, *operands = then
    ids = tuple(new if id is None else id for id in operands)
    return _Edit([*nodes, one, Node(new + 1, Kind.OPERATION, op, ids, last.shape)], new + 1, said,
                 new + 1)  # fmt: skip


def _as(node: Node, op: str, inputs: tuple[int, ...] | None = None) -> Node:
    return Node(node.id, node.kind, op, inputs or node.inputs, node.shape, (), node.name)


def _opposite(op: str) -> str:
    return {"+": "-", "-": "+"}.get(op, "")


def _mistaken(right: str, wrong: str) -> str:
    if {right, wrong} == _SIGNS:
        return "the sign between them is wrong"
    return f"{_TOLD[right]}, do not {_TOLD[wrong]}"


def _is_open(node: Node) -> bool:
    return node.kind is Kind.OPERATION and not node.name


def _own(nodes: Sequence[Node], root: int) -> frozenset[int]:
    """Return the operations of a line, without those of the lines before it."""
    given = {node.id for node in nodes if node.id != root and not _is_open(node)}
    return needed_for(nodes, [root], given) - given


def _value(frame: Frame, edit: _Edit, index: Index) -> float:
    """Return the number that a line with a mistake gives."""
    nodes = edit.nodes
    own = _own(nodes, edit.root)
    inputs = {id for part in own for id in nodes[part].inputs} - own
    leaves = sorted(id for id in inputs if nodes[id].kind is not Kind.CONSTANT)
    values = [np.asarray(frame.tape.value(id), np.float64)[None] for id in leaves]
    with np.errstate(all="ignore"):
        (found,) = Vectorized(nodes, leaves).evaluate([edit.root], 1, values)
    return float(found[0][index])


def _told(frame: Frame, edit: _Edit) -> str:
    """Return a mistake in words, with as much of its line as is short."""
    text = formula(edit.nodes, edit.root, shown_names(frame), paper(frame))
    if len(text) > _LONG:
        text = formula(edit.nodes, edit.at, shown_names(frame), paper(frame))
    return f"that is {text}: {edit.said}" if len(text) <= _LONG else edit.said
