"""A sum of gradients that is not divided by the number of rows, as the loss beside it is."""

import numpy as np

from planted import Planted, repaired

RNG = np.random.default_rng(3)
ROWS = RNG.normal(size=(6, 3))
ARRAYS = {"W": RNG.normal(size=(3, 2))}


def averaged(W):
    loss, dW = 0.0, np.zeros_like(W)
    for row in ROWS:
        out = row @ W
        loss += np.sum(out**4)
        dW += np.outer(row, 4 * out**3)
    loss /= len(ROWS)
    dW /= len(ROWS)
    loss += 0.1 * np.sum(W**2)
    dW += 0.2 * W
    return loss, dW


MISTAKES = ["    dW /= len(ROWS)\n"]


def test_the_division_of_the_loss_is_missing_for_the_gradient(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(MISTAKES[0], "")

    (found,) = planted.errors(wrong, "averaged")

    assert found.fix == "dW /= len(ROWS)\n    dW += 0.2 * W"
    assert planted.errors(repaired(wrong, found), "averaged") == []
