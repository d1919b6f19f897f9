"""Replacing what a function can reach: its module's values, closures and objects."""

from typing import NamedTuple

from gradtui.recording.holdings import replaced

ROWS = 2


class Pair(NamedTuple):
    """A pair, whose methods close over the number of its fields, as a library made them."""

    first: float
    second: float


def closing(own):
    """Return a function that closes over a number, and knows a class and another number."""

    def case():
        return own, ROWS, Pair(1.0, 2.0)._replace(first=3.0)

    return case


def doubled(value):
    return 4 if type(value) is int and value == 2 else value


def test_what_a_function_closes_over_is_replaced():
    case = closing(2)
    with replaced(case, doubled):
        assert case()[:2] == (4, 4)
    assert case()[:2] == (2, 2)


def test_what_a_function_of_a_library_closes_over_stays():
    case = closing(2)
    with replaced(case, doubled):
        assert case()[2] == Pair(3.0, 2.0)
