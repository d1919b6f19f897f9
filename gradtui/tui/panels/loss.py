"""The loss curve, with the present step marked."""

from __future__ import annotations

from gradtui.explain.spans import Line, Span, line
from gradtui.frame import Frame
from gradtui.text import number
from gradtui.tui.panels.base import Panel


class LossPanel(Panel):
    """The loss over the steps of the run."""

    NAME = "Loss"
    HELP = "the loss at each step, the present one marked; t changes to a log scale"

    def __init__(self, key: int) -> None:
        super().__init__(key)
        self.logarithmic = False
        self._key: object = None
        self._drawn: tuple[list[str], int, int] = ([], 0, 0)

    def toggle_scale(self) -> None:
        """Change between a linear and a log scale."""
        self.logarithmic = not self.logarithmic
        self.title("Loss, log scale" if self.logarithmic else "Loss")
        self.redraw()

    def rows_of(self, frame: Frame, width: int) -> list[Line]:
        """Return the curve, or what there is to say where it does not fit."""
        height = self.size.height
        if width < 16 or height < 4:
            return [line(("L ", "dim"), (number(frame.loss), "value"))]
        last = max(frame.problem.steps, frame.step, 1)
        shown = frame.losses[: last + 1]
        key = (last, len(shown), width, height, self.logarithmic, id(frame.problem))
        if key != self._key:
            from gradtui.tui.plot import draw_curve

            self._drawn = draw_curve(shown, last, (width, height), log=self.logarithmic)
            self._key = key
        rows, first, final = self._drawn
        return [self._mark(frame, row, y, last, first, final) for y, row in enumerate(rows)]

    def _mark(self, frame: Frame, row: str, y: int, last: int, first: int, final: int) -> Line:
        """Return a row of the plot with the present step's column marked."""
        from gradtui.tui.plot import column_of

        at = column_of(frame.step, last, first, final)
        if y >= self.size.height - 2:
            return line((row, "dim"))
        under = row[at : at + 1]
        mark: Span = ("│", "selected") if under.strip() == "" else (under, "now")
        return line((row[:first], "dim"), (row[first:at], "value"), mark, (row[at + 1 :], "value"))
