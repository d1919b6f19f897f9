"""The sheet that the surface is drawn on."""

from __future__ import annotations

import pytest

import gradtui.explain.sheet as sheets
from gradtui.explain.sheet import Marks, Sheet
from gradtui.explain.spans import line_text


def test_an_arrow_within_a_cell_is_not_drawn():
    sheet = Sheet(5, 10)
    sheet.draw(Marks(0, [0], [(0.5, 0.5)], (0.5, 0.5), (0.501, 0.501), None))
    assert "".join(map(line_text, sheet.lines())).strip() == "◉"


def test_the_lines_of_a_path_are_worked_out_once_for_all_steps(monkeypatch):
    path = [(0.1, 0.2), (0.4, 0.9), (0.8, 0.3)]
    Sheet(5, 10).draw(Marks(0, [0, 1, 2], path, path[0], None, None))
    monkeypatch.setattr(sheets, "line_dots", lambda *args: pytest.fail("again"))
    Sheet(5, 10).draw(Marks(1, [0, 1, 2], path, path[1], None, None))
