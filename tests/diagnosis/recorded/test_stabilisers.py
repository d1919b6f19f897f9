"""A small number that keeps a function finite may be left out; that excuses no other mistake."""

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.recorded import point
from gradtui.recording.sweep import Shaken

RNG = np.random.default_rng(3)
X = RNG.normal(size=(5, 3))
LABELS = np.arange(5) % 2.0
GIVEN = RNG.uniform(0.2, 1.0, size=(4, 3))
OFFSETS = np.full(4, 8.0)


def sizes(slope):
    def case(x):
        return np.sqrt(x * x + 1e-8).sum(), slope(x)

    return case


def lengths(factor):
    def case(x):
        length = np.sqrt((x * x).sum(axis=1) + 1e-10)
        return (length**3).sum(), 3 * x * length[:, None] * factor(x)

    return case


def rises(kept):
    def case(x):
        d = x[1:] - x[:-1]
        size = np.sqrt(d**2 + 1e-8)
        g = np.zeros_like(x)
        g[1:] = d / size
        g[:-1] -= d / size * kept(x[:-1])
        return size.sum(), g

    return case


def directions(masked):
    """Return a layer before vectors of length 1; none of its units is off where it starts."""

    def case(w, b):
        z = X @ w + b
        h = np.maximum(z, 0)
        n = np.sqrt((h * h).sum(axis=1, keepdims=True) + 1e-8)
        u = h / n
        du = np.zeros_like(u)
        du[:, 0], du[:, 1], du[:, 2] = u[:, 3], -1, 2 * u[:, 2]
        du[:, 3] = u[:, 0]
        dz = (du - u * (du * u).sum(axis=1, keepdims=True)) / n
        if masked:
            dz = dz * (z > 0)
        return (u[:, 0] * u[:, 3] - u[:, 1] + u[:, 2] ** 2).sum(), (X.T @ dz, dz.sum(axis=0))

    return case


def test_a_number_left_out_of_a_root_excuses_no_wrong_sign_farther_out():
    (found,) = gradtui.check(sizes(np.ones_like), GIVEN)
    assert (found.severity, found.target) == ("error", "x")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (lengths(lambda x: np.where(x < -0.5, 2, 1)), lengths(np.ones_like)),
        (rises(lambda x: x > -0.8), rises(np.ones_like)),
    ],
)
def test_a_number_that_a_gradient_uses_excuses_no_mistake_farther_out(wrong, right):
    assert [one.severity for one in gradtui.check(wrong, GIVEN)] == ["error"]
    assert gradtui.check(right, GIVEN) == []


def test_a_number_left_out_of_a_root_is_told():
    (found,) = gradtui.check(sizes(np.sign), GIVEN / 30)
    assert found.severity == "info"
    assert found.message == "the gradient of x leaves out the 1e-8 that is added here"


def test_a_root_excuses_no_mask_that_is_forgotten():
    w = np.random.default_rng(0).normal(size=(3, 4))
    assert gradtui.check(directions(masked=True), w, OFFSETS) == []
    found = gradtui.check(directions(masked=False), w, OFFSETS)
    assert found[0].severity == "error" and "leaves out" not in found[0].message


def likely(least, masked):
    """Return the log-likelihood of labels; far out, some probabilities are rounded to 1."""

    def case(w, v):
        z = X @ w
        p = 1 / (1 + np.exp(-3 * np.maximum(z, 0) @ v))
        loss = -np.log(least(np.where(LABELS == 1, p, 1 - p))).sum()
        d = 3 * (p - LABELS)
        dz = np.outer(d, v) * (z > 0 if masked else z > -4)
        return loss, (X.T @ dz, np.maximum(z, 0).T @ d)

    return case


@pytest.mark.parametrize(
    "least", [lambda p: p + 1e-6, lambda p: np.clip(p, 1e-6, 1 - 1e-6), lambda p: p + 1e-9]
)
@pytest.mark.usefixtures("unsearched")
def test_numbers_within_logarithms_are_left_out_and_hide_nothing(least):
    rng = np.random.default_rng(3)
    given = rng.normal(size=(3, 4)), rng.normal(size=4)
    assert {one.severity for one in gradtui.check(likely(least, True), *given)} <= {"info"}
    found = gradtui.check(likely(least, False), *given)
    assert ("error", "w") in [(one.severity, one.target) for one in found]


def test_a_mask_that_is_a_symmetric_matrix_is_no_matrix():
    x = np.random.default_rng(0).uniform(0.2, 1.0, size=(4, 4))
    (found,) = gradtui.check(lambda x: ((x**2).sum(), 2 * x * (x > -100)), x)
    assert (found.rule, found.severity) == ("relies-on-data", "info")  # of the mask's other side


def normalised(W, b, scale=1.0, shift=0.0):
    """Of a bias before a normalisation, which takes it away again; the root's 1e-6 is used."""
    z = X @ W + b
    c = z - z.mean(axis=0)
    root = np.sqrt(np.mean(c**2, axis=0) + 1e-6)
    y = c / root
    e = np.exp(scale * y[:, 0] + shift)
    loss = -np.sum(np.log(e / (1 + e) + 1e-7))
    d = np.zeros_like(y)
    d[:, 0] = -scale / (1 + e)
    dz = (d - d.mean(axis=0) - y * np.mean(d * y, axis=0)) / root
    return loss, {"W": X.T @ dz, "b": dz.sum(axis=0)}


