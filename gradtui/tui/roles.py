"""The look of each role of a span: its colours, by their names in a theme, and its attributes.

As rules of a style sheet they would be read and applied before the first paint, all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from msgspec import Struct
from rich.style import Style
from textual.color import Color

from gradtui.explain.spans import Role


class Look(Struct, frozen=True):
    """The look of a role."""

    ink: str
    """The name of the colour of its characters."""
    ground: str = ""
    """The name of the colour behind them; empty for that of the widget."""
    attributes: str = ""


LOOKS: dict[Role, Look] = {
    "plain": Look("foreground"),
    "dim": Look("dim"),
    "name": Look("foreground", attributes="bold"),
    "value": Look("foreground"),
    "gradient": Look("accent"),
    "local": Look("warning"),
    "good": Look("success"),
    "bad": Look("error", attributes="bold"),
    "now": Look("background", "primary", "bold"),
    "moment": Look("primary", attributes="bold underline"),
    "selected": Look("primary", attributes="bold"),
    "heading": Look("primary", attributes="bold"),
    "height-0": Look("dim", "height-0"),
    "height-1": Look("dim", "height-1"),
    "height-2": Look("dim", "height-2"),
    "height-3": Look("dim", "height-3"),
    "height-4": Look("dim", "height-4"),
    "height-5": Look("dim", "height-5"),
    "height-6": Look("dim", "height-6"),
    "height-7": Look("dim", "height-7"),
}
_MARKED = "bold reverse"
"""What is marked is seen without colours, in the terminal's own or none."""


def role_style(role: Role, colours: Mapping[str, str], *, own: bool) -> Style:
    """Return the style of a role in the colours of a theme, or in the terminal's own."""
    if own and role == "now":
        return _style("ansi_default", "ansi_default", _MARKED)
    look = LOOKS[role]
    return _style(colours[look.ink], colours[look.ground] if look.ground else "", look.attributes)


@cache
def _style(ink: str, ground: str, attributes: str) -> Style:
    """Return a style by the texts of its colours; no ground leaves that behind it."""
    colours = Style(
        color=Color.parse(ink).rich_color,
        bgcolor=Color.parse(ground).rich_color if ground else None,
    )
    return colours + Style.parse(attributes)
