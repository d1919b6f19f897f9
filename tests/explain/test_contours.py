"""The levels of the contours."""

from __future__ import annotations

import numpy as np
import pytest

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
