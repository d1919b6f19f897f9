"""The real program on a real pseudo-terminal: what it leaves behind when it ends."""

from __future__ import annotations

import os
import re
import select
import signal
import termios
import time
import tty
from pathlib import Path

import pytest

from gradtui.saving.format import decode_saved
from gradtui.tui.link import ANSWER, QUESTION
from program import ENTER, LEAVE, Program

EMPTY = b"\x1b[H\x1b[J"
ASKED = QUESTION.encode()


@pytest.fixture
def start(tmp_path):
    processes: list[Program] = []

    def begin(*arguments: str, **environment: str) -> Program:
        processes.append(Program(tmp_path / "state", *arguments, **environment))
        return processes[-1]

    yield begin
    for process in processes:
        process.close()


def saved_steps(folder: Path) -> list[int]:
    """Return the steps at which sessions were left."""
    files = (folder / "state" / "gradtui" / "sessions").iterdir()
    return [decode_saved(file.read_bytes()).snapshots[0].step for file in files]


def shows_nothing(output: bytes) -> bool:
    """Return whether the screen is empty as it is left, for a terminal that has no second one."""
    emptied, _, after = output[: output.rindex(LEAVE)].rpartition(EMPTY)
    return bool(emptied) and not re.sub(rb"\x1b\[[^@-~]*[@-~]", b"", after)


