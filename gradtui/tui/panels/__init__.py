"""The panels, one file each, named like the panel on the screen.

A new panel is such a file with a subclass of `Panel` (see `base`), its name in PANELS, and its
place in `style.tcss`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradtui.tui.panels.base import Panel

PANELS = ("Graph", "Gradient", "Chain", "Update", "Program", "Loss", "Notes")
"""In the order of their places on the screen, and of their number keys."""


def panel_types() -> tuple[type[Panel], ...]:
    """Return the class of each panel: `LossPanel` for Loss."""
    # Reading only the names, as the picker does for the keys, must not import numpy.
    files = [import_module(f"{__name__}.{name.lower()}") for name in PANELS]
    return tuple(getattr(file, f"{name}Panel") for name, file in zip(PANELS, files, strict=True))
