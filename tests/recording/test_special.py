"""Derivatives of SciPy's special functions, in published numbers, then by central differences."""

import math

import numpy as np
import pytest
from scipy import special
from scipy.special import digamma, gammaln

import gradtui
from findings import line_of, only
from gradtui.recording.slopes import slopes
from gradtui.recording.special import BACKS
from gradtui.recording.tape import Call
from recorded_gradients import assert_known, gradient, recorded

GAMMA = 0.5772156649015329
"""Euler's constant."""
SHARES = np.array([[0.2, 0.7], [0.4, 0.9], [0.55, 0.3]])
LARGE = SHARES > 0.8
"""Of the middle row alone, the second element."""
PUBLISHED = {
    "digamma(1)": (special.gammaln, 1.0, -GAMMA),
    "trigamma(1)": (special.psi, 1.0, math.pi**2 / 6),
    "gamma'(2)": (special.gamma, 2.0, 1 - GAMMA),
    "2/3 + 2 log 2": (lambda a: special.beta(a, 1.0), 0.5, -4.0),
    "bell of 0": (special.ndtr, 0.0, 1 / math.sqrt(2 * math.pi)),
    "inverse Mills ratio of 0": (special.log_ndtr, 0.0, math.sqrt(2 / math.pi)),
    "inverse of the bell": (special.ndtri, 0.5, math.sqrt(2 * math.pi)),
    "inverse of erf": (special.erfinv, 0.0, math.sqrt(math.pi) / 2),
    "I1(1)": (special.i0, 1.0, 0.5651591039924850),
    "-J1(1)": (special.j0, 1.0, -0.4400505857449335),
    "logit'(1/4)": (special.logit, 0.25, 16 / 3),
    "entropy at 1/e": (special.entr, 1 / math.e, 0.0),
    "0 log of 1/2": (lambda a: special.xlogy(0.0, a), 0.5, 0.0),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_slope_is_the_published_one(name):
    function, at, published = PUBLISHED[name]
    assert gradient(function, np.array(at)) == pytest.approx(published, rel=1e-14, abs=1e-15)


ORDERED = ("gammainc", "gammaincc", "iv", "ive", "jv", "kv", "kve")
"""Functions of an order, or shape, by which they have no derivative here."""
FUNCTIONS = {
    **{name: getattr(special, name) for name in BACKS
       if name not in ORDERED and getattr(special, name).nin == 1},
    **{name: lambda a, name=name: getattr(special, name)(a[:, :1], a) for name in BACKS
       if name not in ORDERED and getattr(special, name).nin == 2},
    **{name: lambda a, name=name: getattr(special, name)(1.5, a + 0.2) for name in ORDERED},
    "expit": special.expit, "log_expit": special.log_expit, "erfc": special.erfc,
    "pseudo_huber": lambda a: special.pseudo_huber(0.7, a),
    "polygamma": lambda a: special.polygamma(1, a),
    "logsumexp": lambda a: special.logsumexp(a, axis=1, keepdims=True) * a,
    "logsumexp of all": lambda a: special.logsumexp(a),
    "logsumexp of nothing": lambda a: np.where(LARGE[:, 1:], special.logsumexp(
        np.where(LARGE, a, -np.inf), axis=1, keepdims=True), a),
    "weights of 0": lambda a: special.logsumexp(a + np.array([0, 800]), axis=1, b=[[2.0, 0.0]]),
    "weighted logsumexp": lambda a: special.logsumexp(a, axis=0, b=np.array([[0.5, 2.0]])),
    "softmax": lambda a: special.softmax(a, axis=1), "softmax of all": lambda a: special.softmax(a),
    "log_softmax": lambda a: special.log_softmax(a, axis=-1),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_known(name):
    assert_known(FUNCTIONS[name], SHARES)


def test_a_slope_by_the_order_comes_from_differences():
    found = gradient(lambda a: special.gammainc(a, 1.0), np.array(1.0))
    step = 1e-5
    expected = (special.gammainc(1 + step, 1.0) - special.gammainc(1 - step, 1.0)) / (2 * step)
    assert found == pytest.approx(expected, rel=1e-6)


def test_an_adjoint_of_zero_contributes_nothing_where_a_slope_is_infinite():
    found = gradient(lambda a: np.where(a > 1, special.ndtri(a), a), np.array(0.0))
    assert found == 1


@pytest.mark.parametrize("function", [special.gammaln, np.linalg.inv])
def test_a_slope_on_the_screen_is_the_known_one(function):
    a = np.array([[2.0, 1.0], [1.0, 3.0]])
    result = recorded(function, a)
    (call,) = [one for one in result.tape.nodes if isinstance(one, Call)]

    found = slopes(call, [a], 0)

    inverse = np.linalg.inv(a)
    expected = special.psi(a) if call.elementwise else -np.kron(inverse, inverse.T)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def negative_binomial(r):
    """Three failures at odds r; its gradient has one function for another's derivative."""
    loss = gammaln(r) - gammaln(3 + r) - r * np.log(r / (r + 2)) + 3 * np.log(r + 2)
    slope = gammaln(r) - digamma(3 + r) - np.log(r / (r + 2)) - 1 + (r + 3) / (r + 2)
    return loss, {"r": slope}


def test_a_function_that_is_imported_alone_may_be_the_mistake():
    finding = only(gradtui.check(negative_binomial, r=2.3))
    assert finding.line == line_of(negative_binomial, 3)
    assert finding.fix.startswith("slope = digamma(r) - digamma(3 + r)")
