import time

import pytest
from msgspec.structs import replace
from textual.events import Key

from gradtui.engine.history import History
from gradtui.tui import pace
from gradtui.tui.app import GradtuiApp
from gradtui.tui.debugger import Debugger
from gradtui.tui.panels.loss import LossPanel


@pytest.mark.parametrize(
    ("keys", "step"),
    [
        (["G"], 12),
        (["end"], 12),
        (["c"], 12),
        (["G", "g"], 0),
        (["G", "home"], 0),
        (["G", "C"], 0),
        (["right_square_bracket"], 10),
        (["right_curly_bracket"], 100),
        (["right_curly_bracket", "left_square_bracket"], 90),
        (["right_curly_bracket", "left_curly_bracket"], 0),
        (["J", "7", "enter"], 7),
        (["colon", "5", "enter"], 5),
    ],
)
async def test_keys_that_jump(terminal, keys, step):
    async with terminal("two_weights") as t:
        await t.press(*keys)
        await t.until(lambda: f"step {step}/12" in t.text)
        assert t.session.step == step


async def test_the_first_step_says_that_there_is_none_before(terminal):
    async with terminal("two_weights") as t:
        await t.press("N")
        assert t.session.step == 0
        assert "this is the first step" in t.text


async def test_a_wrong_step_is_refused_and_nothing_moves(terminal):
    async with terminal("two_weights") as t:
        await t.press("n", "J", "x", "enter")
        assert t.session.step == 1
        assert "'x' is not a step" in t.text


async def test_a_far_step_is_computed_while_the_screen_lives_and_can_be_stopped(terminal):
    async with terminal("five_parcels") as t:
        await t.press("J", *"9000000")
        await t.pilot.press("enter")
        assert "of 9,000,000, Ctrl+C stops" in t.text
        await t.press("ctrl+c")
        assert "stopped" in t.text
        assert t.session.step == 0
        await t.press("J", *"30000", "enter")
        await t.until(lambda: "step 30,000/12" in t.text)


async def test_progress_towards_a_far_step_is_told_without_a_whole_frame(terminal, monkeypatch):
    async with terminal("five_parcels") as t:
        monkeypatch.setattr(Debugger, "show_frame", lambda self: pytest.fail("a whole frame"))
        t.debugger.pace._tell(9_000_000)
        await t.pilot.pause()
        assert "of 9,000,000, Ctrl+C stops" in t.text


async def test_a_jump_over_slow_steps_computes_none_of_them_before_the_key_is_done(
    terminal, monkeypatch
):
    reach, seconds = History.reach, []
    async with terminal("five_parcels") as t:
        monkeypatch.setattr(History, "soon", lambda self, step, seconds: False)
        monkeypatch.setattr(
            History, "reach", lambda self, *to: seconds.append(to[1]) or reach(self, *to)
        )
        await t.press("J", *"2000", "enter")
        await t.until(lambda: "step 2,000/12" in t.text)
        assert pace._AT_ONCE not in seconds


@pytest.mark.parametrize("key", ["G", "c"])
async def test_the_end_of_a_long_run_is_computed_while_the_screen_lives(terminal, write, key):
    path = write("L = sum((w*x)**2)", f"w = {[0.1] * 400}", lr=0.001, steps=9_000_000)
    async with terminal(path) as t:
        for typed in (key, "n"):
            known = t.session.history.known
            await t.pilot.press(typed)
            await t.until(lambda known=known: t.session.history.known > known)
            assert t.session.history.known < 9_000_000
        assert t.session.step < 10


async def test_held_keys_share_frames_and_end_at_their_step(terminal, monkeypatch):
    shown = []
    show = Debugger.show_frame
    monkeypatch.setattr(Debugger, "show_frame", lambda self: (shown.append(1), show(self))[1])
    async with terminal("five_parcels") as opened:
        shown.clear()
        for _ in range(100):
            opened.app.post_message(Key("n", "n"))
        await opened.until(lambda: "step 100/12" in opened.rows[0])
        assert opened.session.step == 100
        assert len(shown) < 50


