"""What the environment says of a terminal."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gradtui.base.terminal import ascii_only, colours, leaves_escape, mend_environment


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"TERM": "xterm-256color"}, "many"),
        ({"TERM": "linux", "COLORTERM": "truecolor"}, "many"),
        ({"TERM": "linux"}, "few"),
        ({"TERM": "xterm"}, "few"),
        ({"TERM": "screen"}, "few"),
        ({"TERM": "no-such-terminal"}, "few"),
        ({"TERM": "\udcff"}, "few"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "many"),
    ],
)
def test_colours(environ, found):
    assert colours(environ) == found


def test_a_terminal_whose_description_names_no_colours_has_none():
    # In a process of its own: curses takes the first description that it is asked for.
    code = "from gradtui.base.terminal import colours; print(colours({'TERM': 'vt100'}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "none\n"


@pytest.mark.parametrize(
    ("environ", "encoding", "only"),
    [
        ({"LANG": "de_DE.UTF-8"}, "utf-8", False),
        ({"LANG": "de_DE.utf8@euro"}, "utf-8", False),
        ({"LANG": "C"}, "utf-8", True),
        ({"LANG": "C", "LC_ALL": "C.UTF-8"}, "utf-8", False),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "POSIX"}, "utf-8", True),
        ({"LANG": "de_DE.ISO-8859-1"}, "iso8859-1", True),
        ({"LANG": "de_DE.UTF-8"}, "latin-1", True),
        ({"LANG": "C", "PYTHONUTF8": "1"}, "utf-8", False),
        ({}, "utf-8", False),
        ({}, "ascii", True),
    ],
)
def test_ascii_only_where_utf_8_cannot_be_relied_on(environ, encoding, only):
    assert ascii_only(environ, encoding) is only


def test_what_python_makes_of_the_c_locale_is_not_what_was_asked_for(monkeypatch):
    coerced = {"LANG": "C", "LC_CTYPE": "C.UTF-8"}
    assert ascii_only(coerced, "utf-8") is bool(sys.flags.utf8_mode)


def test_inside_gnu_screen_the_mouse_is_left_alone_so_that_escape_comes_at_once():
    assert not leaves_escape({"STY": "9815.pts-1.host", "TERM": "screen-256color"})
    assert leaves_escape({"TERM": "screen-256color", "TMUX": "/tmp/tmux-0/default,1,0"})


@pytest.mark.parametrize(
    ("environ", "left"),
    [
        ({"NO_COLOR": ""}, {}),
        ({"NO_COLOR": "1"}, {"NO_COLOR": "1"}),
        ({"TERM": "xterm-direct"}, {"TERM": "xterm-direct", "COLORTERM": "truecolor"}),
        ({"TEXTUAL_COLOR_SYSTEM": "bogus"}, {}),
        ({"TEXTUAL_COLOR_SYSTEM": "256"}, {"TEXTUAL_COLOR_SYSTEM": "256"}),
        ({"ESCDELAY": "9" * 400, "TEXTUAL_FPS": "9" * 10, "HOME": "9" * 10}, {"HOME": "9" * 10}),
        ({"ESCDELAY": "+" + "9" * 400, "TEXTUAL_FPS": " 9_" + "9" * 400}, {}),
        ({"ESCDELAY": "25", "TEXTUAL_FPS": "30"}, {"ESCDELAY": "25", "TEXTUAL_FPS": "30"}),
    ],
)
def test_what_the_screen_would_fail_at_is_taken_from_the_environment(environ, left):
    mend_environment(environ)
    assert environ == left
