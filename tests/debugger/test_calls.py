import textwrap

import pytest

from gradtui.base.source import InputError
from gradtui.cli.running import trace_code
from gradtui.debugger.calls import run_again
from gradtui.debugger.folds import loops_in
from gradtui.debugger.steps import Level
from tracing.runs import NET, RNN


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Return a session on a call of code whose gradient has a factor."""
    monkeypatch.chdir(tmp_path)

    def session(factor="2"):
        (tmp_path / "net.py").write_text(NET.replace("FACTOR", factor))
        return trace_code("net.py:case")

    return session


@pytest.fixture
def rnn(tmp_path, monkeypatch):
    """Return a session on a recurrent network with some text of its code replaced."""
    monkeypatch.chdir(tmp_path)

    def session(old, new):
        code = textwrap.dedent(RNN).replace(old, new)
        (tmp_path / "rnn.py").write_text(f"import numpy as np\n{code}")
        return trace_code("rnn.py:case")

    return session


def _line(session):
    """Return what the line done last at the cursor assigned, and the round of its loop."""
    at = session.structure.called.get(session.position)
    line = None if at is None else session.problem.call.lines[at]
    return line and (line.name, *(each.partition(" of ")[0] for each in line.rounds))


def test_running_again_shows_the_file_as_it_is_now(call, tmp_path):
    session = call("3")
    assert session.frame.known.judgement.verdict == "wrong"

    (tmp_path / "net.py").write_text(NET.replace("FACTOR", "2"))
    renewed = run_again(session)
    renewed.investigation.judge()

    assert renewed.frame.known.judgement.verdict == "correct"
    assert renewed.position == renewed.order.end


def test_running_again_keeps_the_line_and_its_round_though_a_value_more_is_computed(rnn):
    session = rnn("hs[t] ** 2", "hs[t]")
    rnn("hs[t] ** 2", "hs[t] ** 2")

    moved = 0
    for level in Level:
        session.draw(level, frozenset())
        for position in range(0, session.order.end + 1, 3):
            session.position = position
            renewed = run_again(session)
            assert _line(renewed) == _line(session)
            moved += renewed.position != position
    assert moved


def test_running_again_goes_to_the_line_before_a_round_that_is_gone(rnn):
    session = rnn("range(4)", "range(4)")
    last = [at for at, line in enumerate(session.problem.call.lines) if line.name == "z"][-1]
    session.position = session.structure.value_at[session.problem.call.lines[last].nodes[0]]
    assert _line(session) == ("z", "t = 3")
    session.folds = folded = loops_in(session.problem.call)
    assert folded

    rnn("range(4)", "range(3)")

    renewed = run_again(session)
    assert _line(renewed) == ("loss", "t = 2") and renewed.folds == folded


def test_running_again_tells_of_an_exception_at_its_line(call, tmp_path):
    session = call()
    (tmp_path / "net.py").write_text(NET.replace("FACTOR", "(1 / 0)"))

    with pytest.raises(
        InputError, match=r"net\.py:10:1: error: ZeroDivisionError: division by zero"
    ):
        run_again(session)
