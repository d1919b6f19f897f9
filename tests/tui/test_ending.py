"""What a signal does where there is no screen, and which signals end the app."""

from __future__ import annotations

import asyncio
import os
import signal
import termios

import pytest
from textual.events import AppBlur, Key, Resize
from textual.geometry import Size

import gradtui
from gradtui.tui.app import GradtuiApp
from gradtui.tui.ending import Ending


class Exited(BaseException):
    pass


@pytest.fixture
def ended(monkeypatch):
    """Note how the process would end."""

    def leave(status):
        raise Exited(status)

    monkeypatch.setattr(os, "_exit", leave)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_in_the_background_the_session_is_saved_and_the_process_ends(monkeypatch, ended, number):
    saved = []
    monkeypatch.setattr(os, "tcgetpgrp", lambda descriptor: os.getpgrp() + 1)
    with pytest.raises(Exited, match=str(128 + number)):
        Ending(leave=saved.append, save=lambda: saved.append("saved"))._told(number, None)
    assert saved == ["saved"]


@pytest.mark.parametrize("group", [0, OSError(5, "Input/output error")])
def test_in_the_foreground_the_screen_is_left_first(monkeypatch, ended, group):
    def tcgetpgrp(descriptor):
        if isinstance(group, OSError):
            raise group
        return os.getpgrp()

    monkeypatch.setattr(os, "tcgetpgrp", tcgetpgrp)
    Ending(leave=pytest.fail, save=pytest.fail)._told(signal.SIGTERM, None)


def test_the_keys_signals_belong_to_an_editor_while_it_has_the_terminal():
    ending = Ending(leave=pytest.fail, save=pytest.fail)
    assert ending._status_of(bytes([signal.SIGWINCH, signal.SIGINT])) == 130
    with ending.aside():
        assert ending._status_of(bytes([signal.SIGINT, signal.SIGQUIT])) is None
        assert ending._status_of(bytes([signal.SIGINT, signal.SIGTERM])) == 143
    assert ending._status_of(bytes([signal.SIGQUIT])) == 131
    assert ending._status_of(bytes([signal.SIGWINCH, signal.SIGCONT])) is None


async def test_an_end_that_was_asked_for_before_the_first_screen_is_no_error():
    app = GradtuiApp(gradtui.load("two_weights"))
    app.ending._status = 143
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
    assert app.return_value == 143
    assert app._exception is None


def test_a_terminal_that_has_gone_before_the_screen_is_there_is_a_hang_up(monkeypatch):
    def gone(descriptor):
        raise termios.error(5, "Input/output error")

    monkeypatch.setattr(termios, "tcgetattr", gone)
    with pytest.raises(SystemExit, match="129"):
        Ending(leave=pytest.fail, save=pytest.fail).watch()


@pytest.mark.parametrize("turns", [0, 5, 10])
@pytest.mark.parametrize("opens", ["ctrl+p", "colon", "question_mark", "e", "z", "w"])
async def test_what_comes_after_the_end_was_asked_for_is_no_crash(terminal, opens, turns):
    async with terminal("two_weights") as t:
        t.app.post_message(_key(opens))
        for _ in range(turns):
            await asyncio.sleep(0)
        t.app.exit(0)
        for key in ("ctrl+p", "t", "enter", "down", "ctrl+p"):
            t.app.post_message(_key(key))
            t.app.post_message(Resize(Size(80, 24), Size(80, 24)))
            t.app.post_message(AppBlur())
    assert t.app._exception is None


@pytest.mark.parametrize("turns", range(1, 4))
@pytest.mark.parametrize("asks", ["s", "r"])
async def test_a_question_of_a_table_that_comes_after_the_end_is_no_crash(terminal, asks, turns):
    async with terminal("two_weights") as t:
        await t.press("T")
        t.app.post_message(_key(asks))
        for _ in range(turns):
            await asyncio.sleep(0)
        t.app.exit(0)
    assert t.app._exception is None


def _key(name):
    return Key(name, name if len(name) == 1 else None)
