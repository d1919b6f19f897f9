"""The loss curve, with the present step marked."""

from __future__ import annotations

import re

from gradtui.explain.spans import Line, Span, line, line_width
from gradtui.frame import Frame
from gradtui.text import number
from gradtui.tui.panels.base import Panel


class LossPanel(Panel):
    """The loss over the steps of the run."""

    NAME = "Loss"
    HELP = (
        "the loss at each step, the present one marked; t changes to a log scale; M shows the loss "
        "surface in its place"
    )

    def __init__(self, key: int) -> None:
        super().__init__(key)
        self.logarithmic = False
        self._key: object = None
        self._drawn: tuple[list[str], int, int] = ([], 0, 0)

    def toggle_scale(self) -> None:
        """Change between a linear and a log scale."""
        self.logarithmic = not self.logarithmic
        self.redraw()

    def rows_of(self, frame: Frame, width: int) -> list[Line]:
        """Return the curve, or the loss surface, or what there is to say where it does not fit."""
        height = self.size.height
        if frame.surface_view is not None:
            from gradtui.explain.surface import surface_rows, surface_title

            self.title(surface_title(frame))
            return surface_rows(frame, width, height)
        self.title("Loss, log scale" if self.logarithmic else "Loss")
        second = frame.validation_losses
        legend = [] if second is None else [_legend(frame, width)]
        if width < 16 or height < 4 + len(legend):
            return [line(("L ", "dim"), (number(frame.loss), "value")), *legend]
        height -= len(legend)
        last = max(frame.problem.steps, frame.step, 1)
        shown = frame.losses[: last + 1]
        second = None if second is None else second[: last + 1]
        key = (last, len(shown), width, height, self.logarithmic, id(frame.problem))
        if key != self._key:
            from gradtui.tui.plot import draw_curve

            self._drawn = draw_curve(
                shown, last, (width, height), log=self.logarithmic, second=second
            )
            self._key = key
        rows, first, final = self._drawn
        marked = [self._mark(frame, row, last, first, final) for row in rows[:-2]]
        return [*legend, *marked, *(line((row, "dim")) for row in rows[-2:])]

    def _mark(self, frame: Frame, row: str, last: int, first: int, final: int) -> Line:
        """Return a row of the plot with the present step's column marked."""
        from gradtui.tui.plot import column_of

        at = column_of(frame.step, last, first, final)
        under = row[at : at + 1]
        mark: Span = ("│", "selected") if under.strip() == "" else (under, "now")
        return line((row[:first], "dim"), *_curves(row[first:at]), mark, *_curves(row[at + 1 :]))


def _curves(row: str) -> list[Span]:
    """Return a stretch of the plot, the curve of the validation in its own colour."""
    from gradtui.tui.plot import SECOND

    parts = re.split(f"({SECOND}+)", row)
    return [(part, "local" if SECOND in part else "value") for part in parts if part]


def _legend(frame: Frame, width: int) -> Line:
    """Return which curve is which, with this step's numbers where they fit."""
    from gradtui.tui.plot import SECOND

    own, other = number(frame.loss, 4), number(frame.validation_loss or 0.0, 4)
    full = line(("⠤ ", "value"), f"loss {own}  ", (f"{SECOND} ", "local"), f"validation {other}")
    if line_width(full) <= width:
        return full
    return line(("⠤ ", "value"), "loss  ", (f"{SECOND} ", "local"), "validation")
