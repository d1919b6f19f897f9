"""Reverse mode over what was recorded, against central differences of the same function."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided
from scipy import linalg

from gradtui.recording.library import NUMPY, record
from gradtui.recording.slopes import Untold
from gradtui.recording.sweep import Shaken, gradients

RNG = np.random.default_rng(0)
MATRIX, VECTOR, STACK = RNG.normal(size=(3, 4)), RNG.normal(size=4), RNG.normal(size=(2, 3, 4))
POSITIVE = np.exp(MATRIX)
ROWS = np.array([0, 2, 2])


def written_in_place(a):
    out = np.zeros((3, 4))
    out[0] = a[1]
    out[:, 1] += 2 * a[:, 0]
    out[out > 1] *= a[0, 0]
    out[ROWS] -= 1
    view = out.T
    view[2] = a[:, 3] ** 2
    return out + view.T


def moved_by_columns(a):
    """A sum of products, whose adjoints lie in memory by columns."""
    return np.sum(a * np.linalg.solve(np.eye(4) + 0.3, a.T).T)


def added_at(a):
    out = np.zeros((3, 4))
    np.add.at(out, ROWS, a)
    np.subtract.at(out, (ROWS, ROWS), a[:, 0])
    return out


def accumulated_twice(a):
    total = a[0].copy()
    for row in a[1:]:
        total += row * total
    return total


def masked_division(a):
    return np.divide(1.0, a, out=np.zeros_like(a), where=a > 0.1)


def windows(a):
    rows = np.ascontiguousarray(a)
    step = rows.strides
    return as_strided(rows, (3, 3, 2), (step[0], step[1], step[1])) ** 2


def written_into_plain(a):
    out = np.random.default_rng(1).normal(size=a.shape)
    out += a
    out *= a
    return out


def emptied_behind_our_back(a):
    out = np.frombuffer(bytearray(12 * 8)).reshape(3, 4)
    out += a
    first = out * a
    out[...] = 0
    out += 2 * a
    return first + out * a


def from_list(a):
    return np.array([[a[0, 0], 1.0], [2, a[1, 1] * a[0, 0]]])


def scalars(a):
    total = 0.0
    for value in a[0]:
        total += value * value if value > 0 else math.exp(value)
    best = max(total, a[1, 0])
    total -= best
    return best + total * 3 + abs(a[2, 2]) + sum(a[1])


@np.vectorize
def leaky(value, slope):
    return value if value > 0 else slope * math.exp(value)


def shares(a):
    """As SciPy's function does: within it nothing records."""
    weights = np.exp(np.asarray(a.tolist()))
    return weights / weights.sum(), weights.sum()


shares.__module__ = "scipy.special"


def of_a_library(a):
    scores = np.array(a)
    scores[0, 0] = -np.inf
    first, total = shares(scores)
    return first * a + total


