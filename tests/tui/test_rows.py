"""Rows of spans cut to a width, and painted."""

import pytest
from textual.app import App
from textual.geometry import Region
from textual.widget import Widget

from gradtui.tui.filters import AsciiFilter
from gradtui.tui.lean import LeanScreen
from gradtui.tui.rows import Rows, crop, marked
from gradtui.tui.themes import OWN_COLOURS

ROW = (("abc", "bold"), ("de", ""), ("fgh", "dim"))


def test_a_row_is_cut_at_both_ends_and_keeps_its_styles():
    assert crop(ROW, 0, 8) == ROW
    assert crop(ROW, 2, 4) == (("c", "bold"), ("de", ""), ("f", "dim"))
    assert crop(ROW, 8, 4) == ()


def test_what_is_cut_at_the_left_is_marked():
    assert marked(ROW, 0) is ROW
    assert marked(ROW, 2)[:2] == (("…", "dim"), ("bc", "bold"))


class Changing(Rows):
    """Rows that a test changes."""

    DEFAULT_CSS = "Changing { width: 12; height: 5; border: round white; padding: 0 1; }"
    shown = ()

    def visible_rows(self):
        """Return the rows of the moment."""
        return list(self.shown)


class Screen(LeanScreen):
    """Only these rows."""

    def compose(self):
        """Make them."""
        yield Changing()


class Shown(App[None]):
    def __init__(self, filters):
        super().__init__()
        self.own_filters = filters

    def on_mount(self):
        self.push_screen(Screen())

    def get_theme_variable_defaults(self):
        return OWN_COLOURS

    def get_line_filters(self):
        return [*super().get_line_filters(), *self.own_filters]


def cells(strip):
    """Return what is seen of each character; the colour of a blank, or behind the rows, is not."""
    found = [(char, one.style) for one in strip for char in one.text]
    behind = [(char, style.bgcolor) for char, style in found[-1:]]
    return [(char, style.bgcolor if char == " " else style) for char, style in found[:-1]] + behind


@pytest.mark.parametrize("filters", [[], [AsciiFilter()]])
async def test_a_changed_row_is_painted_alone_as_with_its_border(filters):
    async with Shown(filters).run_test(size=(20, 8)) as pilot:
        await pilot.pause()
        rows = pilot.app.screen.query_one(Changing)
        rows.shown = ((("a", "dim"), ("      ✓", "good")), (("語 is wider than that", "bad"),))
        rows.redraw()
        changed = rows._exchange_repaint_regions()
        assert {region.y for region in changed} == {1, 2}
        for region in changed:
            (whole,) = rows.render_lines(Region(0, region.y, 12, 1))
            (painted,) = rows.render_lines(region)
            assert cells(painted) == cells(whole.crop(region.x, region.right))
            assert painted.text.startswith(("a      ✓ ", "a      ok", "語", "??"))


@pytest.mark.parametrize("filters", [[], [AsciiFilter()]])
async def test_whole_rows_have_the_borders_that_textual_draws(filters):
    async with Shown(filters).run_test(size=(20, 8)) as pilot:
        rows = pilot.app.screen.query_one(Changing)
        rows.border_title, rows.border_subtitle = "of", "3"
        rows.shown = ((("a", "dim"), ("     ✓", "good")), (("語 is wider than that", "bad"),))
        rows.redraw()
        await pilot.pause()
        for first, last in ((0, 5), (0, 1), (0, 2), (2, 3), (1, 5), (3, 5)):
            crop = Region(0, first, 12, last - first)
            painted, textual = rows.render_lines(crop), Widget.render_lines(rows, crop)
            assert [cells(strip) for strip in painted] == [cells(strip) for strip in textual]
        assert " of " in rows.render_lines(Region(0, 0, 12, 5))[0].text