SIGNALS = [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_restores_the_terminal_and_saves_the_session(start, tmp_path, number):
    program = start("two_weights")
    assert program.read_until(b"Gradient")
    program.type("nn")
    assert program.read_until(b"0.0729")
    program.child.send_signal(number)
    assert program.read_until(LEAVE)
    assert program.wait() == 128 + number
    assert shows_nothing(program.output)
    assert termios.tcgetattr(program.other) == program.before
    after = program.output[program.output.rindex(ENTER) :]
    for mode in (b"25h", b"1000l", b"1003l", b"2004l", b"1004l", b"7h"):
        assert b"\x1b[?" + mode in after
    assert b"Traceback" not in program.output
    assert saved_steps(tmp_path) == [2]


def test_a_signal_ends_a_program_whose_terminal_takes_no_output(start, tmp_path):
    program = start("two_weights")
    assert program.read_until(b"Gradient")
    program.type("nnn")
    assert program.read_until(b"06561")  # of 0.006561: digits that stood there are not repainted
    while select.select([], [program.main], [], 0.1)[1]:
        program.type("zz" * 50)  # the answers fill the terminal's buffer
    program.child.send_signal(signal.SIGTERM)
    assert program.child.wait(60.0) == 128 + signal.SIGTERM
    assert termios.tcgetattr(program.other) == program.before
    assert program.read_until(LEAVE)
    assert shows_nothing(program.output)
    assert saved_steps(tmp_path) == [3]


def test_a_terminal_that_vanishes_without_a_signal_ends_the_program(start, tmp_path):
    program = start("two_weights")
    assert program.read_until(b"Gradient")
    program.type("n")
    assert program.read_until(b"0.81")
    program.hang_up()
    assert program.child.wait(60.0) == 128 + signal.SIGHUP
    assert saved_steps(tmp_path) == [1]


def test_q_ends_with_0_and_restores_the_terminal(start):
    program = start("two_weights")
    assert program.read_until(b"Gradient")
    assert ENTER in program.output
    program.type("nq")
    assert program.read_until(LEAVE)
    assert program.wait() == 0
    assert shows_nothing(program.output)
    assert termios.tcgetattr(program.other)[3] == program.before[3]


def test_ctrl_z_puts_it_aside_and_it_comes_back_with_its_screen(start):
    program = start("two_weights")
    assert program.read_until(b"Gradient")
    program.type("\x1a")
    assert program.read_until(LEAVE)
    os.waitpid(program.child.pid, os.WUNTRACED)  # until it has stopped
    assert shows_nothing(program.output)
    assert termios.tcgetattr(program.other)[3] == program.before[3]
    program.output = b""
    program.child.send_signal(signal.SIGCONT)
    assert program.read_until(b"Gradient")
    assert ENTER in program.output
    program.type("q")
    assert program.wait() == 0


def test_a_broken_file_opens_no_screen(start, tmp_path):
    file = tmp_path / "broken.toml"
    file.write_text("title = 1\n")
    program = start(str(file))
    assert program.read_until(b"error: ")
    assert program.wait() == 2
    assert ENTER not in program.output


def test_an_exception_restores_the_terminal_saves_and_fails(start, tmp_path, monkeypatch):
    # A sitecustomize breaks one panel from outside, as a bug would from inside.
    (tmp_path / "sitecustomize.py").write_text(
        "import gradtui.explain.chain as c\n"
        "sound = c.chain_rows\n"
        "def broken(frame, width):\n"
        "    if frame.step == 2:\n        raise RuntimeError('panel bug')\n"
        "    return sound(frame, width)\n"
        "c.chain_rows = broken\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path) + os.pathsep + os.environ.get("PYTHONPATH", ""))
    program = start("two_weights")
    assert program.read_until(b"Gradient")
    program.type("nn")
    assert program.read_until(b"RuntimeError: panel bug")
    assert program.wait() == 1
    assert program.output.index(LEAVE) < program.output.index(b"panel bug")
    assert termios.tcgetattr(program.other) == program.before
    assert saved_steps(tmp_path) == [2]


def test_e_opens_the_editor_at_the_findings_line_and_comes_back(start, tmp_path, monkeypatch):
    folder = tmp_path / "with space; 'and quote"
    folder.mkdir()
    file = folder / "m.toml"
    file.write_text(
        'title = "A test"\n[data]\nx = 3.0\n[parameters]\nw = 2.0\n[model]\ncode = "L = (w*x)**2"\n'
        '[optimizer]\nname = "sgd"\nlr = 0.1\n[backward]\ncode = """\ndw = 2*w*x\n"""\n'
    )
    editor = tmp_path / "vi"
    editor.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/told\n'
        'printf "the editor is here\\n"\n'
        'sed -i "s/dw = 2.w.x/dw = 2*w*x*x/" "$2"\n'
    )
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    program = start(str(file))
    assert program.read_until(b"the power is wrong")
    program.type("\x1bOQE")
    assert program.read_until(b"the editor is here")
    assert program.output.index(LEAVE) < program.output.index(b"the editor is here")
    assert program.read_until(b"one claim compared and right")
    assert (tmp_path / "told").read_text().split("\n")[:2] == ["+13", str(file)]
    program.type("q")
    assert program.wait() == 0
    assert termios.tcgetattr(program.other)[3] == program.before[3]


@pytest.mark.parametrize(("no_colour", "coloured"), [("", True), ("1", False)])
def test_an_empty_no_color_takes_no_colours_away(start, no_colour, coloured):
    program = start("two_weights", TERM="xterm", COLORTERM="", NO_COLOR=no_colour)
    assert program.read_until(b"Gradient")
    program.type("q")
    assert program.wait() == 0
    assert (re.search(rb"\x1b\[[0-9;]*3[1-6]m", program.output) is not None) == coloured


def test_a_terminal_of_direct_colours_gets_them(start):
    program = start("two_weights", TERM="xterm-direct", COLORTERM="")
    assert program.read_until(b"Gradient")
    program.type("q")
    assert program.wait() == 0
    assert b"38;2;" in program.output


def test_a_screen_that_is_not_utf_8_is_drawn_in_ascii_whatever_the_locale_says(start):
    program = start("two_weights", LC_ALL="C.UTF-8", PYTHONIOENCODING="latin-1")
    assert program.read_until(b"Gradient")
    program.type("q")
    assert program.wait() == 0
    assert program.output.isascii() and b"\\u" not in program.output


def test_the_screen_is_as_large_as_the_terminal_whatever_the_environment_says(start):
    program = start("two_weights", COLUMNS="99999999", LINES="7")
    assert program.read_until(b"\x1b[40;")  # the last row
    program.child.send_signal(signal.SIGTERM)
    assert program.read_until(LEAVE)
    assert program.wait() == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    "wrong",
    [{"ESCDELAY": "9" * 400}, {"TEXTUAL_COLOR_SYSTEM": "bogus"}, {"TEXTUAL_FPS": "9" * 400}],
)
def test_an_environment_that_textual_cannot_read_does_not_end_it(start, wrong):
    program = start("two_weights", **wrong)
    assert program.read_until(b"Gradient")
    program.press("q")
    assert program.wait() == 0
    assert b"Traceback" not in program.output


