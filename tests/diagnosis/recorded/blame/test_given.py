"""What calls of one function hand to it, and edits that make one of them unlike the others."""

import ast

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.given import crossed, hands_unlike
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from planted import Planted


def slope(z, by=None):
    return z


def push(z, by):
    return z


def back(layer, zs, activations, force, d):
    for t in range(3):
        d = d * slope(zs[t], d)
    first = d * slope(zs[-1], activations)
    force = push(force, d)
    d = -d * layer.push(zs)
    force = push(force, d)
    return first, force


class Synapse:
    def __init__(self, W):
        self.W, self.speed = W, np.zeros(W.shape)

    def back(self, y, error, rate, momentum):
        back = error @ self.W.T
        self.adjust(y, error, rate, momentum)
        return back

    def adjust(self, y, error, rate, momentum):
        self.speed = momentum * self.speed + rate * (y.T @ error)
        self.W = self.W - self.speed


def step(W, x):
    synapse = Synapse(W)
    out = x @ W
    dx = synapse.back(x, out, 1.0, 0.3)
    return 0.5 * np.sum(out**2), {"W": W - synapse.W, "x": dx}


MISTAKES = [("self.adjust(y, error, rate, momentum)", "self.adjust(y, error, momentum, rate)")]


def test_arguments_go_to_the_parameters_of_their_names(tmp_path):
    rng = np.random.default_rng(2)
    arrays = {"W": rng.normal(size=(3, 2)), "x": rng.normal(size=(4, 3))}
    planted = Planted(__file__, tmp_path, arrays)
    ((right, mistaken),) = MISTAKES

    (found,) = planted.errors(planted.wrong(right, mistaken), "step")

    assert (found.line, found.fix) == (planted.line(f"        {right}"), right)


@pytest.mark.parametrize(
    ("call", "names"),
    [
        ("scale(b, a)", [("b", "a")]),
        ("scale(a, b)", []),
        ("scale(a, a)", []),
        ("one.turn(w.c, w.b, a)", [("w.c", "w.b")]),
        ("other(b, a)", []),
        ("scale(2 * b, a)", []),
        ("one.back(ds, dh)", [("ds", "dh")]),
        ("one.back(dh, ds)", []),
        ("one.back(ds, ds)", []),
        ("one.back(h, s)", []),
    ],
)
def test_neighbours_are_crossed_if_each_has_the_name_of_the_other(call, names):
    file = "def scale(a, b): pass\nclass One:\n    def turn(self, b, c, a=1): pass\n"
    file += "    def back(self, next_dh, next_ds): pass\n"
    (node,) = (one for one in ast.walk(ast.parse(call)) if isinstance(one, ast.Call))

    found = [tuple(map(ast.unparse, pair)) for pair in crossed(ast.parse(file), node)]

    assert found == names


@pytest.mark.parametrize(
    ("line", "old", "new", "unlike"),
    [
        ("slope(zs[-1]", "zs[-1]", "activations", True),
        ("slope(zs[-1]", "zs[-1]", "zs[0]", False),  # the same, of another round
        ("slope(zs[-1]", "slope", "push", False),  # another function
        ("slope(zs[-1]", "activations", "d", False),  # as the other one
        ("layer.push(zs)", "zs", "-zs", False),  # the others hand over something else
        ("slope(zs[-1]", "d * slope", "-d * slope", False),
    ],
)
def test_a_call_hands_over_what_no_other_does(line, old, new, unlike):
    unit = Unit(back.__code__, [back])
    (own,) = (one for one in unit.node.body if line in unit.text(one))
    start = unit.source.index(old.encode(), unit.start(own))

    assert hands_unlike(unit, own, [Edit(start, start + len(old), new)]) is unlike
