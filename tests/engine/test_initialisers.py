"""First values of parameters: spread as the papers have it, and the same for ever."""

import math

import numpy as np
import pytest

from gradtui.engine.initialisers import INITIALISERS, fans

WIDE = (400, 300)
HE = [[-0.6567172366972945, 0.7155556204888697], [-0.8218282637846586, -0.629056088114972]]
UNIFORM = [-0.23877044245636703, -0.9064953035370431]
SPREADS = {
    "zeros": (0.0, 0.0),
    "ones": (0.0, 1.0),
    "normal": (1.0, None),
    "uniform": (1 / math.sqrt(3), 1.0),
    "xavier": (math.sqrt(2 / 700), math.sqrt(6 / 700)),
    "he": (math.sqrt(2 / 400), None),
}
"""Standard deviation and largest size at 400 inputs and 300 outputs."""


@pytest.mark.parametrize("name", INITIALISERS)
def test_the_spread_is_that_of_the_paper(name):
    values = INITIALISERS[name].values("W", WIDE, seed=5)
    deviation, largest = SPREADS[name]
    assert values.shape == WIDE
    assert values.std() == pytest.approx(deviation, rel=0.01)
    if largest is not None:
        assert np.abs(values).max() == pytest.approx(largest, rel=1e-3)
        assert np.abs(values).max() <= largest


@pytest.mark.parametrize("name", INITIALISERS)
def test_scale_multiplies_and_the_seed_decides(name):
    draw = INITIALISERS[name].values
    np.testing.assert_array_equal(draw("W", (3, 4), 1, -2.5), -2.5 * draw("W", (3, 4), 1))
    np.testing.assert_array_equal(draw("W", (3, 4), 1), draw("W", (3, 4), 1))
    if name not in ("zeros", "ones"):
        assert not np.any(draw("W", (3, 4), 1) == draw("W", (3, 4), 2))
        assert not np.any(draw("W", (3, 4), 1) == draw("V", (3, 4), 1))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((), (1, 1)), ((3,), (3, 1)), ((2, 16), (2, 16)), ((4, 2, 16), (2, 16))],
)
def test_the_fans_are_those_of_x_at_w(shape, expected):
    assert fans(shape) == expected


def test_a_seed_means_these_numbers_for_ever():
    found = INITIALISERS["he"].values("W", (2, 2), seed=0)
    np.testing.assert_allclose(found, HE, rtol=1e-14)
    assert INITIALISERS["uniform"].values("W", (2,), seed=7).tolist() == UNIFORM
