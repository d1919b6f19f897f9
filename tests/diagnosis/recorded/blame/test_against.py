"""What nobody offers as a repair, however right it makes the results."""

from types import SimpleNamespace

import pytest

from gradtui.diagnosis.recorded.blame.against import cancels
from gradtui.diagnosis.recorded.blame.units import Edit

LINES = [
    ("da = db.contiguous()", "db.contiguous()", "db.contiguous() - db", True),
    ("da = db * s", "db", "db / db.detach()", True),
    ("da = db - da", "da", "db", True),
    ("    da = db", "db", "db\n    db = db - db.clone()", True),
    ("da = db - db", "da", "dc", False),
    ("da = db - da", "da", "db.t()", False),
]


@pytest.mark.parametrize(("line", "old", "new", "cancels_it"), LINES)
def test_an_edit_cancels_a_value_with_itself(line, old, new, cancels_it):
    source = line.encode()
    unit = SimpleNamespace(source=source, start=lambda node: 0, end=lambda node: len(source))
    at = line.rindex(old)

    edit = Edit(at, at + len(old), new)

    assert cancels(SimpleNamespace(unit=unit, node=None), (edit,)) == cancels_it
