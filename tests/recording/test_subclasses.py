"""Arrays of the user's own classes: these stay as they are, and nothing of them is lost."""

import copy
from typing import ClassVar

import numpy as np
import pytest

import gradtui
from gradtui.recording.array import plain
from gradtui.recording.library import NUMPY, record
from planted import Planted, repaired

RNG = np.random.default_rng(8)
ROWS = RNG.normal(size=(5, 3))
W = RNG.normal(size=(3, 2))
B = RNG.normal(size=2)


class Weights(np.ndarray):
    """An array with a name and a gradient, which are set where it is made."""

    def __new__(cls, values, name=""):
        made = np.asarray(values).view(cls)
        made.name, made.slope = name, None
        return made

    def __array_finalize__(self, source):
        self.name = getattr(source, "name", "unnamed")
        self.slope = None

    def scaled(self, by):
        return self * by


class Noted(np.ndarray):
    """An array whose notes go wherever it goes, by the dict that holds them."""

    def __array_finalize__(self, source):
        self.__dict__.update(getattr(source, "__dict__", {}))


class Shared(np.ndarray):
    """An array whose notes are those of what it is made of."""

    def __array_finalize__(self, source):
        if type(source) is type(self):
            self.__dict__ = source.__dict__


class Counted(np.ndarray):
    """An array that counts the functions it goes through, and computes on plain ones."""

    calls: ClassVar = set()  # no state that a check puts back

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        Counted.calls.add(len(Counted.calls))
        own = [one.view(np.ndarray) if isinstance(one, Counted) else one for one in inputs]
        if out is not None:
            options["out"] = tuple(one.view(np.ndarray) for one in out)
        found = super().__array_ufunc__(ufunc, method, *own, **options)
        if found is NotImplemented:
            return NotImplemented
        return out[0] if out is not None else np.asarray(found).view(Counted)


class Matmul(np.ndarray):
    """An array that is multiplied as a matrix is, and whose rows are arrays of NumPy's."""

    def __mul__(self, other):
        return np.dot(self, other)

    def __getitem__(self, key):
        return np.asarray(super().__getitem__(key))


HELD = Weights(np.ones((5, 2)) / 2, "held")


def layer(W, B):
    weights, bias = Weights(W, "W"), Weights(B, "b")
    out = np.tanh(ROWS @ weights.scaled(2.0) + bias) * HELD
    error = out - 0.3
    dz = 2 * error * HELD * (1 - np.tanh(ROWS @ weights * 2 + bias) ** 2)
    weights.slope = 2 * ROWS.T @ dz
    bias.slope = dz.sum(axis=0)
    return float((error**2).sum()), [weights.slope, bias.slope]


MISTAKES = [
    ("2 * error * HELD", "2 * error"),
    ("2 * ROWS.T @ dz", "ROWS.T @ dz"),
    ("bias) ** 2)", "bias))"),
]
FUNCTIONS = [
    lambda a: a + 1,
    lambda a: 2 - a,
    lambda a: np.ones(3) * a,
    lambda a: a / a[0],
    lambda a: a[0],
    lambda a: a[:, 1:],
    lambda a: a[a > 0],
    lambda a: a[0, 1],
    lambda a: a.T,
    lambda a: a.sum(),
    lambda a: a.sum(axis=0),
    lambda a: np.sum(a, axis=1, keepdims=True),
    lambda a: np.mean(a),
    lambda a: a.max(0),
    lambda a: a.reshape(3, 5),
    lambda a: a.ravel(),
    lambda a: a.flatten(),
    lambda a: a.copy(),
    lambda a: copy.deepcopy(a),
    lambda a: a.repeat(2),
    lambda a: a.astype(np.float32),
    lambda a: a @ W,
    lambda a: a.dot(a.T),
    lambda a: np.where(a > 0, a, 0.0),
    lambda a: np.concatenate([a, a]),
    lambda a: np.stack([a, a]),
    lambda a: np.einsum("ij->i", a),
    lambda a: np.linalg.norm(a),
    lambda a: np.linalg.inv(a.T @ a),
    lambda a: np.linalg.eigh(a.T @ a)[0],
    lambda a: np.clip(a, -1, 1),
    lambda a: np.asanyarray(a),
    lambda a: np.array(a),
    lambda a: np.asarray(a),
    lambda a: a.view(np.ndarray),
    lambda a: a.view(type=np.ndarray),
    lambda a: np.diag(a),
    lambda a: np.exp(a.sum()),
    lambda a: np.modf(a)[0],
    lambda a: a.take([0, 2], axis=0),
]


def recorded(function, **values):
    return record(NUMPY, lambda _, given: function(**given), values, values, function)


@pytest.mark.parametrize("kind", [Weights, Noted, Shared])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_class_and_its_attributes_are_numpys_and_the_origin_is_known(function, kind):
    own = ROWS.copy().view(kind)
    own.name = "rows"
    expected = function(own)

    def made(a):
        own = a.view(kind)
        own.name = "rows"
        found = function(own)
        return found, found.__class__, getattr(found, "name", "")

    result = recorded(made, a=ROWS)

    value, known, name = result.returned
    assert known is type(expected) or (known, type(expected)) == (np.ndarray, np.float64)
    assert name == getattr(expected, "name", "")
    np.testing.assert_allclose(plain(value), expected)
    node = result.node(value)
    assert node is not None and result.tape.active[node]
    np.testing.assert_array_equal(result.tape.value(node), plain(value))


def test_writes_into_an_array_and_its_views_are_noticed():
    def written(W):
        own = Weights(W, "W")
        own *= 2
        own[0] += 1
        own.T[1, 1:] = 3 * own[1:, 0]
        np.add.at(own, [0, 0], 1.0)
        np.copyto(own[2], own[1])
        return own

    value = recorded(written, W=W)

    expected = written(W.copy())
    np.testing.assert_allclose(plain(value.returned), expected)
    np.testing.assert_allclose(value.tape.value(value.node(value.returned)), expected)


def test_what_the_program_is_given_has_its_class_and_attributes():
    given = Weights(W, "given")
    given.scale = 3.0

    def case(weights):
        assert type(weights) is Weights and isinstance(weights, Weights)
        assert weights.name == "given"
        return np.sum(weights.scaled(weights.scale) ** 2), weights * 2 * weights.scale**2

    assert gradtui.check(case, weights=given) == []
    assert given.name == "given"


def test_an_array_that_computes_on_plain_ones_is_recorded():
    def case(W):
        own = W.view(Counted)
        out = np.exp(ROWS @ own)
        out += 1
        return np.sum(out), np.asarray(ROWS.T @ (out - 1))

    before = len(Counted.calls)

    assert gradtui.check(case, W=W) == []
    assert len(Counted.calls) > before


def test_operators_of_the_class_are_its_own():
    def case(W):
        out = ROWS.view(Matmul) * W
        assert type(out) is Matmul and type(out[0]) is np.ndarray
        return np.sum(out[:, 1] ** 2), np.stack([np.zeros(3), 2 * out[:, 1] @ ROWS], axis=1)

    assert gradtui.check(case, W=W) == []


def test_right_gradients_are_compared_at_all_points():
    assert gradtui.check(layer, W=W, B=B) == []
    assert type(HELD) is Weights and HELD.name == "held"


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_the_line_is_named_and_its_fix_makes_the_program_right(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"W": W, "B": B})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, "layer")

    assert found.line == at and "the true one is" in found.message
    assert planted.errors(repaired(wrong, found), "layer") == []
