"""The debugger opens where it can be drawn, and says where it cannot."""

import subprocess
import sys

import pytest

from cli.shell import ROOT, shell


def test_the_debugger_wants_a_terminal():
    result = shell("two_weights", stdin=subprocess.DEVNULL)
    assert (result.returncode, result.stdout) == (2, "")
    assert "needs a terminal" in result.stderr


def test_without_an_input_there_is_no_terminal():
    command = f"{sys.executable} -m gradtui two_weights <&-"
    result = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 2
    assert "needs a terminal" in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["two_wieghts"], "did you mean 'two_weights'?"),
        (["nosuch.toml"], "no such file"),
        (["two_weights", "--theme", "foo"], "--theme foo"),
    ],
)
def test_without_a_terminal_another_mistake_is_said_first(arguments, said):
    result = shell(*arguments, stdin=subprocess.DEVNULL)
    assert result.returncode == 2 and said in result.stderr
    assert "needs a terminal" not in result.stderr


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_that_draws_no_screen_is_pointed_to_plain_text(run, monkeypatch, term):
    for stream in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True)
    monkeypatch.setenv("TERM", term)
    status, out, err = run("two_weights")
    assert (status, out) == (2, "")
    assert "`gradtui show FILE` and `gradtui run FILE`" in err


def test_an_unknown_theme_is_an_error_with_those_there_are(run, monkeypatch):
    for stream in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    status, out, err = run("two_weights", "--theme", "lihgt")
    assert (status, out) == (2, "")
    assert "--theme lihgt:1:1: error: there is no theme 'lihgt'; did you mean" in err
    assert "there are dark, light" in err
