"""Terms that an expression lacks and that no name in scope holds."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(0)
SEEN = RNG.normal(size=(3, 20))
MIXING = np.eye(3) + 0.3 * RNG.normal(size=(3, 3))


def unmixed(MIXING):
    found = MIXING @ SEEN
    loss = np.log(np.cosh(found)).sum() / 20 - np.linalg.slogdet(MIXING)[1]
    relative = np.tanh(found) @ found.T / 20
    relative -= np.eye(3)
    return loss, relative @ np.linalg.inv(MIXING).T


MISTAKES = [(unmixed, "    relative -= np.eye(3)\n", "")]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_identity_matrix_is_added_where_it_is_missing(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"MIXING": MIXING})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at - 1, at - 1)
    assert "np.eye(" in found.fix
    assert planted.errors(repaired(wrong, found), function.__name__) == []
