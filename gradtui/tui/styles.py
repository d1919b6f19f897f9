"""The classes of the style sheets, of which the second is read only when something needs it.

It has three quarters of all styles: those of smaller windows, of views and of other screens.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradtui.tui.lean import LeanStylesheet

if TYPE_CHECKING:
    from textual.app import App
    from textual.geometry import Size

WIDTHS = [(0, "-tiny"), (60, "-narrow"), (112, "-normal"), (170, "-wide")]
HEIGHTS = [(0, "-flat"), (12, "-low"), (30, "-high"), (50, "-tall")]
"""Widths, in cells, from which a class of the style sheets applies, up to the next."""
VIEWS = Path(__file__).with_name("views.tcss")
VIEWED = frozenset({"-tiny", "-narrow", "-flat", "-low", "-call", "-close", "-map", "-zoomed"})
"""The debugger's classes that it is about: each of its rules has one, or is of another screen."""


def size_classes(size: Size) -> tuple[str, str]:
    """Return the classes for a terminal's size."""
    width = max(entry for entry in WIDTHS if entry[0] <= size.width)
    height = max(entry for entry in HEIGHTS if entry[0] <= size.height)
    return width[1], height[1]


def complete(app: App[Any], classes: Collection[str] = VIEWED) -> None:
    """Read the second, if it is about some of these classes and is not read yet."""
    if not VIEWED.isdisjoint(classes) and not app.stylesheet.has_source(str(VIEWS)):
        app.stylesheet.read(VIEWS)
        app.stylesheet.parse()


def completing(sheet: LeanStylesheet) -> Iterator[None]:
    """Read it in parts, if it is not read yet."""
    if not sheet.has_source(str(VIEWS)):
        yield from sheet.reading(VIEWS)
