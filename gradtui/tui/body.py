"""The grid of the panels, in which each gives rows that it does not need to those above or below.

Knows no panel's contents: a panel says how many rows it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct
from textual.geometry import Region, Size
from textual.layout import ArrangeResult, Layout
from textual.layouts.grid import GridLayout
from textual.widget import Widget

from gradtui.tui.lean import Still
from gradtui.tui.panels.base import Panel

_FIXED = "-close", "-zoomed"
"""The screen's classes under which the style sheet's heights stay."""
_OWN_HEIGHT = "graph"
"""The panel whose height the style sheet leaves to its drawing."""


class Needs(Struct, frozen=True):
    """The rows of a panel, its border included."""

    least: int
    """Rows that it gives to no other."""
    wanted: int
    """Rows that it takes if others have them to spare."""


class Body(Still):
    """The panels."""

    @property
    def layout(self) -> Layout:
        """The style sheet's grid, with shared rows."""
        return _SHARED


class _SharedRows(GridLayout):
    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """Place the panels; called by Textual."""
        placed = super().arrange(parent, children, size, greedy)
        if any(map(parent.screen.has_class, _FIXED)):
            return placed
        found = [one for one in placed if isinstance(one.widget, Panel)]
        panels = {str(one.widget.id): one for one in found}

        def needs(name: str) -> Needs:
            panel, region = panels[name].widget, panels[name].region
            assert isinstance(panel, Panel)
            inside = region.size - panel.gutter.totals
            around = region.height - inside.height
            least, wanted = panel.rows_needed(inside)
            return Needs(least + around, wanted + around)

        shared = share_rows({name: one.region for name, one in panels.items()}, needs)
        return [
            *(one for one in placed if one not in found),
            *(one._replace(region=shared[name]) for name, one in panels.items()),
        ]


_SHARED = _SharedRows()


def share_rows(regions: dict[str, Region], needs: Callable[[str], Needs]) -> dict[str, Region]:
    """Return the panels' regions with rows moved from those with some to spare to their neighbours.

    Where panels stand on panels of the same columns, the border between them moves.
    """
    shared = dict(regions)
    for border in sorted({region.y for region in regions.values()})[1:]:
        above = [name for name, region in shared.items() if region.bottom == border]
        below = [name for name, region in shared.items() if region.y == border]
        for upper, lower in _stacks(above, below, regions):
            tops, ends = {shared[n].y for n in upper}, {shared[n].bottom for n in lower}
            if len(tops) == len(ends) == 1 and _OWN_HEIGHT not in (*upper, *lower):
                (top,), (end,) = tops, ends
                at = border + _moved(border - top, end - border, *map(_together, (
                    map(needs, upper), map(needs, lower),
                )))  # fmt: skip
                for name in upper:
                    shared[name] = _between(shared[name], top, at)
                for name in lower:
                    shared[name] = _between(shared[name], at, end)
    return shared


def _moved(above: int, below: int, upper: Needs, lower: Needs) -> int:
    """Return by how many rows the border between two heights moves down."""
    if upper.wanted > above:
        return min(upper.wanted - above, max(0, below - lower.least))
    if lower.wanted > below:
        return -min(lower.wanted - below, max(0, above - upper.least))
    return 0


def _together(needs: Iterable[Needs]) -> Needs:
    found = list(needs)
    return Needs(max(one.least for one in found), max(one.wanted for one in found))


def _between(region: Region, top: int, end: int) -> Region:
    return Region(region.x, top, region.width, end - top)


def _stacks(
    above: Iterable[str], below: Iterable[str], regions: dict[str, Region]
) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the panels that end at a border with those below them, of the same columns."""
    above, below = (sorted(names, key=lambda name: regions[name].x) for names in (above, below))
    while above and below:
        upper, lower = [above.pop(0)], [below.pop(0)]
        if regions[upper[0]].x != regions[lower[0]].x:
            return
        while (left := regions[upper[-1]].right) != (right := regions[lower[-1]].right):
            more, group = (above, upper) if left < right else (below, lower)
            if not more:
                return
            group.append(more.pop(0))
        yield upper, lower
