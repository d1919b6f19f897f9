"""Rows drawn one by one, with only the changed ones repainted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Offset, Region, Size
from textual.strip import Strip

from gradtui.base.text import cell_width, clean
from gradtui.explain.spans import Ink, TextRow, line_width
from gradtui.tui.filters import AsciiFilter
from gradtui.tui.lean import Still
from gradtui.tui.roles import role_style

BETWEEN = " │ "
"""What is drawn between two columns of rows."""


class Rows(Still, inherit_bindings=False):
    """A widget that draws rows of spans and repaints only those that changed."""

    def __init__(self, **options: str) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._strips: list[Strip] = []
        self._strip_of: dict[TextRow, Strip] = {}
        self._made_for: Size | None = None
        self._painted = Region()
        """The content with the blanks behind it."""
        self._edged: dict[int, Strip] = {}
        """The rows painted with their borders, until something of them changes."""
        self._held: Size | None = None
        self._ground: Style | None = None
        self._backgrounds: tuple[Color, Color] | None = None
        self._role_styles: dict[Ink, Style] = {}

    def visible_rows(self) -> list[TextRow]:
        """Return the rows that the widget shows, from its top."""
        raise NotImplementedError

    def shown_rows(self) -> list[TextRow]:
        """Return the rows as painted, at most as many as there is room for."""
        return self.visible_rows()[: self.size.height]

    @property
    def background_colors(self) -> tuple[Color, Color]:
        """The colours behind the widget and behind its content, which Textual mixes each time."""
        if self._backgrounds is None:
            self._backgrounds = super().background_colors
        return self._backgrounds

    @property
    def size(self) -> Size:
        """The size of the content, computed once for all rows; Textual would do so each time."""
        return self._held or super().size

    @property
    def content_offset(self) -> Offset:
        """Where the content begins; Textual asks each time for the scrollbars, which are none."""
        return Offset(*self.styles.gutter.top_left)

    @contextmanager
    def _holding(self, size: Size) -> Iterator[None]:
        before, self._held = self._held, size
        try:
            yield
        finally:
            self._held = before

    def redraw(self, *, later: bool = False) -> None:
        """Make the rows again and repaint those that differ from the screen.

        Do so later, with the next paint, if they may get another size before that.
        """
        if later:
            self._made_for = None
            self.repaint()
            return
        size = self.size
        if not size:
            return
        before = self._strips
        self._make_strips(size)
        width = self._painted.width
        changed = [
            Region(0, y, width, 1)
            for y, strip in enumerate(self._strips)
            if y >= len(before) or strip != before[y]
        ]
        if changed:
            self.repaint(*changed)

    def repaint(self, *regions: Region) -> None:
        """Paint regions of the content again, or all of it, without Textual's two messages."""
        if not self.is_mounted:
            self.refresh(*regions)
            return
        screen = self.screen
        self._set_dirty(*regions)
        screen._dirty_widgets.add(self)
        screen.check_idle()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the rows inside a region; called by Textual."""
        with self._holding(self.size):
            self.keep_up()  # before the border is drawn, which shows the numbers of hidden rows
            inside = crop.translate(-self.content_offset)
            if self._painted.contains_region(inside):
                return self._content_lines(inside)
            rows = inside.intersection(self._painted)
            if not rows.height or crop.column_span != (0, self.outer_size.width):
                return super().render_lines(crop)
            lines = range(crop.y, crop.bottom)
            if not self._edged.keys() >= set(lines):
                self._edged.update(zip(lines, self._bordered_lines(crop, rows), strict=True))
            return [self._edged[y] for y in lines]

    def _set_dirty(self, *regions: Region) -> None:
        """Have regions painted again; called by Textual."""
        self._edged.clear()
        super()._set_dirty(*regions)

    def _bordered_lines(self, crop: Region, rows: Region) -> list[Strip]:
        """Return whole rows, with Textual's work on the borders beside them done for one only."""
        left, above = self.content_offset
        width, first = crop.width, above + rows.y
        *top, row = super().render_lines(Region(0, crop.y, width, first + 1 - crop.y))
        below = Region(0, first + rows.height, width, crop.bottom - first - rows.height)
        bottom = super().render_lines(below) if below else []
        edges = row.crop(0, left), row.crop(left + self._painted.width, width)
        inside = self._content_lines(Region(0, rows.y, self._painted.width, rows.height))
        return [*top, *(Strip.join([edges[0], line, edges[1]]) for line in inside), *bottom]

    def _content_lines(self, crop: Region) -> list[Strip]:
        """Return the rows in a region of the content, without Textual's work on their borders."""
        strips, (_, behind) = self._strips[crop.y : crop.bottom], self.background_colors
        for one in self.get_line_filters():
            if isinstance(one, AsciiFilter):  # the others have had their say in the styles
                strips = [strip.apply_filter(one, behind) for strip in strips]
        if crop.column_span == self._painted.column_span:
            return strips
        return [strip.crop(*crop.column_span) for strip in strips]

    def render_line(self, y: int) -> Strip:
        """Return one row; called by Textual for a paint, and for the mouse at any moment."""
        self.keep_up()
        return self._strips[y]

    def keep_up(self) -> None:
        """Make the rows, once for any number of changes."""
        size = self.size
        if self._made_for != size:
            self._make_strips(size)

    def notify_style_update(self) -> None:
        """Draw in the new colours."""
        super().notify_style_update()
        self._ground = self._backgrounds = None
        self._role_styles.clear()
        self._made_for = None
        self.refresh()

    def _make_strips(self, size: Size) -> None:
        width, height = size
        # Most rows are the same as before.
        before = self._strip_of if size == self._made_for else {}
        self._made_for = size
        # A sign at the end may take a second cell in ASCII.
        self._painted = Region(0, 0, width + self.styles.padding.right, height)
        with self._holding(size):
            rows = self.shown_rows()
        self._strip_of = {row: before.get(row) or self._strip(row, width) for row in rows}
        strips = [self._strip_of[row] for row in rows]
        blank = Strip.blank(self._painted.width, self._style("plain"))
        self._strips = strips + [blank] * (height - len(rows))

    def _strip(self, row: TextRow, width: int) -> Strip:
        # Rows are sanitised when made; here nothing unclean can pass, whoever made them.
        row = tuple([(clean(text), role) for text, role in row])
        row = cut(row, width)
        size = line_width(row)
        segments = [Segment(text, self._style(role)) for text, role in row]
        if size < self._painted.width:
            blank = " " * (self._painted.width - size)
            segments.append(Segment(blank, self._style("plain")))
        return Strip(segments, max(size, self._painted.width))

    def _style(self, ink: Ink) -> Style:
        """Return the style of an ink as it is painted."""
        if ink not in self._role_styles:
            painted = [Segment(" ", self._unfiltered(ink))]
            for one in self.get_line_filters():
                painted = one.apply(painted, self.background_colors[1])
            self._role_styles[ink] = painted[0].style or Style()
        return self._role_styles[ink]

    def _unfiltered(self, ink: Ink) -> Style:
        if isinstance(ink, tuple):
            role, ground = map(self._unfiltered, ink)
            return role + Style(bgcolor=ground.bgcolor)
        app = self.app
        if self._ground is None:
            self._ground = self.rich_style
        return self._ground + role_style(ink, app.theme_variables, own=app.native_ansi_color)


