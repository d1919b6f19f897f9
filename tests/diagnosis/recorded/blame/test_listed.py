"""What each round passes on in a list is taken into account, in whatever order it comes."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(7)
ARRAYS = {"E": RNG.normal(size=(4, 3)), "W": RNG.normal(size=(3, 3)), "V": RNG.normal(size=(3, 3))}
WORDS = [1, 0, 1, 3]


def run(xs, W):
    h, hs = np.zeros(3), []
    for x in xs:
        h = np.tanh(x + W @ h)
        hs.append(h)
    return hs


def back(dhs, hs, W):
    dW, dxs, dnext = np.zeros((3, 3)), [None] * 4, np.zeros(3)
    for t in range(4)[::-1]:
        d = dhs[t] + dnext
        dz = d * (1 - hs[t] ** 2)
        dxs[t] = dz
        if t > 0:
            dW += np.outer(dz, hs[t - 1])
        dnext = W.T @ dz
    return dW, dxs


def both(E, W, V):
    xs, size = [E[word] for word in WORDS], len(WORDS)
    left, right = run(xs, W), run(xs[::-1], V)
    score = sum(left + right).sum()
    dhs = [-np.sin(score) * np.ones(3)] * size
    dW, dleft = back(dhs, left, W)
    dV, dright = back(dhs, right, V)
    dE = np.zeros_like(E)
    for t in range(size):
        dE[WORDS[t]] += dleft[t] + dright[size - 1 - t]
    return np.cos(score), {"E": dE, "W": dW, "V": dV}


def logistic(W):
    p = 1 / (1 + np.exp(-np.sum(W[0] * W[1])))
    dz = p - 1
    dW = np.zeros_like(W)
    dW[0], dW[1] = dz * W[1], dz * W[0]
    return -np.log(p), {"W": dW}


MISTAKES = [
    (both, "dleft[t] + dright[size - 1 - t]", "dleft[t]", "dE[WORDS[t]] += dleft[t] + dright[size"),
    (both, "d = dhs[t] + dnext", "d = dhs[t]", "d = dhs[t] + dnext"),
    (logistic, "dz = p - 1", "dz = p", "dz = p - 1"),
]


@pytest.mark.parametrize(("function", "old", "new", "fix"), MISTAKES)
def test_the_term_that_was_forgotten_is_told(function, old, new, fix, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at) and found.fix.startswith(fix)
    assert planted.errors(repaired(wrong, found), function.__name__) == []


@pytest.mark.parametrize("function", [both, logistic])
def test_the_programs_are_sound(function, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    assert planted.errors(planted.wrong("", ""), function.__name__) == []
