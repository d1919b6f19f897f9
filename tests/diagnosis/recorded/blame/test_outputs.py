"""A call that writes into an argument is not repaired by making it write elsewhere."""

import ast
from types import SimpleNamespace

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.outputs import misdirects
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from planted import Planted, repaired

RNG = np.random.default_rng(19)
X, T = RNG.normal(size=(3, 6)), RNG.normal(size=(2, 6))
ARRAYS = {"U": 0.6 * RNG.normal(size=(4, 3)), "V": 0.6 * RNG.normal(size=(2, 4))}


class Tanh:
    @classmethod
    def value(cls, z):
        return np.tanh(z)

    @classmethod
    def slope(cls, z, y, into):
        into[:] = 1 - np.square(y)


class Straight:
    @classmethod
    def value(cls, z):
        return z

    @classmethod
    def slope(cls, z, y, into):
        into[:] = 1.0


KINDS = {"tanh": Tanh, "straight": Straight}


class Kept:
    def __init__(self, layers):
        self.z, self.y, self.slopes, self.dy = ([None] * layers for _ in range(4))


def forward(kinds, weights, kept):
    kept.y[0] = X
    for layer in range(1, len(kinds)):
        kept.z[layer] = weights[layer] @ kept.y[layer - 1]
        g = KINDS[kinds[layer]]
        kept.y[layer] = g.value(kept.z[layer])
        kept.slopes[layer] = np.empty_like(kept.z[layer])
        g.slope(kept.z[layer], kept.y[layer], kept.slopes[layer])


def step_back(layer, kinds, weights, kept, grads):
    own = layer
    before = layer - 1
    g = KINDS[kinds[own]]
    g.slope(kept.z[own], kept.y[own], kept.slopes[own])
    back = kept.dy[own] * kept.slopes[own]
    grads[own] = back @ kept.y[before].T
    kept.dy[before] = weights[own].T @ back


def layered(U, V):
    kinds, weights, grads = ["tanh", "tanh", "straight"], [None, U, V], [None] * 3
    kept = Kept(3)
    forward(kinds, weights, kept)
    kept.dy[2] = kept.y[2] - T
    for layer in (2, 1):
        step_back(layer, kinds, weights, kept, grads)
    return 0.5 * np.sum((kept.y[2] - T) ** 2), grads[1], grads[2]


def times(a, b, product):
    product[:] = a * b


def buffered(U):
    value, slope, back = np.zeros((3, 4, 6))
    z = U @ X
    times(z, np.cos(z), value)
    times(z, np.sin(z), slope)
    times(value, np.cos(z) - slope, back)
    return 0.5 * np.sum(value**2), back @ X.T


def swayed(z, slope, value, spare):
    Tanh.slope(z, np.tanh(z), slope)
    np.sin(z + 1.0, out=value)
    return slope * value


MISTAKES = [
    ("layered", "g = KINDS[kinds[own]]", "g = KINDS[kinds[before]]"),
    ("buffered", "times(z, np.sin(z), slope)", "times(z, np.sin(z), back)"),
]

EDITS = [
    (0, "slope", "spare", True),
    (0, "slope", "-slope", True),
    (0, "slope", "value", False),
    (0, "np.tanh(z)", "spare", False),
    (1, "value", "spare", True),
    (1, "z + 1.0", "spare", False),
]


@pytest.mark.parametrize(("line", "old", "new", "elsewhere"), EDITS)
def test_a_call_is_told_to_write_where_nothing_else_reads(line, old, new, elsewhere):
    unit = Unit(swayed.__code__, [swayed])
    node = unit.node.body[line]
    given = [*node.value.args, *(one.value for one in node.value.keywords)]
    (own,) = (one for one in given if ast.unparse(one) == old)
    edit = Edit(unit.start(own), unit.end(own), new)
    statement = SimpleNamespace(unit=unit, node=node, locals={})

    assert misdirects(statement, [edit]) == elsewhere


@pytest.mark.parametrize(("name", "right", "wrong"), MISTAKES)
def test_what_a_call_writes_stays_where_other_lines_read_it(name, right, wrong, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(right, wrong)

    (found,) = planted.errors(text, name)

    assert found.line == planted.line(right)
    assert planted.errors(repaired(text, found), name) == []


@pytest.mark.parametrize("name", ["layered", "buffered"])
def test_the_programs_are_right(name, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    assert planted.errors(planted.wrong("", ""), name) == []
