"""A function that is forgotten on a line that only renames, and that the code has nowhere else."""

import numpy as np

from planted import Planted

ARRAYS = {"w": np.random.default_rng(5).normal(size=5), "x": np.linspace(1, 2, 5)}


def offset(w, x):
    loss = np.sum(x * (np.exp(w) - w))
    side = np.expm1(w)
    dw = x * side
    return loss, {"w": dw}


MISTAKES = [("np.expm1(w)", "w")]


def test_any_function_may_be_forgotten_where_a_line_only_renames(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    ((right, wrong),) = MISTAKES

    (found,) = planted.errors(planted.wrong(right, wrong), "offset")

    assert found.fix == "side = np.expm1(w)"
