"""Kinks whose other side the given arguments and their surroundings do not reach."""

import math

import numpy as np
import pytest

import gradtui
from findings import line_of
from gradtui.diagnosis.recorded.blame.gradients import Blamed
from gradtui.diagnosis.recorded.runs import Runs

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 3)), np.arange(20) % 3
SMALL = RNG.normal(size=(3, 3)) * 1e-4
ROWS = np.arange(20)


def margins(masked):
    def case(W):
        s = X @ W
        m = np.maximum(0, s - s[ROWS, Y][:, None] + 1)
        m[ROWS, Y] = 0
        d = (m > 0) * 1.0 if masked else np.ones_like(m)
        d[ROWS, Y] = 0
        d[ROWS, Y] = -d.sum(axis=1)
        return m.sum() / 20, X.T @ d / 20

    return case


def margins_in_a_loop(W):
    dW, loss = np.zeros_like(W), 0.0
    for x, label in zip(X, Y, strict=True):
        s = x @ W
        for j in range(3):
            margin = s[j] - s[label] + 1
            if j != label and margin > 0:
                loss += margin
            if j != label:  # the mistake: also where the margin is kept
                dW[:, j] += x
                dW[:, label] -= x
    return loss / 20, dW / 20


def margins_in_a_right_loop(W):
    dW, loss = np.zeros_like(W), 0.0
    for x, label in zip(X, Y, strict=True):
        s = x @ W
        for j in range(3):
            margin = s[j] - s[label] + 1
            if j != label and margin > 0:
                loss += margin
                dW[:, j] += x
                dW[:, label] -= x
    return loss / 20, dW / 20


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize("case", [margins(False), margins_in_a_loop])
def test_margins_without_their_mask_are_wrong_although_all_rows_start_within(case):
    (found,) = gradtui.check(case, SMALL)
    assert (found.severity, found.target) == ("error", "W")


@pytest.mark.parametrize("case", [margins(True), margins_in_a_right_loop])
def test_margins_with_their_mask_are_right_and_nothing_is_said(case):
    assert gradtui.check(case, SMALL) == []


def never_below(w):
    s = np.tanh(w)
    return np.maximum(s, -1.5).sum(), 1 - s**2


def test_a_side_that_no_run_is_on_is_told():
    (found,) = gradtui.check(never_below, np.array([0.1, -0.3]))
    assert (found.rule, found.severity) == ("relies-on-data", "info")
    assert found.line == line_of(never_below, 2)
    assert found.message == (
        "the first argument of maximum is above the second at all points tried: "
        "what the gradients are where it is below is not compared"
    )


def kept_from_zero(w):
    size = np.maximum(np.sqrt((w * w).sum()), 1e-12)
    return size, w / size


def guarded(w):
    s = (w * w).sum() + 1
    if s < 0:
        raise ValueError("a square below 0")
    return s, 2 * w


def never_negative(w):
    size = np.maximum((w * w).sum() + np.abs(w).mean(), 0)
    return size, 2 * w + np.sign(w) / w.size


def asserted(w):
    assert (w > -100).all() and not np.isnan(w).any()
    return (w * w).sum(), 2 * w


@pytest.mark.parametrize("case", [kept_from_zero, guarded, never_negative, asserted])
def test_bounds_that_keep_numbers_in_range_and_guards_are_not_told(case):
    assert gradtui.check(case, np.array([0.1, -0.3])) == []


def binned(w, own):
    k = np.digitize(w, [2.0, 4.0])
    return np.sum((k + 1) * w**2), 2 * own(k) * w


def truncated(w, own):
    k = (w / 2).astype(int)
    return np.sum((k + 1) * w**2), 2 * own(k) * w


def floored(w, own):
    s = np.sum(w**2)
    k = 2 if math.floor(s) > 50 else 0
    return (k + 1) * s, 2 * own(k) * w


def rounded(w, own):
    k = np.round(w / 6)
    return np.sum(k * w + w**2), own(k) * 1.0 - 1 + 2 * w


def beyond_two(w, own):
    k = 1 if (w > 2).all() else 0
    return (k + 1) * np.sum(w**2), 2 * own(k) * w


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("choosing", [binned, truncated, rounded, floored, beyond_two])
def test_what_is_chosen_by_a_whole_number_or_by_all_of_a_mask_is_tried_farther_out(choosing, right):
    found = gradtui.check(
        lambda w: choosing(w, lambda k: k + 1 if right else 1), np.array([0.3, 0.4, -0.2])
    )
    assert ("error" in [one.severity for one in found]) == (not right)


