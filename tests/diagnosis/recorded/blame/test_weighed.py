"""Of edits that repair the same, the likelier leaves more of what is named so an adjoint."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(8)
W, ARRAYS = RNG.normal(size=(6, 3)), {"x": RNG.normal(size=(6, 3))}


def centred(x):
    n, middle = len(x), np.mean(x, axis=0)
    c = x - middle
    upstream = W * 3 * c**2
    dmiddle = -np.sum(upstream, axis=0)
    dx = upstream + dmiddle / n
    return np.sum(W * c**3), dx


def levelled(x):
    """A mean is subtracted that has no name of a gradient, as it has the other sign of one."""
    n, middle = len(x), np.mean(x, axis=0)
    c = x - middle
    upstream = W * 3 * c**2
    mean = np.sum(upstream, axis=0) / n
    dx = upstream - mean
    return np.sum(W * c**3), dx


MISTAKES = [
    (centred, "dmiddle = -np.sum(upstream, axis=0)", "dmiddle = np.sum(upstream, axis=0)"),
    (levelled, "dx = upstream - mean", "dx = upstream + mean"),
]


@pytest.mark.parametrize(("function", "right", "mistaken"), MISTAKES)
def test_the_line_is_one_after_whose_edit_most_lines_hold_adjoints(
    function, right, mistaken, tmp_path
):
    planted = Planted(__file__, tmp_path, ARRAYS)
    at, wrong = planted.line(right), planted.wrong(right, mistaken)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.line == at
    assert planted.errors(repaired(wrong, found), function.__name__) == []
