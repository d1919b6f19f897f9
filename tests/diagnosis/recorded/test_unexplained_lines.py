"""The line that is named if no edit repairs a gradient."""

import numpy as np

import gradtui
from findings import line_of

RNG = np.random.default_rng(37)
A = RNG.normal(size=(3, 4))
DRAWN = RNG.normal(size=(8, 3))


def sent_back(h):
    mixed = np.cos(1.3 * h**3 + 0.7)
    return mixed @ A.T


def calls_it(X):
    z = X @ A
    h = z / (1 + z**4)
    loss = np.sum(np.cosh(h))
    dx = 2.0 * sent_back(h)
    return loss, {"X": dx}


def test_it_is_where_right_values_end_though_the_caller_computes_too():
    (finding,) = gradtui.check(calls_it, X=RNG.normal(size=(2, 3)))

    assert finding.rule == "unexplained"
    assert finding.line == line_of(sent_back, 1)


def forgets_to_go_on(mu, rho):
    s = np.log1p(np.exp(rho))
    z = mu + s * DRAWN
    dz = (np.cos(z) * z + np.sin(z)) / len(DRAWN)
    ds = (dz * DRAWN).sum(axis=0)
    return (np.sin(z) * z).sum(axis=1).mean(), {"mu": dz.sum(axis=0), "rho": ds}


def test_a_right_gradient_of_another_value_is_named_where_it_is_returned():
    (finding,) = gradtui.check(forgets_to_go_on, mu=A[0, :3], rho=A[1, :3])

    assert (finding.target, finding.line) == ("rho", line_of(forgets_to_go_on, 5))
    first = line_of(forgets_to_go_on, 1)
    assert finding.message.endswith(f": it is the gradient of what line {first} computes")


def of_sine(at):
    return np.cos(1.3 * at**3 + 0.7)


def of_two_sines(a, b):
    return np.sin(a) + np.sin(b), {"a": of_sine(a), "b": of_sine(b)}


def test_several_gradients_wrong_at_one_place_are_one_finding():
    (finding,) = gradtui.check(of_two_sines, a=0.5, b=-1.2)

    assert finding.evidence["gradients"] == ["a", "b"]