@pytest.mark.parametrize("right", [True, False])
def test_more_steps_than_two_are_tried(right):
    def case(w):
        k = np.floor(w / 6)
        return np.sum(k * w + w**2), (k if right else -1.0 * (w < 0)) + 2 * w

    found = gradtui.check(case, np.array([0.3, -0.4, 0.2]))
    assert ("error" in [one.severity for one in found]) == (not right)


def of_one_level(w):
    return int(np.tanh(w[0])) + (w * w).sum(), 2 * w


def never_all(w):
    return (w * w).sum() + 1 * bool((np.tanh(w) > [-2, 0, 2]).all()), 2 * w


@pytest.mark.parametrize(("case", "told"), [
    (of_one_level, "int gives the same at all points tried: what the gradients are where it "
                   "gives something else is not compared"),
    (never_all, "all of this mask is False at all points tried: what the gradients are "
                "where it is True is not compared"),
])  # fmt: skip
def test_a_choice_that_is_always_the_same_is_told(case, told):
    (found,) = gradtui.check(case, np.array([0.1, -0.3, 0.2]))
    assert (found.rule, found.severity, found.line) == ("relies-on-data", "info", line_of(case, 1))
    assert found.message == told


def settling(w):
    value = w.copy()
    while np.abs(value - np.cos(value)).max() > 1e-9:
        value = np.cos(value)
    return np.abs(w + 10).sum(), np.ones_like(w)


def factored(w):
    sizes = np.linalg.qr(np.outer(w, w) + np.eye(2))[1]
    return np.maximum(w + 10, 0).sum() + 0 * sizes.sum(), np.ones_like(w)


def largest_tried(case, w, monkeypatch):
    """Return the largest number of an argument at which a case is compared."""
    sizes, point = [], Runs.point

    def noted(self, values, names, **options):
        sizes.append(np.abs(values["w"]).max())
        return point(self, values, names, **options)

    monkeypatch.setattr(Runs, "point", noted)
    gradtui.check(case, w)
    return max(sizes)


@pytest.mark.parametrize("case", [settling, never_below, factored])
def test_code_that_settles_or_is_not_seen_into_is_not_run_far_out(case, monkeypatch):
    largest = largest_tried(case, np.array([0.1, 0.3]), monkeypatch)
    assert (largest > 1) == (case is never_below)


def test_no_numbers_are_tried_that_code_has_guards_against(monkeypatch):
    assert largest_tried(never_below, np.array([1.0, 3.0]), monkeypatch) == pytest.approx(9.7)
    assert largest_tried(never_below, np.array([1.0, 30.0]), monkeypatch) < 100


def ramp(slope):
    def case(x):
        return (x * x).sum() + np.maximum(x, 4).sum(), 2 * x + slope * (x > 4)

    return case


def test_a_kink_within_the_largest_numbers_tried_is_reached():
    x = np.linspace(0.2, 1, 6)
    assert gradtui.check(ramp(1), x) == []
    (found,) = gradtui.check(ramp(0.5), x)
    assert (found.severity, found.target) == ("error", "x")


def spread(slope):
    """Return the spread of units over rows: no gradient arrives where a unit is off for all."""

    def case(w, b):
        z = X @ w + b
        h = np.maximum(z, 0)
        d = np.sqrt(h.var(axis=0) + 2)
        dz = (h - h.mean(axis=0)) / len(X) / d * np.where(z > 0, 1, slope)
        return d.sum(), (X.T @ dz, dz.sum(axis=0))

    return case


def squared(w):
    m = np.maximum(X @ w + 0.5, 0)
    return (m * m).sum(), 2 * X.T @ m


def test_a_side_is_looked_for_on_which_a_gradient_arrives():
    given = np.random.default_rng(1).normal(size=(3, 4)), np.full(4, 9.0)
    assert gradtui.check(spread(0), *given) == []
    found = gradtui.check(spread(0.3), *given)
    assert {one.severity for one in found} == {"error"}


def test_nothing_is_said_of_a_side_on_which_no_gradient_can_arrive():
    assert gradtui.check(squared, np.array([0.1, -0.3, 0.2])) == []


def kept_in_bounds(share):
    """Return a sigmoid that cannot overflow; its gradient leaves the bound out."""

    def case(w):
        s = 1 / (1 + np.exp(-np.clip(4 * w, -20, None)))
        return s.sum(), 4 * s * (1 - share * s)

    return case


