"""How many paints are on their way to a terminal, from what it answers and when."""

from __future__ import annotations

from collections import deque

import pytest

from gradtui.tui import line as line_module
from gradtui.tui.line import LOST, Line


class Far:
    """A terminal at the end of a line, which takes a time for each paint and one for the way.

    It answers as real ones do: in order, each question when all before it is shown.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, way: float, paint: float) -> None:
        self.now, self.way, self.paint = 0.0, way, paint
        monkeypatch.setattr(line_module.time, "monotonic", lambda: self.now)
        self.line = Line()
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
                held = self.line.answered() and held
                if held:
                    held = not self._write()
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


def test_a_terminal_that_never_answers_is_asked_once_and_gets_every_paint(monkeypatch):
    monkeypatch.setattr(line_module.time, "monotonic", lambda: 0.0)
    line = Line()
    assert line.ask()
    for _ in range(1000):
        assert line.takes_more()
        assert not line.ask()


def test_answers_that_are_lost_hold_nothing_up_for_ever(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(line_module.time, "monotonic", lambda: now[0])
    line = Line()
    line.ask()
    line.answered()
    while line.takes_more():
        assert line.ask()
    now[0] += LOST - 0.1
    assert not line.takes_more()
    now[0] += 0.2
    assert line.takes_more()
    assert line.ask() and not line.ask()  # once, as at first
    line.answered()
    assert line.ask()  # it does answer


def test_an_answer_that_nobody_asked_for_means_nothing(monkeypatch):
    line = Line()
    assert not line.answered()
    assert line.ask() and not line.ask()


def test_leaving_waits_for_answers_but_not_for_long(monkeypatch):
    now = [0.0]
    line = Line()
    monkeypatch.setattr(line_module.time, "monotonic", lambda: now[0])

    def sleep(seconds: float) -> None:
        now[0] += seconds
        if 0.2 <= now[0] < 0.2 + seconds:
            line.answered()

    monkeypatch.setattr(line_module.time, "sleep", sleep)
    line.ask()
    line.settle()
    assert 0.2 <= now[0] < 0.25
    line.ask()
    line.settle()
    assert 0.5 < now[0] < 0.8
