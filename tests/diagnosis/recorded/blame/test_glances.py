"""The user's code, run at a glance."""

import ast
from types import SimpleNamespace

import pytest

from gradtui.diagnosis.recorded.blame.glances import Rounds
from gradtui.diagnosis.recorded.watchdog import Watchdog
from gradtui.recording.library import NUMPY


@pytest.mark.parametrize("line", ["raise SystemExit('sizes do not fit')", "raise ValueError"])
def test_code_that_would_end_the_program_fails_like_any_other(line):
    statement = SimpleNamespace(unit=SimpleNamespace(outside=str, globals={}))
    rounds = Rounds({}, Watchdog(), NUMPY)
    assert not rounds.runs(line, statement, {})
    assert rounds.runs("a = 1", statement, {})


def test_a_value_is_computed_once_and_in_the_round_that_is_looked_at_alone():
    seen = []
    names = {"f": lambda x: seen.append(x) or 2 * x}
    unit = SimpleNamespace(outside=str, globals=names, given="", file="own.py")
    statement = SimpleNamespace(node=ast.parse("y = f(x)").body[0], unit=unit)
    held = {("own.py", 1): [{"x": 1.0}, {"x": 2.0}, {"x": 3.0}]}
    rounds = Rounds(held, Watchdog(), NUMPY)

    assert [rounds.value(statement, "f(x)", at) for at in (2, 0, 2)] == [6.0, 2.0, 6.0]
    assert seen == [3.0, 1.0]
