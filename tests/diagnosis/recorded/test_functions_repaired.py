"""What is wrong in a function is repaired there, not by calling another one in its place."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(53)
ARRAYS = {"a": RNG.normal(size=4), "b": RNG.normal(size=4), "c": RNG.normal(size=4)}


def shares(z):
    p = np.exp(z - z.max())
    return p / p.sum()


def by_scores(p, k):
    d = p.copy()
    d[k] -= 1
    return d


def by_shares(p, k):
    d = np.zeros(len(p))
    for i in range(len(p)):
        if i == k:
            d[i] -= np.sqrt(p[i])
        d[i] *= p[i] ** -1.5
    return d


def by_chain(p, k):
    d = np.zeros(len(p))
    for i in range(len(p)):
        if i == k:
            d[i] -= p[i]
        d[i] /= p[i] ** 2
    return p * (d - np.sum(d * p))


def thrice(a, b, c):
    p, q, r = shares(a), shares(b), shares(c)
    loss = -np.log(p[1]) - np.log(q[2]) - np.log(r[0])
    da = by_scores(p, 1)
    db = by_chain(q, 2)
    dr = by_shares(r, 0)
    dc = r * (dr - np.sum(dr * r))
    return loss, {"a": da, "b": db, "c": dc}


MISTAKES = [
    ("d[i] /= p[i] ** 2", "d[i] /= p[i]"),
    ("d[i] *= p[i] ** -1.5", "d[i] *= p[i] ** -0.5"),
]


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_the_line_is_named_and_its_fix_makes_the_program_right(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, "thrice")

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), "thrice") == []
