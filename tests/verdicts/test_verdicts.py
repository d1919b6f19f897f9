"""Verdicts of programs that are hard to judge: no right one is blamed, a wrong line is found."""

from itertools import chain

import pytest
from mutants.proof import RULES

from verdicts.evidence import shows
from verdicts.report import examine
from verdicts.sets import CONDITIONED, DEEP, SETS, STRUCTURED

PROGRAMS = [program for members in SETS.values() for program in members]
RIGHT = [*DEEP[::3], *STRUCTURED, *CONDITIONED]
QUICK = {"deep": DEEP[::8], "structured": STRUCTURED, "conditioned": CONDITIONED}
"""Programs that are looked at here: `report.py` does it for all of them, with all their lines."""
PLANTED = {
    (kind, plant.rules): (program, plant)
    for kind, members in QUICK.items()
    for number, program in enumerate(members)
    for plant in program.plants[number % max(1, len(program.plants)) :][:1]
}
"""Kind of program, and what is wrong in a line -> one such program and line."""


@pytest.mark.parametrize("program", RIGHT, ids=lambda program: program.slug)
def test_a_right_program_is_correct(program):
    outcome = examine(program.case())
    assert outcome.verdict == "correct", outcome.said
    assert outcome.findings == ()


@pytest.mark.parametrize(
    ("program", "plant"),
    PLANTED.values(),
    ids=lambda part: getattr(part, "slug", getattr(part, "kind", "")),
)
def test_a_planted_line_is_found_at_its_place(program, plant):
    outcome = examine(program.case(plant))
    assert outcome.verdict == "wrong"
    assert outcome.located, f"{plant.text}: {outcome.said}"


@pytest.mark.parametrize("program", [*chain(*QUICK.values())], ids=lambda program: program.slug)
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
