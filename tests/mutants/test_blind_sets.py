"""The sets written without sight of the diagnosis, by central differences.

The sound cases are right, the rest wrong.
"""

from collections import Counter

import pytest

from mutants import fifth, fourth, seventh, sixth
from mutants.proof import prove
from mutants.sight import unusual

SETS = {
    "fourth": (fourth, fourth.Fourth),
    "fifth": (fifth, fifth.Fifth),
    "sixth": (sixth, sixth.Sixth),
    "seventh": (seventh, seventh.Seventh),
}
PROGRAMS = [
    (name, kind, list(kind.styles)[number // 2 % len(kind.styles)])
    for name, (module, _) in SETS.items()
    for number, kind in enumerate(module.KINDS)
    if number % 2
]
"""Of every second kind one style: `report.py SET --prove` does it for all of a set."""
UNUSUAL = [case for module, _ in SETS.values() for case in unusual(module.KINDS, module.SOUND)]


@pytest.mark.parametrize(
    ("name", "kind", "style"), PROGRAMS, ids=lambda part: getattr(part, "name", part)
)
def test_every_case_of_a_kind_is_what_it_is_called(name, kind, style):
    module, generator = SETS[name]
    cases = list(generator(kind, style, kind.styles[style], Counter()).cases())
    assert len({case.name for case in cases}) == len(cases)
    key = (kind.name, style)
    by_hand = len(module.SLIPS.get(key, ())) + (key in module.PAIRS)
    assert sum("-slip" in case.name for case in cases) == by_hand
    for case in cases:
        prove(case)


@pytest.mark.parametrize("case", UNUSUAL, ids=lambda case: case.name)
def test_an_unusual_pass_equals_central_differences(case):
    prove(case)


@pytest.mark.parametrize("module", [module for module, _ in SETS.values()])
def test_slips_and_oddities_are_of_programs_that_there_are(module):
    styles = {(kind.name, name) for kind in module.KINDS for name in kind.styles}
    assert {*module.SLIPS, *module.PAIRS} <= styles
    assert {name for name, _ in module.SOUND} == {kind.name for kind in module.KINDS}
    assert not {*module.SOUND} & styles