async def test_a_thread_is_left_alone_longer_each_time_until_there_is_more_to_do(
    terminal, monkeypatch
):
    waits = []
    async with terminal("two_weights") as t:
        work, after = t.debugger.pace, pace.call_after
        monkeypatch.setattr(
            pace, "call_after", lambda *to: (waits.append(to[1]), after(to[0], 60.0, to[2]))[1]
        )
        monkeypatch.setattr(work, "_compute_part", lambda: True)
        monkeypatch.setattr(pace, "_LITTLE", 60.0)  # each slice is only a check
        for _ in range(2):
            work.ahead()
            for _ in range(20):
                work._compute()
    first, second = waits[:21], waits[21:]
    assert first == second == sorted(first)
    assert (first[0], first[-1]) == (pace._WAIT, pace._LONGEST)


async def test_curves_that_a_frame_has_drawn_are_not_drawn_again(terminal, monkeypatch):
    drawn = []
    async with terminal("five_parcels") as t:
        await t.press("n")
        await t.until(lambda: t.debugger.walk.settled)
        monkeypatch.setattr(
            LossPanel, "show_frame", lambda self, frame, **later: drawn.append(frame.step)
        )
        await t.press("n")
        t.debugger.pace._compute_part()
        assert drawn == [2]
        t.session.history.advance(1)
        t.debugger.pace._compute_part()
        assert drawn == [2, 2]


@pytest.mark.parametrize(("takes", "whole"), [(0.0001, True), (0.1, False)])
async def test_the_first_frame_waits_only_for_a_curve_that_takes_a_moment(
    terminal, monkeypatch, takes, whole
):
    known, show = [], Debugger.show_frame
    monkeypatch.setattr(History, "fitting", lambda self, seconds: int(seconds / takes))

    def shown(debugger):
        known.append(debugger.session.history.known)
        show(debugger)

    monkeypatch.setattr(Debugger, "show_frame", shown)
    async with terminal("two_weights") as t:
        await t.until(lambda: t.session.history.known > 12)
    assert (known[0] > 12) == whole


async def test_the_first_step_which_is_compiled_too_tells_little_of_the_others(
    terminal, monkeypatch
):
    known, show, append = [], Debugger.show_frame, History.append
    compute = pace.Pace._compute_steps

    def timed(history, leg):
        append(history, replace(leg, seconds=1e-5 if leg.start else 0.007))

    def shown(debugger):
        known.append(debugger.session.history.known)
        show(debugger)

    monkeypatch.setattr(History, "append", timed)
    # However busy the machine is, what is computed at once comes to its end.
    monkeypatch.setattr(pace.Pace, "_compute_steps", lambda own, seconds: compute(own, 60.0))
    monkeypatch.setattr(Debugger, "show_frame", shown)
    async with terminal("two_weights"):
        assert known[0] > 12


async def test_threads_set_to_work_by_a_frame_let_its_paint_be_written_first(terminal, monkeypatch):
    seen, paint, find_out = [], GradtuiApp._display, pace.Pace._find_out

    def painted(app, screen, update):
        paint(app, screen, update)
        seen.append(("painted", time.monotonic()))

    def found_out(part, frame):
        seen.append(("found out", time.monotonic()))
        find_out(part, frame)

    async with terminal("two_weights") as t:
        await t.settled()
        monkeypatch.setattr(GradtuiApp, "_display", painted)
        monkeypatch.setattr(pace.Pace, "_find_out", found_out)
        await t.press("n")
        await t.until(lambda: any(what == "found out" for what, _ in seen))
        (first, at), (_, after) = seen[0], next(one for one in seen if one[0] == "found out")
        assert first == "painted" and after - at >= pace._WRITTEN
