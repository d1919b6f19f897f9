"""Steps of 1 and bounds that are the same: what does nothing must have done something."""

import numpy as np
import pytest

from planted import Planted, told

RNG = np.random.default_rng(29)
ARRAYS = {"w": RNG.normal(size=4), "p": RNG.normal(size=7)}
A, B, R = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4)), RNG.normal(size=7)


def crossed(w):
    loss = np.sum(A[::-1] * B * np.sin(w))
    turned = np.zeros((3, 4))
    for i in range(3):
        turned[i] = A[i]
    turned = turned[::-1]
    held = np.zeros((3, 4))
    held[:, :] = B
    return loss, {"w": np.sum(turned * held, axis=0) * np.cos(w)}


def bounded(p):
    q = 1 / (1 + np.exp(-p))
    near = q.clip(0.0, 1.0)
    rest = 1 - near
    return np.sum(q * R), {"p": R * near * rest}


MISTAKES = [
    ("turned = turned[::-1]", "turned = turned[::1]", "crossed"),
    (".clip(0.0, 1.0)", ".clip(1.0, 1.0)", "bounded"),
]


@pytest.mark.parametrize(("old", "new", "name"), MISTAKES)
def test_the_line_is_told_and_mended(tmp_path, old, new, name):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert told(planted, old, new, name) == (planted.line(old), [])


@pytest.mark.parametrize("name", ["bounded", "crossed"])
def test_the_right_program_is_silent(tmp_path, name):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), name) == []
