"""Gradients that pass rounding on purpose are a note; those that are wrong beside it are not."""

import numpy as np
import pytest

import gradtui
from findings import only

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 3))
W, V = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 3))


def stop_gradient(x):
    return x.copy()


@pytest.mark.parametrize("flat", [np.round, np.rint, np.sign, np.floor, np.ceil])
def test_a_rounding_that_is_passed_as_the_identity_is_a_note(flat):
    def case(W):
        e = X @ flat(W) - Y
        return np.sum(e**2), 2 * X.T @ e

    finding = only(gradtui.check(case, W=W))

    assert (finding.rule, finding.severity, finding.target) == ("straight-through", "info", "W")
    assert finding.line == case.__code__.co_firstlineno + 1
    assert f"passes through {flat.__name__}, which is flat" in finding.message


def binary(slope, out=1.0, step=np.sign):
    def case(W, V):
        z = X @ W
        h = step(z)
        e = h @ V - Y
        dh = 2 * e @ V.T
        return np.sum(e**2), (out * X.T @ (dh * slope(z)), 2 * h.T @ e)

    return case


@pytest.mark.parametrize(
    ("slope", "named"),
    [
        (np.ones_like, "the slope 1 (straight-through"),
        (lambda z: np.abs(z) <= 1, "the slope of a hard tanh"),
        (lambda z: 1 - np.tanh(z) ** 2, "the slope of tanh"),
        (lambda z: z > 0, "the slope of a ReLU"),
        (lambda z: np.maximum(0, 1 - np.abs(z)), "a triangle for a slope (Esser"),
        (lambda z: 1 / (1 + np.abs(z)) ** 2, "the slope of a fast sigmoid"),
    ],
)
def test_other_slopes_may_stand_for_that_of_a_sign(slope, named):
    finding = only(gradtui.check(binary(slope), W=W, V=V))

    assert (finding.rule, finding.severity, finding.target) == ("straight-through", "info", "W")
    assert f"passes through sign, which is flat, with {named}" in finding.message


@pytest.mark.parametrize(
    "step", [lambda z: np.where(z > 0, 1.0, -1.0), lambda z: (z > 0).astype(float)]
)
def test_a_comparison_that_is_passed_on_purpose_is_a_note(step):
    finding = only(gradtui.check(binary(lambda z: np.abs(z) <= 1, step=step), W=W, V=V))

    assert (finding.rule, finding.severity, finding.target) == ("straight-through", "info", "W")
    assert "passes through a step, which is flat" in finding.message


@pytest.mark.parametrize("scale", [lambda W: 0.7, lambda W: np.abs(W).mean(axis=0)])
def test_a_choice_between_scales_may_be_passed_as_a_scaled_sign_is(scale):
    """The scales are arguments, or means of the sizes that the signs stand for."""

    def case(W, a):
        scaled = a * scale(W)
        e = X @ np.where(W >= 0, scaled, -scaled) - Y
        g = 2 * X.T @ e
        signs = np.where(W >= 0, 1, -1)
        dscale = np.sum(g * signs, axis=0)
        sizes = np.sign(W) / len(W) * a * dscale if np.ndim(scale(W)) else 0.0
        return np.sum(e**2), (g * scaled * (np.abs(W) <= 1) + sizes, np.sum(dscale * scale(W)))

    finding = only(gradtui.check(case, W=W, a=np.array(1.0)))
    assert (finding.rule, finding.severity, finding.target) == ("straight-through", "info", "W")


def test_a_choice_by_rows_may_stand_for_what_it_binarises():
    def case(W):
        scale = np.abs(W).mean(axis=0)
        e = X @ np.where(W >= 0, scale, -scale) - Y
        return np.sum(e**2), 2 * X.T @ e

    finding = only(gradtui.check(case, W=W))
    assert (finding.rule, finding.severity, finding.target) == ("straight-through", "info", "W")


def test_a_wrong_factor_beside_a_choice_between_scales_is_told():
    def case(W, a):
        e = X @ np.where(W >= 0, a, -a) - Y
        g = 2 * X.T @ e
        return np.sum(e**2), (g * a * W, np.sum(g * np.where(W >= 0, 1, -1)))

    finding = only(gradtui.check(case, W=W, a=np.array(0.7)))
    assert (finding.rule, finding.severity) == ("extra-factor", "error")
    assert "the one that passes through a step" in finding.message


