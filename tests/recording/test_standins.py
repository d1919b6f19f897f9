"""Recorded arrays lie in memory as plain ones do: code may go by that, as `np.nditer` does."""

import numpy as np
import pytest

import gradtui
from recorded_gradients import assert_known

X = np.random.default_rng(43).normal(size=(3, 4))

MADE = {
    "ascontiguousarray": lambda t: np.ascontiguousarray(t),
    "asfortranarray": lambda t: np.asfortranarray(t.T),
    "array": lambda t: np.array(t, order="C"),
    "array as it is": lambda t: np.array(t),
    "copy": lambda t: t.copy(),
    "np.copy": lambda t: np.copy(t),
    "einsum": lambda t: np.einsum("ij,kj->ki", t, t, optimize=True),
    "einsum without a plan": lambda t: np.einsum("bi,oi->ob", t, t),
    "einsum of three": lambda t: np.einsum("ij,jk,kl->li", t, t.T, t),
    "tensordot": lambda t: np.tensordot(t, t, axes=([1], [1])),
    "sort": lambda t: np.sort(t, axis=0),
    "cumsum": lambda t: np.cumsum(t, axis=1),
    "cumprod": lambda t: np.cumprod(t, axis=1),
    "astype": lambda t: t.astype(np.float64),
    "a product": lambda t: t * 2,
    "a maximum": lambda t: np.maximum(t, 0),
    "zeros_like": lambda t: np.zeros_like(t),
    "where": lambda t: np.where(t > 0, t, 0),
    "pad": lambda t: np.pad(t, 1),
    "a matrix product": lambda t: t @ t.T,
}


KNOWN = {
    "cumprod": lambda a: np.cumprod(a, axis=1), "cumprod of all": lambda a: np.cumprod(a),
    "hstack with a number": lambda a: np.hstack([a[0], 1.5, a[1, :2]]),
    "full": lambda a: np.full((2, 3), a[0, :3]) * np.full(3, fill_value=a[1, 1]),
    "full_like": lambda a: np.full_like(a, a[0, 0]) * np.full_like(a[0], 2),
    "r_": lambda a: np.r_[a[0, 0], [a[1, 1], 2.0], a[2]],
    "c_": lambda a: np.c_[[a[0, 0], 3.0], [1, 2]],
    "fromiter": lambda a: np.fromiter((v * v for v in a[0]), float),
    "fromiter of a few": lambda a: np.fromiter(iter(a[1]), np.float64, count=2),
    "ndenumerate": lambda a: sum(v * (i + 2 * j) for (i, j), v in np.ndenumerate(a)) * np.ones(2),
    "einsum of numbered axes": lambda a: np.einsum(a, [0, 1], a, [2, 1], [2, 0]),
    "einsum of axes left over": lambda a: np.einsum(a, [0, 1], a, [2, 1]),
    "einsum of further axes": lambda a: np.einsum(a, [..., 1], a, [..., 1], [...]),
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_a_function_is_known(name):
    assert_known(KNOWN[name], X)


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_an_array_has_the_layout_of_a_plain_one(make):
    seen = set[tuple[int, ...]]()

    def case(x):
        made = make((x * 2).T)
        seen.add(tuple(made.strides))
        return np.sum(x**2), {"x": 2 * x}

    assert gradtui.check(case, x=X) == []
    assert seen == {tuple(make((X * 2).T).strides)}


@pytest.mark.parametrize(
    "x", [np.asfortranarray(X), X[::-1, ::2].T, np.moveaxis(X.reshape(3, 2, 2), 0, 1)]
)
def test_an_argument_keeps_its_layout_at_all_points(x):
    weights = np.arange(12.0)[: x.size]
    slopes = np.zeros_like(x)
    slopes.ravel("K")[...] = weights
    assert np.sum(slopes) == np.sum(weights)  # its elements in the order of memory

    def case(x, factor):
        return x.flatten("K") @ weights, {"x": slopes * factor}

    assert gradtui.check(case, x=x, factor=1) == []
    assert gradtui.check(case, x=x, factor=2)[0].rule == "constant-factor"


def in_the_order_of_memory(x):
    t = np.ascontiguousarray((x * 2).T)
    slopes = np.zeros((4, 3))
    for at, one in zip(np.ndindex(4, 3), np.nditer(t), strict=True):
        slopes[at] += one
    return np.sum(x**2), {"x": slopes.T}


def test_elements_taken_in_the_order_of_memory_are_the_same_where_it_is_recorded():
    assert gradtui.check(in_the_order_of_memory, x=X) == []
