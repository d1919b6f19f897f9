"""What is printed fits the encoding of its stream."""

import json
import os
from functools import cache, partial

import pytest

from cli.shell import shell

plain = cache(partial(shell, env={**os.environ}))
"""As usual, without a width that a library of this process may have set for those it starts."""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "cp037"])
def test_an_encoding_that_no_terminal_shows_is_utf_8(encoding):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    for arguments in (["show", "two_weights"], ["list", "--json"], ["check", "nosuch"]):
        found, usual = shell(*arguments, env=environment), plain(*arguments)
        assert (found.stdout, found.stderr) == (usual.stdout, usual.stderr)


def test_a_stream_in_ascii_gets_no_escapes_and_json_stays_json():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    text = shell("show", "two_weights", env=environment).stdout
    assert "dL/dw2" in text and "\\u" not in text
    entries = json.loads(shell("list", "--json", env=environment).stdout)
    assert entries == json.loads(plain("list", "--json").stdout)


@pytest.mark.parametrize("command", ["show", "run", "check", "list"])
def test_without_utf_8_all_output_is_ascii(run, monkeypatch, command):
    monkeypatch.setenv("LC_ALL", "C")
    names = () if command == "list" else ("grad_missing_factor",)
    status, out, err = run(command, *names)
    assert status in (0, 1)
    assert out.isascii()
    assert err.isascii()
    assert out


def test_ascii_is_asked_for(run):
    drawn = run("show", "two_weights", "--ascii")[1]
    assert drawn.isascii()
    assert "  dL/dw2 = dL/de * de/dyhat * dyhat/dw2\n         = 2*e * 1 * x2\n" in drawn
    assert not run("show", "two_weights")[1].isascii()
