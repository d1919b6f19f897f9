"""What painted rows are passed through for terminals that draw less than Unicode."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from gradtui.base.ascii import loosened, to_ascii
from gradtui.base.text import cell_width


class AsciiFilter(LineFilter):
    """Draws in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return segments with every character in ASCII, in as many cells."""
        # A sign may depend on what is beside it in another segment.
        texts, end = loosened([text for text, _, _ in segments]), 0
        row = to_ascii("".join(texts))
        drawn = list[Segment]()
        for text, (_, style, control) in zip(texts, segments, strict=True):
            start, end = end, end + cell_width(text)
            drawn.append(Segment(row[start:end], style, control))
        return drawn