def test_a_step_that_is_written_into_an_array_is_told_where_it_is_decided():
    def case(W):
        h = np.ones_like(W)
        h[W < 0] = -1
        e = X @ h - Y
        return np.sum(e**2), 2 * X.T @ e

    finding = only(gradtui.check(case, W=W))
    assert (finding.rule, finding.line) == ("straight-through", case.__code__.co_firstlineno + 2)


def test_weights_that_are_made_whole_numbers_on_purpose_are_a_note():
    def case(W):
        e = X @ ((W * 8).astype(int) / 8) - Y
        return np.sum(e**2), 2 * X.T @ e

    assert only(gradtui.check(case, W=W)).rule == "straight-through"


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize(
    "case",
    [
        binary(np.ones_like, out=2.0),
        binary(np.ones_like, out=2.0, step=lambda z: np.where(z > 0, 1.0, -1.0)),
        binary(np.ones_like, out=-1.0, step=lambda z: (z > 0).astype(float)),
        binary(lambda z: z),
        lambda W: (np.sum(np.round(W) * 0 + 1), np.ones_like(W)),
    ],
)
def test_another_mistake_stays_an_error(case):
    names = ("W", "V") if "V" in case.__code__.co_varnames else ("W",)
    findings = gradtui.check(case, **{name: {"W": W, "V": V}[name] for name in names})

    assert [finding.severity for finding in findings if finding.target == "W"] == ["error"]


def quantised(after, slope):
    """Return a network of rounded weights, with something computed of them."""

    def case(W):
        q = np.round(4 * W) / 4
        a = after(q)
        e = X @ a - Y
        d = X.T @ (2 * e)
        return np.sum(e**2), d * slope(W, q)

    return case


BESIDE = {
    "tanh": (np.tanh, lambda W, q: 1 - np.tanh(q) ** 2),
    "a polynomial": (lambda q: q**3 - 2 * q, lambda W, q: 3 * q**2 - 2),
    "a factor": (lambda q: q * A, lambda W, q: A),
    "relu": (lambda q: np.maximum(q, 0), lambda W, q: q > 0),
    "relu by a condition": (lambda q: np.where(q > 0, q, 0.0), lambda W, q: q > 0),
    "the unrounded value": (lambda q: q**2, lambda W, q: 2 * q),
}
A = RNG.normal(size=W.shape)


@pytest.mark.parametrize("name", BESIDE)
def test_what_is_computed_of_rounded_values_is_differentiated(name):
    after, slope = BESIDE[name]

    assert only(gradtui.check(quantised(after, slope), W=W)).rule == "straight-through"


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize("name", BESIDE)
def test_a_derivative_left_out_after_rounding_is_an_error(name):
    after, slope = BESIDE[name]

    def forgotten(W, q):
        return slope(W, W) if name == "the unrounded value" else 1.0

    findings = gradtui.check(quantised(after, forgotten), W=W)

    (wrong,) = [one for one in findings if one.severity == "error"]
    assert "the one that passes through round is" in wrong.message


def shares(q):
    return np.exp(q) / np.sum(np.exp(q))


@pytest.mark.parametrize("flat", [np.sign, np.round, np.floor])
@pytest.mark.usefixtures("unsearched")
def test_shares_of_rounded_values_are_differentiated(flat):
    def case(W, whole=True):
        p = shares(flat(3 * W))
        return np.sum(A * p), 3 * p * (A - np.sum(A * p)) if whole else A

    whole = gradtui.check(case, W=W)
    left_out = gradtui.check(lambda W: case(W, whole=False), W=W)

    assert only(whole).rule == "straight-through"
    assert "error" in {one.severity for one in left_out}


@pytest.mark.parametrize(
    ("power", "severity"), [(1, "info"), (3, "error")], ids=["itself", "its cube"]
)
def test_a_power_of_a_step_is_no_step(power, severity):
    def case(W):
        m = np.where(W > 0, 1.0, -1.0)
        return np.sum(A * m**power), A

    assert only(gradtui.check(case, W=W)).severity == severity


def test_what_is_wrong_beside_a_rounding_is_named():
    def case(W):
        q = np.round(4 * W) / 4
        e = X @ q - Y
        return np.sum(e**2), 2 * X.T @ (X @ W - Y)

    (wrong,) = [one for one in gradtui.check(case, W=W) if one.severity == "error"]

    assert (wrong.rule, wrong.line) == ("wrong-variable", case.__code__.co_firstlineno + 3)
    assert "W must be q" in wrong.message


@pytest.mark.usefixtures("unsearched")
def test_bounds_of_rounded_values_may_be_passed_on_purpose():
    def case(W):
        q = np.clip(np.round(4 * W), -2, 1) / 4
        e = X @ q - Y
        return np.sum(e**2), 2 * X.T @ e

    assert only(gradtui.check(case, W=W)).rule == "straight-through"


