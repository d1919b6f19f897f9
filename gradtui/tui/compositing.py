"""Paints of what has changed. Knows where the parts of a screen are, not what they show.

Textual renders every part around a change, and cuts all rows at the edges of all parts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

Span = tuple[int, int]
"""The first column of some cells of a row, and the one after the last."""
_NEAR = 4
"""Most rows from one to the next that are rendered at once: both borders of a panel are not."""
_AHEAD = 8
"""Most rows of a part that are rendered at once ahead of a paint."""


class LeanCompositor(Compositor):
    """Renders only rows that have changed, and of them only what is seen."""

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        """Return the paint of everything; called by Textual."""
        if simplify:
            return super().render_full_update(simplify=True)
        self._dirty_regions.clear()
        width, height = self.size
        rows = self._render_spans([(y, 0, width) for y in range(height)])
        return LayoutUpdate([row.values() for row in rows], self.size.region)

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return the paint of what has changed; called by Textual."""
        spans = self._changed_spans()
        self._dirty_regions.clear()
        if not spans:
            return None
        rows = self._render_spans(spans)
        ends = [[x + strip.cell_length for x, strip in row.items()] for row in rows]
        return ChopsUpdate(rows, spans, ends)

    def render_strips(self, size: Size | None = None) -> list[Strip]:
        """Return all rows, for the screen over this one; called by Textual."""
        width, height = size or self.size
        rows = self._render_spans([(y, 0, width) for y in range(height)])
        return [Strip.join(list(row.values())) for row in rows]

    def render_ahead(self) -> Iterator[None]:
        """Have each part make, and keep, the rows that the next paint takes from it, in pieces."""
        found: list[dict[int, Strip]] = [{} for _ in range(self.size.height)]
        yield from self._rendering(self._changed_spans(), found, _AHEAD)

    def _changed_spans(self) -> list[tuple[int, int, int]]:
        """Return the rows of what has changed, each with its first column and the one after it."""
        screen = self.size.region
        changed = [region.intersection(screen) for region in self._dirty_regions]
        return list(self._regions_to_spans(filter(None, changed)))

    def _render_spans(self, spans: Iterable[tuple[int, int, int]]) -> list[dict[int, Strip]]:
        """Return the pieces of each row of the screen that cover the spans, by their columns."""
        found: list[dict[int, Strip]] = [{} for _ in range(self.size.height)]
        for _ in self._rendering(spans, found, self.size.height):
            pass
        return [dict(sorted(row.items())) for row in found]

    def _rendering(
        self, spans: Iterable[tuple[int, int, int]], found: list[dict[int, Strip]], most: int
    ) -> Iterator[None]:
        """Add to `found` the pieces of rows that cover the spans, some rows of a part at a time."""
        missing = defaultdict[int, list[Span]](list)
        for y, first, last in spans:
            missing[y].append((first, last))
        for widget, (region, clip) in list(self.visible_widgets.items()):  # from the front
            if not missing:
                break
            yield from _rendering(widget, region, region.intersection(clip), missing, found, most)


def _rendering(
    widget: Widget,
    region: Region,
    seen: Region,
    missing: dict[int, list[Span]],
    found: list[dict[int, Strip]],
    most: int,
) -> Iterator[None]:
    """Move from `missing` to `found` what a widget shows in the part of its region that is seen."""
    wanted = defaultdict[Span, list[int]](list)
    for y in seen.line_range:
        for first, last in missing.get(y, ()):
            span = max(first, seen.x), min(last, seen.right)
            if span[0] < span[1]:
                wanted[span].append(y)
    for (first, last), rows in wanted.items():
        for lines in _runs(rows, most):
            top, height = lines[0], lines[-1] + 1 - lines[0]
            crop = Region(first - region.x, top - region.y, last - first, height)
            strips = widget.render_lines(crop)
            for y in lines:
                found[y][first] = strips[y - top]
                left = [piece for span in missing.pop(y) for piece in _without(span, first, last)]
                if left:
                    missing[y] = left
            yield


def _runs(lines: list[int], most: int) -> Iterator[list[int]]:
    """Yield rows that are near each other: those between them are rendered, too."""
    start = 0
    for at in range(1, len(lines)):
        if lines[at] - lines[at - 1] > _NEAR or at - start == most:
            yield lines[start:at]
            start = at
    yield lines[start:]


def _without(span: Span, first: int, last: int) -> list[Span]:
    """Return what is left of a span without some of its cells."""
    pieces = (span[0], min(span[1], first)), (max(span[0], last), span[1])
    return [(start, end) for start, end in pieces if start < end]
