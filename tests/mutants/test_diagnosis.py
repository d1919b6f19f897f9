"""The diagnosis on a sample of generated cases: the line, the rule, the fix, and no false alarm."""

from collections import Counter

import pytest

from mutants import building, seventh
from mutants.catalogue import Generator
from mutants.kinds import program_name, programs
from mutants.report import any_right, at_line, examine

BUILDING = programs(building.KINDS)
LATER = [
    entry
    for number, entry in enumerate(programs(seventh.KINDS))
    if number % 12 == 0 or entry[0].name == "rotary"
]


@pytest.mark.parametrize(
    "number", range(len(BUILDING)), ids=lambda number: program_name(BUILDING[number])
)
def test_one_wrong_line_is_found_named_and_mended_and_a_sound_program_raises_no_alarm(number):
    kind, style = BUILDING[number]
    cases = list(Generator(kind, style, kind.styles[style]).cases())
    singles = [case for case in cases if len(case.bugs) == 1]
    wrong = singles[number % len(singles)]
    outcome = examine(wrong)
    finding = at_line(outcome, wrong.bugs[0])
    assert finding is not None
    assert any_right(finding, wrong.bugs[0])
    assert outcome.fixed
    for sound in (case for case in cases if case.sound):
        outcome = examine(sound)
        assert not outcome.problem
        assert not outcome.findings


@pytest.mark.parametrize("entry", LATER, ids=program_name)
def test_a_wrong_program_has_findings_and_a_sound_one_none(entry):
    kind, style = entry
    for case in seventh.Seventh(kind, style, kind.styles[style], Counter()).cases():
        outcome = examine(case)
        assert not outcome.problem
        assert bool(outcome.findings) != case.sound
