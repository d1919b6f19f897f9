"""Where a window onto a drawing begins, and which of its cells are free. Knows no values."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import itemgetter

from gradtui.layout.geometry import Layout, Rect, Stroke
from gradtui.layout.painting import paint

ENTRY = 3
"""Cells of line and arrow before a box; a sign of a cut takes the first of them."""


def centred(middle: int, size: int, whole: int) -> int:
    """Return the start of a window of `size` with a place in its middle, if possible."""
    return max(0, min(middle - size // 2, whole - size))


def into_view(start: int, first: int, last: int, size: int) -> int:
    """Return the start of a window of `size`, moved as little as possible to show a range."""
    if last > start + size:
        start = last - size
    return max(0, min(start, first))


def around(places: Sequence[Rect]) -> Rect:
    """Return the smallest place that holds all of some places."""
    left, top = min(place.x for place in places), min(place.y for place in places)
    right = max(place.x + place.width for place in places)
    bottom = max(place.y + place.height for place in places)
    return Rect(left, top, right - left, bottom - top)


def between_boxes(layout: Layout, left: int, last: int) -> int:
    """Return the first column from `left` to `last` before or after all boxes of a layer.

    A window that begins there cuts no box. Without such a column, return `left`.
    """
    layers = [keys for keys in layout.columns if keys]
    starts = [layout.boxes[keys[0]].x for keys in layers]
    columns = list[int]()
    for at in range(max(0, bisect_right(starts, left) - 1), bisect_right(starts, last + ENTRY)):
        place = around([layout.boxes[key] for key in layers[at]])
        columns += [max(0, place.x - ENTRY), place.x + place.width + 1]
    return min((x for x in columns if left <= x <= last), default=left)


def top_for(layout: Layout, left: int, right: int, top: int, height: int) -> int:
    """Return the top row for the boxes between two columns: all if they fit, else near `top`."""
    seen = [box for box in layout.boxes.values() if left < box.x + box.width and box.x < right]
    first = min((box.y for box in seen), default=0)
    last = max((box.y + box.height for box in seen), default=0)
    if last - first > height:
        return max(first, min(top, last - height))
    return max(0, first - (height - last + first) // 2)


def box_at(layout: Layout, x: int, y: int) -> int | None:
    """Return the node whose box is at a cell of the drawing."""
    for key, box in layout.boxes.items():
        if box.x <= x < box.x + box.width and box.y <= y < box.y + box.height:
            return key
    return None


def is_last_before(layout: Layout, key: int, x: int) -> bool:
    """Return whether all boxes but one end before a column, so that only its wires are there."""
    for keys in reversed(layout.columns):
        others = [layout.boxes[other] for other in keys if other != key]
        if others:
            return all(box.x + box.width <= x for box in others)
    return True


def cuts_box(layout: Layout, y: int, x: int) -> bool:
    """Return whether a window that begins at column `x` cuts a box in row `y`."""
    boxes = layout.rows[y].boxes if 0 <= y < layout.height else []
    before = bisect_left(boxes, x, key=itemgetter(0))
    if not before:
        return False
    start, key = boxes[before - 1]  # the last one that begins before; they do not overlap
    return x < start + layout.boxes[key].width


def is_free(layout: Layout, y: int, start: int, stop: int) -> bool:
    """Return whether nothing is drawn in row `y` from column `start` up to `stop`."""
    pieces = paint(layout, y, start, stop, lambda wire: "")
    return all(isinstance(piece, Stroke) and not piece.text.strip() for piece in pieces)
