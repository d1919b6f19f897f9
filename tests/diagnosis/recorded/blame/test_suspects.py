"""A line whose result nothing uses may be the one that a gradient lacks."""

import numpy as np
import pytest

from planted import Planted

RNG = np.random.default_rng(4)
ARRAYS = {"w": RNG.normal(size=4)}
SQUARES = RNG.normal(size=(3, 3)) ** 2


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


def pick(one, at):
    def back(dy):
        np.add.at(one.grad, at, dy)

    out = Value(one.data[at])
    return out, back


def scaled(w):
    return tape(w, scale, 3.0)


def picked(w):
    return tape(w, pick, np.array([3, 0, 1, 1]))


def tape(w, make, by):
    one = Value(w)
    bent, first = sine(one)
    out, second = make(bent, by)
    out.grad += 2 * out.data
    second(out.grad)
    first(bent.grad)
    return np.sum(out.data**2), {"w": one.grad}


def covered(w):
    covers, ends = np.exp(w[0]) * SQUARES, np.exp(w[1]) * np.eye(3)
    slopes = np.empty(4)
    slopes[0] = np.sum(covers)
    slopes[-1] = 0.5 * np.exp(w[3])
    for i in range(2):
        slopes[i + 1] = np.trace(ends) if i == 0 else np.cos(w[2])
    loss = covers.sum() + np.trace(ends) + np.sin(w[2]) + 0.5 * np.exp(w[3])
    return loss, {"w": slopes}


MISTAKES = [
    (scaled, "one.grad += k", "out.grad += k"),
    (picked, "np.add.at(one.grad", "np.add.at(out.grad"),
]


@pytest.mark.parametrize(("function", "right", "wrong"), MISTAKES)
def test_what_is_added_to_a_sum_that_nothing_reads_may_belong_to_another_one(
    function, right, wrong, tmp_path
):
    planted = Planted(__file__, tmp_path, ARRAYS)

    (found,) = planted.errors(planted.wrong(right, wrong), function.__name__)

    assert found.fix.startswith(right)


def test_what_another_line_overwrites_may_belong_to_another_entry(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    right = "slopes[0] = np.sum(covers)"
    wrong = planted.wrong(right, "slopes[1] = np.sum(covers)")
    (found,) = planted.errors(wrong, "covered")
    assert (found.line, found.fix) == (planted.line(right), right)
