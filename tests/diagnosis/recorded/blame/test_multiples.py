"""Multiples of an edit that give a true gradient."""

from types import SimpleNamespace

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.multiples import multiples

TRUE = np.array([0.5, -2.0])
TRIALS = SimpleNamespace(wrong=("w",), true=lambda name: TRUE, is_right=lambda name, found: False)


@pytest.mark.parametrize(("base", "found"), [(TRUE - 3.0, [3.0]), (TRUE * (1 + 1e-15), [])])
def test_what_is_right_without_an_edit_needs_no_multiple_of_it(base, found):
    told = multiples(TRIALS, {"w": base}, {"w": base + 1.0})

    assert [*told] == pytest.approx(found)
