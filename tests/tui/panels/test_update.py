"""The update: its gauge stays in view, and what is not known is not scrolled to."""

import pytest

import gradtui.explain.update as update
from gradtui.tui.panels.update import UpdatePanel


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


async def test_a_new_gauge_leaves_the_rows_of_the_update_as_they_are(terminal, monkeypatch):
    async with terminal("five_parcels_adam", (120, 40)) as t:
        await t.settled()
        monkeypatch.setattr(update, "_form", lambda *args: pytest.fail("again"))
        t.debugger.show_in(UpdatePanel)


async def test_the_panel_goes_to_its_top_while_no_move_is_known(terminal):
    async with terminal("grad_wrong_axis", (120, 40)) as t:
        await t.settled()
        assert "↑" in t.debugger.query_one("#update").border_subtitle
        await t.press("f2")
        assert panel(t)[0].startswith("lr·λmax ·")
        assert "w ← w - lr·" in panel(t)[2]
        assert "↑" not in t.debugger.query_one("#update").border_subtitle


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_selected_weight_is_in_view_from_its_name_to_its_result(terminal, size):
    async with terminal("ravine_adam", size) as t:
        await t.press("G", *(["4"] if size == (80, 24) else []))
        rows = panel(t)
        name = next(at for at, row in enumerate(rows) if row.startswith("b "))
        assert any("step " in row for row in rows[name:])
        await t.press("k")
        rows = panel(t)
        name = next(at for at, row in enumerate(rows) if row.startswith("a "))
        assert any("step " in row for row in rows[name:])


async def test_all_elements_of_the_selected_array_are_in_view_where_they_fit(terminal):
    async with terminal("softmax_classifier", (120, 40)) as t:
        await t.press("slash", *"b1", "enter")
        names = [row.split()[0] for row in panel(t)]
        assert [name for name in names if name.startswith("b1")] == [f"b1[{i}]" for i in range(4)]


async def test_an_array_larger_than_the_panel_begins_where_its_first_element_is_whole(terminal):
    async with terminal("five_parcels_adam", (120, 40)) as t:
        await t.press("n")
        rows = panel(t)
        name = next(at for at, row in enumerate(rows) if row.startswith("w[0]"))
        assert any("step " in row for row in rows[name:])
