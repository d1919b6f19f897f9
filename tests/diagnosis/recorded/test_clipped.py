"""A gradient that is clipped last of all is compared as it is before."""

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.recorded.check import check_target
from gradtui.diagnosis.recorded.target import target_of

RNG = np.random.default_rng(61)
X, Y = RNG.normal(size=(5, 4)), RNG.normal(size=(5, 2))
W, V = 3 * RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2))


def network(W, V, slope, clip):
    h = np.tanh(X @ W)
    e = h @ V - Y
    dV = 2 * h.T @ e
    dW = X.T @ (2 * e @ V.T * slope(h))
    return np.sum(e**2), clip({"W": dW, "V": dV})


def in_place(gradients):
    for one in gradients.values():
        np.clip(one, -1, 1, out=one)
    return gradients


def one_by_one(gradients):
    return {name: one.clip(-1.0, 1.0) for name, one in gradients.items()}


def reshaped(gradients):
    return {name: np.clip(one.ravel(), -1, 1).reshape(one.shape) for name, one in gradients.items()}


def from_both_sides(gradients):
    return {name: np.minimum(1.0, np.maximum(-1.0, one)) for name, one in gradients.items()}


def by_their_norm(gradients):
    size = np.sqrt(sum(np.sum(one**2) for one in gradients.values()))
    if size > 5:
        return {name: one / size for name, one in gradients.items()}
    return gradients


def by_a_factor(gradients):
    size = np.linalg.norm(np.concatenate([one.ravel() for one in gradients.values()]))
    for one in gradients.values():
        one *= min(1.0, 1.0 / size)
    return gradients


def by_the_largest(gradients):
    size = max(np.abs(one).max() for one in gradients.values())
    return {name: one * (0.1 / size) for name, one in gradients.items()}


CLIPPED, SCALED = "clipped at 1", "scaled by its own size"
WAYS = [
    (in_place, CLIPPED), (one_by_one, CLIPPED), (reshaped, CLIPPED),
    (from_both_sides, CLIPPED),
    (by_their_norm, SCALED), (by_a_factor, SCALED),
    (by_the_largest, SCALED),
]  # fmt: skip


@pytest.mark.parametrize(("clip", "told"), WAYS)
def test_what_is_clipped_is_told_and_no_mistake(clip, told):
    def case(W, V):
        return network(W, V, lambda h: 1 - h**2, clip)

    found = gradtui.check(case, W=W, V=V)
    assert {one.severity for one in found} == {"info"}
    assert found[0].rule == "straight-through"
    assert found[0].message == (
        f"the gradient of W (also of V) is {told} here, and compared as it is before"
    )


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize(("clip", "told"), WAYS)
def test_a_mistake_before_is_no_longer_hidden(clip, told):
    def case(W, V):
        return network(W, V, lambda h: 1 - h, clip)

    mistake, *others = gradtui.check(case, W=W, V=V)
    assert (mistake.severity, mistake.target) == ("error", "W")
    assert {one.severity for one in others} == {"info"}


def wrong(W, V):
    h = np.tanh(X @ W)
    e = h @ V - Y
    dV = 2 * h.T @ e
    dW = X.T @ (2 * e @ V.T * (1 - h))
    dW, dV = np.clip(dW, -1, 1), np.clip(dV, -1, 1)
    return np.sum(e**2), {"W": dW, "V": dV}


def wrong_and_scaled(W, V):
    h = np.tanh(X @ W)
    e = h @ V - Y
    dV = 2 * h.T @ e
    dW = X.T @ (2 * e @ V.T * (1 - h))
    dW /= np.linalg.norm(dW)
    dV = dV * (3 / np.linalg.norm(dV))
    return np.sum(e**2), {"W": dW, "V": dV}


def test_a_mistake_before_is_found_with_its_fix():
    mistake, *notes = gradtui.check(wrong, W=W, V=V)
    assert mistake.fix == "dW = X.T @ (2 * e @ V.T * (1 - h**2))"
    assert {one.rule for one in notes} == {"straight-through"}


def test_a_mistake_before_a_scale_is_found_with_its_fix():
    mistake, *notes = gradtui.check(wrong_and_scaled, W=W, V=V)
    assert mistake.fix == "dW = X.T @ (2 * e @ V.T * (1 - h**2))"
    assert {one.rule for one in notes} == {"straight-through"}


def with_a_number(W, b):
    e = X @ W + b - Y
    gradients = {"W": 2 * X.T @ e, "b": 2 * e.sum()}
    size = np.sqrt(sum(np.sum(one**2) for one in gradients.values()))
    share = 1.0 / (size + 1e-6)
    if share < 1:
        for name in gradients:
            gradients[name] = gradients[name] * share
    return np.sum(e**2), gradients


def test_a_number_may_be_among_the_gradients_that_are_scaled():
    found = gradtui.check(with_a_number, W=RNG.normal(size=(4, 2)), b=0.3)
    assert found[0].message == (
        f"the gradient of W (also of b) is {SCALED} here, and compared as it is before"
    )
    assert {one.severity for one in found} == {"info"}


def scaled_by(scale):
    """Check a gradient that is scaled last of all; no line at fault is looked for."""

    def case(w):
        e = X @ w - Y[:, 0]
        return e @ e / 2, {"w": scale(X.T @ e)}

    target = target_of(case, None, (np.array([0.3, -1.2, 0.8, 0.5]),), {})
    return check_target(target, crashed="SIGSEGV").findings


