"""The names in scope at the lines that run."""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from gradtui.diagnosis.recorded.blame.scope import Held
from gradtui.diagnosis.recorded.blame.watch import Watched

Moments = namedtuple("Moments", ["mean", "spread"])
SEED, ROWS = 20_240_229, 4


def spread(moments):
    return 2 * moments.spread


def test_the_parts_of_a_named_tuple_are_known_by_their_names():
    watched = Watched((__file__,))

    watched.run(lambda: spread(Moments(np.zeros(3), np.ones((3, 2)))))

    scope = watched.scope(__file__, spread.__code__.co_firstlineno + 1)
    assert scope["moments.mean"] == Held((3,), "f")
    assert scope["moments.spread"] == Held((3, 2), "f")
    assert "moments[0]" not in scope


def test_seeds_and_what_python_itself_is_told_are_no_numbers_of_the_code():
    watched = Watched((__file__,))

    watched.run(lambda: spread(Moments(np.zeros(3), np.ones(ROWS))))

    scope = watched.scope(__file__, spread.__code__.co_firstlineno + 1)
    assert scope["ROWS"] == Held((), "i", 4)
    assert "SEED" not in scope
    assert not [name for name in scope if name.startswith("annotations")]


class Cell:
    def __init__(self):
        for at in range(60):
            setattr(self, f"z{at}", np.zeros(2))


def of_cell(cell):
    return cell.z0


def test_what_an_object_of_many_parts_keeps_is_known():
    watched = Watched((__file__,))

    watched.run(lambda: of_cell(Cell()))

    assert "cell.z59" in watched.scope(__file__, of_cell.__code__.co_firstlineno + 1)


class Layer:
    __slots__ = ("__scale", "later", "w")

    def __init__(self, w):
        self.w, self.__scale = w, 2.0

    def backward(self, d):
        self.w += 1
        return d * self.__scale


def test_what_slots_hold_is_known_and_copied():
    watched, layer = Watched((__file__,)), Layer(np.zeros(3))

    watched.run(lambda: layer.backward(np.ones(2)))

    first = Layer.backward.__code__.co_firstlineno + 1
    scope = watched.scope(__file__, first)
    assert (scope["self.w"].shape, scope["self.__scale"].value) == ((3,), 2.0)
    assert not watched.held[__file__, first][0]["self"].w.any()
    assert layer.w.all()


def decayed(gradients):
    for at in range(len(gradients)):
        gradients[at][1:] = gradients[at][1:] + 1
    return gradients


def test_what_an_array_of_arrays_holds_is_copied():
    watched, gradients = Watched((__file__,)), np.empty(2, dtype=object)
    gradients[:] = [np.zeros(2), np.zeros(3)]

    watched.run(lambda: decayed(gradients))

    first, second = watched.held[__file__, decayed.__code__.co_firstlineno + 2]
    assert not first["gradients"][0].any()
    assert second["gradients"][0].any()
    assert not second["gradients"][1].any()


class Bend:
    def __init__(self):
        self.out = np.zeros(2)

    def forward(self, x):
        self.out = self.bent(x)
        return self.out

    def backward(self, d):
        return d * self.slope()


class Tanh(Bend):
    def bent(self, x):
        return np.tanh(x)

    def slope(self):
        return 1 - self.out**2


class Sigmoid(Bend):
    def bent(self, x):
        return 1 / (1 + np.exp(-x))

    def slope(self):
        return self.out * (1 - self.out)


def of_gates(gate, candidate, cell):
    return gate.out + candidate.out + cell.z0


def test_objects_with_the_same_methods_are_of_one_kind():
    watched = Watched((__file__,))

    watched.run(lambda: of_gates(Sigmoid(), Tanh(), Cell()))

    scope = watched.scope(__file__, of_gates.__code__.co_firstlineno + 1)
    assert scope["gate"].kind == scope["candidate"].kind != scope["cell"].kind
