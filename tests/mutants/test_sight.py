"""The cases written without sight of the diagnosis: the sound ones are right, the rest wrong."""

from collections import Counter

import pytest

from gradtui.engine.expression import parse_program
from mutants.case import Case, verdict_after
from mutants.judge import judge
from mutants.sight import KINDS, PAIRS, SLIPS, SOUND, Even, unusual
from mutants.test_mutants import RULES

SAMPLE = [("moving_average", "forward_mode"), ("dropout", "statements")]
STYLES = {(kind.name, name) for kind in KINDS for name in kind.styles}


def prove(case: Case) -> None:
    """Show by central differences that a case is what it is called."""
    rows = case.toml_text.splitlines()
    assert parse_program(case.toml_text.partition("[backward]")[2].split('"""')[1])
    assert judge(case.toml_text).state == ("sound" if case.sound else "wrong"), case.name
    for bug in case.bugs:
        assert rows[bug.line - 1] == bug.mutated != bug.original
        assert bug.mutated.startswith(f"{bug.target} = ")
        assert all(rules and {*rules} <= {*RULES, "unexplained"} for rules in bug.places.values())
    if case.bugs:
        assert verdict_after(case, [(bug.line, bug.original) for bug in case.bugs]).sound
    for index in range(len(case.bugs) if len(case.bugs) > 1 else 0):
        others = [(b.line, b.original) for i, b in enumerate(case.bugs) if i != index]
        assert verdict_after(case, others).state == "wrong"


@pytest.mark.parametrize("entry", SAMPLE, ids="-".join)
def test_an_edit_and_a_slip_are_wrong_and_the_original_lines_repair_them(entry):
    kind = next(kind for kind in KINDS if kind.name == entry[0])
    cases = list(Even(kind, entry[1], kind.styles[entry[1]], Counter()).cases())
    assert len({case.name for case in cases}) == len(cases)
    assert {len(case.bugs) for case in cases} == {0, 1, 2}
    for case in cases:
        prove(case)


@pytest.mark.parametrize("case", list(unusual()), ids=lambda case: case.name)
def test_an_unusual_pass_equals_central_differences(case):
    prove(case)


def test_slips_and_oddities_are_of_programs_that_there_are():
    assert {*SLIPS, *PAIRS} <= STYLES
    assert {name for name, _ in SOUND} == {kind.name for kind in KINDS}
    assert not {*SOUND} & STYLES
