"""Other names for those of a statement."""

from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.material import renamings
from gradtui.diagnosis.recorded.blame.scope import Held
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.recording.library import NUMPY


def picked(sums, roots, names, key):
    return sums[key]


def test_a_dict_that_is_still_filled_may_be_meant_and_a_list_may_not():
    unit = Unit(picked.__code__, [picked])
    scope = {
        "sums": Held((3,), ":dict"), "roots": Held((0,), ":dict"), "names": Held((3,), ":list"),
    }  # fmt: skip
    around = Around(scope, {}, {}, [], [], NUMPY.dialect, {}, lambda one: None)
    found = renamings(Statement(unit, unit.node.body[0], around))
    assert [one.factor for one in found] == ["roots"]
