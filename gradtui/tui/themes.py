"""The colours: a dark and a light theme with distinct values, gradients and local derivatives."""

from __future__ import annotations

from collections.abc import Mapping

from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from gradtui.base.source import InputError, did_you_mean
from gradtui.base.text import clean

DARK = Theme(
    name="gradtui-dark",
    primary="#4fb3ff",
    secondary="#7aa2c9",
    accent="#ff9e64",
    warning="#e0d561",
    error="#ff6b6b",
    success="#73d997",
    foreground="#d7dde5",
    background="#11151b",
    surface="#171c24",
    panel="#1d2530",
    dark=True,
    variables={"dim": "#8b95a5", "faint": "#454d59"},
)
LIGHT = Theme(
    name="gradtui-light",
    primary="#0059b3",
    secondary="#4a6a8a",
    accent="#b34700",
    warning="#7a5c00",
    error="#b3002d",
    success="#1a7a3a",
    foreground="#1c2530",
    background="#fbfbf8",
    surface="#f1f1ec",
    panel="#e4e6e4",
    dark=False,
    variables={"dim": "#5c6672", "faint": "#b9bdc0"},
)
PALETTE = Theme(
    name="gradtui-16",
    primary="ansi_cyan",
    secondary="ansi_cyan",
    accent="ansi_magenta",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    ansi=True,
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        "dim": "ansi_bright_black",
        "faint": "ansi_bright_black",
    },
)
"""The terminal's own 16 colours, on its own background."""
THEMES = (DARK, LIGHT, PALETTE)
OWN_COLOURS = {"dim": "#868e99", "faint": "#7a828d"}
"""Colour names of the style sheet besides Textual's, readable on any background."""

_OWN = "gradtui-"
_HEIGHTS = 8
_LOWEST, _HIGHEST = 0.06, 0.5
"""The share of the primary colour in the bands of a loss surface."""


def find_theme(name: str) -> str:
    """Return the whole name of one of our themes or of Textual's; raises InputError."""
    if not name:
        return ""
    own = [theme.name.removeprefix(_OWN) for theme in THEMES]
    for whole in (_OWN + name, name):
        if whole in (*(theme.name for theme in THEMES), *BUILTIN_THEMES):
            return whole
    hint = did_you_mean(name, [*own, *BUILTIN_THEMES])
    raise InputError(f"there is no theme '{clean(name)}'{hint}; there are {', '.join(own)}")


def height_colours(variables: Mapping[str, str], *, flat: bool) -> dict[str, str]:
    """Return the backgrounds of a loss surface's bands, `height-0` the lowest, for any theme.

    If `flat`, all are the theme's background.
    """
    ground, top = (Color.parse(variables[name]) for name in ("background", "primary"))
    if flat:
        return {f"height-{k}": variables["background"] for k in range(_HEIGHTS)}
    step = (_HIGHEST - _LOWEST) / (_HEIGHTS - 1)
    parts = [_LOWEST + k * step for k in range(_HEIGHTS)]
    return {f"height-{k}": ground.blend(top, part).hex for k, part in enumerate(parts)}
