"""What rows are passed through before they are painted."""

from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from gradtui.tui.filters import AsciiFilter

BOLD = Style(bold=True)


def test_a_sign_takes_the_blanks_behind_it_in_another_segment():
    """`✓` is written `ok`, so that a blank goes; the parts keep their cells and their styles."""
    drawn = AsciiFilter().apply([Segment("a ✓", BOLD), Segment("  b", None)], Color(0, 0, 0))
    assert "".join(text for text, _, _ in drawn) == "a ok b"
    assert [(len(text), style) for text, style, _ in drawn] == [(3, BOLD), (3, None)]
