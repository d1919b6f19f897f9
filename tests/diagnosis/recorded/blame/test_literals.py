"""Other values for the numbers, flags, zeros and ones that a statement writes itself."""

import numpy as np

from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.literals import entries, given, keys, numbers
from gradtui.diagnosis.recorded.blame.scope import Held
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.recording.library import NUMPY


def statement(function, scope, shapes=None):
    unit = Unit(function.__code__, [function])
    around = Around(scope, {}, shapes or {}, list, [], NUMPY.dialect, {}, lambda one: None)
    return Statement(unit, unit.node.body[0], around)


def ramped(x, slope):
    return np.where(x > 0, 1.0, 0.1)


def test_a_number_that_is_chosen_may_be_the_slope_that_is_given():
    scope = {"x": Held((4,), "f"), "slope": Held((), "f", 0.3)}
    found = [*given(statement(ramped, scope))]
    assert {(one.factor, ramped_text(one)) for one in found if one.factor == "slope"} == {
        ("slope", "1.0"), ("slope", "0.1"),
    }  # fmt: skip


def ramped_text(edit):
    return str(edit.node.value)


def test_a_number_may_be_another_one_and_0_is_no_operand():
    def halved(x):
        return 0.5 * x

    found = [*numbers(statement(halved, {"x": Held((4,), "f")}), [0, 1.0, 0.5, 2.0])]
    assert [one.factor for one in found] == ["1.0", "2.0"]


def layered(cache, W, at):
    cache["Z" + str(at)] = cache["A" + str(at - 1)] @ W
    return cache["Z" + str(at)]


def test_a_key_may_begin_as_others_of_the_file():
    unit = Unit(layered.__code__, [layered])
    around = Around({}, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    found = keys(Statement(unit, unit.node.body[1], around))
    assert [(one.factor, one.edits[0].text) for one in found] == [("A", b'"A"')]


def summed(d):
    total = d.copy()
    return total


def test_a_sum_may_begin_as_zeros_and_not_as_a_copy():
    unit = Unit(summed.__code__, [summed])
    scope = {"d": Held((4,), "f")}
    around = Around(scope, scope, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    found = given(Statement(unit, unit.node.body[0], around))
    assert "np.zeros_like(d)" in {one.factor for one in found}


def turned(d, a):
    jacobian = [[-1.0, 0, d * a], [0, 1.0, -0.5]]
    sizes = [2, 3]
    return jacobian, sizes


def test_an_entry_of_a_written_array_may_be_another_one_or_plain():
    unit = Unit(turned.__code__, [turned])
    scope = {"d": Held((), "f", 0.3), "a": Held((), "f", 0.7)}
    around = Around(scope, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    array, sizes = (Statement(unit, one, around) for one in unit.node.body[:2])

    of_half = [one.factor for one in entries(array) if one.node.value == 0.5]
    assert of_half == ["1.0", "0.0", "2.0", "0.25"]
    assert {one.node.value for one in entries(array)} == {0, 0.5, 1.0}
    assert [*entries(sizes)] == []


def aligned(a, b):
    m, x, y = 1, 1, 2
    return a[m] + a[x] + b[y]


def aligned_before(a, b):
    m, x, y = 1, 0, 2
    return a[m] * a[x] * b[y]


def test_names_of_places_may_have_others_as_they_have_in_another_function():
    unit = Unit(aligned.__code__, [aligned])
    around = Around({}, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    found = [*entries(Statement(unit, unit.node.body[0], around))]

    assert [one.factor for one in found] == ["0", "2", "0", "2", "0", "1"]
    assert [at for at, one in enumerate(found) if one.named and one.cost == 0] == [2]
