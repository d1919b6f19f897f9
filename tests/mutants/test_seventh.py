"""The cases of the seventh set: sound ones are right, the rest wrong, by central differences."""

from collections import Counter

import pytest

from mutants.seventh import KINDS, PAIRS, SLIPS, SOUND, Seventh
from mutants.sight import unusual
from mutants.test_sight import prove

STYLES = {(kind.name, name) for kind in KINDS for name in kind.styles}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_case_of_a_kind_is_what_it_is_called(kind):
    for name, style in kind.styles.items():
        cases = list(Seventh(kind, name, style, Counter()).cases())
        assert len({case.name for case in cases}) == len(cases)
        by_hand = len(SLIPS.get((kind.name, name), ())) + ((kind.name, name) in PAIRS)
        assert sum("-slip" in case.name for case in cases) == by_hand
        for case in cases:
            prove(case)


@pytest.mark.parametrize("case", list(unusual(KINDS, SOUND)), ids=lambda case: case.name)
def test_an_unusual_pass_equals_central_differences(case):
    prove(case)


def test_slips_and_oddities_are_of_programs_that_there_are():
    assert {*SLIPS, *PAIRS} <= STYLES
    assert {name for name, _ in SOUND} == {kind.name for kind in KINDS}
    assert not {*SOUND} & STYLES
