"""The computation graph: values above, gradients below, local derivatives on the edges."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from textual import events

from gradtui.debugger.frame import Frame
from gradtui.debugger.steps import Flow
from gradtui.explain.byhand import blamed_edges
from gradtui.explain.graph_text import CLOSE, EXACT, BoxText, Cells, box_text, wire_text
from gradtui.explain.spans import Role, Span, TextRow, line_width
from gradtui.explain.symbols import cursor_role
from gradtui.layout import (
    ENTRY,
    BoxRow,
    Label,
    Layout,
    Light,
    Pair,
    between_boxes,
    box_at,
    centred,
    cuts_box,
    into_view,
    is_free,
    is_last_before,
    light,
    paint,
    top_for,
)
from gradtui.tui.drawings import Drawing, Drawings
from gradtui.tui.kept import Kept
from gradtui.tui.later import call_after
from gradtui.tui.panels.base import Panel
from gradtui.tui.rows import crop, marked
from gradtui.tui.sight import graph_title, looked_at

HEAVY, LIGHT = "━", "─"
_LIT: Role = "selected"
_UNLIT: Role = "dim"
_PAUSE, _PART = 0.002, 0.008
"""Seconds between the parts of a drawing, and of one part."""
_AROUND = 14
"""Most nodes drawn around the cursor in a graph that is too large."""
_SPLIT = 8
"""Fewest rows with room for both."""
_ARROW = "…▶ "
"""Before the loss at the edge, if the drawing goes on beyond it."""
_BESIDE = 2
"""Blanks before it."""
_AT_EDGE = 4
"""Fewest times that the loss goes into the width if it has its place at the edge."""


class GraphPanel(Panel):
    """A window onto the drawing of the graph, which follows the cursor and the selection.

    While it is being made there is a list of the nodes instead; if it would be too large, the list
    and, below it, a drawing of the cursor's neighbourhood.
    """

    NAME = "Graph"
    HELP = (
        "every value with its gradient under it, …: a sum to which more paths add; on each edge × "
        "the local derivative; "
        "heavy lines are the path from the selected node to the loss; ✗: a hand-written line has "
        "it wrong"
    )

    def __init__(self, key: int, fill: Callable[[str], str]) -> None:
        super().__init__(key, fill)
        self._drawings = Drawings()
        self._layout: Layout | None = None
        self._cells: Cells = CLOSE
        self._lit: tuple[object, Light] = (None, Light())
        self._lit_sources: frozenset[int] = frozenset()
        self._behind: dict[int, int] = {}
        """The blank cells behind the boxes of the layout, of those asked for."""
        self._is_free: Callable[[int, int, int], bool]
        """Whether nothing is drawn in a row of the layout between two columns."""
        self._text: Callable[[int, Cells, int], BoxText]
        """Returns the text of a box at the frame, made once for both of its rows."""
        self._followed: object = None
        self._target = 0
        """The node that the view followed last."""
        self._listing = False
        self._going_on = False
        self._listed = 0
        """Rows of the list."""
        self._views = Kept[tuple[int | None, list[TextRow]]]()
        self._corner = (0, 0)
        """Column and row of the drawing at the top left of its part in view."""
        self._pinned: int | None = None
        """The row in view of a loss that is beyond the edge."""
        self._last_left = 0
        """The last column at which the view may begin."""

    def rows_wanted(self, frame: Frame) -> int:
        """Return the number of rows of the drawing, or of the list, with two blank ones around."""
        rows = None if self._listing else self._drawings.rows(frame)
        return (len(frame.structure.nodes) if rows is None else rows) + 2

    def toggle_list(self) -> None:
        """Switch between the drawing and the list of nodes."""
        self._listing = not self._listing
        self._followed = None
        self.top = self.left = 0
        self.ask_for_rows()
        self.redraw()

    def visible_rows(self) -> list[TextRow]:
        """Return the part of the drawing in view."""
        frame = self.frame
        if frame is None:
            return []
        drawing = None if self._listing else self._drawings.drawing(frame, self.size.width)
        if drawing is not None:
            return self._drawing(frame, drawing)
        if self._listing or not self._drawings.is_drawn(frame):
            return self._list_and_around(frame)
        self._go_on_soon()
        return self._list(frame, self.size.height, " while it is drawn")

    def _go_on_soon(self) -> None:
        """Make the drawing in parts, between which the screen stays responsive."""
        if not self._going_on:
            self._going_on = True
            call_after(self, _PAUSE, self._go_on)

    def _go_on(self) -> None:
        self._going_on = False
        if self._drawings.go_on(_PART):
            self._go_on_soon()
        else:
            call_after(self, _PAUSE, self._show_drawing)

    def _show_drawing(self) -> None:
        """Show the drawing that is made, which takes as long as a part of making it."""
        self.ask_for_rows()
        self.redraw()

    def _list_and_around(self, frame: Frame) -> list[TextRow]:
        """Return the list, with the cursor's neighbourhood below if there is no drawing."""
        width, height = self.size
        below = 0 if self._listing or height < _SPLIT else height // 2
        rows = self._list(frame, height - below, ", drawn around the cursor" if below else "")
        if not below:
            return rows
        drawing = self._drawings.around(frame, frame.structure.around(self._target, _AROUND))
        layout = self._use(drawing)
        self._text = cache(partial(box_text, frame))
        box = layout.boxes[self._target]
        left = centred(box.x + box.width // 2, width, layout.width)
        top = centred(box.y + 1, below, layout.height)
        lines = range(top, min(layout.height, top + below))
        rows += [()] * (height - below - len(rows))
        self._listed, self._corner = len(rows), (left, top)
        return rows + [self._line(frame, layout, y, left) for y in lines]

    def _list(self, frame: Frame, rows: int, why: str) -> list[TextRow]:
        """Return the rows of the list in view, under the titles of its columns."""
        from gradtui.explain.listing import list_rows, place_of_now

        width, height = self.size.width, rows - 1
        nodes = frame.structure.nodes
        now = (frame.selected, frame.now, frame.structure, self.size)
        if now != self._followed:
            moved = isinstance(self._followed, tuple) and self._followed[1] != frame.now
            target = place_of_now(frame) if moved else frame.selected
            self._target = target if target in nodes else nodes[0]
            row = nodes.index(self._target)
            self.top = into_view(self.top, row - 1, row + 2, height)
            self._followed = now
        self.top = max(0, min(self.top, len(nodes) - height))
        self.left = 0
        self._hint(len(nodes) - self.top - height, 0)
        self.title(f"Graph, a list of {len(nodes):,}{why}")
        self._listed = self.size.height
        return list_rows(frame, width, self.top, self.top + height)

    def _drawing(self, frame: Frame, drawing: Drawing) -> list[TextRow]:
        """Return the part in view of the whole graph's drawing."""
        width, height = self.size
        layout = self._use(drawing)
        self._follow(frame, layout)
        self.top = max(0, min(self.top, layout.height - height))
        self.left = max(0, min(self.left, self._last_left))
        self._hint(layout.height - self.top - height, layout.width - self.left - width)
        self.title(graph_title(frame))
        above = max(0, (height - layout.height) // 2)
        self._listed, self._corner = 0, (self.left, self.top - above)
        self._pinned, rows = self._in_view(frame, layout)
        return rows

    def _in_view(self, frame: Frame, layout: Layout) -> tuple[int | None, list[TextRow]]:
        """Return the row of a loss that is beyond the edge, and all rows in view."""

        def make() -> tuple[int | None, list[TextRow]]:
            self._text = cache(partial(box_text, frame))
            (left, top), pinned = self._corner, self._place_of_loss(frame, layout)
            edge = range(0) if pinned is None else range(pinned, pinned + 2)
            rows = [
                self._line(frame, layout, top + at, left, whole=at not in edge)
                for at in range(self.size.height)
            ]
            for at in edge[: len(rows) - edge.start]:
                rows[at] = self._with_loss(frame, layout, rows[at], at - edge.start)
            return pinned, rows

        return self._views.get((frame.seen, layout, self._corner, self.size), make)

    def foresee(self, frame: Frame) -> None:
        """Make the part in view of a moment that may come, if it is whole and stays there."""
        if self._layout is not None and not self._listed and not self._listing:
            self._in_view(frame, self._layout)

    def _loss_is_hidden(self, frame: Frame, layout: Layout) -> bool:
        """Return whether the loss is beyond the right edge, at which it then stands."""
        box = layout.boxes.get(frame.graph.loss)
        if box is None or box.width * _AT_EDGE > self.size.width:
            return False
        text = self._text(frame.graph.loss, self._cells, 0)
        end = box.x + max(map(line_width, (text.above, text.below)))
        return end > self.left + self.size.width

    def _place_of_loss(self, frame: Frame, layout: Layout) -> int | None:
        """Return the row in view of a loss beyond the edge: its own if only its wires end there.

        Else the nearest where it hides nothing, if there is one.
        """
        if not self._loss_is_hidden(frame, layout):
            return None
        (width, height), (left, top) = self.size, self._corner
        loss = frame.graph.loss
        box, stop = layout.boxes[loss], left + width
        start = stop - box.width - len(_ARROW)
        own = max(0, min(box.y - top, height - 1))
        if is_last_before(layout, loss, start):
            return own
        cells = start - _BESIDE, stop
        free = [self._is_free(y, *cells) for y in range(top, top + height)]
        rows = [row for row in range(height - 1) if free[row] and free[row + 1]]
        return min(rows, key=lambda row: abs(row - own), default=None)

    def _with_loss(self, frame: Frame, layout: Layout, row: TextRow, at: int) -> TextRow:
        """Return a row in view with a row of the loss's box at its right edge."""
        loss = frame.graph.loss
        width = layout.boxes[loss].width
        text, _ = self._box_row(frame, loss, at, width, 0)
        room = self.size.width - width - len(_ARROW)
        kept = crop(row, 0, room)
        gap = " " * (room - line_width(kept))
        arrow = " " * len(_ARROW) if at else _ARROW
        return (*kept, (gap, "plain"), (arrow, "selected" if self._lit_sources else "dim"), *text)

    def _line(
        self, frame: Frame, layout: Layout, y: int, left: int, *, whole: bool = True
    ) -> TextRow:
        """Return a row of a drawing from a column on, with a sign at a cut.

        Unless it is `whole`, no number goes on behind its box.
        """
        # One cell more than fits, so that the drawing marks rows cut at the right.
        row = self._row(frame, layout, y, left, self.size.width + 1, whole)
        cut = row and (cuts_box(layout, y, left) or not row[0][0].startswith(" "))
        return marked(row, left) if cut else row

    def _row(
        self, frame: Frame, layout: Layout, y: int, left: int, width: int, whole: bool
    ) -> TextRow:
        def label(wire: Pair) -> str:
            return wire_text(frame, *wire, self._cells)

        spans: list[Span] = []
        over: TextRow = ()
        shine = self._light(frame, layout)
        for piece in paint(layout, y, left, left + width, label, shine):
            match piece:
                case BoxRow(_, shown, key, row, skip):
                    behind = self._room_behind(layout, key) if whole else 0
                    text, over = self._box_row(frame, key, row, layout.boxes[key].width, behind)
                    spans += crop(text, skip, shown)
                case Label(_, name, wire, _):
                    spans.append((name, self._role_of(frame, wire)))
                case _:
                    over = crop(over, 0, len(piece.text))
                    rest = piece.text[line_width(over) :]
                    spans += [*over, (rest, "selected" if piece.lit else "dim")]
                    over = ()
        # Blanks past the edge are no cut text: they need no sign.
        while spans and not spans[-1][0].strip():
            spans.pop()
        if spans:
            spans[-1] = (spans[-1][0].rstrip(), spans[-1][1])
        return tuple(spans)

    def _room_behind(self, layout: Layout, node: int) -> int:
        """Return how many cells behind a node's gradient are blank, as far as a number needs them.

        One more stays blank.
        """
        if node not in self._behind:
            box = layout.boxes[node]
            end, y = box.x + box.width, box.y + 1
            tried = range(EXACT.value - self._cells.value, 0, -1)
            free = (cells for cells in tried if self._is_free(y, end, end + cells + 1))
            self._behind[node] = next(free, 0)
        return self._behind[node]

    def _box_row(
        self, frame: Frame, node: int, row: int, width: int, behind: int
    ) -> tuple[TextRow, TextRow]:
        """Return a row of a box, with what goes on behind it: a line, or a longer number."""
        text = self._text(node, self._cells, behind)
        line = text.below if row else text.above
        space = width - line_width(line)
        if row or space <= 0 or node not in frame.structure.consumers:
            return (*crop(line, 0, width), (" " * space, "plain")), crop(
                line, width, max(0, -space)
            )
        lit = node in self._lit_sources
        stroke, role = (HEAVY, _LIT) if lit else (LIGHT, _UNLIT)
        return (*line, (" " + stroke * (space - 1), role)), ((stroke, role),)

    def _role_of(self, frame: Frame, wire: Pair) -> Role:
        now = frame.now
        if isinstance(now, Flow) and (now.source, now.target) == wire:
            return cursor_role(frame)
        return "bad" if wire in blamed_edges(frame) else "local"

    def _use(self, drawing: Drawing) -> Layout:
        """Return the layout of the drawing to show."""
        if drawing.layout is not self._layout:
            self._layout, self._cells = drawing.layout, drawing.cells
            self._lit, self._behind = (None, Light()), {}
            self._is_free = cache(partial(is_free, drawing.layout))
        return drawing.layout

    def _light(self, frame: Frame, layout: Layout) -> Light:
        """Return the emphasis of the edges on the selected node's paths to the loss."""
        if self._lit[0] != frame.selected:
            wires = frame.structure.onward(frame.selected)
            self._lit_sources = frozenset(source for source, _ in wires)
            drawn = [wire for wire in wires if wire in layout.slots]
            self._lit = (frame.selected, light(layout, drawn))
        return self._lit[1]

    def _follow(self, frame: Frame, layout: Layout) -> None:
        """Bring the selection, or the cursor's last node, into view when it changes."""
        now = (frame.selected, frame.now, frame.structure, self.size, layout.width)
        if now == self._followed:
            return
        before, self._followed = self._followed, now
        if not isinstance(before, tuple) or before[2:] != now[2:]:
            self.left = self.top = 0  # so that the former view does not matter
        moved = isinstance(before, tuple) and before[1] != frame.now
        target = frame.selected
        if moved:
            from gradtui.explain.listing import place_of_now

            target = place_of_now(frame)
        width, height = self.size
        self._last_left = layout.width - width
        looked = looked_at(frame, layout, target, width)
        if looked is None:
            return
        first, last = looked.x - ENTRY, min(looked.x + looked.width + ENTRY, layout.width)
        self.left = into_view(self.left, first, last, width)
        if self.left:
            self.left = between_boxes(layout, self.left, first)
        self._last_left = max(self.left, self._last_left)
        top = top_for(layout, self.left, self.left + width, self.top, height)
        self.top = into_view(top, looked.y, looked.y + looked.height, height)

    async def on_click(self, event: events.Click) -> None:
        """Select the node under the mouse."""
        if self.frame is None:
            return
        x, y = event.x - 1, event.y - 1
        node = self._node_at(x, y - self._listed) if y >= self._listed else None
        if 0 < y < self._listed:
            node = next(iter(self.frame.structure.nodes[self.top + y - 1 : self.top + y]), None)
        if node is not None:
            await self.screen.run_action(f"select({node})")

    def _node_at(self, x: int, y: int) -> int | None:
        """Return the node whose box is at a cell of the part in view of the drawing."""
        layout, frame = self._layout, self.frame
        if layout is None or frame is None:
            return None
        if not self._listed and self._pinned is not None:
            box = layout.boxes[frame.graph.loss]
            if x >= self.size.width - box.width and 0 <= y - self._pinned < box.height:
                return frame.graph.loss
        return box_at(layout, x + self._corner[0], y + self._corner[1])
