"""What one side of a `where` lacks is told by the same side of another with its condition."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(5)
ARRAYS = {
    "w": RNG.normal(size=3), "X": RNG.normal(size=(6, 3)), "y": RNG.normal(size=6),
    "tau": RNG.uniform(0.2, 0.4, size=6),
}  # fmt: skip


def pinball(w, X, y, tau):
    r = y - X @ w
    loss = np.where(r >= 0, tau * r, (tau - 1) * r).sum()
    dr = np.where(r >= 0, tau, tau - 1)
    return loss, {"w": -X.T @ dr}


def leaky(w, X, y, tau):
    r = X @ w - y
    loss = np.where(r > 0, (1 + tau) * r, tau**2 * r).sum()
    dr = np.where(r > 0, 1 + tau, tau**2)
    return loss, {"w": X.T @ dr}


MISTAKES = {
    "the second side": ("pinball", "tau, tau - 1)", "tau, -tau)"),
    "the first side": ("leaky", "0, 1 + tau, tau", "0, 1 - tau, tau"),
}


@pytest.fixture
def planted(tmp_path):
    return Planted(__file__, tmp_path, ARRAYS)


@pytest.mark.parametrize("name", ["pinball", "leaky"])
def test_sound_code_is_left_alone(name, planted):
    assert planted.errors(planted.wrong("", ""), name) == []


@pytest.mark.parametrize(("name", "old", "new"), MISTAKES.values(), ids=MISTAKES)
def test_the_factor_of_that_side_is_put_back(name, old, new, planted):
    text = planted.wrong(old, new)
    (found,) = planted.errors(text, name)

    assert found.line == planted.line(old)
    assert planted.errors(repaired(text, found), name) == []


def test_the_fix_is_the_factor_itself(planted):
    (found,) = planted.errors(planted.wrong("tau, tau - 1)", "tau, -tau)"), "pinball")

    assert found.fix == "dr = np.where(r >= 0, tau, tau - 1)"