FUNCTIONS: dict[str, Callable[..., object]] = {
    "add.accumulate": lambda a: np.add.accumulate(a, axis=1),
    "amin": lambda a: np.amin(a, axis=0),
    "append": lambda a: np.append(a, a[:1], axis=0),
    "angles": lambda a: np.arctan(a) + np.degrees(np.arctan2(a, MATRIX)) + np.deg2rad(a),
    "arcs": lambda a: np.arcsin(a / 9) - np.arccos(a / 8) + np.arcsinh(a) + np.arctanh(a / 7),
    "arccosh": lambda a: np.arccosh(a * a + 1.5),
    "astype": lambda a: a.astype(np.float64) * (a > 0).astype(float),
    "average": lambda a: np.average(a, axis=1, weights=np.array([1.0, 2, 3, 4])),
    "bincount": lambda a: np.bincount(ROWS, weights=a[:, 0], minlength=4),
    "clip": lambda a: np.clip(a, -0.5, 0.5) + a.clip(max=0.3),
    "concatenate": lambda a: np.concatenate([a, 2 * a, np.ones((1, 4))]),
    "copyto": lambda a: _with(np.zeros((3, 4)), lambda out: np.copyto(out, a)),
    "cumsum": lambda a: np.cumsum(a, axis=0),
    "diag": lambda a: np.diag(a[0]) @ np.diag(a[:, :3]).repeat(2)[:4],
    "diff": lambda a: np.diff(a, axis=1),
    "dot of a stack": lambda a: np.dot(STACK, a.T),
    "einsum": lambda a: np.einsum("ij,kj->ik", a, MATRIX) + np.einsum("ij,ij->", a, a),
    "einsum of a diagonal": lambda a: np.einsum("ii,i->i", a[:, :3], a[:, 3]),
    "einsum of three": lambda a: np.einsum("ij,kj,kl->il", a, MATRIX, a),
    "einsum with an ellipsis": lambda a: np.einsum("...j,kj->...k", STACK, a),
    "expm1": lambda a: np.expm1(a) + np.log1p(a * a),
    "fill": lambda a: _with(a * 2, lambda out: out[0].fill(7.0)),
    "fill_diagonal": lambda a: _with(a * 2, lambda out: np.fill_diagonal(out, 5.0)),
    "flat": lambda a: _with(np.zeros((3, 4)), lambda out: _fill_flat(out, a)),
    "flip": lambda a: np.flip(a, axis=1) * a[::-1],
    "heaviside": lambda a: np.hypot(a, 2.0) + np.floor(a),
    "inner": lambda a: np.inner(a, MATRIX) + np.vdot(a, a),
    "kron": lambda a: np.kron(a, MATRIX[:2, :2]),
    "linalg.inv": lambda a: np.linalg.inv(a[:, :3]),
    "linalg.norm": lambda a: np.linalg.norm(a, axis=1) + np.linalg.norm(a),
    "logaddexp": lambda a: np.logaddexp(a, 2.0),
    "matmul": lambda a: STACK @ a.T + a[0] @ a.T,
    "max": lambda a: a.max(axis=1, keepdims=True) + np.max(a),
    "maximum.reduce": lambda a: np.maximum.reduce(a, axis=1),
    "max of a list": lambda a: (
        np.max([a[0, 0], a[1, 0] * a[2, 0]]) + np.sum([row @ row for row in a])
    ),
    "mean": lambda a: np.mean(a, axis=0) + a.mean(),
    "moveaxis": lambda a: np.moveaxis(STACK * a, 0, -1)[..., 1],
    "multiply.outer": lambda a: np.multiply.outer(a[0], a[1]) + np.outer(a[0], a[1]),
    "outer": lambda a: np.outer(a, VECTOR),
    "pad": lambda a: np.pad(a, ((1, 1), (0, 2))) + np.pad(a, ((1, 1), (0, 2)), mode="edge"),
    "pad with a number": lambda a: np.pad(a, 1, constant_values=-2.0) ** 2,
    "power": lambda a: POSITIVE**a + a**2 + a**3 + np.power(POSITIVE, 0.5) * a**-1,
    "prod": lambda a: np.prod(a, axis=1) + a.prod(),
    "put_along_axis": lambda a: _with(
        a * 2, lambda out: np.put_along_axis(out, ROWS[:, None], 0, 1)
    ),
    "putmask": lambda a: _with(a * 2, lambda out: np.putmask(out, out > 0, 0.5)),
    "repeat": lambda a: np.repeat(a, 2, axis=0) * np.tile(a, (2, 1)),
    "reshape": lambda a: a.T.reshape(2, -1) * a.reshape(-1).reshape(2, 6),
    "roll": lambda a: np.roll(a, 1, axis=0) * a,
    "sort": lambda a: np.sort(a, axis=1) * np.arange(4),
    "split": lambda a: np.split(a, 2, axis=1)[0] * np.array_split(a, 2, axis=1)[1],
    "stack": lambda a: np.stack([a, a * a]) * np.vstack([a, a]).reshape(2, 3, 4),
    "std": lambda a: np.std(a, axis=0) + a.std(ddof=1) + np.var(a, axis=1, ddof=1).sum(),
    "swapaxes": lambda a: a.swapaxes(0, 1) @ a,
    "take": lambda a: np.take(a, ROWS, axis=0) * a.take(ROWS, axis=1)[:, :1],
    "take_along_axis": lambda a: np.take_along_axis(a, np.argsort(a, axis=1), axis=1)[:, 0],
    "tanh": np.tanh,
    "tensordot": lambda a: np.tensordot(STACK, a, axes=([2], [1])),
    "trace": lambda a: np.trace(a @ a.T),
    "tril": lambda a: np.tril(a) - np.triu(a, 1),
    "where": lambda a: np.where(a > 0, a * a, np.exp(a)),
    "written in place": written_in_place,
    "moved by columns": moved_by_columns,
    "added at": added_at,
    "accumulated twice": accumulated_twice,
    "masked division": masked_division,
    "windows": windows,
    "written into a plain array": written_into_plain,
    "emptied behind our back": emptied_behind_our_back,
    "from a list": from_list,
    "array with two axes": lambda a: np.array(a[0], ndmin=2).T * a[:, 0],
    "a row as it is": lambda a: _with(a * 2, lambda out: np.asarray(out[0]).fill(7.0)),
    "vectorize": lambda a: leaky(a, a[0]) + np.vectorize(lambda value: value**2)(a),
    "of a library": of_a_library,
    "scalars": scalars,
}


