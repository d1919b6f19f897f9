"""What the names in code tell."""

import pytest

from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.names import apart, is_spelled
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.recording.library import NUMPY


@pytest.mark.parametrize(
    ("one", "two", "cost"),
    [
        ("vec_add", "vec_sub", 0),
        ("sum", "mean", 0),
        ("vec_add", "vec_mul", 1),
        ("forward", "backward", 2),
        ("hinge", "hinge_grad", 0),
        ("drelu", "relu", 0),
        ("vec_add", "vec_reduce_add", 2),
        ("vec_add", "other_sub", 2),
    ],
)
def test_functions_are_confused_whose_names_are_alike(one, two, cost):
    assert apart(one, two) == cost


def products(cross, u, v):
    uxv = cross(u, v)
    turned = cross(u, v)
    return uxv + turned


def test_a_name_tells_the_order_of_operands():
    unit = Unit(products.__code__, [products])
    around = Around({}, {}, {}, [], [], NUMPY.dialect, {}, lambda one: None)
    named, other = (Statement(unit, one, around) for one in unit.node.body[:2])

    assert is_spelled(named, ["u", "v"])
    assert not is_spelled(named, ["v", "u"])
    assert not is_spelled(named, ["u", "u"])
    assert not is_spelled(other, ["u", "v"])
