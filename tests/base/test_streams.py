"""Output that cannot be written, and what is said while something takes long."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cli.shell import ROOT
from gradtui.base import streams


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "arguments", [["run", "two_weights"], ["list"], ["--help"], ["--version"], ["check", "--help"]]
)
def test_a_full_disk_is_one_line(arguments):
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "gradtui", *arguments],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert result.returncode == 2
    assert result.stderr == "gradtui: the output cannot be written: No space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["check", "nosuch"], 2),
        (["check", "two_weights", "--nosuch"], 2),
        (["two_weights"], 2),
        (["check", "two_weights_rate_3", "nosuch"], 2),
        (["run", "two_weights_rate_3"], 1),
        (["check", "sigmoids_deep"], 0),
    ],
)
def test_what_cannot_be_told_leaves_the_exit_status_as_it_is(arguments, expected):
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "gradtui", *arguments],
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=full, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    assert result.returncode == expected


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_what_a_vanished_terminal_left_in_a_buffer_is_no_status_of_its_own():
    program = (
        "import sys; from gradtui.cli import arguments as cli\n"
        "def debug(arguments):\n    sys.stderr.write('the last frame')\n    return 129\n"
        "cli.debug = debug\nsys.exit(cli.main(['two_weights']))"
    )
    with open("/dev/full", "w") as full:
        environment = {**os.environ, "PYTHONUNBUFFERED": ""}
        command = [sys.executable, "-c", program]
        result = subprocess.run(command, cwd=ROOT, env=environment, stderr=full)
    assert result.returncode == 129


def test_closed_streams_do_no_harm():
    command = f"{sys.executable} -m gradtui show two_weights >&- 2>&-"
    assert subprocess.run(command, shell=True, cwd=ROOT).returncode == 0


def test_a_person_is_told_what_takes_long_and_a_pipe_is_not(monkeypatch, capsys):
    """After each second that passes, here none; the line is taken away before anything else."""
    passed = threading.Event()
    monkeypatch.setattr(streams, "_PATIENCE", 0.001)
    write = streams._write
    monkeypatch.setattr(streams, "_write", lambda *args: (write(*args), passed.set()))
    with streams.working("quiet"):
        pass
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with streams.working("checking \x1b[2Jnet.toml"):
        assert passed.wait(60)
    err = capsys.readouterr().err
    assert err.startswith("\rchecking ␛[2Jnet.toml … 1 s") or "net.toml … 1 s" in err
    assert "\x1b" not in err and "quiet" not in err
    assert err.endswith(" \r") and err.count("net.toml") >= 1


def test_what_the_user_s_code_asks_stands_on_a_line_of_its_own(monkeypatch, capsys):
    def answer(prompt=""):
        print(prompt, end="", file=sys.stderr)
        return "2"

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with streams.working("running net.py"):
        assert input("scale? ") == "2"
    assert input is answer
    assert re.search(r"\r +\rscale\? ", capsys.readouterr().err)
