from __future__ import annotations

import gradtui
from gradtui.explain.spans import line_text, line_width
from gradtui.tui.bars import Header, Now


def now(t, width):
    """Return the row of the present moment at a width."""
    return t.debugger.query_one(Now).row_of(t.session.frame, width)


async def test_a_message_takes_the_place_of_the_moment(terminal):
    async with terminal("five_parcels") as t:
        assert line_text(now(t, 80)).startswith(" now ")
        t.session.message = "saved as mine"
        assert "saved as mine" in line_text(now(t, 80))


async def test_a_hint_is_for_a_command_that_was_not_used_and_that_the_footer_lacks(terminal):
    async with terminal("five_parcels") as t:
        assert "M: the loss as a map" in line_text(now(t, 80))
        assert line_text(now(t, 120)).endswith("i: many rates at once ")
        assert all("M: " not in line_text(now(t, width)) for width in (60, 120, 200))
        assert all(line_width(now(t, width)) <= width for width in (60, 80, 120, 200))
        t.debugger._used.add("surface")
        assert "M: " not in line_text(now(t, 80))


def test_the_header_fits_and_has_step_and_loss():
    session = gradtui.load("two_weights")
    session.seek(3)
    for width in (80, 120):
        row = Header().row_of(session.frame, width)
        assert line_width(row) <= width
        assert "step 3/12" in line_text(row) and "L " in line_text(row)


async def test_the_timeline_names_the_panels_that_a_low_screen_hides(terminal):
    async with terminal("two_weights", size=(80, 24)) as t:
        low = next(row for row in t.rows if "●" in row and "Update" in row)
        assert "Notes" in low
        await t.press("z")
        assert not any("●" in row and "Update" in row for row in t.rows)


async def test_the_footer_says_what_leaves_a_zoomed_panel(terminal):
    async with terminal("two_weights", size=(80, 24)) as t:
        assert "all panels" not in t.rows[-1]
        await t.press("z")
        assert "Esc all panels" in t.rows[-1]
