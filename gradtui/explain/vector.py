"""The gradient vector in rows: value, derivative, and the measured slope."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from itertools import groupby

import numpy as np
from msgspec import Struct

from gradtui.base.text import (
    DIGITS,
    SHORT,
    cell_width,
    cells_for,
    clip,
    compact,
    element_text,
    number,
    shape_text,
)
from gradtui.debugger.frame import Frame
from gradtui.explain.byhand import SIGNS, Mark, claim_done, claimed, parameter_mark
from gradtui.explain.figures import Column, column
from gradtui.explain.spans import LazyRows, Span, TextRow, columns, line, line_width
from gradtui.explain.symbols import element_roles, label
from gradtui.explain.values import UNKNOWN, Elements, Index, moved

_LISTED = 100_000
"""Most elements of an array that are listed: only those in view are made."""
_GAPS, _MANY, _NAME_CELLS = (2, 1), 4, (12, 5)
"""Blanks between columns, fewer where numbers need them; so many columns are hard to read with
fewer; most cells of a parameter's name, and where a column would go for it."""
_KEY = re.compile(r"""\[["'](.+)["']\]$""")
"""The key of an array in a dict, which names it without the dict."""
_LEAST, _LEAST_OF_VALUE, _FEWEST = 7, 5, 2
"""Fewest cells of a gradient and of a value, and fewest digits, of which no column goes short."""
_MARKS = {"central": 2, "hand": 2, "check": 1}
_NORM = "|∇|"
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

    def between(start: int, stop: int) -> list[TextRow]:
        # The titles are made for the widths of these rows; the row after them is number `first`.
        first = min(start + (stop - start > 1), 1 + elements.rows)
        listed = _listed(frame, elements.between(max(0, first - 1), stop - 1))
        form = _form(frame, listed, width)
        table = [_head(frame, form), *_table(frame, listed, form)]
        ends = stop > 1 + elements.rows
        rows = columns([*table, _norm(frame, form)] if ends else table, gap=form.gap)
        if ends and "value" in form.shown:
            # Where no value stands, its name may be wider than those of the parameters.
            *blank, norm = rows[-1]
            space = line_width(tuple(blank)) - cell_width(_NORM)
            rows[-1] = ((_NORM, "name"), (" " * space, "plain"), norm)
        if stop > 1 + elements.rows and elements.left_out:
            rows.insert(-1, line((f"… {elements.left_out:,} more elements", "dim")))
        if stop - start > 1:
            return [rows[0], *rows[1:][start + 1 - first : stop - first]]
        return rows[min(first, 1) :][start - first : stop - first]

    return LazyRows(2 + elements.rows + bool(elements.left_out), between)


def gradient_places(frame: Frame) -> tuple[range, range] | None:
    """Return the rows of the selected parameter in the gradient vector, and of its first element.

    None without one.  For a whole array that begins with a gradient of 0, it is the element with
    the largest one.
    """
    shapes = [node.shape for node in frame.graph.parameters]
    if frame.looked_at is None:
        return None
    array, index = frame.looked_at
    if not index and shapes[array]:
        node = frame.graph.parameters[array].id
        if not frame.gradient(node).reshape(-1)[:1].any():
            index = steepest(frame, node) or ()
    elements = Elements(shapes, [1] * len(shapes), _LISTED)
    return moved(elements.places_of(array, index), 1)


def steepest(frame: Frame, node: int) -> Index | None:
    """Return the element of an array with the largest gradient; None if all are 0 or unknown.

    Of a sum that is not complete, none is the largest.
    """
    if frame.gradient_state(node) in ("unknown", "partial"):
        return None
    gradient = frame.gradient(node)
    flat = gradient.reshape(-1)
    # Their magnitudes, or argmin, which copies what cannot be written to, would take most of the
    # time of this at a million numbers.
    largest = max(-float(flat.min(initial=0.0)), float(flat.max(initial=0.0)))
    if largest == 0.0:
        return None
    found = np.isnan(flat) if math.isnan(largest) else (flat == largest) | (flat == -largest)
    return tuple(map(int, np.unravel_index(int(found.argmax()), gradient.shape)))


class _Form(Struct, frozen=True):
    """The columns of a table, and how their numbers are shown."""

    shown: tuple[str, ...]
    gap: int
    names: tuple[str, ...]
    """The parameters' names."""
    values: Column
    slopes: Column
    """The gradients', and those of what is compared with them."""


class _Array(Struct, frozen=True):
    """The elements of one array that are listed."""

    position: int
    """The parameter's."""
    indices: list[Index]
    values: list[float]
    slopes: list[float]
    claims: list[float]
    """What is claimed of the slopes; empty without a claim in their shape."""
    mark: Mark | None
    """Whether the claim holds; None until it is made."""

    def wrong(self, place: int) -> tuple[float, float] | None:
        """Return the slope with a claim that is shown as wrong, if all digits tell them apart."""
        if not self.claims or self.mark in (None, "right"):
            return None
        slope, claim = self.slopes[place], self.claims[place]
        return None if number(slope) == number(claim) else (slope, claim)


