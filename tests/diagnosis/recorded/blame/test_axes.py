"""A sum over axes that is forgotten."""

import numpy as np

from planted import Planted

RNG = np.random.default_rng(6)
ARRAYS = {"x": RNG.normal(size=(2, 3, 4)), "b": RNG.normal(size=3)}


def biased(x, b):
    out = np.sin(x + b[:, None])
    dout = np.cos(x + b[:, None])
    db = dout.sum(axis=(0, 2))
    return out.sum(), {"x": dout, "b": db}


MISTAKES = [("dout.sum(axis=(0, 2))", "dout")]


def test_a_value_is_summed_over_the_axes_that_its_gradient_has_not(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    ((right, wrong),) = MISTAKES

    (found,) = planted.errors(planted.wrong(right, wrong), "biased")

    assert found.fix == "db = dout.sum(axis=(0, 2))"
