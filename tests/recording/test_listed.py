"""NumPy's functions of lists that hold recorded numbers are recorded."""

import numpy as np
import pytest
from numpy import linalg, outer

import gradtui

X = np.array([0.3, -0.7, 1.2])

LISTS = {
    "diff": (lambda a, b, c: np.diff([a, b, c])[1], lambda a, b, c: (0, -1, 1)),
    "dot": (lambda a, b, c: np.dot([a, b], [b, 3.0]), lambda a, b, c: (b, a + 3, 0)),
    "a universal function": (lambda a, b, c: np.exp([a, b])[1], lambda a, b, c: (0, np.exp(b), 0)),
    "reduce": (lambda a, b, c: np.add.reduce([a, b, 2 * c]), lambda a, b, c: (1, 1, 2)),
    "accumulate": (lambda a, b, c: np.add.accumulate([a, b, c])[1], lambda a, b, c: (1, 1, 0)),
    "outer": (lambda a, b, c: np.multiply.outer([a], [b, c]).sum(), lambda a, b, c: (b + c, a, a)),
    "an imported name": (lambda a, b, c: outer([a], [b, 1.0]).sum(), lambda a, b, c: (b + 1, a, 0)),
    "an imported module": (lambda a, b, c: linalg.norm([1.0, b]) ** 2, lambda a, b, c: (0, 2*b, 0)),
    "an option": (lambda a, b, c: np.average([2.0, 4.0], weights=[1 + a, 1 - a]),
                  lambda a, b, c: (-1, 0, 0)),
    "a nested list": (lambda a, b, c: np.ravel([[a, b], [c, 2.0]])[2], lambda a, b, c: (0, 0, 1)),
    "a list of arrays": (lambda a, b, c: np.sum([np.array([a, b]), np.array([c, c])], axis=0)[1],
                         lambda a, b, c: (0, 1, 1)),
    "a list that is unpacked": (lambda a, b, c: np.concatenate([[a, a], np.array([b, c])])[3],
                                lambda a, b, c: (0, 0, 1)),
    "tolist": (lambda a, b, c: sum(one * one for one in np.array([a, b]).tolist()),
               lambda a, b, c: (2 * a, 2 * b, 0)),
}  # fmt: skip


@pytest.mark.parametrize(("compute", "slopes"), LISTS.values(), ids=LISTS)
def test_the_elements_of_a_list_are_recorded(compute, slopes):
    def case(x):
        a, b, c = x
        return compute(a, b, c), {"x": np.array(slopes(a, b, c), float)}

    def wrong(x):
        a, b, c = x
        return compute(a, b, c), {"x": np.array(slopes(a, b, c), float) + c}

    assert gradtui.check(case, x=X) == []
    assert [one.severity for one in gradtui.check(wrong, x=X)] == ["error"]


def test_a_function_passes_for_the_one_that_it_stands_for():
    def case(x):
        assert np.exp.__name__ == "exp"
        assert np.add.identity == 0
        assert {np.tanh: 1}[np.tanh] == 1
        assert callable(np.add.at)
        return np.sum(x**2), {"x": 2 * x}

    assert gradtui.check(case, x=X) == []
