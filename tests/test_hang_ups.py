"""A terminal that vanishes ends whatever is at work on it, with the status of SIGHUP: 129."""

from __future__ import annotations

import signal

import pytest

from program import Program

HUNG_UP = 128 + signal.SIGHUP
LONG = ("--steps", "999999999")
PRINTING = ("run", "two_weights", *LONG)
COMPUTING = (
    ("run", "two_weights", *LONG, "--every", LONG[1]),
    ("show", "{large}"),
    ("check", "{large}"),
    ("{large}",),
)
"""Commands that take long without printing; the last one is the debugger as it opens a file."""


@pytest.fixture
def start(tmp_path):
    processes: list[Program] = []
    large = tmp_path / "large.toml"
    lines = "\n".join(f"h{i} = tanh(w*h{i - 1})" for i in range(1, 5_990))
    large.write_text(
        'title = "t"\n[data]\nx = 2.0\n[parameters]\nw = [1.0, 2.0]\n'
        f"[model]\ncode = '''\nh0 = w*x\n{lines}\nL = sum(h5989)\n'''\n"
        '[optimizer]\nname = "sgd"\nlr = 0.1\n'
    )

    def begin(*arguments: str, controlling: bool) -> Program:
        given = (argument.format(large=large) for argument in arguments)
        processes.append(Program(tmp_path / "state", *given, controlling=controlling))
        return processes[-1]

    yield begin
    for process in processes:
        process.close()


@pytest.mark.parametrize("controlling", [True, False])
@pytest.mark.parametrize("command", COMPUTING)
def test_it_ends_what_computes(start, command, controlling):
    program = start(*command, controlling=controlling)
    assert program.read_until("…".encode())
    program.hang_up()
    assert program.child.wait(60.0) == (-signal.SIGHUP if controlling else HUNG_UP)


@pytest.mark.parametrize("controlling", [True, False])
def test_it_ends_what_prints(start, controlling):
    program = start(*PRINTING, controlling=controlling)
    assert program.read_until(b" 100 ")
    program.hang_up()
    assert program.child.wait(60.0) == (-signal.SIGHUP if controlling else HUNG_UP)


@pytest.mark.parametrize("controlling", [True, False])
def test_it_ends_the_debugger(start, controlling):
    program = start("two_weights", controlling=controlling)
    assert program.read_until(b"Gradient")
    program.hang_up()
    assert program.child.wait(60.0) == HUNG_UP
