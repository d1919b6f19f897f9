"""Runs at other arguments that never end are ended, and said to be left out if all are."""

import sys
import time

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.recorded.patience import Patience
from gradtui.diagnosis.recorded.watchdog import Endless, Limits


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    limits = Limits(least=0.2, computing=0.2, times=100)
    monkeypatch.setattr("gradtui.diagnosis.recorded.patience._LIMITS", limits)


def growing(own):
    def case(w):
        n = 1
        while n * w.sum() < 5:  # for ever if the sum is not above 0
            n += 1
        return n * w.sum(), np.full(2, own(n))

    return case


@pytest.mark.usefixtures("unsearched")
def test_points_at_which_code_does_not_end_are_left_out():
    w = np.array([0.3, 1.2])
    assert gradtui.check(growing(float), w) == []
    (found,) = gradtui.check(growing(lambda n: 4.0), w)
    assert (found.severity, found.target) == ("error", "w")


def only_at_one(w):
    while abs(float(w[0]) - 1) > 1e-9:
        pass
    return (w * w).sum(), 2 * w


def test_that_code_ends_at_no_other_point_is_told():
    (found,) = gradtui.check(only_at_one, np.array([1.0, 2.0]))
    assert (found.rule, found.severity) == ("relies-on-data", "info")
    assert found.message.startswith("runs at other arguments take far longer and are ended")


def test_what_another_watchdog_has_ended_is_not_ended_here():
    patience = Patience()
    with patience.at_work():
        with patience.running("plain"):
            pass
        with pytest.raises(Endless), patience.running("plain"):
            raise Endless

    assert patience.ended == 0


def test_a_traced_run_is_not_ended_for_being_slower_than_a_plain_one():
    patience, before = Patience(), sys.gettrace()
    with patience.at_work():
        with patience.running("plain"):
            pass
        sys.settrace(lambda frame, event, arg: None)
        try:
            with patience.running("plain"):
                time.sleep(0.4)
        finally:
            sys.settrace(before)

    assert patience.ended == 0
