"""A gradient is right where it agrees with the truth, not where nothing can be told."""

from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

import gradtui
from findings import only
from gradtui.diagnosis.recorded import judge
from gradtui.diagnosis.recorded.differences import Slope, in_single
from gradtui.diagnosis.recorded.point import Point

X = np.array([1.0, 2.0, -0.5])
RNG = np.random.default_rng(4)
P = np.array([0.7, -0.4, 1.3, -2.0, 0.2])
W = np.array([1.0, -2.0, 0.5, 3.0, 1.5])


def right(x):
    return np.sum(x * x), 2 * x


def wrong(x):
    return np.sum(x * x), 3 * x


@pytest.mark.parametrize(("case", "rules"), [(right, []), (wrong, ["not-compared"])])
def test_a_wrong_gradient_that_differences_cannot_confirm_is_not_called_right(
    monkeypatch, case, rules
):
    unsure = Slope(0.0, float("inf"), corner=False, sure=False)
    monkeypatch.setattr(judge, "slope_at", lambda *args, **options: unsure)
    assert [finding.rule for finding in gradtui.check(case, X)] == rules


def test_a_matrix_that_only_rounding_keeps_from_being_singular_is_no_failure_of_ours(monkeypatch):
    def fails(*args):
        raise np.linalg.LinAlgError

    monkeypatch.setattr(Point, "shaken", fails)
    (found,) = gradtui.check(wrong, X)
    assert found.rule != "internal"
    assert found.severity == "error"


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize(("small", "wrong"), [(1e-10, False), (1e-4, True)])
def test_what_an_eps_leaves_of_a_gradient_that_cancels_is_no_mistake(small, wrong):
    x, y, q = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3)), RNG.normal(size=(3, 3))

    def case(K, b):
        k = x @ K + b
        scores = x @ q @ k.T
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        out = p @ x
        dp = (out - y) @ x.T
        ds = p * (dp - np.sum(dp * p, axis=1, keepdims=True) / (1 + small))
        dk = ds.T @ (x @ q)
        return np.sum((out - y) ** 2) / 2, (x.T @ dk, dk.sum(axis=0))

    found = gradtui.check(case, K=RNG.normal(size=(3, 3)), b=RNG.normal(size=3))
    named = [name for one in found for name in one.evidence.get("gradients", [one.target])]
    assert ("b" in named) == wrong


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize(("claimed", "wrong"), [(0.0, False), (1e-2, True)])
def test_what_differences_leave_of_a_gradient_that_cancels_is_no_mistake(claimed, wrong):
    def case(x):
        sums = np.real(np.array([[1.0, 2.0], [-1.0, 3.0], [0.0, 0.7]]) @ x)
        return np.sum(sums), np.array([claimed, 5.7])

    found = gradtui.check(case, np.array([0.3, -1.4]))
    assert any(one.severity == "error" for one in found) == wrong


def approached(p):
    """Return the p not below 0, by an interior point that is left at a tolerance, and slacks."""
    mu = 1.0
    while mu > 1e-10 * np.min(np.abs(p)):
        mu = mu / 2
    x = (p + np.sqrt(p * p + 4 * mu)) / 2
    return x, x - p


def kept_apart(p):
    x, z = approached(p)
    a, b = np.maximum(x, 1e-8), np.maximum(z, 1e-8)
    return np.sum(W * x), W * a / (a + b)


def kept_apart_wrongly(p):
    x, z = approached(p)
    a, b = np.maximum(x, 1e-8), np.maximum(z, 1e-8)
    return np.sum(W * x), -W * a / (a + b)


def slightly_less(p):
    x, z = approached(p)
    return np.sum(W * x), W * x / (x + z) * (1 - 1e-5)


def test_a_gradient_through_a_solver_is_known_to_its_tolerance():
    assert gradtui.check(kept_apart, P) == []


@pytest.mark.parametrize(
    ("case", "fix"),
    [
        (kept_apart_wrongly, "return np.sum(W * x), W * a / (a + b)"),
        (slightly_less, "return np.sum(W * x), W * x / (x + z)"),
    ],
)
def test_a_wrong_gradient_through_a_solver_is_found(case, fix):
    finding = only(gradtui.check(case, P))
    assert (finding.severity, finding.target, finding.fix) == ("error", "p", fix)


@pytest.mark.parametrize(
    ("rounded", "told"), [(np.float32, True), (np.float64, False), (lambda x: round(x, 4), False)]
)
def test_results_in_single_precision_are_known_by_a_move_that_they_do_not_show(rounded, told):
    class Rounding:
        given: ClassVar = {"x": X}

        def as_is(self, values):
            return float(sum(rounded(np.sin(float(one))) for one in values["x"])), {}

    assert in_single(Rounding()) is told


AT = np.array([0.0, 0.5, -0.5])
KINKS = {
    "relu": lambda w: np.maximum(w, 0),
    "a choice": lambda w: np.where(w > 0, w, 0),
    "a mask": lambda w: w * (w > 0),
}


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize("bent", KINKS.values(), ids=KINKS)
@pytest.mark.parametrize(("slope", "right"), [(0, True), (0.3, True), (1, True), (7, False),
                                              (-0.5, False)])  # fmt: skip
