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


def of_sum(d):
    return d, d


def of_product(d, one, two):
    return d * two, d * one


class Slopes:
    def __init__(self):
        self.left, self.right = np.zeros(4), np.zeros(4)

    def backward(self, d, a, b, c):
        one, two = of_sum(d)
        self.left += one
        self.right += two
        da, db = of_product(self.left, a, b)
        more, dc = of_product(self.right, b, c)
        return da, db + more, dc


def kept(a, b, c):
    y = a * b + b * c
    da, db, dc = Slopes().backward(2 * y, a, b, c)
    return np.sum(y**2), {"a": da, "b": db, "c": dc}


def leaky(v):
    return v if v > 0 else 0.15 * v


def slope(v):
    return 1.0 if v > 0 else 0.15


def one_by_one(a):
    h = np.array([leaky(v) for v in a])
    return np.sum(h**2), {"a": 2 * h * np.array([slope(v) for v in a])}


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


def test_what_an_object_keeps_is_repaired_not_left_unused(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong("self.right += two", "self.right -= two")

    (found,) = planted.errors(wrong, "kept")

    assert found.line == planted.line("self.right += two")
    assert planted.errors(repaired(wrong, found), "kept") == []


def test_a_number_that_a_function_only_returns_is_the_one_of_the_forward_pass(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    old = "return 1.0 if v > 0 else 0.15"

    (found,) = planted.errors(planted.wrong(old, old.replace("0.15", "0.51")), "one_by_one")

    assert (found.line, found.fix) == (planted.line(old), old)
