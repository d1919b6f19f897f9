"""The sheet that the surface is drawn on."""

from __future__ import annotations

from gradtui.explain.sheet import Marks, Sheet
from gradtui.explain.spans import line_text


def test_an_arrow_within_a_cell_is_not_drawn():
    sheet = Sheet(5, 10)
    sheet.draw(Marks(0, [0], [(0.5, 0.5)], (0.5, 0.5), (0.501, 0.501), None))
    assert "".join(map(line_text, sheet.lines())).strip() == "◉"