def test_a_slope_at_a_kink_is_between_those_of_its_sides(bent, slope, right):
    def case(w):
        return np.sum(bent(w)), np.where(w == 0, slope, 1.0 * (w > 0))

    found = gradtui.check(case, AT)
    assert [one.severity for one in found] == ([] if right else ["error"])
    assert right or "the nearest slope beside the kink there is" in found[0].message


def test_several_kinks_at_once_may_each_have_a_slope_of_their_own():
    signs, x = np.array([1.0, -1.0, 1.0]), np.array([[1.0, 2.0], [-1.0, 0.5], [1.5, 1.0]])

    def case(w):
        z = x @ w
        return np.sum(signs * np.maximum(z, 0)), x.T @ (signs * (z >= 0))

    assert gradtui.check(case, np.zeros(2)) == []


def steeper_above(w, slope):
    g = 3.0 * (w > 0) - np.sign(w)
    return np.sum(3 * np.maximum(w, 0) - np.abs(w)), np.where(w == 0, slope, g)


def nested(w, slope):
    outer = np.maximum(np.clip(np.abs(w), 0.0, 1.0), 0.0)
    return 2 * np.sum(outer), np.where(w == 0, slope, 2 * np.sign(w) * (np.abs(w) < 1))


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize(
    ("kinks", "slope", "right"),
    [
        (steeper_above, 0, True),  # both slopes of 0, as PyTorch has them
        (steeper_above, 3, True),
        (steeper_above, 4.5, False),
        (steeper_above, -1.5, False),
        (nested, 0, True),
        (nested, -2, True),
        (nested, 2.5, False),
    ],
)
def test_several_kinks_at_one_element_give_no_slope_beyond_all_of_theirs(kinks, slope, right):
    found = gradtui.check(lambda w: kinks(w, slope), AT)
    assert [one.severity for one in found] == ([] if right else ["error"])


@pytest.mark.parametrize(
    ("shares", "right"),
    [
        (lambda hit: hit / hit.sum(axis=1, keepdims=True), True),
        (lambda hit: hit & (hit.cumsum(axis=1) == 1), True),
        (lambda hit: hit, False),
    ],
    ids=["alike", "the first alone", "all of it each"],
)
def test_equal_numbers_share_the_slope_of_their_largest(shares, right):
    def case(x):
        m = x.max(axis=1, keepdims=True)
        return np.sum(m**2), 2 * m * shares(x == m)

    found = gradtui.check(case, x=np.array([[1.0, 1.0, 0.2], [0.3, 2.0, 0.1]]))
    assert [one.severity for one in found] == ([] if right else ["error"])
    assert right or found[0].line == case.__code__.co_firstlineno + 2


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize(
    ("kind", "factor", "told"),
    [(np.float32, 2, "info"), (np.float32, 2.0005, "error"), (np.float64, 2, None)],
)
def test_a_gradient_that_is_summed_in_fewer_digits_is_told_and_hides_no_mistake(kind, factor, told):
    x, y = RNG.normal(size=(6, 4)), RNG.normal(size=6)

    def case(w):
        g = np.zeros(4, kind)
        for row, target in zip(x, y, strict=True):
            g += factor * row * (row @ w - target)
        return np.sum((x @ w - y) ** 2), g

    findings = gradtui.check(case, RNG.normal(size=4))
    assert [one.severity for one in findings] == ([told] if told else [])
    assert told != "info" or "rounded to float32 here" in findings[0].message


def test_the_largest_slope_at_a_point_is_looked_for_once():
    class Counted(dict):
        looks = 0

        def values(self):
            Counted.looks += 1
            return super().values()

    slopes = Counted(a=np.ones(2), b=np.full(3, 2.0))
    point = SimpleNamespace(
        true=slopes, outer=False, result=SimpleNamespace(tape=SimpleNamespace(stopped=False)),
        root=0, loss=1.0, is_level=False, differenced=False,
    )  # fmt: skip
    judging = judge.Judge(None, [point], 1e-6)
    assert not any(judging.forgives(point, name, np.ones(1)) for name in slopes)
    assert Counted.looks == 1


def opened(x):
    return 1 / (1 + np.exp(-x))


def plain(x):
    s = opened(x)
    return np.sum(s), s * (1 - s)


def clipped(x):
    s = opened(np.clip(x, -30, 30))
    return np.sum(s), s * (1 - s)


def held(x):
    s = opened(np.maximum(x, -500))
    return np.sum(s), s * (1 - s)


def turned(x):
    s = opened(x)
    return np.sum(s), s * (1 + s)


def growing(x):
    return np.sum(np.exp(30 * x) + x), 30 * np.exp(30 * x)


@pytest.mark.usefixtures("unsearched")
@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize(
    ("case", "at", "is_wrong"),
    [(plain, at, False) for at in (-40.0, 60.0, 340.0, -745.0)]
    + [(clipped, -40.0, False), (held, -600.0, False), (turned, -40.0, True)]
    + [(growing, 0.0, True)],
)  # fmt: skip
def test_what_saturation_leaves_of_a_slope_is_no_mistake(case, at, is_wrong):
    errors = [one for one in gradtui.check(case, np.array([at, 2.0])) if one.severity == "error"]
    assert bool(errors) == is_wrong
