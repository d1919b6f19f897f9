from __future__ import annotations

import gradtui
from gradtui.explain.spans import line_text, line_width
from gradtui.tui.bars import Header, Now
from gradtui.tui.keys import Keys


def now(session, width, used=()):
    return Now(Keys(), used).row_of(session.frame, width)


def test_a_message_takes_the_place_of_the_moment():
    session = gradtui.load("five_parcels")
    assert line_text(now(session, 80)).startswith(" now ")
    session.message = "saved as mine"
    assert "saved as mine" in line_text(now(session, 80))


def test_a_hint_is_shown_where_there_is_room_and_not_once_its_command_was_used():
    session = gradtui.load("five_parcels")
    wide, narrow = (line_text(now(session, width)) for width in (200, 60))
    assert line_width(now(session, 200)) <= 200
    assert len(wide.split()) > len(narrow.split())
    others = line_text(now(session, 200, ["lens", "surface", "what-if", "next", "into", "goto"]))
    assert others != wide


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
