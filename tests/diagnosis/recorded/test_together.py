"""Many wrong gradients are confirmed by four runs, and none of them that these leave in doubt."""

import numpy as np

from gradtui.diagnosis.recorded.judge import Judge
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.target import target_of
from gradtui.diagnosis.recorded.together import confirmed

NONE = np.zeros(2)
A, B, C, D = (np.array(one) for one in ([1.0, -3.0], [2.0, 0.5], [[0.3], [4.0]], [5.0, 6.0]))


def at_own(case):
    runs = Runs(target_of(case, None, (), {}))
    runs.first()
    return runs, runs.point(runs.given, tuple(runs.given), near=True)


def test_gradients_that_are_wrong_at_their_largest_elements_are_confirmed():
    def case(a=A, b=B, c=C, d=D):
        loss = sum(np.sum(one**2) for one in (a, b, c, d))
        return loss, {"a": 3 * a, "b": -2 * b, "c": 2.5 * c, "d": 2 * d}

    # |3a - 2a| is 3 at -3, |-2b - 2b| is 8 at 2, |2.5c - 2c| is 2 at 4.
    assert confirmed(*at_own(case), None) == {"a": (1,), "b": (0,), "c": (1, 0)}


def test_one_that_is_off_by_less_than_the_slope_of_all_may_be_is_left_out():
    def case(a=A, b=B, c=C):
        return 1e6 * np.sum(a) + np.sum(b) + np.sum(c), {
            "a": 2e6 * np.ones(2), "b": np.full(2, 2.0), "c": np.full((2, 1), 1e5),
        }  # fmt: skip

    assert set(confirmed(*at_own(case), None)) == {"a", "c"}


def test_nothing_is_confirmed_where_one_of_them_has_a_kink():
    def case(a=A, b=B, c=C, d=NONE):
        loss = np.sum(a**2) + np.sum(b**2) + np.sum(c**2) + 50 * np.sum(np.abs(d))
        return loss, {"a": 3 * a, "b": -2 * b, "c": 2.5 * c, "d": np.full(2, 20.0)}

    assert confirmed(*at_own(case), None) == {}


def test_twelve_wrong_gradients_take_no_more_runs_than_three(monkeypatch):
    def judged(count):
        def case(**given):
            return sum(np.sum(one**2) for one in given.values()), {
                name: 3 * one for name, one in given.items()
            }

        given = {f"w{at}": np.array([0.5 + at, 1.0]) for at in range(count)}
        runs = Runs(target_of(case, None, (), given))
        runs.first()
        point = runs.point(runs.given, tuple(runs.given), near=True)
        own, ran = runs.as_is, list[int]()
        monkeypatch.setattr(runs, "as_is", lambda values: ran.append(1) or own(values))
        found = Judge(runs, (point,), 1e-6).judged(tuple(given)).wrong
        assert [(one.name, one.element) for one in found[1:]] == [
            (f"w{at}", (0,)) for at in range(1, count)
        ]
        return len(ran)

    assert judged(12) == judged(3)
