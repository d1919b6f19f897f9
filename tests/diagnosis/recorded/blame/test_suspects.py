"""A line whose result nothing uses may be the one that a gradient lacks."""

import numpy as np

from planted import Planted

ARRAYS = {"w": np.random.default_rng(4).normal(size=4)}


class Value:
    def __init__(self, data):
        self.data, self.grad = data, np.zeros_like(data)


def sine(one):
    def back(dy):
        one.grad += dy * np.cos(one.data)

    return Value(np.sin(one.data)), back


def scale(one, k):
    def back(dy):
        one.grad += k * dy

    out = Value(k * one.data)
    return out, back


def tape(w):
    one = Value(w)
    bent, first = sine(one)
    out, second = scale(bent, 3.0)
    out.grad += 2 * out.data
    second(out.grad)
    first(bent.grad)
    return np.sum(out.data**2), {"w": one.grad}


MISTAKES = [("one.grad += k", "out.grad += k")]


def test_what_is_added_to_a_sum_that_nothing_reads_may_belong_to_another_one(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    ((right, wrong),) = MISTAKES

    (found,) = planted.errors(planted.wrong(right, wrong), "tape")

    assert found.fix == "one.grad += k * dy"