def test_a_bound_that_overflows_are_kept_by_may_be_left_out_of_a_gradient():
    given = np.linspace(-1, 1, 6)
    assert gradtui.check(kept_in_bounds(1), given) == []
    assert gradtui.check(kept_in_bounds(0.99), given)[0].severity == "error"


WIDE = RNG.normal(size=(5, 4))


def said(case, *args):
    """Return the notes of a check whose gradients are called right."""
    found = gradtui.check(case, *args)
    assert [one.severity for one in found] == ["info"] * len(found)
    return [(one.line, one.message) for one in found]


def told(what, there):
    return f"{what} at all points tried: what the gradients are where it is {there} is not compared"


def bounded_rows(limit, slope):
    def case(x):
        loss, grad = 0.0, np.zeros_like(x)
        for i in range(len(x)):
            size = x[i] @ x[i]
            if size > limit:
                loss += limit
                grad[i] = slope * x[i]
            else:
                loss += size
                grad[i] = 2 * x[i]
        return loss, grad

    return case


def test_a_branch_that_only_far_points_take_is_compared_there():
    (found,) = gradtui.check(bounded_rows(60.0, 2), WIDE)
    assert (found.severity, found.target) == ("error", "x")
    assert gradtui.check(bounded_rows(60.0, 0), WIDE) == []


@pytest.mark.parametrize("slope", [0, 2])
def test_a_branch_that_no_point_takes_is_told(slope):
    case = bounded_rows(900.0, slope)
    text = told("the left side of > is below the right one", "above")
    assert said(case, WIDE) == [(line_of(case, 4), text)]


def halved(w):
    y = w.sum()
    while y > 400:
        y = y / 2
    return y, np.ones_like(w)


def doubled(own):
    def case(w):
        y, k = w.copy(), 1.0
        while y.sum() < 20:
            y, k = y * 2, k * 2
        return y.sum(), np.full(2, own(k))

    return case


def left_in_time(own):
    def case(w):
        y, k = w.copy(), 1.0
        for _ in range(9):
            if y.sum() > 20:
                break
            y, k = y * 2, k * 2
        return y.sum(), np.full(2, own(k))

    return case


@pytest.mark.parametrize("loop", [doubled, left_in_time])
def test_points_are_looked_for_at_which_a_loop_takes_other_rounds(loop, monkeypatch):
    monkeypatch.setattr(
        "gradtui.diagnosis.recorded.faults.blamed_on_fewer", lambda *tried: Blamed()
    )
    w = np.array([0.3, 1.2])
    assert gradtui.check(loop(float), w) == []
    (found, *_) = gradtui.check(loop(lambda k: 16.0), w)
    assert (found.severity, found.target) == ("error", "w")


def always_twice(w):
    y = np.tanh(w) + 10
    while y.sum() < 50:
        y = y * 2
    return y.sum(), 4 * (1 - np.tanh(w) ** 2)


def test_a_loop_that_always_takes_as_many_rounds_is_told():
    text = "this loop takes as many rounds at all points tried: what the gradients are where it "
    text += "takes more or fewer is not compared"
    assert said(always_twice, np.array([0.1, 0.3])) == [(line_of(always_twice, 2), text)]


def bounded_by_python(w):
    return max(0, w.sum() + 400), np.ones_like(w)


def bounded_by_a_number(w):
    return min(w.sum(), 400), np.ones_like(w)


def test_a_loop_and_a_function_of_python_on_one_side_are_told():
    text = told("the left side of > is below the right one", "above")
    assert said(halved, np.array([0.1, 0.3])) == [(line_of(halved, 2), text)]
    text = told("the second argument of max is above the first", "below")
    found = said(bounded_by_python, np.array([0.1, 0.3]))
    assert found == [(line_of(bounded_by_python, 1), text)]
    text = told("the first argument of min is below the second", "above")
    found = said(bounded_by_a_number, np.array([0.1, 0.3]))
    assert found == [(line_of(bounded_by_a_number, 1), text)]


def refusing(w):
    s = w.sum()
    if not s < 500:
        raise ValueError("too large")
    assert s > -500
    if s > 400:
        print("large")
    if np.any(w > 600) or not (w < 700).all():
        raise ValueError("one is too large")
    return s, np.ones_like(w)


def surely(w):
    p = np.exp(w) / np.exp(w).sum()
    q = np.clip(p, 1e-12, 1 - 1e-12)
    loss = 0.0
    for one in p:
        if one > 0:
            loss -= one * np.log(one)
    d = -np.log(p) - 1
    return loss + 0 * q.sum(), p * (d - (p * d).sum())