@pytest.mark.usefixtures("unsearched")
def test_bounds_of_what_is_rounded_already_are_differentiated():
    def case(W):
        q = np.round(4 * W) / 4
        e = X @ np.minimum(np.maximum(q, -0.5), 0.5) - Y
        return np.sum(e**2), 2 * X.T @ e

    assert "error" in {one.severity for one in gradtui.check(case, W=W)}


@pytest.mark.parametrize(
    ("kept", "severity"),
    [(lambda W, a: (W > 0) & (a > W), "info"), (lambda W, a: W > 0, "error")],
    ids=["both", "one"],
)
@pytest.mark.usefixtures("unsearched")
def test_a_gradient_that_keeps_one_of_two_bounds_has_forgotten_the_other(kept, severity):
    def case(W, a):
        levels = np.round(np.clip(W, 0, a) * (7 / a))
        e = X @ (levels / (7 / a)) - Y
        g = 2 * X.T @ e
        return np.sum(e**2), (g * kept(W, a), np.sum(g * levels) / 7)

    finding = only(gradtui.check(case, W=W, a=np.array(0.6)))
    assert (finding.severity, finding.target) == (severity, "W")


@pytest.mark.parametrize(("turned", "severity"), [(1, "info"), (-1, "error")])
def test_a_gradient_may_be_scaled_by_a_number_of_that_name(turned, severity):
    """The gradient of a learned step size is (Esser et al., 2020, section 2.2)."""

    def case(W, s):
        grad_scale = 0.1
        q = np.clip(np.round(W / s), -2, 1)
        e = X @ (q * s) - Y
        g = 2 * X.T @ e
        inside = (W / s >= -2) & (W / s <= 1)
        ds = np.sum(g * np.where(inside, q - turned * W / s, q))
        return np.sum(e**2), (g * inside, ds * grad_scale)

    found = gradtui.check(case, W=W, s=np.array(0.4))
    (step,) = [one for one in found if one.target == "s"]
    assert step.severity == severity
    assert ("times grad_scale, which is 0.1" in step.message) == (severity == "info")


