"""The gradient vector in rows: value, derivative, and the measured slope."""

from __future__ import annotations

import numpy as np

from gradtui.base.text import (
    DIGITS,
    SHORT,
    cell_width,
    clip,
    compact,
    digits_for,
    element_text,
    number,
    shape_text,
)
from gradtui.debugger.frame import Frame
from gradtui.explain.byhand import SIGNS, claim_done, claimed, parameter_mark
from gradtui.explain.spans import LazyRows, Span, TextRow, columns, line
from gradtui.explain.symbols import element_roles, label
from gradtui.explain.values import UNKNOWN, Elements, Index

_LISTED = 100_000
"""Most elements of an array that are listed: only those in view are made."""
_GAP, _NAME_CELLS = 2, 12
_LEAST, _FULL = 6, 12
"""Fewest cells of a rounded number; those of a full one."""
_CHOICES = {
    True: (("value", "slope", "central", "hand"), ("value", "slope", "hand"), ("slope", "hand"),
           ("hand",)),
    False: (("value", "slope", "central"), ("value", "slope", "check"), ("slope", "check")),
}  # fmt: skip
"""The columns with and without hand-written code: fewer in a narrower panel.

The last one left has the verdict's sign; `check` is that sign alone.
"""
NOT_MEASURED = "left out"
"""The sign for the central difference of a model too large to measure quickly."""
NOT_MEASURABLE = "unknown ?"
"""The sign for that of a loss or a gradient that is not finite, so that nothing can be judged."""


def gradient_rows(frame: Frame, width: int = 80) -> LazyRows:
    """Return the gradient vector: value, derivative, central difference, and its norm.

    Hand-written gradients have a column of their own.  A narrow panel has fewer digits, then fewer
    columns, so that the verdict's sign stays in view.  The titles are above any stretch of the
    rows, in place of its first one.
    """
    parameters = frame.graph.parameters
    elements = Elements([node.shape for node in parameters], [1] * len(parameters), _LISTED)
    cells, shown = _layout(frame, width)
    loss = label(frame, frame.graph.loss)
    titles = {
        "value": "value", "slope": f"∂{loss if cells is None else clip(loss, cells - 3)}/∂",
        "central": "central", "hand": "by hand", "check": "",
    }  # fmt: skip
    head: list[Span] = [("", "dim"), *((titles[column], "dim") for column in shown)]

    def between(start: int, stop: int) -> list[TextRow]:
        # The titles are made for the widths of these rows; the row after them is number `first`.
        first = min(start + (stop - start > 1), 1 + elements.rows)
        listed = [(array, at) for array, at, _ in elements.between(max(0, first - 1), stop - 1)]
        table = [head, *_table(frame, listed, cells, shown)]
        if stop > 1 + elements.rows:
            table.append(_norm(frame, cells, shown))
        rows = columns(table)
        if stop > 1 + elements.rows and elements.left_out:
            rows.insert(-1, line((f"… {elements.left_out:,} more elements", "dim")))
        if stop - start > 1:
            return [rows[0], *rows[1:][start + 1 - first : stop - first]]
        return rows[min(first, 1) :][start - first : stop - first]

    return LazyRows(2 + elements.rows + bool(elements.left_out), between)


def gradient_row(frame: Frame) -> int | None:
    """Return the row of the selected element in the gradient vector; None without one.

    For a whole array that begins with a gradient of 0, it is the element with the largest one.
    """
    shapes = [node.shape for node in frame.graph.parameters]
    if frame.looked_at is None:
        return None
    array, index = frame.looked_at
    if not index and shapes[array]:
        node = frame.graph.parameters[array].id
        if not frame.gradient(node).reshape(-1)[:1].any():
            index = steepest(frame, node) or ()
    return 1 + Elements(shapes, [1] * len(shapes), _LISTED).row_of(array, index)


def steepest(frame: Frame, node: int) -> Index | None:
    """Return the element of an array with the largest gradient; None if all are 0 or unknown.

    Of a sum that is not complete, none is the largest.
    """
    if frame.gradient_state(node) in ("unknown", "partial"):
        return None
    gradient = frame.gradient(node)
    flat = gradient.reshape(-1)
    if not flat.any():
        return None
    # An array of their magnitudes would take most of the time of this at a million numbers.
    ends = sorted((int(np.argmin(flat)), int(np.argmax(flat))))  # both the first nan, if any
    at = max(ends, key=lambda end: abs(float(flat[end])))  # the first of equal ones
    return tuple(map(int, np.unravel_index(at, gradient.shape)))


def _layout(frame: Frame, width: int) -> tuple[int | None, tuple[str, ...]]:
    """Return the cells of a number, None for all its digits, and the columns that fit."""
    names = max(
        cell_width(
            element_text(clip(label(frame, n.id), _NAME_CELLS), tuple(size - 1 for size in n.shape))
        )
        for n in frame.graph.parameters
    )
    # A ✓ of the central differences would look like one of lines that claim nothing.
    hand = frame.problem.backward
    choices = _CHOICES[bool(frame.claims) or (hand is not None and not hand.claimed)]
    marks = {"central": 2, "hand": 2, "check": 1}
    for shown in choices:
        room = width - names - sum(_GAP + marks.get(column, 0) for column in shown)
        numbers = [column for column in shown if column != "check"]
        if room >= _FULL * len(numbers):
            return None, shown
        cells = room // len(numbers)
        if cells >= _LEAST + (len(shown) == 4):
            return cells, shown
    return _LEAST, choices[-1]


