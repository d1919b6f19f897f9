"""The gradient of a normalisation that takes its mean and its scale for constants."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(6)
X = RNG.normal(size=(5, 4))
SHIFT = RNG.normal(size=(5, 4))


def of_columns(X):
    spread = np.sqrt(X.var(axis=0) + 1e-5)
    unit = (X - X.mean(axis=0)) / spread
    d = 3 * (unit + SHIFT) ** 2
    dX = (d - d.mean(axis=0) - unit * (d * unit).mean(axis=0)) / spread
    return np.sum((unit + SHIFT) ** 3), dX


def of_sizes(X):
    size = np.sqrt((X**2).mean(axis=1, keepdims=True))
    unit = X / size
    d = 3 * (unit + SHIFT) ** 2
    dX = (d - unit * (d * unit).mean(axis=1, keepdims=True)) / size
    return np.sum((unit + SHIFT) ** 3), dX


def of_lengths(X):
    length = np.sqrt((X**2).sum(axis=1, keepdims=True))
    unit = X / length
    d = 3 * (unit + SHIFT) ** 2
    dX = (d - unit * np.sum(d * unit, axis=1, keepdims=True)) / length
    return np.sum((unit + SHIFT) ** 3), dX


MISTAKES = [
    (of_columns, "dX = (d - d.mean(axis=0) - unit * (d * unit).mean(axis=0)) / spread",
     "the mean and the scale"),
    (of_sizes, "dX = (d - unit * (d * unit).mean(axis=1, keepdims=True)) / size", "the scale"),
    (of_lengths, "dX = (d - unit * np.sum(d * unit, axis=1, keepdims=True)) / length", "the scale"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "right", "what"), MISTAKES)
def test_what_flows_back_through_a_norm_is_told(function, right, what, tmp_path):
    planted, above = Planted(__file__, tmp_path, {"X": X}), "    d = 3 * (unit + SHIFT) ** 2\n"
    scale = right.rpartition(" ")[2]
    wrong = planted.wrong(f"{above}    {right}", f"\n    dX = 3 * (unit + SHIFT) ** 2 / {scale}")

    (found,) = planted.errors(wrong, function.__name__)

    assert found.line == planted.line(right)
    assert f"what flows back through {what} of which unit is made is missing" in found.message
    assert planted.errors(repaired(wrong, found), function.__name__) == []
