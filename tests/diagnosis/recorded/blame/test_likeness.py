"""Mistakes in code that stands beside code of the same form, and what that tells of them."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.likeness import likenesses
from gradtui.diagnosis.recorded.blame.scope import Held
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.recording.library import NUMPY
from planted import Planted, repaired

RNG = np.random.default_rng(0)
P, Q = RNG.normal(size=(4, 2)), RNG.normal(size=(3, 2))
SEEN = RNG.normal(size=(4, 3))
GRID = RNG.normal(size=(5, 5))
ANGLES = RNG.normal(size=2)
COSTS = RNG.random((2, 2))
LEVELS = RNG.normal(size=5)


def factors(P, Q):
    loss, dP, dQ = 0.0, np.zeros_like(P), np.zeros_like(Q)
    for i in range(len(P)):
        for j in range(len(Q)):
            e = P[i] @ Q[j] - SEEN[i, j]
            loss += e**2 / 2 + 0.1 * (P[i] @ P[i] + Q[j] @ Q[j])
            dP[i] += e * Q[j] + 0.2 * P[i]
            dQ[j] += e * P[i] + 0.2 * Q[j]
    return loss, (dP, dQ)


def slanted(GRID, scale=0.3):
    across, down = GRID[:, 1:] - GRID[:, :-1], GRID[1:] - GRID[:-1]
    size = np.sqrt(across[:-1] ** 2 + down[:, :-1] ** 2 + 0.1)
    left = scale * across[:-1] / size
    up = scale * down[:, :-1] / size
    d = np.zeros_like(GRID)
    d[:-1, 1:] += left
    d[:-1, :-1] -= left
    d[1:, :-1] += up
    d[:-1, :-1] -= up
    return scale * np.sum(size), d


def turn(a):
    return np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])


def slope_of_turn(a):
    return np.array([[-np.sin(a), -np.cos(a)], [np.cos(a), -np.sin(a)]])


def turned_twice(ANGLES):
    a, b = ANGLES
    far = turn(a) @ np.diag([2.0, 1.0]) @ turn(b) @ np.array([1.0, 0.5])
    d = np.zeros(2)
    d[0] = np.sum(slope_of_turn(a) @ np.diag([2.0, 1.0]) @ turn(b) @ np.array([1.0, 0.5]))
    d[1] = np.sum(turn(a) @ np.diag([2.0, 1.0]) @ slope_of_turn(b) @ np.array([1.0, 0.5]))
    return np.sum(far), d


def soft_paths(COSTS):
    n = len(COSTS)
    soft = np.full((n + 2, n + 2), 30.0)
    soft[0, 0] = 0
    for i in range(1, n + 1):
        for j in range(1, n + 1):
            near = np.exp(-soft[i - 1, j] / 2) + np.exp(-soft[i, j - 1] / 2)
            near += np.exp(-soft[i - 1, j - 1] / 2)
            soft[i, j] = COSTS[i - 1, j - 1] - 2 * np.log(near)
    d = np.zeros((n + 2, n + 2))
    d[n, n] = 1
    for i in range(n, 0, -1):
        for j in range(n, 0, -1):
            free = soft[i, j]
            if i < n:
                d[i, j] += d[i + 1, j] * np.exp((soft[i + 1, j] - COSTS[i, j - 1] - free) / 2)
            if j < n:
                d[i, j] += d[i, j + 1] * np.exp((soft[i, j + 1] - COSTS[i - 1, j] - free) / 2)
            if i < n and j < n:
                d[i, j] += d[i + 1, j + 1] * np.exp((soft[i + 1, j + 1] - COSTS[i, j] - free) / 2)
    return soft[n, n], d[1:-1, 1:-1]


def bent_at(P):
    one, two = P[0] - P[1], P[2] - P[1]
    r11, r22, r12 = one @ one, two @ two, one @ two
    cosine = r12 / np.sqrt(r11 * r22)
    d = np.zeros_like(P)
    k11, k22, k12 = cosine / r11, cosine / r22, 1 / np.sqrt(r11 * r22)
    f1 = k12 * two - k11 * one
    f2 = k12 * one - k22 * two
    d[0], d[2] = f1, f2
    d[1] = -f1 - f2
    return cosine, d


def by_cases(LEVELS):
    n, first = len(LEVELS), 0
    loss, d = 0.0, np.zeros(n)
    for i in range(n):
        at = first if i % 2 == 0 else (i + 1) // 2
        loss += LEVELS[i] * LEVELS[at] ** 2
    share = np.zeros(n)
    for i in range(n):
        if i % 2 == 0:
            d[first] += 2 * LEVELS[i] * LEVELS[first]
            share[i] = LEVELS[first] ** 2
        else:
            d[(i + 1) // 2] += 2 * LEVELS[i] * LEVELS[(i + 1) // 2]
            share[i] = LEVELS[(i + 1) // 2] ** 2
    return loss, d + share


class Affine:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, d):
        self.dw, self.db = self.x.T @ d, d.sum(0)
        return d @ self.w.T


class Stack:
    def __init__(self, layers):
        self.layers = layers

    def gradients(self, x):
        for layer in self.layers.values():
            x = layer.forward(x)
        d = 2 * x
        for layer in reversed(self.layers.values()):
            d = layer.backward(d)
        found = {}
        found["V"], found["a"] = self.layers["first"].dw, self.layers["first"].db
        found["W"], found["b"] = self.layers["last"].dw, self.layers["last"].db
        return np.sum(x**2), found


def of_layers(V, a, W, b):
    return Stack({"first": Affine(V, a), "last": Affine(W, b)}).gradients(SEEN)


MISTAKES = [
    (bent_at, "f1 = k12 * two - k11 * one", "f1 = k12 * two"),
    (bent_at, "f2 = k12 * one - k22 * two", "f2 = k22 * two"),
    (by_cases, "share[i] = LEVELS[first] ** 2", "share[i] = LEVELS[first]"),
    (by_cases, "share[i] = LEVELS[first] ** 2", "share[i] = 2"),
    (factors, "dQ[j] += e * P[i] + 0.2 * Q[j]", "dQ[j] += e * P[i] + 0.2"),
    (factors, "dQ[j] += e * P[i] + 0.2 * Q[j]", "dQ[j] += 0.2 * Q[j]"),
    (factors, "dP[i] += e * Q[j] + 0.2 * P[i]", "dP[i] += e * Q[j]"),
    (slanted, "up = scale * down[:, :-1] / size", "up = size * down[:, :-1] / size"),
    (slanted, "up = scale * down[:, :-1] / size", "up = scale * down[:, :-1]"),
    (turned_twice, "d[0] = np.sum(slope_of_turn(a) @", "d[0] = np.sum(turn(a) @"),
    (turned_twice, "[-np.sin(a), -np.cos(a)]", "[-np.sin(a), np.cos(a)]"),
    (soft_paths, "COSTS[i, j - 1] - free) / 2)", "COSTS[i, j - 1] - free))"),
    (soft_paths, "COSTS[i - 1, j] - free) / 2)", "COSTS[i - 1, j]) / 2)"),
    (soft_paths, "COSTS[i - 1, j] - free) / 2)", "COSTS[i - 1, j] - free) / 3)"),
    (soft_paths, "d[i, j + 1] * np.exp(", "d[i, j + 1] * ("),
]


@pytest.mark.usefixtures("briefly")
@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_what_its_siblings_have_is_put_into_a_line(function, old, new, tmp_path):
    arrays = {"P": P, "Q": Q, "GRID": GRID, "ANGLES": ANGLES, "COSTS": COSTS, "scale": 0.3,
              "LEVELS": LEVELS}  # fmt: skip
    planted = Planted(__file__, tmp_path, arrays)
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []


def counted(y):
    below = ((y < 0).sum(axis=1) - 1).astype(float)
    flags = below < 0
    return below, flags


def test_a_part_in_the_place_of_another_keeps_its_parentheses():
    unit, held = Unit(counted.__code__, [counted]), Held((3,), "f")
    scope = {"below": held}
    around = Around(scope, scope, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    statement = Statement(unit, unit.node.body[1], around)

    texts = {one.factor for one in likenesses(statement)}

    assert "((below < 0).sum(axis=1) - 1).astype(float)" in texts


def twice(a, b):
    first = np.stack(
        [a, b],
    ).reshape((2, 3))  # fmt: skip
    if len(first):
        second = np.stack([b, b]).reshape((2, 3))
    return first, second


def test_only_the_part_that_differs_from_a_like_expression_is_edited():
    unit, held = Unit(twice.__code__, [twice]), Held((3,), "f")
    scope = {"a": held, "b": held}
    around = Around(scope, scope, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    statement = Statement(unit, unit.node.body[0], around)

    edits = {unit.line_after(one.edits).replace(" ", "") for one in likenesses(statement)}

    assert "[b,b]," in edits


@pytest.mark.parametrize(("terms", "found"), [(20, True), (400, False)])
def test_a_line_that_a_program_has_printed_is_not_compared_with_others(tmp_path, terms, found):
    file, names = tmp_path / "printed.py", dict[str, object]()
    first = f"first = [{'a + b * a, ' * terms}a]"
    file.write_text(f"def printed(a, b):\n    {first}\n    second = b * a\n")
    exec(compile(file.read_text(), str(file), "exec"), names)
    unit, held = Unit(names["printed"].__code__, [names["printed"]]), Held((3,), "f")
    scope = {"a": held, "b": held}
    around = Around(scope, scope, {}, list, [], NUMPY.dialect, {}, lambda one: None)

    for line in unit.node.body:
        assert bool([*likenesses(Statement(unit, line, around))]) == found


def padded(a, b, n):
    first = np.repeat(a, 2 * n)[:n]
    second = np.repeat(b, n)[:n]
    return first, second


def test_an_argument_of_a_call_that_is_picked_from_may_lack_a_part():
    unit, held = Unit(padded.__code__, [padded]), Held((3,), "f")
    scope = {"a": held, "b": held, "n": Held((), "i")}
    around = Around(scope, scope, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    statement = Statement(unit, unit.node.body[1], around)

    lines = {unit.line_after(one.edits) for one in likenesses(statement)}

    assert "second = np.repeat(b, 2 * n)[:n]" in lines


def test_another_attribute_of_the_same_object_is_read_beside(tmp_path):
    sizes = {"V": (3, 4), "a": (4,), "W": (4, 2), "b": (2,)}
    planted = Planted(__file__, tmp_path, {name: RNG.normal(size=n) for name, n in sizes.items()})

    (found,) = planted.errors(planted.wrong('["first"].db', '["first"].b'), "of_layers")

    assert found.fix.endswith('self.layers["first"].dw, self.layers["first"].db')


def sizes_of(a, b):
    rows = a.sum(1)
    columns = b.sum(0)
    return rows, columns


def test_a_number_that_is_another_beside_is_as_likely_as_a_name():
    unit, held = Unit(sizes_of.__code__, [sizes_of]), Held((3, 3), "f")
    scope = {"a": held, "b": held}
    around = Around(scope, scope, {}, list, [], NUMPY.dialect, {}, lambda one: None)

    edits = likenesses(Statement(unit, unit.node.body[0], around))

    costs = {unit.line_after(one.edits): one.cost for one in edits}
    assert costs["rows = a.sum(0)"] == 1
