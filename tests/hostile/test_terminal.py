"""No byte that a file holds acts on the terminal, and none that is typed ends the program."""

from __future__ import annotations

import random
import re
import signal

import pytest

from gradtui.cli.arguments import main
from hostile.clean import acting
from hostile.loaded import HOSTILE, write
from program import Program

SEQUENCES = re.compile(
    r"\x1b\[[0-9;:?<>=]*[$ ]?[A-Za-ln-su-z~@`{|}]"  # all CSI but those of window operations
    r"|\x1b\[[0-9;:]*m|\x1b\](52;c;[A-Za-z0-9+/=]*|22;[a-z-]*)\x07|\x1bP\+q[0-9a-f;]*\x1b\\|\x1b[()][0B]|\x1b[78=>]"
    r"|\x18\x1b\\"  # ends a sequence that was cut in two
)
"""What the app itself writes: colours, moves, modes, the clipboard."""
EVERY_PLACE = (
    "sssjj\r", "L", "\rjm", "m\x1bvv", "vvvXX", "Mz", "\x1bMy", "w\x1b", "T", "\x1be", "\x1bi\x1b",
    "\x1bOQa", "R/\x1b", "V\x1b", "A\x1b", "7z>>", "\x1bbnorm > 1\r", "B", "\x1bwloss\r",
    "elr 0.01\r", "T", "\x1bnnDcCY", "o", "\x1b",
)  # fmt: skip
"""Keys that show all panels, prompts, tables and messages."""


@pytest.fixture
def start(tmp_path):
    programs = []

    def begin(*arguments, **options):
        size = {"rows": 50, "columns": 160}
        programs.append(Program(tmp_path / "state", *arguments, VISUAL="true", **size | options))
        return programs[-1]

    yield begin
    for program in programs:
        program.close()


def assert_harmless(output):
    """Assert that there is nothing in it but text and what the app itself writes."""
    text = output.decode()
    for sign in ("\x1b]777", "9;9;9t\x1b", "\x1b]8;", "\x1b]0;"):
        assert sign not in text
    left = SEQUENCES.sub("", text).replace("\r\n", "\n").replace("\r", "")
    found = acting(left)
    assert not found, (found[:5], left[max(0, left.find(chr(int(found[0][2:], 16))) - 60) :][:120])


def test_nothing_of_a_file_acts_on_the_terminal_in_the_debugger(start, tmp_path):
    program = start(write(tmp_path))
    assert program.read_until(b"Gradient")
    for keys in EVERY_PLACE:
        program.press(keys)
    program.child.send_signal(signal.SIGTERM)
    assert program.wait() == 128 + signal.SIGTERM
    assert b"[red]M[/red]" in program.output
    assert_harmless(program.output)


COMMANDS = (
    ["show"], ["show", "--json"], ["show", "--level", "operations"], ["show", "--param", HOSTILE],
    ["show", "--param", "w[0]"], ["run"], ["run", "--format", "jsonl"], ["run", "--format", "csv"],
    ["run", "--set", HOSTILE], ["run", "--set", f"optimizer.lr={HOSTILE}"],
    ["run", "--set", f"labels.w='{HOSTILE}'"], ["check"], ["check", "--json"], ["check", HOSTILE],
    ["show", "--step", HOSTILE], ["new"],
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_of_a_file_acts_on_the_terminal_in_the_shell(command, tmp_path, capsys):
    try:
        main([command[0], str(write(tmp_path)), *command[1:]])
    except SystemExit as left:
        assert left.code == 2
    out, err = capsys.readouterr()
    assert out or err
    assert not acting(out + err)


def test_nothing_of_a_file_acts_on_a_terminal_that_has_colours(start, tmp_path):
    program = start("show", write(tmp_path))
    assert program.read_until(b"findings")
    assert program.wait() == 0
    assert b"\x1b[" in program.output
    assert_harmless(program.output)


def test_nothing_that_is_pasted_acts_or_is_a_command_and_no_paste_holds_up_the_keys(start):
    program = start("two_weights", rows=40, columns=120)
    assert program.read_until(b"Gradient")
    program.press("\x1b[200~n\x1bnn\x1b[Aq\x1b[201~")
    for opened in (":", "/", "o", "\x10"):
        # read together, an Esc and what follows it are another key
        for keys in (f"{opened}\x1b[200~{HOSTILE}\x1b[201~", "\x1b", "\x1b"):
            program.press(keys)
            program.read(5.0, quiet=0.6)
    program.press("\x1b[200~and no end")
    program.read(10, quiet=2.5)
    assert rb"\x1b]777;notify;a" in program.output
    assert b"0.81" not in program.output
    program.press("n")
    assert program.read_until(b"0.81")
    program.child.send_signal(signal.SIGTERM)
    assert program.wait() == 128 + signal.SIGTERM
    assert b"0.81" in program.output  # one step was done, by the last key
    assert b"0.0729" not in program.output
    assert_harmless(program.output)


def test_no_noise_on_the_line_ends_the_program(start):
    program = start("two_weights", rows=40, columns=120)
    assert program.read_until(b"Gradient")
    noise = random.Random(7)
    safe = [key for key in range(256) if key not in b"qEYWo:\x03\x10\x1a\x1c\x11\x13"]
    program.press(bytes(noise.choice(safe) for _ in range(400)))
    assert program.child.poll() is None
    program.child.send_signal(signal.SIGTERM)
    assert program.wait() == 128 + signal.SIGTERM
