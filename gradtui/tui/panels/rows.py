"""The panels that show rows as they come from `explain`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from gradtui.base.text import clean, clip, shape_text
from gradtui.debugger.frame import Frame
from gradtui.engine.graph import Kind
from gradtui.explain.beside import beside_rows, wrong_tables
from gradtui.explain.chain import chain_rows
from gradtui.explain.curves import trail_text
from gradtui.explain.findings import chosen_rows, notes_rows, notes_title
from gradtui.explain.gauge import gauge_rows
from gradtui.explain.program import current_row, given_rows, program_length, program_rows
from gradtui.explain.spans import LazyRows, TextRow
from gradtui.explain.symbols import label
from gradtui.explain.training import batch_text
from gradtui.explain.update import update_row, update_rows
from gradtui.explain.vector import gradient_row, gradient_rows
from gradtui.tui.keys import NOTES, bindings
from gradtui.tui.panels.base import Panel


class ParametersPanel(Panel):
    """Rows for each number of the parameters, at those of another one when that is selected."""

    _shown: object = None

    def row_looked_at(self, frame: Frame) -> int | None:
        """Return the first row of the parameter that is looked at, if there is one."""
        raise NotImplementedError

    def follow(self, frame: Frame, height: int) -> None:
        """Bring what is looked at into view when it is another than before."""
        if frame.looked_at == self._shown:
            return
        self._shown, row = frame.looked_at, self.row_looked_at(frame)
        if row is not None and not self.top <= row < self.top + height:
            self.top = row


class GradientPanel(ParametersPanel):
    """The gradient vector."""

    NAME = "Gradient"
    HELP = (
        "each parameter's value, the derivative of the loss with respect to it by the chain rule, "
        "and the same slope measured by moving it a little (central difference); ✓ they agree; "
        "left out where the model is large"
    )

    def rows_wanted(self, frame: Frame) -> int:
        """Return the rows of the gradient vector."""
        return len(gradient_rows(frame))

    def row_looked_at(self, frame: Frame) -> int | None:
        """Return the first row of the parameter that is looked at, if there is one."""
        return gradient_row(frame)

    def rows_of(self, frame: Frame, width: int) -> Sequence[TextRow]:
        """Return the gradient vector; the title has the shape of the selected parameter."""
        node = frame.graph.nodes[frame.selected]
        shown = node.kind is Kind.PARAMETER and node.shape
        name = f" · {label(frame, node.id)} [{shape_text(node.shape)}]" if shown else ""
        self.title(self.NAME + clip(clean(name), width - len(self.NAME) - 4))
        return gradient_rows(frame, width)


class ChainPanel(Panel):
    """The chain rule of the selected node."""

    NAME = "Chain"
    HELP = (
        "how the gradient of the selected node is put together, in symbols and in numbers, below "
        "what was written by hand; "
        "{lens}: that of one element, {jacobian}: the Jacobian"
    )
    _made: tuple[Frame | None, int, list[TextRow]] = (None, 0, [])

    _shown: object = None

    def follow(self, frame: Frame, height: int) -> None:
        """Start at the top of another node's chain rule."""
        if frame.selected != self._shown:
            self._shown, self.top, self.left = frame.selected, 0, 0

    def rows_of(self, frame: Frame, width: int) -> list[TextRow]:
        """Return the selected node's chain rule, that of one element, or a Jacobian."""
        if frame.looked.lens is not None:
            from gradtui.explain.lens import lens_rows

            trail = trail_text(frame, width - 12)
            self.title(f"Lens · {trail}" if trail else "Lens")
            if self._made[:2] != (frame, width):  # scrolling makes the same rows again
                self._made = (frame, width, lens_rows(frame, width))
            return self._made[2]
        if frame.looked.jacobian is not None:
            from gradtui.explain.jacobian import jacobian_rows

            self.title("Jacobian")
            return jacobian_rows(frame, width)
        trail = trail_text(frame, width - len(self.NAME) - 8)
        self.title(f"{self.NAME} · {trail}" if trail else self.NAME)
        return [*beside_rows(frame, width), *chain_rows(frame, width), *wrong_tables(frame)]


class UpdatePanel(ParametersPanel):
    """The optimizer's step."""

    NAME = "Update"
    HELP = (
        "how near the rate is to the largest stable one; then how the optimizer moves each "
        "parameter, with its arithmetic"
    )

    def row_looked_at(self, frame: Frame) -> int | None:
        """Return the first row of the parameter that is looked at, if there is one."""
        width, row = self.size.width, update_row(frame, self.size.width)
        return None if row is None else len(gauge_rows(frame, width)) + row

    def rows_of(self, frame: Frame, width: int) -> Sequence[TextRow]:
        """Return the gauge, then the update."""
        gauge, update = gauge_rows(frame, width), update_rows(frame, width)
        above = len(gauge)
        return LazyRows(
            above + len(update),
            lambda start, stop: [
                *gauge[start:stop],
                *update[max(0, start - above) : max(0, stop - above)],
            ],
        )


class ProgramPanel(Panel):
    """The model's program."""

    NAME = "Program"
    HELP = (
        "the model and what was written by hand, with line numbers of the file and each line's "
        "value; ▸ is the cursor; ✓ right, ✗ wrong, ↳ wrong only through another line"
    )

    def visible_rows(self) -> list[TextRow]:
        """Return the lines in view: a program may have thousands."""
        if self.frame is None:
            return []
        width, height = self.size
        batch = batch_text(self.frame)
        self.title(f"{self.NAME} · {batch}" if batch else self.NAME)
        count = program_length(self.frame)
        self.follow(self.frame, height)
        self.top = max(0, min(self.top, count - height))
        self._hint(count - self.top - height, 0)
        rows = program_rows(self.frame, width, self.top, self.top + height)
        return rows + given_rows(self.frame, width) if count < height else rows

    def follow(self, frame: Frame, height: int) -> None:
        """Keep the cursor's line in view when the cursor moves."""
        here = current_row(frame)
        if here < 0 or frame.now is self._followed:
            return
        self._followed = frame.now
        if not self.top <= here < self.top + height:
            self.top = max(0, here - height // 2)

    _followed: object = None


class NotesPanel(Panel):
    """What was found, and what the scenario says."""

    NAME = "Notes"
    HELP = (
        "what is watched; what is wrong with what was written by hand and with the run, the "
        "gravest first ({finding-here} goes there); then what the scenario's author wants you to "
        "look at"
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(NOTES)]

    def rows_of(self, frame: Frame, width: int) -> list[TextRow]:
        """Return the findings and the notes, wrapped to the panel."""
        return notes_rows(frame, width)

    def show_frame(self, frame: Frame) -> None:
        """Show another moment."""
        self.title(notes_title(frame))
        super().show_frame(frame)

    def follow(self, frame: Frame, height: int) -> None:
        """Bring the finding that the cursor went to into view."""
        if frame.known.chosen == self._followed:
            return
        self._followed = frame.known.chosen
        first, after = chosen_rows(frame, self.size.width)
        self.top = max(0, min(first, max(self.top, after - height)))

    _followed: int | None = None
