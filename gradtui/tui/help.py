"""The help: what the panels show and what the keys do, from their registries."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget

from gradtui.text import cell_width, pad
from gradtui.tui.commands import COMMANDS
from gradtui.tui.panels import PANELS

GLOSSARY = (
    ("∂L/∂w", "gradient: how fast the loss L changes when w grows a little"),
    ("×2 on an edge", "local derivative: how fast the right end changes with the left end"),
    ("chain rule", "multiply the local derivatives along the way from the loss; add the ways"),
    ("lr", "learning rate: how far each step moves against the gradient"),
    ("|∇|", "gradient norm: the length of all gradients taken as one vector"),
    ("central", "central difference: the slope measured by moving a weight a little each way"),
    ("✓", "in the update: this weight has been moved; elsewhere: the two agree"),
    ("✗ ↳", "written by hand: wrong; wrong only through another line"),
    ("·", "not computed yet at the cursor"),
    ("[5]  [5×2]", "the shape of an array: 5 elements; 5 rows, 2 columns"),
    ("w[1]", "one element of an array, counted from 0"),
    ("Jacobian", "local derivatives of an array by another: a row an output, a column an input"),
    ("kink", "a point where a slope jumps; what it is taken to be there is a convention"),
    ("×[4×3]", "on an edge: one local derivative for each element, as many as the shape says"),
    ("×@  ×sum", "on an edge: the operation whose rule carries gradients back; Chain writes it"),
    ("0.5…5", "the smallest and the largest number of an array"),
    ("all 1", "every number of the array is 1"),
    ("◉ →", "on the surface: the weights of this step, and where the step takes them"),
    ("● ○", "on the surface: the weights of the steps so far, and of those to come"),
    ("★", "on the surface: the lowest loss in view"),
    ("contour", "a line on the surface along which the loss is the number written on it"),
    ("slice", "the surface of a large model: the loss where only two of its numbers change"),
    ("▼ ▲", "the loss is lower, or higher, than one step before"),
)


class Help(ModalScreen[None]):
    """All keys, all panels, all signs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "dismiss", "close"),
        Binding("j,down,pagedown,space", "down", "down"),
        Binding("k,up,pageup", "up", "up"),
    ]

    def compose(self) -> ComposeResult:
        """Make the text."""
        with VerticalScroll() as scroll:
            scroll.can_focus = False
            scroll.border_title = "Help"
            scroll.border_subtitle = "Esc closes, ↑ ↓ scroll"
            yield HelpText()

    def action_down(self) -> None:
        """Scroll down."""
        self.query_one(VerticalScroll).scroll_relative(y=5, animate=False)

    def action_up(self) -> None:
        """Scroll up."""
        self.query_one(VerticalScroll).scroll_relative(y=-5, animate=False)


class HelpText(Widget):
    """The text, folded to the width there is."""

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines; called by Textual."""
        return len(help_lines(width))

    def render(self) -> Content:
        """Return the lines; called by Textual."""
        return Content("\n".join(help_lines(self.size.width)))


def help_lines(width: int) -> list[str]:
    """Return the help as lines of at most `width` cells."""
    rows: list[str] = []
    for group in dict.fromkeys(command.group for command in COMMANDS):
        rows += ["", group.upper()]
        for command in COMMANDS:
            if command.group == group:
                typed = f"  (:{command.id} {command.argument})" if command.argument else ""
                rows += _entry(pad(command.shown, 10), command.help + typed, width)
    rows += ["", "PANELS"]
    for number, panel in enumerate(PANELS, 1):
        rows += _entry(f"{number} {pad(panel.NAME, 9)}", panel.HELP, width)
    rows += ["", "SIGNS"]
    for sign, meaning in GLOSSARY:
        rows += _entry(pad(sign, 14), meaning, width)
    return rows[1:]


def _entry(head: str, text: str, width: int) -> list[str]:
    """Return what a key, a panel or a sign is: the text folded beside its head."""
    head = f"  {head} "
    room = max(10, width - cell_width(head))
    first, *others = wrap(text, room, break_on_hyphens=False)
    return [head + first, *(" " * cell_width(head) + other for other in others)]