NORMS = [
    lambda g: g / np.linalg.norm(g),
    lambda g: g / (np.sqrt(np.sum(g**2)) + 1e-8),
    lambda g: g / np.maximum(1.0, np.linalg.norm(g) / 2),
    lambda g: g * np.minimum(1.0, 2 / np.linalg.norm(g, 1)),
    lambda g: g / np.abs(g).max(),
    lambda g: g / np.sqrt(np.mean(g**2)),
]
NO_NORMS = [
    lambda g: g / g.sum(),
    lambda g: g / g.min(),
    lambda g: g * g.mean(),
    lambda g: g / np.abs(g[0]),
    lambda g: g / np.abs(g @ np.array([0.3, -0.2, 0.9, 0.4])),
    lambda g: g / np.sum(g**2),
    lambda g: g / (np.median(np.abs(g)) + 1e-8),
]


@pytest.mark.parametrize("scale", NORMS)
def test_a_gradient_may_be_scaled_by_any_norm_of_it(scale):
    (note,) = scaled_by(scale)
    assert note.message.startswith(f"the gradient of w is {SCALED} here")


@pytest.mark.parametrize("scale", NO_NORMS)
def test_other_numbers_made_of_a_gradient_do_not_belong_there(scale):
    assert scaled_by(scale)[0].severity == "error"


def bounded_twice(W):
    h = np.tanh(X @ W)
    e = h @ V - Y
    g = X.T @ (2 * e @ V.T * (1 - h))
    g = np.maximum(np.minimum(g, 0.5), -0.5)
    return np.sum(e**2), {"W": g}


def test_a_mistake_before_two_bounds_is_found_with_its_fix():
    mistake, note = gradtui.check(bounded_twice, W=W)
    assert mistake.fix == "g = X.T @ (2 * e @ V.T * (1 - h**2))"
    assert "is clipped at 0.5 here" in note.message


def bounded_by_a_mask(W):
    e = X @ W - Y
    loss = np.sum(e**2)
    g = 2 * X.T @ e
    g = np.where(g > 0.5, 0.5, np.where(g < -0.5, -0.5, g))
    return loss, {"W": g}


def test_no_fix_moves_a_line_behind_the_return():
    (mistake,) = gradtui.check(bounded_by_a_mask, W=RNG.normal(size=(4, 2)))
    assert mistake.fix == "g = 2 * X.T @ e"


def half_of_huber(w):
    r = w - Y[0, 0]
    loss = 2 * np.sum(np.where(np.abs(r) < 1, r * r / 2, np.abs(r) - 0.5))
    return loss, {"w": np.clip(r, -1, 1)}


def test_a_slope_that_has_the_bound_itself_is_compared_as_it_is():
    (mistake,) = gradtui.check(half_of_huber, w=3 * RNG.normal(size=6))
    assert mistake.fix == 'return loss, {"w": np.clip(r, -1, 1) * 2}'


def test_a_single_number_is_not_scaled_by_its_own_size():
    def by_logarithm(w):
        def back():
            k = np.exp(w)
            dk = 3 * k**2 - 5 * k
            return k * dk

        return np.sum(np.exp(w) ** 3) - 3 * np.exp(w) ** 2, [back()]

    found = gradtui.check(by_logarithm, w=np.array(0.4))

    assert {one.severity for one in found} == {"error"}


def scaled_within(W, slope):
    h = np.tanh(X @ W)
    e = h @ V - Y
    dh = 2 * e @ V.T * slope(h)
    return np.sum(e**2), {"W": X.T @ (dh / np.linalg.norm(dh))}


def test_what_is_scaled_on_the_way_is_compared_as_it_is_before():
    right = lambda W: scaled_within(W, lambda h: 1 - h**2)  # noqa: E731
    wrong = lambda W: scaled_within(W, lambda h: 1 - h)  # noqa: E731

    (note,) = gradtui.check(right, W=W)
    mistake, other = gradtui.check(wrong, W=W)

    assert (note.severity, other.severity) == ("info", "info")
    assert f"is {SCALED} here" in note.message and SCALED in other.message
    assert mistake.severity == "error" and SCALED not in mistake.message


CENTRE = RNG.normal(size=4)
HEIGHTS, ABOVE = RNG.normal(size=(5, 1)), RNG.uniform(0.5, 2, size=(5, 1))


def of_distances(X=X, h=ABOVE):
    d = X - CENTRE
    r = np.linalg.norm(d, axis=1, keepdims=True)
    loss = np.sum(HEIGHTS * np.where(h > 0, np.exp(-r) / h, np.sin(r)))
    return loss, slopes(X, h)


def slopes(X, h):
    d = X - CENTRE
    r = np.linalg.norm(d, axis=1, keepdims=True)
    way = d / r
    return -HEIGHTS * np.exp(-r) / h * way, np.where(h > 0, -HEIGHTS * np.exp(-r) / h**2, 0)


def test_a_direction_of_which_right_gradients_are_made_is_no_gradient_that_is_scaled():
    """Where h is above 0 the gradient is right with it, and wrong without."""
    (error,) = gradtui.check(of_distances)
    assert error.severity == "error" and "(at random parameters)" in error.message
    assert "missing" not in error.message