class _Numbers(Struct, frozen=True):
    """The numbers of some rows."""

    values: list[float]
    slopes: list[float]
    """The gradients, and what is claimed of them."""
    wrong: list[tuple[float, float]]
    """The gradients of which something else is claimed, with the claims."""


class _Cells(Struct, frozen=True):
    """The cells that numbers take."""

    fewest: int
    """With the fewest digits of which no column goes short."""
    short: int
    all: int
    """With all digits."""


def _cells(numbers: list[float]) -> _Cells:
    """Return the cells that some numbers take: the same in any choice of columns."""
    short, all = (
        max((len(number(one, digits)) for one in numbers), default=0) for digits in (SHORT, DIGITS)
    )
    return _Cells(cells_for(numbers, _FEWEST), short, all)


def _form(frame: Frame, listed: Iterable[_Array], width: int) -> _Form:
    """Return the first choice of columns that tell their numbers apart, or the last one."""
    parameters = frame.graph.parameters
    labels = [label(frame, node.id) for node in parameters]
    last = [tuple(size - 1 for size in node.shape) for node in parameters]
    numbers = _numbers(listed)
    cells = _cells(numbers.values), _cells(numbers.slopes)
    # A ✓ of the central differences would look like one of lines that claim nothing.
    hand = frame.problem.backward
    choices = _CHOICES[bool(frame.claims) or (hand is not None and not hand.claimed)]
    for shown in choices:
        for most in _NAME_CELLS[: 1 + ("central" not in shown)]:
            names = _shortened(labels, most)
            widest = max(cell_width(element_text(*one)) for one in zip(names, last, strict=True))
            room = width - (widest if "value" in shown else max(widest, cell_width(_NORM)))
            room -= sum(_MARKS.get(one, 0) for one in shown)
            for gap in _GAPS[: 1 + (len(shown) < _MANY)]:
                fit, value, slope = _shared(frame, cells, shown, room - gap * len(shown))
                if not fit and shown is not choices[-1]:
                    continue
                values, slopes = column(numbers.values, value), column(numbers.slopes, slope)
                form = _Form(shown, gap, names, values, slopes)
                if fit and _tells(numbers, form):
                    return form
    return form


def _shortened(labels: list[str], most: int) -> tuple[str, ...]:
    """Return names in at most so many cells, by the end that tells them apart, if one does.

    Of an array in a dict that is too long, the key is enough where no other has it.
    """
    if all(cell_width(one) <= most for one in labels):
        return tuple(labels)
    keys = [found[1] if (found := _KEY.search(one)) else one for one in labels]
    names = keys if len({*keys}) == len(keys) else labels
    ends = [clip(one, most) for one in names], [clip(one[::-1], most)[::-1] for one in names]
    return tuple(next((end for end in ends if len({*end}) == len(end)), ends[0]))