STEPS = {
    "two values": (lambda W: 2 * (W > 0) - 1, "info"),
    "three values": (lambda W: (W > 0.5) * 1.0 - (W < -0.5), "info"),
    "a choice in a choice": (lambda W: np.where(W > 1, 1, np.where(W < -1, -1, 0)), "info"),
    "a step that falls": (lambda W: 1 - 2 * (W > 0), "error"),
    "twice a step": (lambda W: 2 * (W > 0), "error"),
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.usefixtures("unsearched")
def test_a_step_is_one_however_it_is_written(name):
    step, severity = STEPS[name]

    def case(W):
        e = X @ step(W) - Y
        return np.sum(e**2) + np.sum(W**2), X.T @ (2 * e) + 2 * W

    assert severity in {one.severity for one in gradtui.check(case, W=W)}
    assert (severity == "error") == ("error" in {one.severity for one in gradtui.check(case, W=W)})


def scaled(paths, step=np.round):
    """Return weights rounded to multiples of a share of the largest, and a penalty of them."""

    def case(W):
        s = np.max(np.abs(W)) / 7
        q = step(W / s) * s
        apart = q - W if "apart" in paths else q
        d = 2 * apart * A
        return np.sum(apart**2 * A), d if "kept" in paths else d * 2

    return case


def test_weights_rounded_by_a_scale_of_their_own_may_be_passed_as_they_are():
    assert only(gradtui.check(scaled({"kept"}), W=W)).rule == "straight-through"


@pytest.mark.parametrize("paths", [(), {"kept", "apart"}])
@pytest.mark.usefixtures("unsearched")
def test_what_else_the_weights_reach_is_not_passed(paths):
    findings = gradtui.check(scaled(paths), W=W)

    assert "error" in {one.severity for one in findings}


def weighted(mask, decay=2.0):
    """Return a network of signs of weights, scaled by their mean size, with a penalty."""

    def case(W):
        s = np.where(W > 0, 1.0, -1.0)
        a = np.mean(np.abs(W))
        e = X @ (a * s) - Y
        d = X.T @ (2 * e)
        dW = d * a * mask(W) + np.sum(d * s) * np.sign(W) / W.size
        return np.sum(e**2) + np.sum(W**2), dW + decay * W

    return case


@pytest.mark.parametrize("mask", [lambda W: 1.0, lambda W: np.abs(W) <= 1])
def test_a_step_is_passed_beside_other_terms(mask):
    findings = gradtui.check(weighted(mask), W=W)

    assert {one.severity for one in findings} == {"info"}
    assert "straight-through" in {one.rule for one in findings}


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize(
    "case", [weighted(lambda W: 2.0), weighted(lambda W: -1.0), weighted(lambda W: 1.0, decay=1.0)]
)
def test_a_mistake_beside_a_step_stays_an_error(case):
    assert "error" in {one.severity for one in gradtui.check(case, W=W)}


def test_a_true_zero_is_right():
    def case(W, V):
        h = np.sign(X @ W)
        e = h @ V - Y
        return np.sum(e**2), (np.zeros_like(W), 2 * h.T @ e)

    assert gradtui.check(case, W=W, V=V) == []


def test_a_gradient_that_stops_where_the_code_says_so_is_a_note():
    def case(W, V):
        z = X @ W
        q = z + stop_gradient(Y @ V - z)
        return np.sum(q**2), (2 * X.T @ q, None)

    finding = only(gradtui.check(case, W=W, V=V))

    assert (finding.rule, finding.severity) == ("straight-through", "info")
    assert "stops at the detached value here" in finding.message


def detached_at_once(w, share):
    loss = np.sum(stop_gradient(w) * np.tanh(w))
    return loss, share(w)


def detached_before(w, share):
    t = stop_gradient(w)
    loss = np.sum(t * np.tanh(w))
    return loss, share(w)


def detached_within(w, share):
    t = stop_gradient(w)
    loss = np.sum(np.exp(t) * np.tanh(w)) - np.sum(np.exp(w) - w * np.exp(t))
    return loss, share(w) * np.exp(w) / w - np.exp(w) + np.exp(w)


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize("function", [detached_at_once, detached_before, detached_within])
@pytest.mark.parametrize(
    ("share", "severity"),
    [
        (lambda w: w * (1 - np.tanh(w) ** 2), "info"),
        (lambda w: 2 * w * (1 - np.tanh(w) ** 2), "error"),
        (np.tanh, "error"),
    ],
    ids=["stopped there", "twice", "stopped elsewhere"],
)
@pytest.mark.usefixtures("unsearched")
def test_a_gradient_stops_at_the_argument_that_the_code_detaches(function, share, severity):
    def case(w):
        return function(w, share)

    findings = gradtui.check(case, w=RNG.normal(size=5))

    assert {one.severity for one in findings} == {severity}


def td_error(w, v):
    target = Y[:, 0] + 0.9 * X @ v
    d = stop_gradient(target) - X @ w
    scale = stop_gradient(np.exp(X @ w))
    return d, scale


@pytest.mark.parametrize("times", [2.0, 1.0])
def test_a_mistake_beside_detached_values_is_told_by_the_gradient_that_stops_there(times):
    def case(w):
        d, scale = td_error(w, w)
        return np.sum(d**2 * scale), -times * X.T @ (d * scale)

    finding = only(gradtui.check(case, w=RNG.normal(size=4)))

    line = td_error.__code__.co_firstlineno + 2
    if times == 2.0:
        assert (finding.rule, finding.line) == ("straight-through", line)
        return
    told = f"stops at the detached values in line {line} and in line {line + 1}"
    assert told in finding.message and "the whole one is " in finding.message
    assert finding.evidence["true"] == 2 * finding.evidence["claimed"]


@pytest.mark.parametrize("times", [1, 2])
def test_a_function_that_other_calls_give_no_detached_value_stops_those_that_do(times):
    def case(w):
        p, target = shares(X @ w), shares(stop_gradient(np.cos(X @ w)))
        d = target / p
        return -np.sum(target * np.log(p)), X.T @ (times * p * (np.sum(d * p) - d))

    (finding, *_) = gradtui.check(case, w=RNG.normal(size=4))

    assert finding.rule == ("straight-through" if times == 1 else "constant-factor")
    assert "stops at the detached value" in finding.message


@pytest.mark.usefixtures("unsearched")
def test_a_detached_value_that_another_gradient_passes_is_not_meant_to_stop_it():
    def case(w, v):
        d, _ = td_error(w, v)
        dv = 2 * 0.9 * X.T @ d
        return np.sum(d**2) + np.sum(v * w), (v - X.T @ d, dv + w)

    finding = only(gradtui.check(case, w=RNG.normal(size=4), v=RNG.normal(size=4)))

    assert "the true one is" in finding.message


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize("factor", [lambda s: s, lambda s: 1.0], ids=["kept", "forgotten"])
def test_a_factor_forgotten_beside_a_detached_value_is_no_magnitude_of_its_own(factor):
    def case(w):
        s = stop_gradient(np.sqrt(np.sum(w * w)))
        return np.sum(np.abs(w) / s), np.sign(w) / factor(s)

    findings = gradtui.check(case, w=RNG.normal(size=5))

    assert ("error" in {one.severity for one in findings}) == (factor(2.0) == 1.0)


def test_a_missing_path_through_a_copy_stays_an_error():
    def case(W):
        h = (X @ W).copy()
        h += np.tanh(h)
        return np.sum(h**2), 2 * X.T @ h

    assert only(gradtui.check(case, W=W)).severity == "error"


def test_an_argument_that_only_the_gradient_uses_is_a_mistake_in_plain_code():
    mask = RNG.random((6, 3)) > 0.5

    def case(W, mask=mask):
        H = X @ W
        return np.sum(H**2), X.T @ (2 * H * mask)

    finding = only(gradtui.check(case, W=W))

    assert (finding.severity, finding.target) == ("error", "W")
    assert finding.line == case.__code__.co_firstlineno + 2


def test_a_gradient_of_one_length_is_a_mistake_in_plain_code():
    def case(w):
        y = X[:, 0] * w
        return np.sum(y**3), -3.0

    finding = only(gradtui.check(case, w=np.array(0.7)))

    assert (finding.severity, finding.target) == ("error", "w")


def number_by_number(rounded, slope):
    """Return weights rounded one at a time, with Python's own function."""

    def case(w):
        loss, g = 0.0, []
        for t, c in zip(w, C, strict=True):
            q = rounded(t)
            loss += q**2 * c
            g.append(slope * q * c)
        return loss, np.array(g)

    return case


C = RNG.normal(size=5)
ROUNDED = [lambda t: round(t * 8) / 8, lambda t: round(t, 1), lambda t: round(float(t), 1)]


@pytest.mark.parametrize("rounded", ROUNDED)
def test_a_number_that_python_rounds_is_passed_as_an_array_is(rounded):
    finding = only(gradtui.check(number_by_number(rounded, 2), w=RNG.normal(size=5)))

    assert finding.rule == "straight-through"
    assert "passes through round, which is flat" in finding.message


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize("rounded", ROUNDED)
def test_a_number_that_python_rounds_hides_no_mistake(rounded):
    findings = gradtui.check(number_by_number(rounded, 3), w=RNG.normal(size=5))

    assert "error" in {one.severity for one in findings}


def test_a_number_that_python_rounds_is_an_index_and_a_count():
    def case(w, t=2.2):
        at = round(t)
        loss = {2: w[at] ** 2}.get(at, w[at] ** 2) + sum(w[i] for i in range(at))
        return loss, 2 * w * (np.arange(5) == at) + (np.arange(5) < at)

    findings = gradtui.check(case, w=RNG.normal(size=5))

    assert "error" not in {one.severity for one in findings}


@pytest.mark.parametrize(
    ("mask", "told"),
    [
        (lambda w: (w < -1) & (w > 1), True),
        (lambda w: np.logical_and(w > 1, w < -1), True),
        (lambda w: (w < -1) | (w > 1), False),
    ],
)
def test_a_mask_that_masks_nothing_beside_a_rounding_is_told(mask, told):
    def case(W):
        e = X @ (np.round(np.clip(W, -1, 1) * 4) / 4) - Y
        g = 2 * X.T @ e
        g[mask(W)] = 0
        return np.sum(e**2), g

    found = gradtui.check(case, W=2 * W)
    assert any("masks nothing" in one.message for one in found) == told


def test_a_mistake_beside_the_slope_of_summed_distances_is_told_by_that_slope():
    def case(W, V):
        apart = V[:, None] - W[None]
        loss = -np.sum(shares * np.sum(np.abs(apart), axis=-1))
        dW = np.sum(shares[..., None] * np.clip(-apart, -1, 1), axis=0)
        return loss, (dW, -np.sum(shares[..., None] * np.clip(apart, -1, 1), axis=1))

    shares = RNG.normal(size=(3, 5))
    found = gradtui.check(case, W=2 * RNG.normal(size=(5, 3)), V=V)
    (finding,) = (one for one in found if one.severity == "error")

    assert finding.line == case.__code__.co_firstlineno + 3
    assert "np.clip(apart, -1, 1)" in finding.fix