def test_a_number_is_told_that_no_gradient_uses_and_a_bias_that_cancels_is_none_of_its_own():
    W, b = np.random.default_rng(1).normal(size=(3, 2)), np.array([0.3, -0.2])
    (found,) = gradtui.check(normalised, W=W, b=b)
    assert found.message.endswith("leaves out the 1e-7 that is added here")


def cancelling(x, b):
    """The gradient of b nearly cancels out: beside it, what the 1e-5 changes is much."""
    loss = np.log(np.exp(x + b) + 1e-5).sum() - 1.9999 * b.sum()
    return loss, {"x": np.ones_like(x), "b": np.full_like(b, 2 - 1.9999)}


def test_a_number_left_out_is_an_error_where_it_is_much():
    found = gradtui.check(cancelling, x=np.array([[0.3, -0.4], [0.9, 0.1]]), b=np.zeros(2))
    assert [(one.severity, one.target) for one in found] == [("error", "b"), ("info", "x")]
    assert found[0].message.endswith("it leaves out the 1e-5 that is added here")
    assert found[0].line == found[1].line


def test_rounding_is_measured_once_however_many_gradients_are_wrong(monkeypatch):
    seeds = list[object]()

    class Counted(Shaken):
        def __init__(self, tape, seed, *others):
            seeds.append(seed)
            super().__init__(tape, seed, *others)

    def measured(*times):
        def case(a, b, c):
            s = np.sqrt(a * a + b * b + c * c + 1e-8)
            return s.sum(), [n / s * own for n, own in zip(times, (a, b, c), strict=True)]

        seeds.clear()
        gradtui.check(case, *np.random.default_rng(0).normal(size=(3, 4)))
        return len(seeds)

    monkeypatch.setattr(point, "Shaken", Counted)
    assert measured(2, 2, 2) == measured(2, 1, 1)


def ratio(inverse):
    """The sum of (a/b)**2, whose gradients use an inverse of b of their own."""

    def case(a, b):
        one = inverse(b)
        return ((a / b) ** 2).sum(), {"a": 2 * a * one**2, "b": -2 * a**2 * one**3}

    return case


def safe_inverse(x, eps=1e-7):
    return x / (x**2 + eps)


TOPS = np.array([[0.4, -0.9], [1.2, 0.3]])
BOTTOMS = np.array([[0.5, -0.8], [0.2, 1.1]])


def test_a_number_that_only_a_gradient_has_is_told_at_its_line():
    # At b = 0.2 the inverse is off by 1e-7/0.2**2 of itself: 2.5e-6.
    (found,) = gradtui.check(ratio(safe_inverse), TOPS, BOTTOMS)
    line = safe_inverse.__code__.co_firstlineno + 1
    assert (found.rule, found.severity, found.line) == ("missing-term", "info", line)
    assert found.message == (
        "the gradient of a (also of b) is right but for the 1e-7 that is added here, which the "
        "forward pass does not have"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        ratio(lambda x: x / (x + 1e-7)),  # a lost square
        ratio(lambda x: x / (x**2 + 1e-3)),  # too large to be slight
        lambda a, b: ((a**2).sum() / 8, {"a": a / 4 + 1e-4}),  # what is added keeps nothing from 0
        lambda a, b: (np.log(b**2 / 9 + 1e-4).sum(), {"b": 2 * b / 9 / (b**2 / 9 + 1e-5)}),
        lambda a, b: (np.log(b**2 / 9 + 1e-4).sum(), {"b": 2 / (b + 1e-4)}),  # in another place
    ],
)
@pytest.mark.usefixtures("unsearched")
def test_a_number_of_a_gradient_excuses_nothing_else(wrong):
    assert "error" in {one.severity for one in gradtui.check(wrong, TOPS, BOTTOMS)}


def turned(a, b):
    one = safe_inverse(b)
    da = 2 * a * one**2
    db = 2 * a**2 * one**3
    return ((a / b) ** 2).sum(), {"a": da, "b": db}


def test_beside_a_mistake_only_what_it_leaves_right_is_excused():
    noted, found = sorted(gradtui.check(turned, TOPS, BOTTOMS), key=lambda one: one.target)
    assert (noted.target, noted.severity) == ("a", "info")
    assert (found.target, found.severity, found.rule) == ("b", "error", "sign")
    assert found.fix == "db = -2 * a**2 * one**3"


def embedded(sign):
    """A logarithm of what a bounded sigmoid gives, whose gradients ignore both."""

    def case(U, V):
        z = np.sum(U * V, axis=1)
        p = 1 / (1 + np.exp(-np.clip(z, -30, 30)))
        g = sign * p[:, None]
        return -np.sum(np.log(1 / (1 + np.exp(np.clip(z, -30, 30))) + 1e-10)), g * V, g * U

    return case


def test_beyond_a_bound_that_a_gradient_ignores_a_number_left_out_is_told_all_the_same():
    U, V = np.random.default_rng(3).normal(size=(2, 9, 4))
    found = gradtui.check(embedded(1), U=U, V=V)
    assert {one.severity for one in found} <= {"info", "warning"}
    assert "missing-term" in {one.rule for one in found}
    assert any(one.severity == "error" for one in gradtui.check(embedded(-1), U=U, V=V))
