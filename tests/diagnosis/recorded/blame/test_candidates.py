"""How the text of an edit stands in the user's line."""

import numpy as np
import pytest

from planted import Planted

RNG = np.random.default_rng(21)
X, G = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))


def centred(X):
    spread = np.sqrt(np.mean((X - np.mean(X)) ** 2))
    normal = (X - np.mean(X)) / spread
    loss = np.sum(G * normal)
    d = G * 1.0
    slopes = (d - np.mean(d) - normal * np.mean(d * normal) ) / spread  # fmt: skip
    return loss, slopes


@pytest.mark.parametrize("space", [" ", ""])
def test_a_term_put_back_into_a_sum_in_parentheses_gets_no_second_pair(space, tmp_path):
    planted = Planted(__file__, tmp_path, {"X": X})
    old = "(d - np.mean(d) - normal * np.mean(d * normal) ) /"
    wrong = planted.wrong(old, f"(d - np.mean(d){space}) /")

    (found,) = planted.errors(wrong, "centred")

    assert found.fix is not None
    sum_of_terms = "d - np.mean(d) - normal * np.mean(d * normal)"
    assert f"slopes = ({sum_of_terms}{space}) / spread" in found.fix
