"""Numbers that the code itself keeps hide what a gradient lacks of them, as arguments do."""

import cProfile

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.recorded import settings
from gradtui.diagnosis.recorded.settings import settings_of, with_numbers

RNG = np.random.default_rng(79)
X, Y, W = RNG.normal(size=(5, 3)), RNG.normal(size=5), RNG.normal(size=3)
RATE, HALVED, SIZE, COPIES = 1.0, 2.0, 2, 2
HALF = HALVED / 2
CONFIG = {"share": 0.5}
KEPT = {}
WEIGHTS, MEAN, MASK, METRIC = np.ones(3), np.zeros(3), np.ones(3, bool), np.eye(3)
DERIVING, MEMORY, ONES = np.eye(3), np.zeros(3), np.ones(3)
DERIVED = 2 * DERIVING


class Prior:
    scales = np.ones(3)


class Ridge:
    power = 2.0

    def __init__(self, w, scale=1.0):
        self.w, self.scale = w, scale
        self.strength = 0.5

    def loss(self, rate=2.0):
        return self.strength * self.scale * np.sum(np.abs(self.w) ** self.power) * rate


def decayed(own, loss):
    def case(w):
        e = X @ w - Y
        return np.sum(e**2) + loss(w), 2 * X.T @ e + own(w)

    return case


def enclosed(w, weight=None):
    beta = 1.0

    def penalty():
        return beta * np.sum(w**2)

    return penalty()


def penalty(w, strength):
    return strength * np.sum(w**2)


def weighted(w):
    weights = np.ones(3)
    return np.sum(weights * w**2)


def measured(w, metric=np.eye(3), *, shares=np.ones(3)):  # noqa: B008
    return shares * w @ metric @ w


def powered(w):
    degree = 2
    return np.sum(w**degree)


def slope_of_power(w, degree=SIZE):
    return degree * w ** (degree - 1) * (np.sum(w**degree) / powered(w))


def swapped(w):
    """Return half of the products of elements that change their places along an axis."""
    axis, first = 1, 2
    turned = np.flip(w[None, :], axis)[0]
    return turned @ w / 2 if first == SIZE else np.sum(w)


def summed(w):
    """Return a sum of squares by way of arrays that are just ones, or other things later."""
    ones, total, slopes = np.ones(3), np.ones(3), np.ones_like(w)
    total = total * w**2
    assert slopes.shape == w.shape
    return ones @ total


def slope_of_penalty(w, factor):
    return 2 * factor * w


def kept(w):
    KEPT.setdefault("double", 2 * RATE)
    return KEPT["double"] * w


def smoothed(w):
    """Return cross-entropy with one-hot targets, whose shares are 1 together, and its gradient."""
    shares = np.exp(w) / np.exp(w).sum()
    return -np.sum(METRIC[1] * np.log(shares)), shares - METRIC[1]


def remembered(w):
    MEMORY[:] += w
    size = MEMORY @ MEMORY
    MEMORY[:] = 0
    return size


