"""The gradient vector: the derivative by each parameter, and the measured slope."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from gradtui.base.text import cell_width, clean, clip, shape_text
from gradtui.debugger.frame import Frame
from gradtui.engine.graph import Kind
from gradtui.explain.spans import TextRow
from gradtui.explain.symbols import label
from gradtui.explain.vector import gradient_places, gradient_rows, steepest
from gradtui.tui.kept import Kept
from gradtui.tui.panels.base import ParametersPanel


class GradientPanel(ParametersPanel):
    """The gradient vector."""

    NAME = "Gradient"
    HELP = (
        "each parameter's value, the derivative of the loss with respect to it by the chain rule, "
        "and the same slope measured by moving it a little (central difference); ✓ they agree; "
        "left out if the model is large; …: a sum to which more paths add; the title says where "
        "the gradient of an array is largest"
    )

    def __init__(self, key: int, fill: Callable[[str], str]) -> None:
        super().__init__(key, fill)
        self._vectors = Kept[Sequence[TextRow]]()

    def rows_wanted(self, frame: Frame) -> int:
        """Return the rows of the gradient vector."""
        return len(gradient_rows(frame))

    def titles(self, frame: Frame, height: int) -> int:
        """Return the number of rows above the numbers that stay in view."""
        return min(1, height - 1)

    def places_looked_at(self, frame: Frame) -> tuple[range, range] | None:
        """Return the rows of the selected parameter and of its first element, if there is one."""
        return gradient_places(frame)

    def foresee(self, frame: Frame) -> None:
        """Make the rows in view of a moment that may come."""
        width, height = self.size
        self._rows(frame, width)[self.top : self.top + height]

    def rows_of(self, frame: Frame, width: int) -> Sequence[TextRow]:
        """Return the gradient vector; the title has the shape of the selected parameter."""
        node = frame.graph.nodes[frame.selected]
        shown = node.kind is Kind.PARAMETER and node.shape
        shape = f" [{shape_text(node.shape)}]" if shown else ""
        name = f" · {label(frame, node.id)}" if shown else ""
        room = self.title_room - len(self.NAME)
        at = ""
        top = steepest(frame, node.id) if shown else None
        if top is not None and len(top) and math.prod(node.shape) > self.size.height:
            at = f" · max at {','.join(map(str, top))}"
        texts = (name + shape + at, name + at, name + shape)
        name = next((text for text in texts if cell_width(clean(text)) <= room), texts[-1])
        self.title(self.NAME + clip(clean(name), room))
        return self._rows(frame, width)

    def _rows(self, frame: Frame, width: int) -> Sequence[TextRow]:
        return self._vectors.get((frame.seen, width), lambda: gradient_rows(frame, width))
