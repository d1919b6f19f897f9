"""The budget of a search."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame import trial

LONGEST = 30.0


class Edited(trial.Trials):
    def results(self, patch):
        return {}

    def mended(self, patch):
        return frozenset()

    def true(self, name):
        return np.zeros(1)

    def is_right(self, name, results):
        return False


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(trial.time, "process_time", lambda: now[0])
    monkeypatch.setattr(trial.time, "perf_counter", lambda: now[0])
    return now


def run(trials, times=50):
    for _ in range(times):
        trials.count()


def test_a_search_ends_after_a_while(clock):
    trials = Edited(["W"], 1000)
    run(trials)
    clock[0] = LONGEST - 1
    assert trials.left == 950
    clock[0] = LONGEST + 1
    assert trials.left == 0


def test_a_part_of_the_search_ends_sooner_and_takes_no_time_from_the_rest(clock):
    trials = Edited(["W"], 1000)
    run(trials)
    clock[0] = 10.0
    with trials.apart():
        assert trials.left == 950
        clock[0] += LONGEST - 1
        assert trials.left == 0
    assert trials.left == 950
    clock[0] += LONGEST - 10 - 1
    assert trials.left == 950
    clock[0] += 2
    assert trials.left == 0


def test_a_part_of_the_search_has_its_time_though_that_of_the_rest_is_over(clock):
    trials = Edited(["W"], 1000)
    run(trials)
    clock[0] = LONGEST + 1
    assert trials.left == 0
    with trials.apart():
        assert trials.left == 950


def test_more_runs_are_allowed_but_not_fewer():
    trials = Edited(["W"], 100)
    run(trials)
    trials.allow(80)
    assert (trials.left, trials.made) == (50, 50)
    trials.allow(300)
    assert (trials.left, trials.made) == (250, 50)


def test_what_is_only_looked_at_ends_with_the_search(clock):
    trials = Edited(["W"], 1000)
    run(trials)
    looked = []

    for one in trials.in_time(range(1000)):
        looked.append(one)
        clock[0] += 1.0

    assert looked == [*range(int(LONGEST) + 1)]
