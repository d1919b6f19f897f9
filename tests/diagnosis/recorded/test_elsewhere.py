"""A check in a process of its own says the same, and touches nothing of this one."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from gradtui.diagnosis.recorded.check import check_target
from gradtui.diagnosis.recorded.elsewhere import STOPPED, Elsewhere, can_check_elsewhere
from gradtui.diagnosis.recorded.outcome import judgement_of
from gradtui.diagnosis.recorded.target import target_of
from gradtui.diagnosis.recorded.trace import trace_target
from gradtui.recording.run import Answers

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])
W = np.array([0.5, -1.0])
here = os.getpid()
calls: list[int] = []
"""Grows with every call in this process."""


def right(w):
    calls.append(os.getpid())
    e = X @ w - np.random.random()
    return np.sum(e**2), 2 * X.T @ e


def wrong(w):
    e = X @ w - 1.0
    return np.sum(e**2), 3 * X.T @ e


def endless(w):
    if os.getpid() != here and len(calls) > 0:
        time.sleep(60)
    calls.append(1)
    return np.sum(w**2), 3 * w


def fatal(w):
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    return np.sum(w**2), 2 * w


def asking(w):
    by = float(input("by? "))
    return np.sum(by * w**2), 2 * by * w


def raising(w):
    if os.getpid() != here:
        raise RuntimeError("not in a copy")
    return np.sum(w**2), 2 * w


def started(function):
    return Elsewhere(target_of(function, None, (W,), {}), Answers())


def test_it_finds_what_a_check_in_this_process_finds():
    target = target_of(wrong, None, (W,), {})

    assert Elsewhere(target, Answers()).judgement() == judgement_of(check_target(target))


def test_the_users_code_runs_in_the_other_process_alone():
    calls.clear()
    before = np.random.get_state()[1].tolist()

    assert started(right).judgement().verdict == "correct"
    assert calls == [] and np.random.get_state()[1].tolist() == before


def test_it_is_told_what_was_typed_before(monkeypatch):
    typed = iter("4")
    monkeypatch.setattr("builtins.input", lambda prompt: next(typed))

    judged = trace_target(target_of(asking, None, (W,), {}), threading.enumerate()).judged

    assert judged.judgement().verdict == "correct" and not [*typed]


def test_a_stopped_check_leaves_what_it_knows():
    calls[:] = [1]
    check = started(endless)
    check.stop()
    found = check.judgement()

    assert found.verdict == "not-compared"
    assert [one.severity for one in found.findings] == ["warning"]
    assert STOPPED in found.findings[0].message


def test_a_check_stopped_in_its_search_leaves_the_wrong_gradients(monkeypatch):
    monkeypatch.setattr(
        "gradtui.diagnosis.recorded.faults.blamed_on_fewer", lambda *given: time.sleep(60) or ()
    )
    check = started(wrong)
    waiting = threading.Thread(target=lambda: found.append(check.judgement()))
    found = []
    waiting.start()
    while check.compared is None:
        time.sleep(0.01)
    assert check.compared.wrong == {"w"} and not found
    check.stop()
    waiting.join()

    assert found[0].verdict == "wrong" and found[0].wrong == {"w"}
    assert found[0].findings[0].message.endswith(f"; {STOPPED}")


def test_the_end_of_the_process_is_no_agreement(failures):
    found = started(fatal).judgement()
    failures.clear()

    assert found.verdict == "not-compared"
    assert [one.rule for one in found.findings] == ["internal"]


def test_code_that_fails_when_run_again_is_not_compared():
    found = started(raising).judgement()

    assert found.verdict == "not-compared"
    assert "run again, the code raises RuntimeError" in found.findings[0].message


def test_code_with_threads_of_its_own_is_checked_here():
    before = threading.enumerate()
    assert can_check_elsewhere(before)
    end = threading.Event()
    own = threading.Thread(target=end.wait)
    own.start()
    try:
        assert not can_check_elsewhere(before)
        judged = trace_target(target_of(wrong, None, (W,), {}), before).judged
        assert judged.verdict == "wrong"
    finally:
        end.set()
        own.join()


@pytest.mark.parametrize("function", [wrong, endless])
def test_no_process_is_left_behind(function):
    calls[:] = [1]
    check = started(function)
    pid = check._end.peek()[2][0]
    if function is wrong:
        check.judgement()
    else:
        check.stop()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
