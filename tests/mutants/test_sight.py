"""The cases written without sight of the diagnosis: the sound ones are right, the rest wrong."""

from collections import Counter

import pytest

from mutants.proof import prove
from mutants.sight import KINDS, PAIRS, SLIPS, SOUND, Even, unusual

SAMPLE = [("moving_average", "forward_mode"), ("dropout", "statements")]
STYLES = {(kind.name, name) for kind in KINDS for name in kind.styles}


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