def _table(
    frame: Frame, listed: list[tuple[int, Index]], cells: int | None, shown: tuple[str, ...]
) -> list[list[Span]]:
    """Return the cells of some elements' rows, in the columns shown."""
    table: list[list[Span]] = []
    of_values, of_slopes = _digits(frame, listed, cells)
    for position, node in enumerate(frame.graph.parameters):
        indices = [index for array, index in listed if array == position]
        if not indices:
            continue
        value, gradient = frame.tape.value(node.id), frame.gradient(node.id)
        state = frame.gradient_state(node.id)
        known, done = state == "known", claim_done(frame, node.name)
        measured = known and not {"central", "check"}.isdisjoint(shown)
        central = frame.central(position, indices) if measured else None
        roles = element_roles(frame, node.id, indices)
        for place, index in enumerate(indices):
            slope = float(gradient[index])
            digits = DIGITS if done and _hides(frame, node.name, index, slope) else of_slopes
            text = UNKNOWN if state == "unknown" else _shown(slope, cells, digits)
            check: Span = (NOT_MEASURED if known else UNKNOWN, "dim")
            if central is not None:
                check = _check(frame, slope, float(central[place]), cells, digits)
            found: dict[str, Span] = {
                "value": (_shown(float(value[index]), cells, of_values), "value"),
                "slope": (text + ("…" if state == "partial" else ""), "gradient"),
                "central": check,
                "check": ("" if central is None else check[0][-1], check[1]),
            }
            if "hand" in shown:
                found["hand"] = _by_hand(frame, node.name, index, cells, digits, known=done)
            name = element_text(clip(label(frame, node.id), _NAME_CELLS), index)
            table.append([(name, roles[place]), *(found[column] for column in shown)])
    return table


def _digits(frame: Frame, listed: list[tuple[int, Index]], cells: int | None) -> tuple[int, int]:
    """Return the digits of the values in a table, and those of the gradients and the claims."""
    if cells is None:
        return DIGITS, DIGITS
    values, slopes = list[float](), list[float]()
    for position, index in listed:
        node = frame.graph.parameters[position]
        values.append(float(frame.tape.value(node.id)[index]))
        slopes.append(float(frame.gradient(node.id)[index]))
        claim = claimed(frame, node.name)
        slopes += [] if claim is None else [float(claim[index])]
    return digits_for(values, cells), digits_for(slopes, cells)


def _hides(frame: Frame, name: str, index: Index, slope: float) -> bool:
    """Return whether a wrong claim would look like the true gradient with short digits."""
    claim = claimed(frame, name)
    if claim is None or parameter_mark(frame, name) == "right":
        return False
    return number(float(claim[index]), SHORT) == number(slope, SHORT)


def _by_hand(
    frame: Frame, name: str, index: Index, cells: int | None, digits: int, *, known: bool
) -> Span:
    """Return the claim about one element of the gradient, and whether it holds."""
    if name not in frame.claims:
        return ("none  ", "dim")
    if not known:
        return (f"{UNKNOWN}  ", "dim")
    sign, role = SIGNS[parameter_mark(frame, name)]
    claim = claimed(frame, name)
    if claim is None:
        shape = f"[{shape_text(np.shape(frame.claims[name]))}]"
        return (f"{shape if cells is None else clip(shape, cells)} {sign}", role)
    return (f"{_shown(float(claim[index]), cells, digits)} {sign}", role)


def _shown(value: float, cells: int | None, digits: int = DIGITS) -> str:
    return number(value) if cells is None else compact(value, cells, digits)


def _norm(frame: Frame, cells: int | None, shown: tuple[str, ...]) -> list[Span]:
    whole = all(frame.gradient_state(n.id) == "known" for n in frame.graph.parameters)
    norm = _shown(frame.tape.gradient_norm, cells) if whole else UNKNOWN
    before: list[Span] = [("", "plain")] * ("value" in shown)
    return [("|∇|", "name"), *before, *([(norm, "gradient")] if "slope" in shown else [])]  # type: ignore[list-item]


def _check(frame: Frame, true: float, near: float, cells: int | None, digits: int) -> Span:
    """Return the central difference of one element, marked if it agrees."""
    if not (np.isfinite(true) and np.isfinite(near) and np.isfinite(frame.loss)):
        return (NOT_MEASURABLE, "dim")
    text = _shown(near, cells, digits)
    scale = 1e-8 * max(1.0, abs(frame.loss))
    agrees = abs(true - near) <= 1e-5 * max(abs(true), abs(near)) + scale
    return (text + (" ✓" if agrees else " ?"), "good" if agrees else "bad")