def _fill_flat(out, a):
    out.flat = a * a
    for i, value in enumerate(a.flat):
        out.flat[i] += value**3


def _with(array, write):
    write(array)
    return array


def loss_of(function):
    def run(taking, arguments):
        out = function(arguments["a"])
        weights = np.random.default_rng(5).normal(size=np.shape(out))
        return np.sum(np.sin(out) * weights)

    return run


def recorded(loss, function):
    watched = function if hasattr(function, "__globals__") else loss
    return record(NUMPY, loss, {"a": MATRIX}, {"a": MATRIX}, watched)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_gradient_of_a_function_is_that_of_central_differences(name):
    function = FUNCTIONS[name]
    loss = loss_of(function)
    result = recorded(loss, function)

    root = result.node(result.returned)
    argument = result.tape.arguments["a"]
    found = gradients(result.tape, root, [argument])[argument]

    expected = np.zeros_like(MATRIX)
    for at in np.ndindex(*MATRIX.shape):
        step = np.zeros_like(MATRIX)
        step[at] = 1e-6
        up, down = (loss(None, {"a": MATRIX + sign * step}) for sign in (1, -1))
        expected[at] = (up - down) / 2e-6
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_moved_roundings_move_values_and_gradients_by_rounding_alone(name):
    function = FUNCTIONS[name]
    loss = loss_of(function)
    result = recorded(loss, function)
    root, argument = result.node(result.returned), result.tape.arguments["a"]

    shaken = Shaken(result.tape, (1,))

    calm = gradients(result.tape, root, [argument])[argument]
    np.testing.assert_allclose(shaken.value(root), result.tape.value(root), rtol=1e-12)
    np.testing.assert_allclose(
        shaken.gradients(root, [argument])[argument], calm, rtol=1e-7, atol=1e-9
    )


def test_a_call_that_refuses_moved_numbers_has_no_known_derivative():
    def run(world, given):
        return linalg.cholesky_banded(given["a"]).sum()

    a = np.array([[1e-16, 1.0]])
    result = record(NUMPY, run, {"a": a}, {"a": a}, run)

    with pytest.raises(Untold):
        gradients(result.tape, result.node(result.returned), [result.tape.arguments["a"]])


def test_no_gradient_reaches_an_operand_that_is_held():
    def run(world, given):
        return np.sum(given["a"] * np.tanh(given["a"]))

    result = record(NUMPY, run, {"a": VECTOR}, {"a": VECTOR}, run)
    tape, root = result.tape, result.node(result.returned)
    leaf = tape.arguments["a"]
    names = [getattr(node, "name", "") for node in tape.nodes]

    held = gradients(tape.holding([(names.index("multiply"), 0)]), root, [leaf])[leaf]
    whole = gradients(tape, root, [leaf])[leaf]

    slope = VECTOR * (1 - np.tanh(VECTOR) ** 2)
    np.testing.assert_allclose(held, slope, rtol=1e-6)
    np.testing.assert_allclose(whole, slope + np.tanh(VECTOR), rtol=1e-6)
