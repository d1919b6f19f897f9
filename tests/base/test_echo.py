"""What is typed before a screen opens is kept for it, and not shown."""

import os
import sys
import termios

import pytest

from gradtui.base.echo import echo_again, echoed, unechoed, with_echo


@pytest.fixture
def terminal(monkeypatch):
    """Make standard input a terminal; return whether that echoes."""
    outer, inner = os.openpty()
    stream = os.fdopen(inner)
    monkeypatch.setattr(sys, "stdin", stream)
    yield lambda: bool(termios.tcgetattr(inner)[3] & termios.ECHO)
    stream.close()
    os.close(outer)


def test_a_terminal_is_silent_until_the_end_or_a_screen_has_it(terminal):
    with unechoed():
        assert not terminal()
        with echoed():
            assert terminal()
        assert not terminal()
    assert terminal()
    with unechoed():
        echo_again()
        assert terminal()


def test_an_error_gives_the_echo_back(terminal):
    with pytest.raises(ValueError), unechoed():
        raise ValueError
    assert terminal()


def test_a_terminal_that_was_silent_before_stays_so(terminal):
    with unechoed():
        with unechoed():
            pass
        assert not terminal()
    with echoed():
        pass
    assert terminal()


def test_the_attributes_to_restore_have_the_echo(terminal):
    with unechoed():
        now = termios.tcgetattr(sys.stdin.fileno())
        assert with_echo(now)[3] == now[3] | termios.ECHO


def test_without_a_terminal_nothing_is_changed(monkeypatch):
    with open(os.devnull) as nowhere:
        monkeypatch.setattr(sys, "stdin", nowhere)
        with unechoed(), echoed():
            echo_again()
