"""The user's code, run at a glance."""

from types import SimpleNamespace

import pytest

from gradtui.diagnosis.recorded.blame.glances import Rounds
from gradtui.diagnosis.recorded.blame.watchdog import Watchdog
from gradtui.recording.library import NUMPY


@pytest.mark.parametrize("line", ["raise SystemExit('sizes do not fit')", "raise ValueError"])
def test_code_that_would_end_the_program_fails_like_any_other(line):
    statement = SimpleNamespace(unit=SimpleNamespace(outside=str, globals={}))
    rounds = Rounds({}, Watchdog(), NUMPY)
    assert not rounds.runs(line, statement, {})
    assert rounds.runs("a = 1", statement, {})
