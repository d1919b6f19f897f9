"""The levels of the contours."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from gradtui.explain import contours
from gradtui.explain.contours import MOST, contour_levels


def test_levels_are_round_and_few():
    assert contour_levels(np.linspace(0.27, 1.6, 1000)) == pytest.approx(
        [0.4, 0.6, 0.8, 1, 1.2, 1.4]
    )
    powers = contour_levels(10.0 ** np.linspace(-6, 3, 1000))
    assert len(powers) <= MOST
    np.testing.assert_allclose(np.diff(np.log10(powers)), np.diff(np.log10(powers))[0])
    assert contour_levels(np.array([np.nan, np.inf])) == []
    assert contour_levels(np.full(9, 2.0)) == []


def test_the_quantiles_of_a_map_are_those_of_numpy_to_the_last_bit():
    draw = np.random.default_rng(0)
    for size in (*range(1, 40), 960):
        values, parts = draw.standard_normal(size), (0.0, 0.02, *draw.random(3), 0.98, 1.0)
        assert contours._quantiles(values, *parts) == np.quantile(values, parts).tolist()


def test_a_map_of_the_loss_does_not_wait_for_masked_arrays():
    drawn = (
        "import sys, gradtui; from gradtui.explain.surface import surface_rows;"
        "session = gradtui.load('two_weights'); session.surface.show('');"
        "assert surface_rows(session.frame, 40, 12) and 'numpy.ma' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", drawn], check=True)
