"""The search for the lines that make gradients wrong."""

from gradtui.diagnosis.recorded.blame.gradients import _written
from gradtui.diagnosis.recorded.blame.units import Unit


def pooled(x, size=7):
    rows = x.reshape(4, 3)
    return 2 * rows.sum(axis=1) / 12 - 0.5


def test_the_numbers_of_a_function_are_those_it_writes_but_for_squares_and_defaults():
    assert _written([Unit(pooled.__code__, [pooled])]) == {4, 3, 12}
