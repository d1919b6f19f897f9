"""The diagnosis on a sample of generated cases: the line, the rule, the fix, and no false alarm."""

import pytest

from mutants.building import building
from mutants.report import any_right, at_line, examine
from mutants.seventh import seventh

CASES = list(building())
SINGLE = [case for case in CASES if len(case.bugs) == 1][::25]
SOUND = [case for case in CASES if case.sound][::5]
LATER = [case for at, case in enumerate(seventh()) if at % 9 == 0 or "rotary" in case.name]


@pytest.mark.parametrize("case", SINGLE, ids=lambda case: case.name)
def test_one_wrong_line_is_found_named_and_mended(case):
    outcome = examine(case)
    finding = at_line(outcome, case.bugs[0])
    assert finding is not None
    assert any_right(finding, case.bugs[0])
    assert outcome.fixed


@pytest.mark.parametrize("case", SOUND, ids=lambda case: case.name)
def test_a_sound_program_raises_no_alarm(case):
    outcome = examine(case)
    assert not outcome.problem
    assert not outcome.findings


@pytest.mark.parametrize("case", LATER, ids=lambda case: case.name)
def test_a_wrong_program_has_findings_and_a_sound_one_none(case):
    outcome = examine(case)
    assert not outcome.problem
    assert bool(outcome.findings) != case.sound
