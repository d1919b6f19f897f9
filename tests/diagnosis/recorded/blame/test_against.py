"""What nobody offers as a repair, however right it makes the results."""

from types import SimpleNamespace

import pytest

from gradtui.diagnosis.recorded.blame.against import cancels

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
    texts = {(): line, ("edited",): new.join(line.rsplit(old, 1))}
    unit = SimpleNamespace(text_after=lambda _, edits: texts[edits])

    assert cancels(SimpleNamespace(unit=unit, node=None), ("edited",)) == cancels_it