def test_a_size_that_no_window_has_is_not_laid_out(start):
    program = start("two_weights")
    assert program.read_until(b"Gradient")
    program.press("\x1b[48;30000;30000;1;1t")
    program.type("n")
    assert program.read_until(b"-5.4")
    program.type("q")
    assert program.wait() == 0


def ends_at(program: Program, row: int) -> bool:
    """Return whether the keys come to stand in this row, the last one."""
    keys = re.compile(rb"\x1b\[%d;1H(?:\x1b\[[\d;]*m|[^\x1b])*step" % row)
    until = time.monotonic() + 60
    while not keys.search(program.output) and time.monotonic() < until:
        program.read(0.2)
    return bool(keys.search(program.output))


@pytest.fixture
def resized(start):
    """A program whose terminal is of another size than it knows."""
    program = start("two_weights")
    assert ends_at(program, 40)
    program.read(5.0, quiet=0.7)
    program.resize(30, 100)
    program.output = b""
    return program


def test_the_screen_is_laid_out_for_the_size_there_is_whatever_it_was_told(resized):
    resized.press("\x1b[48;20;90;1;1t")
    assert ends_at(resized, 30)


@pytest.mark.parametrize("key", ["\x1b[15~", "\x0c"])
def test_a_repaint_is_for_the_size_that_the_terminal_has(resized, key):
    resized.press(key)
    assert ends_at(resized, 30)


@pytest.mark.parametrize("keys", ["", "\x10", ":", "?"])
def test_at_rest_nothing_is_written(start, keys):
    program = start("two_weights")
    assert program.read_until(b"Gradient")
    program.press(keys)
    assert program.rests(1.3)
    program.child.terminate()
    assert program.wait() == 128 + signal.SIGTERM


def test_a_terminal_that_is_behind_is_sent_no_more_until_it_answers(start):
    program = start("five_parcels")
    assert program.read_until(b"Gradient")
    program.read(5.0, quiet=0.7)
    program.press(ANSWER * program.output.count(ASKED))
    program.output = b""
    for _ in range(13):
        program.press("n")
        time.sleep(0.06)
    assert program.read_until(ASKED)
    assert program.rests(0.5)
    assert program.output.count(ASKED) <= 2
    program.output = b""
    program.type(ANSWER * 2)
    assert program.read_until(b"step 13")
    assert program.read_until(ASKED)
    assert program.output.count(ASKED) == 1
    program.type("q")
    program.type(ANSWER)
    assert program.wait() == 0


def test_a_terminal_that_does_not_answer_is_asked_once(start):
    program = start("five_parcels")
    assert program.read_until(b"Gradient")
    for _ in range(8):
        program.press("n")
    program.type("q")
    assert program.wait() == 0
    assert program.output.count(ASKED) == 1


@pytest.mark.parametrize("key", ["q", "\x1a"])
def test_no_answer_is_left_to_who_reads_next(start, key):
    program = start("two_weights")
    assert program.read_until(b"Gradient")
    program.read(5.0, quiet=0.7)
    program.press(ANSWER * program.output.count(ASKED))
    asked = program.output.count(ASKED)
    program.type("n")
    while program.output.count(ASKED) == asked:
        program.read(0.01, quiet=0.01)
    program.type(key)
    time.sleep(0.9)
    program.type(ANSWER)
    assert program.read_until(LEAVE)
    tty.setcbreak(program.other, termios.TCSANOW)  # so that it can be read without an end of line
    assert not select.select([program.other], [], [], 0.5)[0]
