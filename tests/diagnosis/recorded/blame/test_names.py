"""What the names in code tell."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.names import (
    agreement,
    apart,
    is_spelled,
    numbering,
    remoteness,
    value_of,
)
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.recording.library import NUMPY
from planted import Planted, repaired

RNG = np.random.default_rng(5)
TARGETS, RATES = RNG.normal(size=4), RNG.random(4) + 0.5


@pytest.mark.parametrize(
    ("name", "of"),
    [("dvar", "var"), ("d_h", "h"), ("grad_z1", "z1"), ("dL_dW", "W"), ("s_bar", "s"), ("h", None)],
)
def test_a_gradients_name_tells_of_what_it_is(name, of):
    assert value_of(name) == of


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


def test_names_are_near_that_differ_in_a_number():
    names = ["up", "W12", "W7", "b5", "W"]

    assert sorted(names, key=lambda one: remoteness("W5", one)) == ["W", "W7", "W12", "up", "b5"]


def products(cross, u, v):
    uxv = cross(u, v)
    turned = cross(u, v)
    return uxv + turned


def test_a_name_tells_the_order_of_operands():
    unit = Unit(products.__code__, [products])
    around = Around({}, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    named, other = (Statement(unit, one, around) for one in unit.node.body[:2])

    assert is_spelled(named, ["u", "v"])
    assert not is_spelled(named, ["v", "u"])
    assert not is_spelled(named, ["u", "u"])
    assert not is_spelled(other, ["u", "v"])


def powers(v):
    var_cubed = v**2
    far_sq = v**2
    other = v**2
    return var_cubed + far_sq + other


def test_a_name_tells_the_power_that_is_stored():
    unit = Unit(powers.__code__, [powers])
    around = Around({}, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    told = []
    for node in unit.node.body[:3]:
        power = node.value.right
        edit = Edit(unit.start(power), unit.end(power), "3")
        told.append(agreement(Statement(unit, node, around), [edit]))

    assert told == [1, -1, 0]


def biased(b_main, b_context):
    error = b_main + b_context - TARGETS
    d_main, d_context = np.zeros(4), np.zeros(4)
    grad_main = grad_context = 2 * error
    rate_main = rate_context = RATES
    d_main += rate_main * grad_main
    d_context += rate_context * grad_context
    return np.sum(RATES * error**2), d_main, d_context


MISTAKES = [("d_context += rate_context * grad_context", "d_main += rate_context * grad_context")]


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_names_that_agree_tell_which_of_two_lines_adds_to_the_wrong_array(old, new, tmp_path):
    b = {"b_main": RNG.normal(size=4), "b_context": RNG.normal(size=4)}
    planted = Planted(__file__, tmp_path, b)
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, "biased")

    assert (found.line, found.fix) == (planted.line(old), old)
    assert planted.errors(repaired(wrong, found), "biased") == []


def paired(x1, x2, d):
    return x1 - x2, d[1], d[0], d[x1]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("x1", "x2", -1), ("d[1]", "d[0]", 1), ("d[0]", "d[x1]", 0), ("x2", "d[1]", 0)],
)
def test_what_is_numbered_comes_into_its_order_or_out_of_it(first, second, expected):
    unit = Unit(paired.__code__, [paired])
    row = unit.source.decode().index("return")
    places = [unit.source.index(one.encode(), row) for one in (first, second)]
    edits = [
        Edit(at, at + len(old), new)
        for at, old, new in zip(places, (first, second), (second, first), strict=True)
    ]
    around = Around({}, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    assert numbering(Statement(unit, unit.node.body[0], around), edits) == expected
