import pytest

from gradtui.base.source import InputError
from gradtui.cli.running import trace_code
from gradtui.debugger.calls import run_again
from tracing.runs import NET


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Return a session on a call of code whose gradient has a factor."""
    monkeypatch.chdir(tmp_path)

    def session(factor="2"):
        (tmp_path / "net.py").write_text(NET.replace("FACTOR", factor))
        return trace_code("net.py:case")

    return session


def test_running_again_shows_the_file_as_it_is_now(call, tmp_path):
    session = call("3")
    assert session.frame.known.judgement.verdict == "wrong"

    (tmp_path / "net.py").write_text(NET.replace("FACTOR", "2"))
    renewed = run_again(session)
    renewed.investigation.judge()

    assert renewed.frame.known.judgement.verdict == "correct"
    assert renewed.position == renewed.order.end


def test_running_again_tells_of_an_exception_at_its_line(call, tmp_path):
    session = call()
    (tmp_path / "net.py").write_text(NET.replace("FACTOR", "(1 / 0)"))

    with pytest.raises(
        InputError, match=r"net\.py:10:1: error: ZeroDivisionError: division by zero"
    ):
        run_again(session)
