"""Verdicts of programs that are hard to judge: no right one is blamed, a wrong line is found."""

import pytest
from mutants.proof import RULES

from verdicts.evidence import shows
from verdicts.report import examine
from verdicts.sets import CONDITIONED, DEEP, SETS, STRUCTURED

PROGRAMS = [program for members in SETS.values() for program in members]
QUICK = [*DEEP[::8], *STRUCTURED, *CONDITIONED]
"""Programs whose planted lines are looked at here: `report.py` does it for all of them."""
PLANTED = [
    (program, program.plants[number % len(program.plants)])
    for number, program in enumerate(QUICK)
    if program.plants
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.slug)
def test_a_right_program_is_correct(program):
    outcome = examine(program.case())
    assert outcome.verdict == "correct", outcome.said
    assert outcome.findings == ()


@pytest.mark.parametrize(
    ("program", "plant"), PLANTED, ids=lambda part: getattr(part, "slug", getattr(part, "kind", ""))
)
def test_a_planted_line_is_found_at_its_place(program, plant):
    outcome = examine(program.case(plant))
    assert outcome.verdict == "wrong"
    assert outcome.located, f"{plant.text}: {outcome.said}"


@pytest.mark.parametrize("program", QUICK, ids=lambda program: program.slug)
def test_differences_in_plain_numpy_tell_each_planted_line_from_the_right_one(program):
    """But those where float64 cannot, which the program names."""
    for plant in program.plants:
        assert shows(program, plant) == (plant.text not in program.unresolved), plant.text


def test_the_programs_are_what_their_parts_say():
    assert len({program.slug for program in PROGRAMS}) == len(PROGRAMS)
    for program in PROGRAMS:
        planted = [plant.text for plant in program.plants]
        assert len(set(planted)) == len(planted), program.name
        assert {*program.unresolved} <= {*planted}, program.name
        assert program.sided == program.model.strip("\n") or program.sides, program.name
        assert all({*plant.rules} <= {*RULES, "unexplained"} for plant in program.plants)