CASES = {
    "a global": (decayed(lambda w: 2 * w, lambda w: RATE * np.sum(w**2)), {"RATE is 1"}),
    "an entry": (decayed(lambda w: w, lambda w: CONFIG["share"] * np.sum(w**2)), {"share is 0.5"}),
    "attributes and defaults": (
        decayed(lambda w: 2 * w, lambda w: Ridge(w).loss()),
        {"strength is 0.5", "scale is 1", "power is 2", "rate is 2"},
    ),
    "a keyword": (
        decayed(lambda w: 2 * w * Ridge.power / 2, lambda w: Ridge(w, scale=0.5).loss(rate=4.0)),
        {"scale is 0.5", "strength is 0.5", "power is 2"},
    ),
    "a number that is passed on": (
        decayed(lambda w: 2 * w, lambda w: penalty(w, 1.0)), {"strength is 1"},
    ),
    "numbers that a class is given": (
        decayed(lambda w: w**2, lambda w: Ridge(w, 2.0).loss(1.0) + np.sum(w**3 / 3 - w**2)),
        {"scale is 2", "strength is 0.5", "power is 2"},
    ),
    "an array": (
        decayed(lambda w: 2 * w, lambda w: np.sum(WEIGHTS * (w - MEAN) ** 2)),
        {"WEIGHTS is 1 throughout", "MEAN is 0 throughout"},
    ),
    "a mask": (
        decayed(lambda w: 2 * w, lambda w: np.sum(MASK * w**2)), {"MASK is True throughout"},
    ),
    "a local array": (decayed(lambda w: 2 * w, weighted), {"weights is 1 throughout"}),
    "defaults that are arrays": (
        decayed(lambda w: 2 * w, lambda w: measured(w)),
        {"metric is the identity matrix", "shares is 1 throughout"},
    ),
    "an exponent": (decayed(lambda w: 2 * w, powered), {"degree is 2"}),
    "a whole factor": (
        decayed(lambda w: 4 * w, lambda w: COPIES * np.sum(w**2)), {"COPIES is 2"},
    ),
    "an array of a class": (
        decayed(lambda w: 2 * w, lambda w: np.sum(Prior.scales * w**2)), {"scales is 1 throughout"},
    ),
    "an identity matrix": (
        decayed(lambda w: 2 * w, lambda w: w @ METRIC @ w), {"METRIC is the identity matrix"},
    ),
    "a local name": (decayed(lambda w: 2 * w, enclosed), {"beta is 1"}),
}  # fmt: skip
SOUND = {
    "a global": decayed(lambda w: 2 * RATE * w, lambda w: RATE * np.sum(w**2)),
    "one that another is derived from": decayed(
        lambda w: 4 * HALF * w, lambda w: HALVED * np.sum(w**2)
    ),
    "one that something kept is derived from": decayed(kept, lambda w: RATE * np.sum(w**2)),
    "one that is passed under two names": decayed(
        lambda w: slope_of_penalty(w, 1.0), lambda w: penalty(w, 1.0)
    ),
    "arrays": decayed(
        lambda w: 2 * WEIGHTS * MASK * (w - MEAN),
        lambda w: np.sum(WEIGHTS * MASK * (w - MEAN) ** 2),
    ),
    "one-hot targets": smoothed,
    "a matrix that another is derived from": decayed(
        lambda w: DERIVED @ w, lambda w: w @ DERIVING @ w
    ),
    "memory for results": decayed(lambda w: 2 * w, remembered),
    "local ones that are meant": decayed(lambda w: 2 * w, summed),
    "ones that are meant": decayed(lambda w: 2 * w, lambda w: ONES @ w**2),
    "an exponent": decayed(slope_of_power, powered),
    "whole numbers that are no factors": decayed(lambda w: w[::-1], swapped),
}


@pytest.mark.parametrize(("case", "those"), CASES.values(), ids=CASES)
def test_what_goes_unseen_is_told(case, those):
    found = gradtui.check(case, w=W)
    assert {(one.rule, one.severity) for one in found} == {("relies-on-data", "info")}
    told = {one.message.split("right only where ")[1].partition(":")[0] for one in found}
    assert told == those


@pytest.mark.parametrize("case", SOUND.values(), ids=SOUND)
def test_a_gradient_that_is_right_with_other_numbers_is_silent(case):
    assert gradtui.check(case, w=W) == []


def test_arrays_are_put_back():
    case = decayed(lambda w: w, lambda w: np.sum(WEIGHTS * w**2) + w @ METRIC @ w)
    gradtui.check(case, w=W)
    assert np.array_equal(WEIGHTS, np.ones(3))
    assert np.array_equal(METRIC, np.eye(3))


def test_numbers_are_put_back():
    case = decayed(lambda w: w, lambda w: Ridge(w).loss())
    found = settings_of(case, lambda: case(W), lambda name, value: name != "scale")
    with with_numbers({one: 7.0 for one in found}):
        assert (RATE, CONFIG["share"], Ridge.power) == (7.0, 7.0, 7.0)
        assert Ridge(W).strength == 7.0
    assert (RATE, CONFIG["share"], Ridge.power, Ridge(W).strength) == (1.0, 0.5, 2.0, 0.5)


@pytest.mark.parametrize(
    ("case", "names"), [(CASES["a local name"][0], ["enclosed"]), (SOUND["a global"], [])]
)
def test_only_functions_that_ran_and_assign_such_a_number_are_looked_for(case, names, monkeypatch):
    asked = []
    monkeypatch.setattr(settings, "units_of", lambda codes: asked.extend(codes) or [])
    settings_of(case, lambda: case(W), lambda name, value: name == "beta")
    assert [one.co_name for one in asked] == names


def test_a_file_is_searched_for_numbers_once(monkeypatch):
    case, found = CASES["a local name"][0], []
    for _ in range(2):
        found.append(settings_of(case, lambda: case(W), lambda name, value: name == "beta"))
        monkeypatch.setattr(settings, "_pairs", lambda node: [])
    assert [[one.name for one in some] for some in found] == [["beta"], ["beta"]]


def test_numbers_are_told_while_a_profiler_measures():
    def loss(w):
        rate = 1.0
        return np.sum(w**2) * rate

    profiler = cProfile.Profile()
    with profiler:
        (found,) = gradtui.check(decayed(lambda w: 2 * w, loss), W)
    assert found.rule == "relies-on-data"
    assert "check" in {
        one.code.co_name for one in profiler.getstats() if hasattr(one.code, "co_name")
    }