def crop(row: TextRow, start: int, width: int) -> TextRow:
    """Return the cells of a row from `start` on, at most `width` of them."""
    spans, at = [], 0
    for text, role in row:
        size = cell_width(text)
        if at + size > start and at < start + width:
            if at < start or at + size > start + width:
                text = _crop_text(text, start - at, start + width - at)
            spans.append((text, role))
        at += size
    return tuple(spans)


def cut(row: TextRow, width: int) -> TextRow:
    """Return a row in at most `width` cells, with a sign at its right edge if it is cut there."""
    return (*crop(row, 0, width - 1), ("…", "dim")) if line_width(row) > width > 0 else row


def side_by_side(
    left: Sequence[TextRow], right: Sequence[TextRow], width: int, height: int
) -> list[TextRow]:
    """Return `height` rows in two columns of `width` cells each, and `BETWEEN` between them."""
    made = list[TextRow]()
    for at in range(height):
        first, second = (cut(rows[at], width) if at < len(rows) else () for rows in (left, right))
        gap = " " * (width - line_width(first))
        made.append((*first, (gap + BETWEEN, "dim"), *second))
    return made


def marked(row: TextRow, left: int) -> TextRow:
    """Return a row with a sign at its left edge if something is cut there."""
    return (("…", "dim"), *crop(row, 1, line_width(row))) if left and row else row


def _crop_text(text: str, start: int, stop: int) -> str:
    if text.isascii():
        return text[max(0, start) : max(0, stop)]
    kept, at = [], 0
    for char in text:
        size = cell_width(char)
        if at >= start and at + size <= stop:
            kept.append(char)
        at += size
    return "".join(kept)
