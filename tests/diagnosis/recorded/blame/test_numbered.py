"""A number that a name has elsewhere, and that it lacks where no factor behind it is the same."""

import numpy as np

from planted import Planted

RNG = np.random.default_rng(7)
ARRAYS = {"w": RNG.normal(size=3), "A": RNG.normal(size=(3, 3))}
DT = 0.3


def step(x, A):
    k = np.tanh(A @ x)
    return x + (DT / 6) * k


def back(x, A, d):
    k = np.tanh(A @ x)
    return d + A.T @ ((DT / 6) * d * (1 - k**2))


def rolled(w, A):
    states = [w]
    for _ in range(3):
        states.append(step(states[-1], A))
    d = 2 * states[-1]
    for x in states[-2::-1]:
        d = back(x, A, d)
    return np.sum(states[-1] ** 2), {"w": d}


MISTAKES = [("A.T @ ((DT / 6) * d", "A.T @ (DT * d")]


def test_the_number_is_put_back(tmp_path):
    planted = Planted(__file__, tmp_path, {"w": ARRAYS["w"], "A": ARRAYS["A"]})
    ((right, wrong),) = MISTAKES
    at = planted.line(right)

    found = [one for one in planted.errors(planted.wrong(right, wrong), "rolled") if one.fix]

    assert (found[0].line, found[0].fix) == (at, "return d + A.T @ (DT / 6 * d * (1 - k**2))")