@pytest.mark.parametrize("case", [refusing, surely])
def test_conditions_and_bounds_that_only_guard_are_not_told(case):
    assert gradtui.check(case, np.array([0.1, 0.3])) == []


MIX = RNG.normal(size=(4, 3))


def clipped(bound, masked):
    def case(x):
        z = x @ MIX
        c = np.clip(z, -bound, bound)
        d = 2 * c * (z > -bound)
        return (c**2).sum(), (d * (z < bound) if masked else d) @ MIX.T

    return case


def test_a_clip_is_compared_beyond_both_of_its_bounds():
    (found,) = gradtui.check(clipped(5, masked=False), WIDE)
    assert (found.severity, found.target) == ("error", "x")
    assert gradtui.check(clipped(5, masked=True), WIDE) == []


@pytest.mark.parametrize("masked", [True, False])
def test_a_clip_that_no_point_exceeds_is_told_once_and_its_masks_are_not(masked):
    case = clipped(200, masked)
    text = "the first argument of clip is between the lower bound and the upper bound"
    assert said(case, WIDE) == [(line_of(case, 2), told(text, "outside"))]


def partly_clipped(x):
    c = np.clip(x, -100, 1.0)
    return (c**2).sum(), 2 * c * (x < 1.0)


def test_the_bound_of_a_clip_that_no_point_exceeds_is_told():
    text = told("the first argument of clip is above the lower bound", "below")
    assert said(partly_clipped, WIDE) == [(line_of(partly_clipped, 1), text)]


def cut_at(bound):
    def case(x):
        s = np.exp(x)
        return s.sum(), np.minimum(s, bound)

    return case


def cut_off(x):
    return (x**4).sum(), np.clip(4 * x**3, -900.0, 900.0)


def test_a_kink_of_the_backward_pass_alone_is_compared_on_both_sides_or_told():
    (found,) = gradtui.check(cut_at(500.0), WIDE)
    assert (found.severity, found.target) == ("error", "x")
    case = cut_at(1e6)
    text = told("the first argument of minimum is below the second", "above")
    assert said(case, WIDE) == [(line_of(case, 2), text)]


def test_a_gradient_that_the_code_cuts_off_is_told_and_not_tried_there(monkeypatch):
    text = "the first argument of clip is between the lower bound and the upper bound"
    assert said(cut_off, WIDE) == [(line_of(cut_off, 1), told(text, "outside"))]

    def named(w):
        return cut_off(w)

    assert largest_tried(named, WIDE, monkeypatch) < 10


def kept_apart(w):
    rest = np.log(w).sum()
    size = np.abs(w - 1)
    flat = size > 400
    loss = np.where(flat, 800 * size, size**2).sum() + rest
    return loss, np.where(flat, 1.0, 2 * size) * np.sign(w - 1) + 1 / w


def test_a_side_is_told_although_the_code_refuses_some_numbers():
    text = told("the left side of > is below the right one", "above")
    found = said(kept_apart, np.array([0.3, 1.6, 2.0]))
    assert (line_of(kept_apart, 3), text) in found


def angle(p):
    a, b = p[:3], p[3:]
    m, n = np.sqrt(a @ a), np.sqrt(b @ b)
    c = (a @ b) / (m * n)
    if c > 1:
        c = 1.0
    phi = np.arccos(np.clip(c, -1, 1))
    da, db = b / (m * n) - c * a / m**2, a / (m * n) - c * b / n**2
    return np.abs(phi), -np.concatenate([da, db]) / np.sqrt(1 - c * c)


def bounded_before(p):
    c = np.maximum(np.tanh(p), -1.5)
    return np.arcsin(0.9 * c).sum(), 0.9 * (1 - c * c) / np.sqrt(1 - 0.81 * c * c)


def test_what_keeps_a_cosine_within_1_is_not_told_and_any_other_bound_is():
    assert gradtui.check(angle, np.array([0.3, -0.2, 0.5, 0.1, 0.4, -0.6])) == []
    text = told("the first argument of maximum is above the second", "below")
    assert said(bounded_before, np.array([0.1, -0.3])) == [(line_of(bounded_before, 1), text)]


def test_a_bend_behind_thousands_of_sums_is_looked_at():
    """Each sum is of the one before, twice: the values that it is made of are looked at once."""

    def case(W):
        total = W**2
        for _ in range(3000):
            total = total / 2 + total / 2
        return np.sum(np.maximum(total, 0)), 2 * W

    assert [one for one in gradtui.check(case, W=SMALL * 1e4) if one.severity == "error"] == []
