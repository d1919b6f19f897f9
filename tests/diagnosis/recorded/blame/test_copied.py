"""A line copied from the one above whose indices still have its number, and the like."""

import numpy as np
import pytest

from planted import Planted, repaired

A = np.random.default_rng(3).normal(size=(4, 3, 3))


def of_diagonals(A):
    first, second, third = A[:, 0, 0], A[:, 1, 1], A[:, 2, 2]
    loss = np.sum(first**2 + 2 * second * third + third**3)
    d = np.zeros_like(A)
    first = A[:, 0, 0]
    second = A[:, 1, 1]
    third = A[:, 2, 2]
    d[:, 0, 0] = 2 * first
    d[:, 1, 1] = 2 * third
    d[:, 2, 2] = 2 * second + 3 * third**2
    return loss, d


def picked(a, b):
    d = 2 * a * b
    return np.sum(a**2 * b), np.array([d[0], d[1], d[2]]), a**2


class Value:
    def __init__(self, data, made=None):
        self.data, self.grad, self.made = data, 0.0, made

    def backward(self, grad):
        if self.made is not None:
            self.made.backward(self, grad)


class Sine:
    def __init__(self, one):
        self.one = one
        self.out = Value(np.sin(one.data), self)

    def backward(self, out, grad):
        grad = np.cos(self.one.data) * grad
        self.one.grad += grad
        self.one.backward(grad)


class Square:
    def __init__(self, one):
        self.one = one
        self.out = Value(one.data**2, self)

    def backward(self, out, grad):
        grad = 2 * self.one.data * grad
        self.one.grad += grad
        self.one.backward(grad)


class Curve:
    def __init__(self, one):
        self.one = one
        self.out = Value(np.tanh(one.data), self)

    def backward(self, out, coef):
        grad = (1 - out.data**2) * coef
        self.one.grad += grad
        self.one.backward(grad * 1.0)


def chained(a, b):
    first, last = Value(a), Value(b)
    top = Curve(Square(Sine(first).out).out).out
    other = Sine(last).out
    top.backward(other.data)
    other.backward(top.data)
    return np.sum(top.data * other.data), {"a": first.grad, "b": last.grad}


MISTAKES = [
    ("    third = A[:, 2, 2]", "    third = A[:, 1, 1]"),
    ("    second = A[:, 1, 1]", "    second = A[:, 2, 2]"),
    ("    first = A[:, 0, 0]", "    first = A[:, 1, 1]"),
]


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_its_number_is_told_throughout(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"A": A})
    text = planted.wrong(old, new)

    (found,) = planted.errors(text, "of_diagonals")

    assert (found.line, found.fix) == (planted.line(old), old.strip())
    assert "throughout the indices" in found.message
    assert planted.errors(repaired(text, found), "of_diagonals") == []


def test_a_line_is_like_those_of_other_functions(tmp_path):
    planted = Planted(__file__, tmp_path, {"a": A[0, 0], "b": A[1, 1]})
    text = planted.wrong("self.one.backward(grad * 1.0)", "self.one.backward(coef)")

    (found,) = planted.errors(text, "chained")

    assert (found.line, found.fix) == (
        planted.line("self.one.backward(grad * 1.0)"), "self.one.backward(grad)",
    )  # fmt: skip
    assert "as in lines like this of other functions" in found.message


def test_right_lines_are_silent(tmp_path):
    planted = Planted(__file__, tmp_path, {"A": A})
    assert planted.errors(planted.wrong("", ""), "of_diagonals") == []


def test_an_entry_of_another_array_than_those_beside_is_told(tmp_path):
    planted = Planted(__file__, tmp_path, {"a": np.arange(1.0, 4), "b": np.ones(3)})
    right = "np.array([d[0], d[1], d[2]])"

    (found,) = planted.errors(planted.wrong(right, right.replace("d[1]", "b[1]")), "picked")

    assert found.line == planted.line(right)
    assert found.fix == f"return np.sum(a**2 * b), {right}, a**2"
    assert found.message.endswith("b must be d, as in the entries beside")
