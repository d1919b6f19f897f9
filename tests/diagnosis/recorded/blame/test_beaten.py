"""Lines that are not looked at once an edit of another one repairs everything."""

import pytest

from gradtui.diagnosis.recorded.blame.beaten import is_beaten
from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.told import Told
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.recording.library import NUMPY

EVERY = frozenset({"x", "y", "z"})


def layers(x, y, z):
    top = 2 * x
    both = 3 * top
    dx = both * x
    dy = both * y
    dz = top * z
    return top, dx, dy, dz


UNIT = Unit(layers.__code__, [layers])
FED = [{"x", "y", "z"}, {"x", "y"}, {"x"}, {"y"}, {"z"}]


def statement(at):
    around = Around({}, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    return Statement(UNIT, UNIT.node.body[at], around)


def line(at):
    return __file__, UNIT.node.body[at].lineno


def told(known=()):
    found = Told()
    found.feeds.update({line(at): fed for at, fed in enumerate(FED)})
    found.known = {line(at) for at in known}
    return found


@pytest.mark.parametrize(("at", "beaten"), [(0, False), (1, False), (2, True), (3, True)])
def test_what_takes_part_in_some_wrong_results_alone_cannot_repair_all(at, beaten):
    assert is_beaten(statement(at), told(), {"x", "y"}, EVERY, ()) == beaten


@pytest.mark.parametrize(("at", "beaten"), [(0, True), (1, False)])
def test_a_right_value_that_right_results_are_made_from_must_stay(at, beaten):
    assert is_beaten(statement(at), told(known=(0, 1)), {"x", "y"}, EVERY, ()) == beaten


def test_little_is_told_of_a_line_that_calls_a_function():
    assert not is_beaten(statement(2), told(), {"x", "y"}, EVERY, [line(2)])


@pytest.mark.parametrize(("wrong", "beaten"), [({"x", "y"}, False), ({"x", "y", "z"}, True)])
def test_a_list_of_results_can_have_no_more_than_two_of_them_swapped(wrong, beaten):
    assert is_beaten(statement(5), told(), wrong, EVERY, ()) == beaten
