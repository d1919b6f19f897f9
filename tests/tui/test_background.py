"""What is found out in threads is about the scenario that is open."""

from __future__ import annotations

from threading import Thread, current_thread, main_thread

import pytest
from msgspec.structs import replace

import gradtui
import gradtui.debugger.sweeps
import gradtui.diagnosis.check
from gradtui.debugger import investigation
from gradtui.debugger.investigation import COMPUTING
from gradtui.engine.history import History
from gradtui.engine.trainer import Trainer
from gradtui.tui.background import Background, Runner


def test_a_frame_of_the_scenario_before_is_not_measured():
    before, now = gradtui.load("two_weights"), gradtui.load("five_parcels")
    frame = before.frame
    frame = replace(frame, known=replace(frame.known, gauge=COMPUTING))
    background = Background()
    assert not background.measure(now, frame)
    assert background.measure(before, frame)


@pytest.mark.parametrize(("worth", "begins"), [((0.0, 60.0), True), ((60.0, 60.0), False)])
def test_the_curvature_of_the_next_step_is_measured_before_its_key(monkeypatch, worth, begins):
    monkeypatch.setattr(investigation, "_AHEAD", worth)
    session, background = gradtui.load("five_parcels"), Background()
    session.history.reach(4, 60.0)
    assert not background.measure(session, session.frame)  # no move leads anywhere yet
    session.seek(1)
    assert background.measure(session, session.frame) == begins
    while background.busy:
        background.poll(session)
        assert not background.measured  # there is nothing to show yet
    assert session.investigation.lacks(session.tape(2)) != begins
    assert session.investigation.lacks(session.tape(3))


def fail(*arguments, **options):
    raise TypeError("no such thing")


async def test_a_run_that_cannot_be_judged_is_said_on_the_screen(terminal, monkeypatch, failures):
    monkeypatch.setattr(gradtui.diagnosis.check, "diagnose_run", fail)
    async with terminal("five_parcels") as t:
        words = " ".join(t.text.replace("│", " ").split())
        assert "internal" in words and "the run could not be judged" in words
        assert "no findings" not in t.text
        await t.press("n")
        assert t.session.step == 1
    failures.clear()


async def test_a_row_of_a_sweep_that_cannot_be_judged_is_said(terminal, monkeypatch, failures):
    monkeypatch.setattr(gradtui.debugger.sweeps.Sweep, "_end", fail)
    async with terminal("two_weights") as t:
        t.debugger.run_line("sweep lr 0.01 3")
        await t.until(lambda: "the run with lr 3 could not be judged: TypeError" in t.text)
    failures.clear()


def test_states_that_cannot_be_computed_ahead_are_said_once_and_left_alone(monkeypatch, failures):
    session, background = gradtui.load("two_weights"), Background()
    monkeypatch.setattr(History, "ahead", lambda self, step, leap: self)
    monkeypatch.setattr(History, "prepare", fail)
    assert background.prepare(session)
    said = []
    while background.busy:
        background.poll(session)
        said.append(background.failed)
    (once,) = filter(None, said)
    assert once.startswith("the steps near 0 were not computed: TypeError")
    assert not background.prepare(session)
    failures.clear()


def test_steps_that_each_take_long_are_computed_in_a_thread_with_the_same_bits(monkeypatch):
    model, at = gradtui.load("five_parcels").problem.trainer, set[Thread]()
    whole = History(model)
    whole.advance(40)
    run = Trainer.run_written
    monkeypatch.setattr(History, "fitting", lambda self, seconds: 0)
    monkeypatch.setattr(
        Trainer, "run_written", lambda *args: at.add(current_thread()) or run(*args)
    )
    history, runner = History(model), Runner()
    while history.known < 40:
        runner.reach(history, 40, 0.01)
    assert history.losses.tobytes() == whole.losses.tobytes()
    assert history.state(33).tobytes() == whole.state(33).tobytes()
    assert at and main_thread() not in at


def test_the_state_at_the_end_of_a_jump_is_not_computed_twice(monkeypatch):
    model = gradtui.load("five_parcels").problem.trainer
    history, runner = History(model, memory=8 * model.width * 13), Runner()
    monkeypatch.setattr(History, "fitting", lambda self, seconds: 12 if seconds > 0.01 else 0)
    for end in (120, 150):
        while history.known < end:
            runner.reach(history, end, 0.01)
        assert history.every > 1
        assert history.away(end - 1) == 0


def test_what_a_thread_cannot_compute_is_raised_where_its_steps_are_awaited(monkeypatch):
    history, runner = History(gradtui.load("five_parcels").problem.trainer), Runner()
    monkeypatch.setattr(History, "fitting", lambda self, seconds: 0)
    monkeypatch.setattr(History, "leg", fail)
    with pytest.raises(TypeError, match="no such thing"):
        while history.known < 2:
            runner.reach(history, 2, 0.01)
