"""The update: its gauge stays in view, and what is not known is not scrolled to."""

import pytest


def panel(t):
    """Return the rows of the panel in view."""
    shown = t.debugger.query_one("#update")
    return ["".join(text for text, _ in row).rstrip() for row in shown.visible_rows()]


@pytest.mark.parametrize(
    ("name", "last"),
    [("two_weights", "w2  2 - 0.05·18 = 1.1"), ("rate_deadly_later", "   = -7.64952")],
)
async def test_the_verdict_on_the_rate_stays_above_the_selected_weight(terminal, name, last):
    async with terminal(name, (80, 24)) as t:
        await t.press("colon", *"lesson", "space", *"off", "enter", "M")
        await t.until(lambda: t.session.frame.known.gauge is not None)
        rows = panel(t)
        assert len(rows) == 4
        assert rows[0].startswith("lr·λmax 1.3")
        assert rows[0].endswith("overshoots")
        assert rows[-1] == last


async def test_the_panel_goes_to_its_top_while_no_move_is_known(terminal):
    async with terminal("grad_wrong_axis", (120, 40)) as t:
        await t.settled()
        assert "↑" in t.debugger.query_one("#update").border_subtitle
        await t.press("f2")
        assert panel(t)[0].startswith("lr·λmax ·")
        assert "w ← w - lr·" in panel(t)[2]
        assert "↑" not in t.debugger.query_one("#update").border_subtitle
