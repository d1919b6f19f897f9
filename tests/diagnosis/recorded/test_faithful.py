"""Code that looks at what no recording can keep is judged by its plain runs."""

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.recorded.check import check_target
from gradtui.diagnosis.recorded.faithful import _are_nothing
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.targets import target_of

X = np.random.default_rng(41).normal(size=(3, 4))


def right_unless_recorded(x):
    slopes = 2 * x
    if slopes.base is not None:
        slopes = 3 * x
    return np.sum(x**2), {"x": slopes}


def wrong_unless_recorded(x):
    slopes = 3 * x
    if slopes.base is not None:
        slopes = 2 * x
    return np.sum(x**2), {"x": slopes}


@pytest.mark.parametrize(
    ("function", "rules"),
    [(right_unless_recorded, ["opaque"]), (wrong_unless_recorded, ["wrong-variable", "opaque"])],
)
def test_the_gradients_that_the_code_returns_by_itself_are_judged(function, rules):
    found = gradtui.check(function, x=X)
    assert [one.rule for one in found] == rules
    assert "the code computes something else where it is recorded" in found[-1].message


def squares(x):
    return np.sum(x**2), {"x": 2 * x}


def by_conjugates(z):
    return np.sum(np.abs(z) ** 2), {"z": z}


@pytest.mark.parametrize(
    ("function", "given", "runs"),
    [
        (squares, X, ["as_is", "as_is", "recorded", "recorded"]),
        (by_conjugates, 1j * X, ["as_is", "as_is", "recorded", "recorded", "as_is", "recorded"]),
    ],
)
def test_code_runs_plainly_no_more_than_tells_what_it_returns(function, given, runs, monkeypatch):
    seen = []

    def noted(name, run):
        def call(self, *args, **options):
            seen.append(name)
            return run(self, *args, **options)

        monkeypatch.setattr(Runs, name, call)

    noted("as_is", Runs.as_is)
    noted("recorded", Runs.recorded)
    outcome = check_target(target_of(function, None, (given,), {}))
    assert (outcome.verdict, seen[: len(runs)]) == ("correct", runs)


def test_what_is_left_where_all_cancels_is_another_each_time():
    assert _are_nothing(np.array([3e-18, 0.0]), np.array([-1e-18, 2e-18]), 1e-13)
    assert not _are_nothing(np.array([3e-18, 1.0]), np.array([-1e-18, 1.0]), 1e-13)
    assert not _are_nothing(np.zeros(2), np.zeros(3), 1e-13)
