"""The part of an array that is left where another line picks the rest."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.scope import Held
from gradtui.diagnosis.recorded.blame.splits import splits
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.recording.library import NUMPY


def halved(both, other, n):
    first = both[-n:]
    second = both[n:]
    return first, second, other[:, :n], both[::2]


def columns(both, other, n):
    first = both[:, 1:n]
    second = both[:, :n]
    rows = both[n:, :]
    return np.sum(first), second, other[:, n:], rows, both[:]


def listed(both, other, n):
    first = both[2 + n :]
    second = both[2 + n :]
    return first, second, both[0], both[1]


@pytest.mark.parametrize(("function", "found"), [
    (listed, ["first = both[:2 + n]", "first = both[2:2 + n]"]),
    (halved, ["first = both[:n]"]), (columns, ["first = both[:, n:]"]),
])  # fmt: skip
def test_what_is_left_of_an_array_is_picked(function, found):
    unit, held = Unit(function.__code__, [function]), Held((6, 6), "f")
    scope = {"both": held, "other": held, "n": Held((), "i")}
    around = Around(scope, scope, {}, list, [], NUMPY.dialect, {}, lambda one: None)

    edits = splits(Statement(unit, unit.node.body[0], around))

    assert [unit.line_after(one.edits) for one in edits] == found
