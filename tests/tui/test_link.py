"""How many paints are on their way to a terminal, from what it answers and when."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf

import pytest

from gradtui.tui import link as link_module
from gradtui.tui.link import LOST, Link


class Clock:
    """A time that passes where it is slept."""

    def __init__(self) -> None:
        self.now = 0.0
        self.at: tuple[float, Callable[[], None]] = inf, lambda: None

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        when, act = self.at
        if self.now >= when:
            act()


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(link_module.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(link_module.time, "sleep", clock.sleep)
    return clock


def answering(clock: Clock) -> Link:
    """Return a line to a terminal that has answered soon."""
    line = Link()
    line.ask()
    clock.now += 0.01
    line.answered()
    line.takes_more()
    return line


class Far:
    """A terminal at the end of a line, which takes a time for each paint and one for the way.

    It answers as real ones do: in order, each question when all before it is shown.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, way: float, paint: float) -> None:
        self.now, self.way, self.paint = 0.0, way, paint
        monkeypatch.setattr(link_module.time, "monotonic", lambda: self.now)
        self.line = Link()
        self.line.ask()
        self.due = deque([way])
        self.free = 0.0
        self.shown: list[float] = []

    def hold(self, seconds: float, every: float = 0.05) -> None:
        """Paint as often as for a held key, and once more when an answer lets what is held up."""
        until, next_paint, held = self.now + seconds, self.now, False
        while self.now < until:
            self.now = round(self.now + 0.001, 3)
            while self.due and self.due[0] <= self.now:
                self.due.popleft()
                self.line.answered()
                held = held and not self._write()
            if self.now >= next_paint:
                next_paint += every
                held = not self._write()

    def _write(self) -> bool:
        if not self.line.takes_more():
            return False
        self.free = max(self.now, self.free) + self.paint
        self.shown.append(self.free)
        if self.line.ask():
            self.due.append(self.free + self.way)
        return True

    @property
    def behind(self) -> float:
        """Seconds until it has shown what is written."""
        return max(0.0, self.free - self.now)


def test_a_fast_terminal_gets_every_paint(monkeypatch):
    far = Far(monkeypatch, way=0.002, paint=0.002)
    far.hold(5.0)
    assert len(far.shown) >= 100


@pytest.mark.parametrize("paint", [0.06, 0.1, 0.45, 1.0])
def test_a_slow_line_never_has_more_than_a_few_paints_on_their_way(monkeypatch, paint):
    far = Far(monkeypatch, way=0.02, paint=paint)
    far.hold(1.0)
    behind = []
    for _ in range(100):
        far.hold(0.1)
        behind.append(far.behind)
    assert max(behind) <= max(2 * paint, 0.3)
    assert len(far.shown) > 0.75 * 11.0 / paint  # and it is never idle for long


def test_a_line_that_is_far_but_fast_comes_to_carry_all_paints(monkeypatch):
    far = Far(monkeypatch, way=0.3, paint=0.001)
    far.hold(4.0)
    before = len(far.shown)
    far.hold(5.0)
    assert len(far.shown) - before >= 95


def test_one_that_gets_slow_is_soon_up_to_date_again(monkeypatch):
    far = Far(monkeypatch, way=0.1, paint=0.001)
    far.hold(4.0)
    far.paint = 0.45
    far.hold(6.0)
    assert far.behind <= 1.0


@pytest.mark.parametrize("repaint", [6.0, 12.0, 20.0])
def test_a_repaint_that_takes_long_is_not_taken_for_a_terminal_that_is_deaf(monkeypatch, repaint):
    far = Far(monkeypatch, way=0.1, paint=1.0)
    far.hold(5.0)
    far.free += repaint
    far.hold(60.0)
    assert far.behind <= 5.0


def test_a_terminal_that_never_answers_is_asked_once_and_gets_every_paint(clock):
    line = Link()
    assert line.ask()
    for _ in range(1000):
        clock.now += 0.05
        assert line.takes_more()
        assert not line.ask()


def test_an_answer_that_is_lost_holds_nothing_up_for_long(clock):
    line = answering(clock)
    while line.takes_more():
        assert line.ask()
    clock.now += LOST - 0.1
    assert not line.takes_more()
    clock.now += 0.2
    for _ in range(20):
        assert line.takes_more()
        assert line.ask()
        clock.now += 0.01
        line.answered()


def test_one_that_answers_no_more_is_asked_once_again_and_gets_every_paint(clock):
    line, asked = answering(clock), 0
    while clock.now < 60.0:
        clock.now += 0.05
        asked += line.takes_more() and line.ask()
    assert asked <= 10
    assert line.takes_more()
    line.answered()
    assert line.takes_more()
    assert line.ask()  # it does answer


def test_an_answer_that_nobody_asked_for_means_nothing(clock):
    line = Link()
    line.answered()
    clock.now += 0.1
    assert line.ask()
    assert line.takes_more()
    assert not line.ask()


@pytest.mark.parametrize(("answers", "patience"), [(False, 0.5), (True, LOST)])
def test_leaving_waits_for_answers_but_not_for_long(clock, answers, patience):
    line = answering(clock) if answers else Link()
    line.ask()
    began = clock.now
    line.settle()
    line.settle()
    assert patience <= clock.now - began < patience + 0.1


def test_leaving_waits_no_longer_than_for_the_answer(clock):
    line = answering(clock)
    line.ask()
    clock.at = clock.now + 0.7, line.answered
    line.settle()
    assert 0.7 <= clock.now < 0.75
