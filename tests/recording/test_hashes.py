"""Sets of the user's objects, which have the same order in every run if one is asked for."""

from itertools import count

import numpy as np

import gradtui
from findings import line_of, only
from gradtui.recording.hashes import Numbered

ROUNDS = count()
RNG = np.random.default_rng(4)
X, W = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 3))


class Value:
    """A matrix that knows which ones it was made of, as in a small engine for gradients."""

    def __init__(self, data, made_of=()):
        self.data, self.grad, self.made_of = data, np.zeros_like(data), set(made_of)
        self.pass_back = lambda: None

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other))

        def pass_back():
            self.grad += out.grad
            other.grad += out.grad

        out.pass_back = pass_back
        return out

    def __matmul__(self, other):
        out = Value(self.data @ other.data, (self, other))

        def pass_back():
            self.grad += out.grad @ other.data.T
            other.grad = self.data.T @ out.grad

        out.pass_back = pass_back
        return out


def ordered(value, seen):
    if value in seen:
        return []
    seen.add(value)
    return [one for part in value.made_of for one in ordered(part, seen)] + [value]


def engine(W):
    weights, x, y = Value(W), Value(X), Value(X**2)
    spare = [Value(X), Value(X)]
    if next(ROUNDS) % 2:  # the next objects get their addresses, that of the last freed first
        spare.reverse()
    while spare:
        spare.pop()
    first, second = x @ weights, y @ weights
    total = first + second
    total.grad = np.ones_like(total.data)
    for one in reversed(ordered(total, set())):
        one.pass_back()
    return np.sum(total.data), {"W": weights.grad}


def test_a_gradient_that_is_overwritten_in_the_order_of_a_set_is_named():
    finding = only(gradtui.check(engine, W=W))
    assert finding.line == line_of(Value.__matmul__, 5)
    assert finding.fix == "other.grad += self.data.T @ out.grad"
    assert "__hash__" not in vars(Value)


def test_objects_are_hashed_alike_in_every_run_unless_they_are_older():
    older = Value(X)
    known = {older: "older"}
    numbered = Numbered(engine)
    try:
        rounds = []
        for _ in range(2):
            numbered.begin()
            values = [Value(X) for _ in range(3)]
            rounds.append([hash(one) for one in values])
        assert rounds[0] == rounds[1]
        assert known[older] == "older"
    finally:
        numbered.put_back()
    assert known[older] == "older" and "__hash__" not in vars(Value)


def test_what_is_spared_is_walked_only_if_a_class_is(monkeypatch):
    walks, names = [], {}
    exec("class Young: pass\ndef case(): return {Young()}", names)
    monkeypatch.setattr("gradtui.recording.hashes.gc.unfreeze", lambda: walks.append(None))
    Numbered(names["case"]).put_back()
    assert not walks
