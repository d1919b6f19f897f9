"""The panels, one registry entry each."""

from __future__ import annotations

from gradtui.tui.panels.base import Panel
from gradtui.tui.panels.chain import ChainPanel
from gradtui.tui.panels.gradient import GradientPanel
from gradtui.tui.panels.graph import GraphPanel
from gradtui.tui.panels.loss import LossPanel
from gradtui.tui.panels.notes import NotesPanel
from gradtui.tui.panels.program import ProgramPanel
from gradtui.tui.panels.update import UpdatePanel

PANELS: tuple[type[Panel], ...] = (
    GraphPanel,
    GradientPanel,
    ChainPanel,
    UpdatePanel,
    ProgramPanel,
    LossPanel,
    NotesPanel,
)
"""In the order of their places on the screen; their number keys follow it."""
