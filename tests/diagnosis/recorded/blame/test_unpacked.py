"""Results that a line unpacks in another order than another line of the file does."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(11)
ARRAYS = {"a": RNG.normal(size=4), "b": RNG.normal(size=4)}


class Pair:
    def __init__(self, a, b):
        self.a, self.b = a, b

    def powers(self):
        return np.exp(self.a), np.cosh(self.b), self.a * self.b

    def value(self):
        p, q, mixed = self.powers()
        return np.sum(p / q + mixed**2)

    def slopes(self):
        p, q, mixed = self.powers()
        by_a = p / q + 2 * mixed * self.b
        return by_a, -p / q * np.tanh(self.b) + 2 * mixed * self.a


def both(a, b):
    pair = Pair(a, b)
    return pair.value(), *pair.slopes()


MISTAKES = [
    (
        "        p, q, mixed = self.powers()\n        by_a",
        "        q, p, mixed = self.powers()\n        by_a",
    )
]


@pytest.mark.parametrize(("right", "mistaken"), MISTAKES)
def test_the_order_is_that_of_the_other_line(right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), "both") == []
    text = planted.wrong(right, mistaken)

    (found,) = planted.errors(text, "both")

    assert found.line == planted.line(right)
    assert planted.errors(repaired(text, found), "both") == []
