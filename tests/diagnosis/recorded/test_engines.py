"""Mistakes in the small engines with which many learn how gradients flow back."""

import math

import numpy as np
import pytest

from planted import Planted, repaired

W = np.random.default_rng(7).normal(size=(2, 3))


class Number:
    def __init__(self, data, made_of=()):
        self.data, self.made_of = data, set(made_of)
        self.grad = 0
        self.pass_back = lambda: None

    def __add__(self, other):
        out = Number(self.data + other.data, (self, other))

        def pass_back():
            self.grad += out.grad
            other.grad += out.grad

        out.pass_back = pass_back
        return out

    def __mul__(self, other):
        out = Number(self.data * other.data, (self, other))

        def pass_back():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.pass_back = pass_back
        return out

    def tanh(self):
        t = math.tanh(self.data)
        out = Number(t, (self,))

        def pass_back():
            self.grad += (1 - t**2) * out.grad

        out.pass_back = pass_back
        return out

    def backward(self):
        order, seen = [], set()

        def visit(one):
            if one not in seen:
                seen.add(one)
                for part in one.made_of:
                    visit(part)
                order.append(one)

        visit(self)
        self.grad = 1
        for one in reversed(order):
            one.pass_back()


def net(W):
    rows = [[Number(float(one)) for one in row] for row in W]
    first, second = ((row[0] * Number(0.7) + row[1] * row[2]).tanh() for row in rows)
    loss = first * second + first
    loss.backward()
    return loss.data, {"W": np.array([[one.grad for one in row] for row in rows], float)}


MISTAKES = [
    ("(1 - t**2) * out.grad", "(1 + t**2) * out.grad"),
    ("(1 - t**2) * out.grad", "(1 - t**2)"),
    ("(1 - t**2) * out.grad", "(1 - t**2) * self.grad"),
    ("self.grad += other.data * out.grad", "self.grad += out.data * out.grad"),
    ("other.grad += self.data * out.grad", "other.grad += self.data * self.grad"),
    ("self.grad += other.data * out.grad", "self.grad = other.data * out.grad"),
]


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_the_line_of_a_function_made_inside_another_is_repaired(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"W": W})
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, "net")

    assert found.line == planted.line(old)
    assert planted.errors(repaired(wrong, found), "net") == []


def test_the_engine_is_sound(tmp_path):
    planted = Planted(__file__, tmp_path, {"W": W})
    assert planted.errors(planted.wrong("", ""), "net") == []
