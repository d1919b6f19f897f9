"""Choices that are always made, though the code has a condition for them."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(11)
W = RNG.normal(size=(5, 3))
LIMIT = 1.5
SHARES = RNG.uniform(0.5, 2.0, size=(5, 3))


def capped(W):
    loss, spared = 0.0, []
    for i in range(len(W)):
        if W[i] @ W[i] > LIMIT:
            loss += LIMIT
            spared.append(i)
        else:
            loss += W[i] @ W[i]
    d = np.zeros_like(W)
    for i in range(len(W)):
        if i not in spared:
            d[i] = 2 * W[i]
    return loss, d


def hinged(W):
    score = W.sum(axis=1)
    active = score > 0
    loss = np.sum(score[active] ** 2)
    d = np.zeros_like(W)
    for i in range(len(W)):
        if active[i]:
            d[i] = 2 * score[i]
    return loss, d


def pooled(W):
    size = np.abs(W)
    out = size.max(axis=1)
    top = size.max(axis=1, keepdims=True)
    mask = size == top
    return np.sum(out**2), mask * 2 * np.sign(W) * out[:, None]


def weighted(W):
    weight, flat = SHARES, False
    power = W if flat else W**2
    loss = np.mean(power * weight if weight is not None else power)
    d = np.ones_like(W) if flat else W + W
    if weight is not None or flat:
        d = d * weight
    d = d / W.size
    return loss, d


MISTAKES = [
    (weighted, "if weight is not None or flat:", "if weight is None or flat:"),
    (weighted, "if weight is not None or flat:", "if weight is not None and flat:"),
    (
        weighted,
        "d = np.ones_like(W) if flat else W + W",
        "d = np.ones_like(W) if not flat else W + W",
    ),
    (pooled, "mask = size == top", "mask = size > 1"),
    (capped, "if i not in spared:", "if True:"),
    (hinged, "if active[i]:", "if True:"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_a_condition_is_put_back(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"W": W})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []


@pytest.mark.parametrize("function", [capped, hinged, pooled, weighted])
def test_the_programs_are_sound(function, tmp_path):
    planted = Planted(__file__, tmp_path, {"W": W})

    assert planted.errors(planted.wrong("", ""), function.__name__) == []
