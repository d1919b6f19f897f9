"""Breakpoints, watches, findings and the gauge, by their keys."""

import pytest

from gradtui.engine.curvature import Gauge
from gradtui.tui.debugger import Debugger


async def test_the_ready_made_breakpoint_is_two_keys_and_c_stops_at_it(terminal):
    async with terminal("chain_steady") as t:
        await t.press("b")
        assert "break where: max(abs(grad)) > 100" in t.text, "offered before anything is typed"
        await t.press("down", "enter")
        await t.settled()
        assert "◆ max(abs(grad)) > 100: breakpoint set" in t.text
        await t.press("c")
        assert t.session.step == 6
        assert "step 6: ◆ max(abs(grad)) > 100" in t.text
        await t.press("c")
        assert t.session.step == 100
        assert "no breakpoint and no finding ahead" in t.text
        await t.press("C")
        assert t.session.step == 6


async def test_a_condition_that_is_none_shows_its_place_and_can_be_mended(terminal):
    async with terminal("two_weights") as t:
        await t.press("b")
        await t.type("lost > 1")
        await t.press("enter")
        row = next(i for i, text in enumerate(t.rows) if text.startswith("break where: lost > 1"))
        error = next(text for text in t.rows[row - 3 :] if "^^^^" in text)
        assert error.index("^") == len("break where: ")
        assert "lost" in error
        await t.press("home", "right", "right", "delete", "delete", "s", "s", "enter")
        await t.settled()
        assert [b.text for b in t.session.breakpoints.found] == ["loss > 1"]


async def test_what_takes_but_a_moment_is_in_the_first_frame(terminal, monkeypatch):
    frames, show = [], Debugger.show_frame

    def recorded(debugger):
        show(debugger)
        frames.append(debugger.session.frame)

    monkeypatch.setattr(Debugger, "show_frame", recorded)
    monkeypatch.setattr("gradtui.tui.pace._SLICE", 60.0)  # a moment, on however busy a machine
    async with terminal("two_weights") as t:
        await t.settled()
        assert len(frames) == 1
        assert isinstance(frames[0].known.gauge, Gauge)
        assert frames[0].known.run_findings == ()
        assert "✓ no findings" in t.text


@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
async def test_a_watch_is_shown_beside_the_findings_and_follows_the_steps(terminal, size):
    async with terminal("two_weights", size) as t:
        await t.press("w")
        await t.type("loss - prev")
        await t.press("enter", "n", "n")
        assert "Watches" in t.text
        assert "loss - prev = -0.7371" in t.text
        await t.press("N")
        assert "loss - prev = -8.19" in t.text


async def test_enter_on_a_finding_goes_to_its_step_and_node(terminal):
    async with terminal("dead_relu") as t:
        assert "▲ step 2  dead-relu" in t.text
        timeline = next(row for row in t.rows if "1 finding" in row)
        assert timeline.strip().startswith("●──○──▲──○")
        await t.press("7", "enter")
        assert t.session.step == 2
        assert t.session.problem.graph.nodes[t.session.selection.node].name == "h"
        assert "31▸ h = relu(z)" in t.text
        assert "all 0" in t.text


async def test_on_a_small_terminal_c_shows_what_was_found_and_7_all_of_it(terminal):
    async with terminal("late_nan", (80, 24)) as t:
        await t.press("c")
        assert t.session.step == 1
        assert t.rows[-3].startswith(" step 1: finding 1 of 1") and "…   ! whole" in t.rows[-3]
        assert any("7 Findings ─" in row for row in t.rows) and "6 Loss" in t.rows[-2]
        await t.press("7", "z")
        text = " ".join(t.text.replace("│", " ").split())
        assert "keep the argument above 0" in text
        assert "step 0 (lr 0.5, |∇| 29.15)" in text


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("five_parcels", ["1.47 of 2", "overshoots", "κ 62.7", "stable up to lr 0.06807"]),
        ("five_parcels_rate_1_5", ["44.1 of 2", "diverges"]),
        ("five_parcels_rate_0_001", ["0.0294 of 2", "no overshoot"]),
    ],
)
async def test_the_gauge_says_what_the_rate_does(terminal, name, told):
    async with terminal(name) as t:
        for words in told:
            assert words in t.text


async def test_f2_waits_for_what_is_being_found_and_goes_there(terminal):
    async with terminal("dead_relu") as t:
        t.session.investigation.run_findings = None
        await t.press("f2")
        await t.settled()
        assert t.session.step == 2
        assert "finding 1 of 1" in t.text
        assert "still looking" not in t.text


async def test_continuing_to_a_finding_brings_it_into_view_too(terminal):
    async with terminal("dead_relu", (80, 24)) as t:
        assert not t.debugger.query_one("#notes").display
        await t.press("c")
        assert t.session.step == 2 and "all 3 units of h are off for every" in t.text
        assert t.debugger.query_one("#notes").display
        await t.press("escape", "n")
        assert t.debugger.query_one("#loss").display


async def test_f2_brings_the_findings_into_view_on_a_small_terminal_and_esc_the_curve(terminal):
    async with terminal("dead_relu", size=(80, 24)) as t:
        await t.settled()
        t.debugger.run_line("lesson off")
        await t.press("n")
        assert not t.debugger.query_one("#notes").display
        await t.press("f2")
        assert t.debugger.query_one("#notes").display
        assert not t.debugger.query_one("#loss").display
        await t.press("escape")
        assert t.debugger.query_one("#loss").display


@pytest.mark.parametrize(("size", "told"), [
    ((80, 24), "max(abs(e)) = 1.2; panel 7 watches it"), ((120, 40), "max(abs(e)): watched"),
])  # fmt: skip
async def test_a_watch_out_of_sight_says_its_value_and_its_panel(terminal, size, told):
    async with terminal("five_parcels", size=size) as t:
        await t.press("w")
        await t.type("max(abs(e))")
        await t.press("enter")
        await t.until(lambda: told in t.text)
        await t.press("w")
        await t.type("max(abs(e))")
        await t.press("enter")
        await t.until(lambda: "no longer watched" in t.text)
