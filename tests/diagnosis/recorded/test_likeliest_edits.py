"""Of several edits that repair the same, the one that undoes what was mistyped."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(0)
X, GOALS = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 3))
W, B = RNG.normal(size=(4, 3)), RNG.normal(size=3)
G = RNG.normal(size=3)


def normalised(W, B, G):
    n = len(X)
    z = X @ W + B
    centred = z - 1.0 / n * np.sum(z, axis=0)
    var = 1.0 / n * np.sum(centred**2, axis=0)
    std = np.sqrt(var + 1e-5)
    inverse = 1.0 / std
    hat = centred * inverse
    off = np.tanh(hat * G) - GOALS
    dy = 2 * off * (1 - np.tanh(hat * G) ** 2)
    dhat = dy * G
    dinverse = np.sum(dhat * centred, axis=0)
    dstd = -1.0 / (std**2) * dinverse
    dvar = 0.5 / np.sqrt(var + 1e-5) * dstd
    dsquare = 1.0 / n * np.ones((n, 3)) * dvar
    dcentred = dhat * inverse + 2 * centred * dsquare
    dmean = -1 * np.sum(dcentred, axis=0)
    dz = dcentred + 1.0 / n * np.ones((n, 3)) * dmean
    return np.sum(off**2), (X.T @ dz, dz.sum(axis=0), np.sum(dy * hat, axis=0))


MISTAKES = (
    # The gradient of the bias is 0 whatever these lines do: errors of rounding tell nothing.
    ("normalised", "-1.0 / (std**2)", "-1.0 / (std)"),
    ("normalised", "0.5 / np.sqrt(var + 1e-5) * dstd", "0.5 * np.sqrt(var + 1e-5) * dstd"),
)


@pytest.fixture
def planted(tmp_path):
    return Planted(__file__, tmp_path, {"W": W, "B": B, "G": G})


@pytest.mark.parametrize(("name", "own", "wrong"), MISTAKES)
def test_the_line_that_was_mistyped_is_found(planted, name, own, wrong):
    text = planted.wrong(own, wrong)

    (finding,) = planted.errors(text, name)

    assert finding.line == planted.line(own)
    assert planted.errors(repaired(text, finding), name) == []
