"""`gradtui help`: a page, what is said of a name, and the pager."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from gradtui.cli.arguments import COMMANDS, main
from gradtui.manual.pages import TOPICS, read_page


def test_the_topics_are_listed(capsys):
    assert main(["help"]) == 0
    out = capsys.readouterr().out
    assert all(read_page(topic).about in out for topic in TOPICS)


def test_a_page_is_printed_as_plain_text_where_no_terminal_is(capsys, monkeypatch):
    monkeypatch.setenv("PAGER", "false")
    assert main(["help", "saving"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("SAVING: ") and "\n\nSignals\n\n" in out
    assert "\x1b" not in out and max(map(len, out.split("\n"))) <= 80


@pytest.mark.parametrize(
    "name", ["dead-relu", "softmax", "what-if", "adam", "F4", "κ", "kappa", "Lens", "ctrl+p"]
)
def test_a_name_is_explained(capsys, name):
    assert main(["help", name]) == 0
    assert name.casefold() in capsys.readouterr().out.casefold()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_is_explained_by_its_own_help(capsys, command):
    with pytest.raises(SystemExit) as end:
        main(["help", command.name])
    assert end.value.code == 0
    assert f"usage: gradtui {command.name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("topic", "hint"),
    [
        ("kyes", "; did you mean 'keys'?"),
        ("softmx", "; did you mean 'softmax'?"),
        ("ReduceLROnPlateau", "; the word is in scenarios"),
        ("\x1b[31m", "\\x1b[31m"),
        ("qqqqq", "'qqqqq'; `gradtui help` lists the topics"),
    ],
)
def test_an_unknown_topic_says_what_may_be_meant(capsys, topic, hint):
    assert main(["help", topic]) == 2
    out, err = capsys.readouterr()
    assert out == "" and hint in err and "\x1b" not in err


def on_terminal(*arguments: str, **environment: str) -> str:
    """Return what a command writes to a terminal of 24 rows."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gradtui", *arguments],
            stdin=theirs, stdout=theirs, stderr=theirs,
            env={**os.environ, "COLUMNS": "80", "LINES": "24", "TERM": "xterm", **environment},
        )  # fmt: skip
        os.close(theirs)
        told = b""
        while True:
            try:
                part = output.read(65536)
            except OSError:  # so Linux says that nobody has the other end any more
                break
            if not part:
                break
            told += part
        assert process.wait(20) == 0
    return told.decode()


def test_what_is_longer_than_the_terminal_goes_through_the_pager():
    assert on_terminal("help", "findings", PAGER="wc -l; echo paged").endswith("paged\r\n")
    assert on_terminal("help", "lessons", PAGER="true", LINES="200").startswith("\x1b[1mLESSONS")


@pytest.mark.parametrize("pager", ["", "cat", "/no/such/pager"])
def test_without_a_pager_it_is_printed(pager):
    told = on_terminal("help", "saving", PAGER=pager)
    assert "SAVING: " in told and "Signals" in told


def test_a_pager_gets_ascii_where_nothing_else_can_be_shown():
    told = on_terminal("help", "--ascii", "screen", PAGER="cat -")
    assert told.isascii() and "dL/dw2" in told
