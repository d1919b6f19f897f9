"""Playing: how fast, by steps or by what a step does, and where it ends; no test waits for it."""

import pytest

from gradtui.cli.running import trace_code
from gradtui.tui.playing import Playing
from tracing.runs import NET


class Beat:
    """Stands for a timer, and goes on when it is told to."""

    def __init__(self, seconds, go):
        self.seconds, self.go, self.stopped = seconds, go, False

    def stop(self):
        self.stopped = True


@pytest.fixture
def beats(monkeypatch):
    """Return the timers of what plays, which wait for the test."""
    found = []

    def start(playing):
        playing._timer = Beat(playing._beat[0], playing._go)
        found.append(playing._timer)

    monkeypatch.setattr(Playing, "_start", start)
    return found


async def test_a_long_run_is_played_in_leaps_that_take_a_minute(terminal, write, beats):
    async with terminal(write("L = (w*x)**2", lr=0.001, steps=5000)) as t:
        await t.press("p")
        assert "▶ 83 steps a second, 9 at a time: ( slower, ) faster" in t.text
        assert beats[-1].seconds == pytest.approx(9 * 60 / 5000)
        beats[-1].go()
        assert t.session.step == 9
        await t.press(")", ")")
        assert "▶ 333 steps a second, 34 at a time" in t.text
        assert [beat.stopped for beat in beats] == [True, True, False]
        await t.press("G", "N")
        beats[-1].go()
        assert t.session.step == 5000, "no leap goes beyond the end"
        beats[-1].go()
        assert beats[-1].stopped and t.session.step == 5000
        await t.press(*"((((((((")
        assert "paused, 5.2 steps a second" in t.text and len(beats) == 3


async def test_the_pace_doubles_and_halves_exactly_with_few_frames(terminal, beats):
    async with terminal("two_weights", (120, 40)) as t:
        paces = []
        for key in ("p", *")))", *"(((("):
            await t.press(key)
            at = t.session.step
            beats[-1].go()
            paces.append((t.session.step - at) / beats[-1].seconds)
            assert beats[-1].seconds >= 0.1
            t.session.first()
        usual = 1 / 0.15
        assert paces == pytest.approx([usual * 2.0**by for by in (0, 1, 2, 3, 2, 1, 0, -1)])


async def test_from_inside_a_step_its_operations_are_played(terminal, beats):
    async with terminal("one_weight") as t:
        await t.press("G", "F", "F", "s", ")", "p")
        assert "▶ 6.7 operations a second" in t.text
        end, places = t.session.order.end, [t.session.position]
        while not beats[-1].stopped:
            beats[-1].go()
            places.append(t.session.position)
        assert places == [*range(1, end + 1), end]
        assert t.session.step == 5 and "this is the end of the run" in t.session.message


async def test_one_call_is_played_line_by_line(terminal, beats, tmp_path):
    path = tmp_path / "net.py"
    path.write_text(NET.replace("FACTOR", "2"), encoding="utf-8")
    async with terminal("one_weight") as t:
        t.debugger.show_session(trace_code(f"{path}:case"))
        await t.press("F", "F", "p")
        assert "operations a second" in t.text
        at = t.session.position
        beats[-1].go()
        assert t.session.position == at + 1


async def test_the_footer_says_how_to_pause_and_pace_what_plays(terminal, beats):
    async with terminal("five_parcels", (80, 24)) as t:
        assert "p pause" not in t.rows[-1]
        await t.press("s", "p")
        for _ in range(2):
            beats[-1].go()
            await t.pilot.pause()
        assert t.rows[-3].startswith(" now ") and "▶ 3.3 operations a second" in t.rows[-3]
        assert t.rows[-1].startswith(" p pause  ( slower  ) faster  ")
        await t.press(")")
        assert "p pause" in t.rows[-1]
        await t.press("p")
        assert "p pause" not in t.rows[-1] and "a second" not in t.text


async def test_playing_stops_where_an_error_or_a_breakpoint_is_and_goes_on_from_there(
    terminal, beats
):
    async with terminal("late_nan") as t:
        (error,) = (f for f in t.session.investigation.findings if f.severity == "error")
        later = error.step + 2
        t.debugger.run_line(f"break {later}")
        await t.settled()
        await t.press("p")
        for stop in (error.step, later):
            while not beats[-1].stopped:
                beats[-1].go()
            assert t.session.step == stop and t.session.investigation.chosen == error
            assert f"stopped, p plays on; step {stop}: " in t.session.message
            assert ("finding 1 of" in t.session.message) == (stop == error.step)
            await t.press("p")
        beats[-1].go()
        assert t.session.step == later + 1
        await t.press("B", "space", "escape", "g")
        while t.session.step <= later:
            beats[-1].go()
        assert not beats[-1].stopped, "the error was seen, the breakpoint is switched off"


async def test_a_wrong_line_stops_what_plays_by_operations(terminal, beats):
    async with terminal("grad_missing_factor") as t:
        await t.press("F", "F", "s", "p")
        while not beats[-1].stopped:
            beats[-1].go()
        assert t.session.step == 0 and t.session.frame.where.value == "backward"
        assert "stopped, p plays on; step 0: finding 1 of" in t.session.message


async def test_at_the_last_step_there_is_nothing_to_play_and_that_is_said(terminal, beats):
    async with terminal("five_parcels", (80, 24)) as t:
        await t.press("G", "p")
        assert "this is the end of the run: g goes to its first step" in t.text
        assert not beats and "pause" not in t.rows[-1]