def _shared(
    frame: Frame, cells: tuple[_Cells, _Cells], shown: tuple[str, ...], room: int
) -> tuple[bool, int, int]:
    """Return whether no number is cut, and the cells of a value and of a slope.

    They share the room: a value leaves what it does not need.
    """
    of_values, of_slopes = cells
    valued = "value" in shown
    count = len(shown) - ("check" in shown) - valued
    least = max(_LEAST, cell_width(_title(frame)))
    values = [valued * max(_LEAST_OF_VALUE, one) for one in (of_values.short, of_values.all)]
    slopes = [max(least, one) for one in (of_slopes.short, of_slopes.all)]
    for value, slope in ((values[1], slopes[1]), (values[1], slopes[0]), (values[0], slopes[0])):
        if value + slope * count <= room:
            break
    else:
        value = min(values[0], room // (count + 1))
        slope = max(1, min(slopes[0], (room - value) // count))
    fit = slope >= max(_LEAST, of_slopes.fewest) and (not valued or value >= of_values.fewest)
    return fit, value, slope


def _tells(numbers: _Numbers, form: _Form) -> bool:
    """Return whether no wrong number looks like the true one."""
    slopes = form.slopes
    return not any(
        _apart(slopes, *pair).text(pair[0]) == _apart(slopes, *pair).text(pair[1])
        for pair in numbers.wrong
    )


def _apart(slopes: Column, true: float, claim: float) -> Column:
    """Return how a gradient is shown that short digits would not tell from what is claimed."""
    alike = slopes.text(true) == slopes.text(claim)
    return Column(slopes.cells, DIGITS, slopes.exponents) if alike else slopes


def _title(frame: Frame) -> str:
    return f"∂{label(frame, frame.graph.loss)}/∂"


def _head(frame: Frame, form: _Form) -> list[Span]:
    """Return the titles of the columns."""
    loss = clip(label(frame, frame.graph.loss), form.slopes.cells - 3)
    titles = {
        "value": "value", "slope": f"∂{loss}/∂", "central": "central", "hand": "by hand",
        "check": "",
    }  # fmt: skip
    return [("", "dim"), *((titles[one], "dim") for one in form.shown)]


def _numbers(listed: Iterable[_Array]) -> _Numbers:
    """Return the numbers of some elements, whose claims count once they are shown."""
    found = _Numbers([], [], [])
    for one in listed:
        found.values.extend(one.values)
        found.slopes.extend(one.slopes)
        found.slopes.extend(one.claims)
        found.wrong.extend(pair for place in range(len(one.claims)) if (pair := one.wrong(place)))
    return found


def _listed(frame: Frame, elements: Iterable[tuple[int, Index, int]]) -> list[_Array]:
    """Return the numbers of some elements, those of each array together."""
    found = []
    for position, group in groupby(elements, lambda one: one[0]):
        node, indices = frame.graph.parameters[position], [index for _, index, _ in group]
        done, claim = claim_done(frame, node.name), claimed(frame, node.name)
        values, slopes, claims = (
            [] if array is None else [float(array[index]) for index in indices]
            for array in (frame.tape.value(node.id), frame.gradient(node.id), claim)
        )
        mark = parameter_mark(frame, node.name) if done else None
        found.append(_Array(position, indices, values, slopes, claims, mark))
    return found


def _table(frame: Frame, listed: Iterable[_Array], form: _Form) -> list[list[Span]]:
    """Return the cells of some elements' rows, in the columns shown."""
    table: list[list[Span]] = []
    for one in listed:
        node = frame.graph.parameters[one.position]
        state = frame.gradient_state(node.id)
        known, more = state == "known", "…" * (state == "partial")
        measured = known and not {"central", "check"}.isdisjoint(form.shown)
        central = frame.central(one.position, one.indices) if measured else None
        roles = element_roles(frame, node.id, one.indices)
        for place, (index, value, slope) in enumerate(
            zip(one.indices, one.values, one.slopes, strict=True)
        ):
            wrong = one.wrong(place)
            slopes = _apart(form.slopes, *wrong) if wrong else form.slopes
            text = UNKNOWN if state == "unknown" else slopes.text(slope, len(more))
            check: Span = (NOT_MEASURED if known else UNKNOWN, "dim")
            if central is not None:
                check = _check(frame, slope, float(central[place]), slopes)
            found: dict[str, Span] = {
                "value": (form.values.text(value), "value"),
                "slope": (text + more, "gradient"),
                "central": check,
                "check": ("" if central is None else check[0][-1], check[1]),
            }
            if "hand" in form.shown:
                found["hand"] = _by_hand(frame, node.name, one, place, slopes)
            name = element_text(form.names[one.position], index)
            table.append([(name, roles[place]), *(found[column] for column in form.shown)])
    return table


def _by_hand(frame: Frame, name: str, one: _Array, place: int, slopes: Column) -> Span:
    """Return the claim about one element of the gradient, and whether it holds."""
    if name not in frame.claims:
        return ("none  ", "dim")
    if one.mark is None:
        return (f"{UNKNOWN}  ", "dim")
    sign, role = SIGNS[one.mark]
    if not one.claims:
        shape = f"[{shape_text(np.shape(frame.claims[name]))}]"
        return (f"{clip(shape, slopes.cells)} {sign}", role)
    return (f"{slopes.text(one.claims[place])} {sign}", role)


def _norm(frame: Frame, form: _Form) -> list[Span]:
    """Return the cells of the norm's row, without its name where it is above no value."""
    whole = all(frame.gradient_state(n.id) == "known" for n in frame.graph.parameters)
    norm = compact(frame.tape.gradient_norm, form.slopes.cells) if whole else UNKNOWN
    cell: list[Span] = [(norm, "gradient")] if "slope" in form.shown else []
    if "value" in form.shown:
        return [("", "name"), ("", "plain"), *cell]
    return [(_NORM, "name"), *cell]


def _check(frame: Frame, true: float, near: float, slopes: Column) -> Span:
    """Return the central difference of one element, marked if it agrees."""
    loss = frame.loss
    if not all(map(math.isfinite, (true, near, loss))):
        return (NOT_MEASURABLE, "dim")
    scale = 1e-8 * max(1.0, abs(loss))
    agrees = abs(true - near) <= 1e-5 * max(abs(true), abs(near)) + scale
    return (slopes.text(near) + (" ✓" if agrees else " ?"), "good" if agrees else "bad")
