"""The Jacobian of one edge of the graph, and the vector-Jacobian product worked out below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np
from msgspec import Struct

from gradtui.base.text import SHORT, number, shape_text, wrap
from gradtui.debugger.frame import Frame
from gradtui.engine.elements import flat_index
from gradtui.explain.elements import element_name, factor, slope_of
from gradtui.explain.spans import Span, TextRow, columns, folded, line
from gradtui.explain.symbols import gradient_of, label, partial, rule_text
from gradtui.explain.values import UNKNOWN, Array

LARGEST = 16
"""Most rows, and columns, of a matrix that is shown."""
_MOST = 1_000_000
"""Most numbers of a matrix in a table."""
_TERMS = 6
"""Most terms of a sum that are all written; of more, the first ones and the last."""


class Whole(Struct, frozen=True, eq=False):
    """A whole Jacobian, for a table."""

    name: str
    value: Array
    """(the target's shape, the source's elements)"""
    across: tuple[int, ...]
    """The source's shape."""
    note: str


def whole_jacobian(frame: Frame) -> Whole | str:
    """Return the Jacobian that is looked at, or the reason why it cannot be."""
    assert frame.looked.jacobian is not None
    source, target = frame.looked.jacobian
    shapes = [frame.graph.nodes[id].shape for id in (target, source)]
    if not _fits([prod(shape) for shape in shapes]):
        return f"a Jacobian is shown up to {_MOST:,} numbers"
    if not frame.local_known(source, target):
        return "the Jacobian is not computed yet"
    matrix = _matrix(frame, source, target)
    note = f"rows: elements of {label(frame, target)}, columns: of {label(frame, source)}"
    value = matrix.reshape(*shapes[0], -1) if shapes[0] else matrix
    return Whole(partial(frame, target, source), value, shapes[1], note)


def _fits(sizes: Sequence[int]) -> bool:
    return 0 < prod(sizes) <= _MOST


def _matrix(frame: Frame, source: int, target: int) -> Array:
    """Return ∂target/∂source, one row an element of the target."""
    shapes = [frame.graph.nodes[id].shape for id in (target, source)]
    indices = [flat_index(i, shapes[0]) for i in range(prod(shapes[0]))]
    matrix = frame.jacobians.rows(frame.tape, frame.step_to(target), source, indices)
    return matrix.reshape(len(indices), prod(shapes[1]))


def jacobian_rows(frame: Frame, width: int, fill: Callable[[str], str]) -> list[TextRow]:
    """Return ∂target/∂source as a matrix with the product below it, or its rule and shapes.

    `fill` puts keys in the place of names in braces.
    """
    assert frame.looked.jacobian is not None
    source, target = frame.looked.jacobian
    shapes = [frame.graph.nodes[id].shape for id in (target, source)]
    sizes = [prod(shape) for shape in shapes]
    about: Span = (f"   {label(frame, target)} is {shape_text(shapes[0])}, "
                   f"{label(frame, source)} is {shape_text(shapes[1])}: "
                   f"a matrix of {sizes[0]:,}×{sizes[1]:,}", "dim")  # fmt: skip
    rule: Span = (rule_text(frame, source, frame.step_to(target)), "local")
    rows = [
        *folded((partial(frame, target, source), "selected"), [_place(frame), about], width),
        *folded((gradient_of(frame, source), "gradient"),
                [(" = ", "plain"), rule, _share(frame)], width),
    ]  # fmt: skip
    if max(sizes) > LARGEST or 0 in sizes:
        whole = "{print} shows it whole, " if _fits(sizes) else ""
        why = f"a matrix is written out up to {LARGEST}×{LARGEST}; "
        why = fill(f"{why}{whole}{{lens}} one element")
        return [*rows, *(line((text, "dim")) for text in wrap(why, width))]
    if not frame.local_known(source, target):
        return [*rows, line((f"{UNKNOWN} not computed yet", "dim"))]
    outputs = [(target, flat_index(i, shapes[0])) for i in range(sizes[0])]
    inputs = [(source, flat_index(j, shapes[1])) for j in range(sizes[1])]
    matrix = _matrix(frame, source, target)
    table: list[list[Span]] = [[("", "dim"), *((element_name(frame, e), "dim") for e in inputs)]]
    for element, numbers in zip(outputs, matrix, strict=True):
        cells: list[Span] = [(number(x, SHORT), "dim" if x == 0 else "local") for x in numbers]
        table.append([(element_name(frame, element), "name"), *cells])
    rows += [(), *_to_the_right(table)]
    if frame.gradient_state(target) != "known":
        return [*rows, (), line((f"{gradient_of(frame, target)} = {UNKNOWN}", "dim"))]
    above = frame.tape.adjoint(target).reshape(-1)
    rows += [(), line(("the vector-Jacobian product: ", "dim"), gradient_of(frame, target),
                      (" times the columns", "dim"))]  # fmt: skip
    for place, element in enumerate(inputs):
        rows += _product(slope_of(frame, element), above, matrix[:, place], width)
    return rows


def _place(frame: Frame) -> Span:
    """Return the number of this Jacobian among the selected node's, if there are several."""
    pairs = frame.edges
    if len(pairs) < 2 or frame.looked.jacobian not in pairs:
        return ("", "dim")
    return (f"   {pairs.index(frame.looked.jacobian) + 1} of {len(pairs)}, m for the next", "dim")


def _share(frame: Frame) -> Span:
    """Return a note if other nodes contribute to the gradient, too."""
    assert frame.looked.jacobian is not None
    source, target = frame.looked.jacobian
    others = len(frame.steps_from(source)) - 1
    return (f"   through {label(frame, target)} alone", "dim") if others > 0 else ("", "dim")


def _to_the_right(table: list[list[Span]]) -> list[TextRow]:
    """Return the table with numbers and headers aligned to the right."""
    widths = [max(len(row[i][0]) for row in table) for i in range(len(table[0]))]
    padded = [
        [(text.rjust(width) if i else text, role)
         for i, ((text, role), width) in enumerate(zip(row, widths, strict=True))]
        for row in table
    ]  # fmt: skip
    return columns(padded)


def _product(head: str, above: Array, column: Array, width: int) -> list[TextRow]:
    """Return one element of the product: the sum of the adjoints times a column."""
    with np.errstate(all="ignore"):
        total = float(np.sum(above * column, dtype=np.float64))
    terms = [
        f"{factor(number(a, SHORT))}·{factor(number(x, SHORT))}"
        for a, x in zip(above, column, strict=True)
        if x != 0
    ]
    if len(terms) > _TERMS:
        terms = [*terms[:3], "…", terms[-1]]
    parts: list[Span] = [(f"{'+' if i else '='} {t} ", "plain") for i, t in enumerate(terms)]
    return folded((f"{head} ", "gradient"), [*parts, (f"= {number(total)}", "gradient")], width)
