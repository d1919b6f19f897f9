"""The style sheets: one for the first screen on a large terminal, one for all else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App
    from textual.geometry import Size

WIDTHS = [(0, "-tiny"), (60, "-narrow"), (112, "-normal"), (170, "-wide")]
HEIGHTS = [(0, "-flat"), (12, "-low"), (30, "-high"), (50, "-tall")]
"""Widths, in cells, from which a class of the style sheet applies, up to the next."""
_LARGE = {"-normal", "-wide", "-high", "-tall"}
_VIEWS = str(Path(__file__).with_name("views.tcss"))


def size_classes(size: Size) -> tuple[str, str]:
    """Return the style sheet's classes for a terminal's size."""
    width = max(entry for entry in WIDTHS if entry[0] <= size.width)
    height = max(entry for entry in HEIGHTS if entry[0] <= size.height)
    return width[1], height[1]


def is_large(size: Size) -> bool:
    """Return whether the first style sheet has all that the debugger's panels need."""
    return _LARGE.issuperset(size_classes(size))


def complete(app: App[Any]) -> None:
    """Read the second style sheet, unless it was; nothing on the screen is styled again."""
    if not app.stylesheet.has_source(_VIEWS):
        app.stylesheet.read(_VIEWS)
        app.stylesheet.parse()
