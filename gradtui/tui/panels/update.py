"""The optimizer's step for each parameter, and the gauge of its rate."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from textual.geometry import Size

from gradtui.debugger.frame import Frame
from gradtui.explain.gauge import gauge_rows
from gradtui.explain.spans import LazyRows, TextRow
from gradtui.explain.update import move_told, update_places, update_rows
from gradtui.explain.values import moved
from gradtui.tui.kept import Kept
from gradtui.tui.panels.base import ParametersPanel

Places = tuple[range, range]
"""The rows of a parameter, and those of its first element."""
_ROOM = 3
"""Fewest rows in which the first one stays in view."""


class UpdatePanel(ParametersPanel):
    """The optimizer's step."""

    NAME = "Update"
    HELP = (
        "how near the rate is to the largest stable one; then how the optimizer moves each "
        "parameter, with its arithmetic; → behind a name: it has moved"
    )

    _places: Places | None = None
    """The rows of the selection when it was brought into view."""

    def __init__(self, key: int, fill: Callable[[str], str]) -> None:
        super().__init__(key, fill)
        self._updates = Kept[tuple[Sequence[TextRow], Places | None]]()
        """Updates, with the rows of the selection: often only the gauge is new."""

    def titles(self, frame: Frame, height: int) -> int:
        """Return whether the gauge's verdict on the rate stays in view above the rest."""
        return int(height >= _ROOM and bool(gauge_rows(frame, self.size.width)))

    def places_looked_at(self, frame: Frame) -> Places | None:
        """Return the rows of the selected parameter, the first one while its move is unknown."""
        (_, places), top = self._update(frame, self.size.width), (range(1), range(1))
        if places is None:
            return top if frame.position < frame.order.backward else None
        above = len(gauge_rows(frame, self.size.width))
        return moved(places, above) if self.is_known(frame) else top

    def is_known(self, frame: Frame) -> bool:
        """Return whether the move of the selected parameter is told."""
        looked = frame.looked_at
        return looked is not None and move_told(frame, frame.graph.parameters[looked[0]].id)

    def follow(self, frame: Frame, height: int) -> None:
        """Bring the selection into view, again once its rows are others: numbers grow longer."""
        places = self.places_looked_at(frame)
        if places != self._places:
            self._places, self._shown = places, None
        super().follow(frame, height)

    def rows_needed(self, size: Size) -> tuple[int, int]:
        """Return its rows, with one more for each number, whose digits may not fit later."""
        _, wanted = super().rows_needed(size)
        frame = self.frame
        numbers = 0 if frame is None else sum(math.prod(p.shape) for p in frame.graph.parameters)
        return max(wanted, self.first_rows + numbers), wanted

    def rows_of(self, frame: Frame, width: int) -> Sequence[TextRow]:
        """Return the gauge, then the update."""
        gauge, (update, _) = gauge_rows(frame, width), self._update(frame, width)
        above = len(gauge)

        def between(start: int, stop: int) -> list[TextRow]:
            kept = self.titles(frame, stop - start)
            start += kept
            rows = *gauge[start:stop], *update[max(0, start - above) : max(0, stop - above)]
            return [*gauge[:kept], *rows]

        return LazyRows(above + len(update), between)

    def _update(self, frame: Frame, width: int) -> tuple[Sequence[TextRow], Places | None]:
        """Return the update's rows, and where in them the selection is.

        They are remade only if the moment or the selection has changed.
        """
        looked = frame.looked.node, frame.looked.lens
        key = (
            frame.problem,
            frame.tape,
            frame.structure,
            frame.position,
            frame.untold_moves,
            *looked,
            width,
        )
        return self._updates.get(
            key, lambda: (update_rows(frame, width), update_places(frame, width))
        )

    def foresee(self, frame: Frame) -> None:
        """Make the rows in view of a moment that may come."""
        width, height = self.size
        self.rows_of(frame, width)[self.top : self.top + height]
