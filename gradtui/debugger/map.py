"""The loss surface of a session: over which parameters it lies, how near, or that none is shown."""

from __future__ import annotations

from collections.abc import Callable

from gradtui.debugger.axes import View, view_over
from gradtui.debugger.surface import Surfaces
from gradtui.engine.history import History
from gradtui.scenario.problem import Problem


class SurfaceView:
    """What is looked at of the loss surface; `say` tells what cannot be."""

    def __init__(
        self,
        problem: Callable[[], Problem],
        say: Callable[[str], None],
    ) -> None:
        self.view: View | None = None
        """None where no surface is shown."""
        self._hidden: View | None = None
        self._surfaces: Surfaces | None = None
        self._problem, self._say = problem, say

    def show(self, text: str = "") -> None:
        """Show the loss surface over `w1 w2`, or `W[0,1] b[2]`; if not said, as it was, or none."""
        before = self.view
        if before is not None and not text:
            self._hidden, self.view = before, None
            return
        try:
            self.view = view_over(text, self._problem(), before or self._hidden)
        except ValueError as error:
            self._say(str(error))

    def zoom(self, by: int) -> None:
        """Halve what of the surface is in view so many times, or double it; 0: the whole path."""
        if self.view is None:
            self.show()
            return
        try:
            self.view = self.view.nearer(by)
        except ValueError as error:
            self._say(str(error))

    def surfaces(self, history: History) -> Surfaces:
        """Return the surfaces of a run; those of another are forgotten."""
        if self._surfaces is None or self._surfaces.history is not history:
            self._surfaces = Surfaces(history)
        return self._surfaces
