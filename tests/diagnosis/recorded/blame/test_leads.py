"""Two mistakes in one line, of which neither edit alone makes anything right."""

import numpy as np

from planted import Planted, repaired

RNG = np.random.default_rng(4)
P = RNG.uniform(0.2, 1.0, 6)
T = (RNG.uniform(size=6) > 0.4) + 0.0


def overlap(P):
    shared, both = 2 * np.dot(P, T), np.sum(P) + np.sum(T)
    dP = (2 * T * both - shared) / (both * both)
    return shared / both, dP


MISTAKES = [("(2 * T * both - shared) / (both * both)", "(2 * T * both + shared) / both * both")]


def test_two_mistakes_in_one_line_are_told_together(tmp_path):
    planted, (old, new) = Planted(__file__, tmp_path, {"P": P}), MISTAKES[0]
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, "overlap")

    assert found.line == planted.line(old)
    assert found.fix == "dP = (2 * T * both - shared) / both / both"
    assert "+ must be -, and * must be /" in found.message
    assert planted.errors(repaired(wrong, found), "overlap") == []
