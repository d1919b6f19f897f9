"""Lines as another function of the file has them."""

import numpy as np

from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.repeats import repeated
from gradtui.diagnosis.recorded.blame.scope import Held
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.recording.library import NUMPY


def here(a, at):
    rows = a[:2]
    return rows * at


def there(a, at):
    rows = a[at : at + 2]
    return rows


def test_a_line_is_tried_as_another_function_has_it():
    unit, scope = Unit(here.__code__, [here]), {"a": Held((3,), "f"), "at": Held((), "i")}
    around = Around(scope, scope, {}, list, [], NUMPY.dialect, {}, lambda one: None)

    (edit,) = repeated(Statement(unit, unit.node.body[0], around))

    assert unit.line_after(edit.edits) == "rows = a[at:at + 2]"
    assert not [*repeated(Statement(unit, unit.node.body[1], around))]


def turned(a, b, c, d):
    first = np.stack([a, -b, -c, d])
    return first


def turned_back(a, b, c, d):
    back = np.stack([a, -b, c, d])
    return back


def test_a_line_is_tried_as_one_of_the_same_names():
    names = {one: Held((3,), "f") for one in "abcd"}
    unit = Unit(turned_back.__code__, [turned_back])
    around = Around(names, names, {}, list, [], NUMPY.dialect, {}, lambda one: None)

    edits = [*repeated(Statement(unit, unit.node.body[0], around))]

    assert "back = np.stack([a, -b, -c, d])" in [unit.line_after(one.edits) for one in edits]


def scaled(x, axis):
    size = (x**2).mean(axis=axis, keepdims=True)
    return x / size


def scaled_back(kept, x):
    size = (x**2).mean(axis=-1, keepdims=True)
    return x / size


def test_a_name_of_another_function_may_be_kept_by_an_object():
    names = {"x": Held((3, 2), "f"), "kept.axis": Held((), "i")}
    unit = Unit(scaled_back.__code__, [scaled_back])
    around = Around(names, names, {}, list, [], NUMPY.dialect, {}, lambda one: None)

    (edit,) = repeated(Statement(unit, unit.node.body[0], around))

    assert unit.line_after(edit.edits) == "size = (x**2).mean(axis=kept.axis, keepdims=True)"
