"""A backward pass that is right for another forward pass, with the other kind of variance."""

import numpy as np
import pytest

from planted import Planted

RNG = np.random.default_rng(8)
X = RNG.normal(size=(5, 4))
SHIFT = RNG.normal(size=(5, 4))


def of_columns(X):
    n = len(X)
    spread = np.sqrt(np.var(X, axis=0) + 1e-5)
    unit = (X - X.mean(axis=0)) / spread
    out = unit + SHIFT
    d = 3 * out**2
    dX = (n * d - np.sum(d, axis=0) - unit * np.sum(d * unit, axis=0)) / (n * spread)
    return np.sum(out**3), dX


def of_rows(X):
    centred = X - X.mean(1, keepdims=True)
    spread = X.std(1, keepdims=True, ddof=1)
    unit = centred / spread
    out = unit + SHIFT
    d = 3 * out**2
    along = unit * (d * unit).sum(1, keepdims=True) / (X.shape[1] - 1)
    dX = (d - d.mean(1, keepdims=True) - along) / spread
    return np.sum(out**3), dX


MISTAKES = [
    (of_columns, "np.var(X, axis=0)", "np.var(X, axis=0, ddof=1)", "np.var(X, axis=0, ddof=0)"),
    (of_columns, "np.var(X, axis=0)", "np.std(X, axis=0)", "np.var(X, axis=0)"),
    (of_rows, "keepdims=True, ddof=1)", "keepdims=True)", "X.std(1, keepdims=True, ddof=1)"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "old", "new", "told"), MISTAKES)
def test_the_forward_line_is_told_for_which_the_gradients_are_right(
    function, old, new, told, tmp_path
):
    planted = Planted(__file__, tmp_path, {"X": X})

    found = planted.errors(planted.wrong(old, new), function.__name__)

    line, text = found[0].evidence["forward"]
    assert line == planted.line(old)
    assert told in text
    assert (
        f"all gradients are right if line {line} of the forward pass is: {text}" in found[0].message
    )


@pytest.mark.parametrize("function", [of_columns, of_rows])
def test_another_mistake_is_not_explained_by_a_forward_pass(function, tmp_path):
    planted = Planted(__file__, tmp_path, {"X": X})

    found = planted.errors(planted.wrong("d = 3 * out**2", "d = 2 * out**2"), function.__name__)

    assert found
    assert all("forward" not in one.evidence for one in found)
