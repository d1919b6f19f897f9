"""Lines as another function of the file has them."""

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
    around = Around(scope, scope, {}, [], [], NUMPY.dialect, {}, lambda one: None)

    (edit,) = repeated(Statement(unit, unit.node.body[0], around))

    assert unit.line_after(edit.edits) == "rows = a[at:at + 2]"
    assert not [*repeated(Statement(unit, unit.node.body[1], around))]
