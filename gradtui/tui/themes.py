"""The colours: a dark and a light theme in which value, gradient and local derivative differ."""

from __future__ import annotations

from collections.abc import Mapping

from textual.color import Color
from textual.theme import Theme

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
THEMES = (DARK, LIGHT)
OWN_COLOURS = {"dim": "#868e99", "faint": "#7a828d"}
"""Names that the style sheet uses beside Textual's, as they read on any background."""

_HEIGHTS = 8
_LOWEST, _HIGHEST = 0.06, 0.5
"""How much of the primary colour the bands of a loss surface have in them."""


def height_colours(variables: Mapping[str, str], *, flat: bool) -> dict[str, str]:
    """Return the backgrounds of a loss surface's bands, `height-0` the lowest, for any theme.

    Where they are `flat` all are the theme's background.
    """
    ground, top = (Color.parse(variables[name]) for name in ("background", "primary"))
    step = (_HIGHEST - _LOWEST) / (_HEIGHTS - 1)
    parts = [0.0 if flat else _LOWEST + k * step for k in range(_HEIGHTS)]
    return {f"height-{k}": ground.blend(top, part).hex for k, part in enumerate(parts)}
