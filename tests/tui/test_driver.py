from __future__ import annotations

import pytest
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.geometry import Size

from gradtui.tui.driver import Driver
from gradtui.tui.link import QUESTION, Link
from gradtui.tui.typed import Answered


@pytest.fixture
def driver(monkeypatch):
    """A driver without a terminal: `sent` is what it writes, `told` what it hands on."""
    made = Driver.__new__(Driver)
    made.link, made.sent, made.told = Link(), [], []
    made.write = made.sent.append
    made._in_band_window_resize = False
    made._get_terminal_size = lambda: (132, 43)
    for name in ("process_message", "disable_input", "stop_application_mode"):
        monkeypatch.setattr(LinuxDriver, name, lambda self, *given: self.told.append(given))
    return made


def test_a_terminal_is_asked_once_and_again_only_after_its_answer(driver):
    driver.ask()
    driver.ask()
    assert driver.sent == [QUESTION]
    driver.process_message(Answered())
    assert driver.link.takes_more()
    driver.ask()
    assert driver.sent == [QUESTION, QUESTION]


def test_what_was_read_is_handed_on(driver):
    message = Answered()
    driver.process_message(message)
    assert driver.told == [(message,)]


def test_enter_pressed_before_the_screen_opened_is_enter(driver):
    for key, character in (("ctrl+j", "\n"), ("enter", "\r"), ("j", "j")):
        driver.process_message(Key(key, character))
    assert [message.key for (message,) in driver.told] == ["enter", "enter", "j"]


def test_the_size_is_read_unless_the_terminal_reports_it_itself(driver):
    assert driver.size_now(Size(80, 24)) == Size(132, 43)
    driver._in_band_window_resize = True
    assert driver.size_now(Size(80, 24)) == Size(80, 24)


def test_the_screen_is_empty_before_the_former_one_comes_back(driver):
    driver.stop_application_mode()
    (clears,) = driver.sent
    assert clears.endswith("\x1b[H\x1b[J") and driver.told == [()]


def test_reading_stops_only_when_the_answers_have_come(driver, monkeypatch):
    settled = []
    monkeypatch.setattr(Link, "settle", lambda self: settled.append(len(driver.told)))
    driver.disable_input()
    assert settled == [0] and driver.told == [()]
