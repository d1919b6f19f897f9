"""What stands in parentheses without need has lost a term."""

import numpy as np
import pytest

from planted import Planted, told

RNG = np.random.default_rng(8)
ARRAYS = {"q": RNG.normal(size=(3, 4)), "k": RNG.normal(size=(5, 4)), "v": RNG.normal(size=(5, 2))}
R, FIXED = RNG.normal(size=(3, 2)), RNG.normal(size=(5, 2))
AIMS, SHARES = RNG.normal(size=(3, 5)), RNG.uniform(size=(3, 1))


def attention(q, k, v):
    s = q @ k.T
    p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    o = p @ v
    dv = p.T @ R
    dp = R @ v.T
    D = (R * o).sum(axis=1, keepdims=True)
    ds = p * (dp - D)
    return np.sum(o * R), {"q": ds @ k, "k": ds.T @ q, "v": dv}


def sampled(k, q):
    loss, dk, dq = 0.0, np.zeros_like(k), np.zeros_like(q)
    for t in range(3):
        y = 1 / (1 + np.exp(-(k[t] @ q[t])))
        loss = loss - np.log(y)
        dk[t] = q[t] * (y - 1)
        dq[t] = k[t] * (y - 1)
    return loss, dk, dq


def weighted(k, v):
    loss, dk, dv = 0.0, np.zeros_like(k), np.zeros_like(v)
    halves = 2 * v
    for j in range(5):
        loss = loss + (halves[j] @ FIXED[j]) * k[j].sum()
        dv[j, :] = 2 * (FIXED[j, :] * k[j].sum())
        dk[j, :] = np.sum((FIXED[j, :] * halves[j, :])[:, np.newaxis] * np.ones((2, 4)), axis=0)
    return loss, dk, dv


def regressed(q, k):
    y = q @ k.T
    d = (y - AIMS)  # fmt: skip
    d = d * SHARES
    return np.sum((y - AIMS) ** 2 * SHARES) / 2, d @ k, d.T @ q


def transported(q, k):
    given, reg = SHARES[0, 0], 0.7
    dq = given * np.outer(np.ones(3), k.sum(axis=0)) * (-reg)
    dk = given * np.outer(np.ones(5), q.sum(axis=0)) * (-reg)
    return -reg * given * np.sum(q @ k.T), {"q": dq, "k": dk}


MISTAKES = [
    ("d = (y - AIMS)", "d = (y)", "regressed"),
    (
        "(FIXED[j, :] * halves[j, :])[:, np.newaxis]",
        "(FIXED[j, :])[:, np.newaxis]",
        "weighted",
    ),
    ("ds = p * (dp - D)", "ds = p * (-D)", "attention"),
    ("ds = p * (dp - D)", "ds = p * (dp)", "attention"),
    ("dk[t] = q[t] * (y - 1)", "dk[t] = q[t] * (y)", "sampled"),
]


@pytest.mark.parametrize(("old", "new", "name"), MISTAKES)
def test_the_line_with_the_parentheses_is_told(tmp_path, old, new, name):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert told(planted, old, new, name) == (planted.line(old), [])


def test_a_name_in_parentheses_with_its_minus_is_no_likelier_wrong_than_another(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    own = "dk = given * np.outer(np.ones(5), q.sum(axis=0)) * (-reg)"
    (found,) = planted.errors(planted.wrong(own, own.replace("given", "reg")), "transported")
    assert (found.line, found.fix) == (planted.line(own), own)


@pytest.mark.parametrize("name", ["attention", "sampled", "transported", "weighted"])
def test_the_right_program_is_silent(tmp_path, name):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), name) == []
