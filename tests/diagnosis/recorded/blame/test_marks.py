"""The values that a backward pass may rightly compute are known by marks."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.marks import Marks, mark_of
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.target import target_of

W, K = np.array([[0.5, 2.0], [-1.0, 0.25], [2.0, 1.5]]), np.array([2.0, 5.0])


def of_variances(w):
    return (K * np.var(w, axis=0)).sum(), w


def of_deviations(w):
    return (K * np.std(w, axis=0, ddof=1)).sum(), w


@pytest.mark.parametrize(
    ("case", "of_variance", "count"), [(of_variances, K, 3), (of_deviations, K / 2, 2)]
)
def test_the_adjoints_of_a_variance_and_of_the_squares_in_it_are_known(case, of_variance, count):
    if case is of_deviations:
        of_variance = of_variance / np.std(W, axis=0, ddof=1)
    point = Runs(target_of(case, None, (), {"w": W})).point({"w": W}, ("w",), near=True)
    marks = Marks(point, {*point.result.tape.sources(point.root)})

    assert marks.is_adjoint(mark_of(of_variance))
    assert marks.is_adjoint(mark_of(np.tile(of_variance / count, (3, 1))))
    assert not marks.is_adjoint(mark_of(np.tile(of_variance, (3, 1))))


def halved(w):
    return (w**2).sum(), w


def test_a_whole_adjoint_is_known_element_by_element():
    point = Runs(target_of(halved, None, (), {"w": W})).point({"w": W}, ("w",), near=True)
    marks = Marks(point, {*point.result.tape.sources(point.root)})
    turned = 2 * W[::-1]

    assert marks.repeats(2 * W, mark_of(2 * W))
    assert marks.is_adjoint(mark_of(turned)) and not marks.repeats(turned, mark_of(turned))
