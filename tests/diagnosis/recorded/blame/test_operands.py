"""The operands of a statement in which something may be missing."""

import pytest

from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.operands import operands
from gradtui.diagnosis.recorded.blame.scope import Held
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.recording.library import NUMPY

SCOPE = {"x": Held((4, 3), "f"), "w": Held((3, 2), "f"), "n": Held((), "i", 4)}


def product(x, w, n):
    return x @ w / n


def counted(x, w, n):
    return range(n - 1)


def called(x, w, n):
    return x.sum(axis=0) + 2


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (product, {"x @ w / n", "x @ w", "x", "w"}),
        (counted, set()),  # whole numbers lack no factor
        (called, {"x.sum(axis=0) + 2", "x.sum(axis=0)", "x", "2"}),
    ],
)
def test_what_is_stored_its_operands_and_arguments_may_lack_something(function, expected):
    unit = Unit(function.__code__, [function])
    around = Around(SCOPE, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    s = Statement(unit, unit.node.body[0], around)
    assert {s.text(one.node) for one in operands(s)} == expected
