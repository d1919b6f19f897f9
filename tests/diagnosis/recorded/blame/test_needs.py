"""What a change of a value makes of the wrong results."""

import types

import numpy as np

from gradtui.diagnosis.recorded.blame import needs


def test_a_decomposition_that_takes_no_such_numbers_gives_none():
    call = types.SimpleNamespace(compute=np.linalg.cholesky)
    usual = np.eye(2)

    assert np.array_equal(needs._computed(call, [4 * usual], usual), 2 * usual)
    assert np.all(np.isnan(needs._computed(call, [-usual], usual)))
