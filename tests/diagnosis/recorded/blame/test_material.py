"""Other names for those of a statement."""

import pytest

from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.material import renamings
from gradtui.diagnosis.recorded.blame.scope import Held
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.recording.library import NUMPY


def picked(sums, roots, names, key):
    return sums[key]


def weighed(values, shares, sizes):
    return values + 1


def test_a_dict_that_is_still_filled_may_be_meant_and_a_list_may_not():
    unit = Unit(picked.__code__, [picked])
    scope = {
        "sums": Held((3,), ":dict"), "roots": Held((0,), ":dict"), "names": Held((3,), ":list"),
    }  # fmt: skip
    around = Around(scope, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    found = renamings(Statement(unit, unit.node.body[0], around))
    assert [one.factor for one in found] == ["roots"]


def summed(slope, k):
    d = 0
    d = d + d * k
    return d


def test_the_number_that_a_sum_begins_as_may_stand_for_an_array_of_any_shape():
    unit = Unit(summed.__code__, [summed])
    scope = {"d": Held((), "i", 0), "k": Held((), "i", 1), "slope": Held((4,), "f")}
    around = Around(scope, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    found = [*renamings(Statement(unit, unit.node.body[1], around))]
    assert {one.cost for one in found if one.factor == "slope" and one.node.id == "d"} == {1}


def test_another_array_gets_the_axes_that_it_lacks():
    unit = Unit(weighed.__code__, [weighed])
    scope = {"values": Held((5, 3), "f"), "shares": Held((5,), "f"), "sizes": Held((3,), "f")}
    around = Around(scope, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    found = renamings(Statement(unit, unit.node.body[0], around))
    others = {one.factor for one in found}
    assert "shares[:, None]" in others and "sizes" in others


def divided(x, scales, n, t):
    return x * scales / scales


def test_something_may_be_divided_by_a_count_in_the_place_of_an_array():
    unit = Unit(divided.__code__, [divided])
    scope = {"x": Held((6, 3), "f"), "scales": Held((6, 1), "f"), "n": Held((), "i", 3.0)}
    around = Around(scope, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    found = [*renamings(Statement(unit, unit.node.body[0], around))]
    (edit,) = [one.edits[0] for one in found if one.factor == "n"]
    assert unit.source[: edit.start].endswith(b"/ ")


def sloped(up, a, slope):
    delta = up * a
    return delta


def test_of_very_many_names_one_that_nothing_reads_may_be_meant():
    unit, held = Unit(sloped.__code__, [sloped]), Held((3, 3), "f")
    scope = dict.fromkeys(["up", "a", *(f"a{at}" for at in range(90)), "slope"], held)
    around = Around(scope, scope, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    found = renamings(Statement(unit, unit.node.body[0], around))
    assert "slope" in {one.factor for one in found if one.node.id == "a"}


def stacked(places, values, flag, slope):
    places.append(values)
    values[0] = flag


@pytest.mark.parametrize(("at", "name", "meant"), [(0, "values", "parts"), (1, "flag", "slope")])
def test_what_nothing_reads_may_be_meant_by_whole_numbers_and_a_number_by_a_flag(at, name, meant):
    unit = Unit(stacked.__code__, [stacked])
    scope = {
        "values": Held((4,), "i"), "parts": Held((2, 4), "f"), "flag": Held((), "b"),
        "slope": Held((), "f"),
    }  # fmt: skip
    around = Around(scope, scope, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    s = Statement(unit, unit.node.body[at], around)
    s.__dict__["idle_parts"] = frozenset({"parts"})
    found = [one for one in renamings(s) if getattr(one.node, "id", "") == name]
    assert meant in {one.factor for one in found}


class Sample:
    def __init__(self):
        self.count = 5

    @property
    def width(self):
        return 3


def averaged(self, g):
    return g / self.width


def test_a_count_may_stand_for_a_property():
    unit = Unit(averaged.__code__, [averaged])
    scope = {"self.count": Held((), "i", 5.0), "g": Held((5, 3), "f")}
    held = {"self": Sample()}
    around = Around(scope, {}, {}, list, [], NUMPY.dialect, held, lambda one: None)
    found = renamings(Statement(unit, unit.node.body[0], around))
    assert "self.count" in {one.factor for one in found}


def unrolled(d, back, t):
    all_, _one = back(d[:, t])
    d[:, t] = all_[:, t]
    return d


def test_a_name_that_nothing_reads_may_be_meant_for_a_part():
    unit = Unit(unrolled.__code__, [unrolled])
    scope = {"d": Held((4, 5, 3), "f"), "all_": Held((4, 5, 3), "f"), "_one": Held((4, 3), "f")}
    part = unit.node.body[1].value
    place = unit.place(unit.start(part), unit.end(part))
    around = Around(scope, scope, {place: (4, 3)}, list, [], NUMPY.dialect, {}, lambda one: None)
    found = renamings(Statement(unit, unit.node.body[1], around))
    assert "_one" in {one.factor for one in found if one.node is part}


def test_a_list_may_stand_for_a_longer_one_but_never_inside_of_itself():
    def picked(sums, roots, at):
        roots.append(sums)
        return sums[at]

    unit = Unit(picked.__code__, [picked])
    scope = {"sums": Held((3,), ":list"), "roots": Held((4,), ":list")}
    around = Around(scope, scope, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    kept, read = ([*renamings(Statement(unit, one, around))] for one in unit.node.body)
    assert "roots" not in {
        one.factor
        for one in kept
        if one.edits[0].start > unit.start(unit.node)
        and unit.between(one.edits[0].start, one.edits[0].end) == "sums"
    }
    assert [one.factor for one in read] == ["roots"]


def begun(rows, columns, rounds):
    return [0.0] * rows


def test_how_often_to_train_is_no_size_of_data():
    unit = Unit(begun.__code__, [begun])
    scope = {
        "rows": Held((), "i", 4),
        "columns": Held((), "i", 3),
        "rounds": Held((), "i", 100_000),
    }
    around = Around(scope, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    found = [*renamings(Statement(unit, unit.node.body[0], around))]
    texts = {one.factor for one in found}
    assert "columns" in texts and "rounds" not in texts
