"""The gradient vector in rows: value, derivative, and the same slope measured."""

from __future__ import annotations

import numpy as np

from gradtui.explain.byhand import SIGNS, claim_done, claimed, parameter_mark
from gradtui.explain.spans import LazyRows, Line, Role, Span, columns, line
from gradtui.explain.symbols import label
from gradtui.explain.values import UNKNOWN, Elements, Index, element_name
from gradtui.frame import Frame
from gradtui.text import cell_width, clip, compact, number, shape_text

_NARROW, _ROOMY, _GAP, _NAME_CELLS = 42, 76, 2, 12
_LEAST, _WIDEST = 7, 8
"""Cells of a number where four columns share a panel; where numbers are cut."""
NOT_MEASURED = "left out"
"""Stands for the central difference of a model so large that measuring it would take a while."""


def gradient_rows(frame: Frame, width: int = 80) -> LazyRows:
    """Return the gradient vector: value, derivative, central difference, and its norm.

    What was written by hand has a column of its own.  In a narrow panel numbers are cut to fewer
    digits, so that all columns stay in view, and that column takes the place of the differences.
    """
    parameters = frame.graph.parameters
    elements = Elements([node.shape for node in parameters], [1] * len(parameters))
    measured = not frame.claims or _cells_of_a_number(frame, width, 4) >= _LEAST
    count = 4 if frame.claims and measured else 3
    roomy = width >= (_ROOMY if frame.claims else _NARROW)
    cells = None if roomy else _cells_of_a_number(frame, width, count)
    titles = ["", "value", f"∂{label(frame, frame.graph.loss)}/∂"]
    titles += ["central"] * measured + ["by hand"] * bool(frame.claims)
    head: list[Span] = [(title, "dim") for title in titles]

    def between(start: int, stop: int) -> list[Line]:
        listed = [
            (array, index) for array, index, _ in elements.between(max(0, start - 1), stop - 1)
        ]
        table = [head, *_table(frame, listed, cells, measured=measured)]
        if stop > 1 + elements.rows:
            table.append(_norm(frame, cells))
        rows = columns(table)
        if stop > 1 + elements.rows and elements.left_out:
            rows.insert(-1, line((f"… {elements.left_out:,} more elements", "dim")))
        # The titles were made for their widths; the row after them is number `first`.
        first = min(start, 1 + elements.rows)
        return rows[min(first, 1) :][start - first : stop - first]

    return LazyRows(2 + elements.rows + bool(elements.left_out), between)


def _table(
    frame: Frame, listed: list[tuple[int, Index]], cells: int | None, *, measured: bool
) -> list[list[Span]]:
    """Return the cells of the rows of some elements; `measured`: with their differences."""
    table: list[list[Span]] = []
    for position, node in enumerate(frame.graph.parameters):
        indices = [index for array, index in listed if array == position]
        if not indices:
            continue
        value, gradient = frame.tape.value(node.id), frame.gradient(node.id)
        state = frame.gradient_state(node.id)
        known, done = state == "known", claim_done(frame, node.name)
        central = frame.central(position, indices) if known and measured else None
        role: Role = "selected" if node.id == frame.selected else "name"
        for place, index in enumerate(indices):
            name = element_name(clip(label(frame, node.id), _NAME_CELLS), index)
            slope = float(gradient[index])
            text = UNKNOWN if state == "unknown" else _shown(slope, cells)
            row: list[Span] = [(name, role), (_shown(float(value[index]), cells), "value")]
            row.append((text + ("…" if state == "partial" else ""), "gradient"))
            if measured and not known:
                row.append((UNKNOWN, "dim"))
            elif measured and central is None:
                row.append((NOT_MEASURED, "dim"))
            elif central is not None:
                row.append(_check(frame, slope, float(central[place]), cells))
            if frame.claims:
                row.append(_by_hand(frame, node.name, index, cells, known=done))
            table.append(row)
    return table


def _by_hand(frame: Frame, name: str, index: Index, cells: int | None, *, known: bool) -> Span:
    """Return what is claimed of one element of the gradient, and whether the claim holds."""
    if name not in frame.claims:
        return ("none  ", "dim")
    if not known:
        return (f"{UNKNOWN}  ", "dim")
    sign, role = SIGNS[parameter_mark(frame, name)]
    claim = claimed(frame, name)
    if claim is None:
        return (f"[{shape_text(np.shape(frame.claims[name]))}] {sign}", role)
    return (f"{_shown(float(claim[index]), cells)} {sign}", role)


def _shown(value: float, cells: int | None) -> str:
    return number(value) if cells is None else compact(value, cells)


def _norm(frame: Frame, cells: int | None) -> list[Span]:
    whole = all(frame.gradient_state(n.id) == "known" for n in frame.graph.parameters)
    norm = _shown(frame.tape.gradient_norm, cells) if whole else UNKNOWN
    return [("|∇|", "name"), ("", "plain"), (norm, "gradient")]


def _cells_of_a_number(frame: Frame, width: int, count: int) -> int:
    """Return the cells that leave room for columns of numbers beside the names.

    All but the first two have a mark.
    """
    names = max(
        min(_NAME_CELLS, cell_width(label(frame, node.id)))
        + 2 * len(node.shape)
        + (1 if node.shape else 0)
        for node in frame.graph.parameters
    )
    return max(6, min(_WIDEST, (width - names - count * _GAP - 2 * (count - 2)) // count))


def _check(frame: Frame, true: float, near: float, cells: int | None) -> Span:
    """Return the central difference of one element, marked where it agrees."""
    text = compact(near, cells or _WIDEST)
    scale = 1e-8 * max(1.0, abs(frame.loss))
    if not (np.isfinite(true) and np.isfinite(near) and np.isfinite(frame.loss)):
        return (text + "  ", "dim")
    agrees = abs(true - near) <= 1e-5 * max(abs(true), abs(near)) + scale
    return (text + (" ✓" if agrees else " ?"), "good" if agrees else "bad")
