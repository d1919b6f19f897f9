"""The generator itself: what it calls sound is right, what it calls wrong is wrong."""

import pytest

from gradtui.engine.expression import parse_program
from mutants.catalogue import Generator, verdict_after
from mutants.judge import judge
from mutants.kinds_building import KINDS as BUILDING

KINDS = (*BUILDING,)
STYLES = [(kind, name) for kind in KINDS for name in kind.styles]
SAMPLE = STYLES[::5]
RULES = {
    "sign constant-factor missing-factor extra-factor wrong-variable wrong-point missing-path "
    "missing-term double-counted-path transposed unreduced-broadcast wrong-axis accumulated stale"
}
RULES = frozenset(" ".join(RULES).split())


def ids(entry):
    return "-".join((entry[0].name, entry[1]))


@pytest.mark.parametrize("entry", STYLES, ids=ids)
def test_a_backward_pass_written_by_hand_equals_central_differences(entry):
    kind, name = entry
    style = kind.styles[name]
    assert judge(kind.text(style.code, style.claims, style.state)).sound


def test_every_kind_is_written_in_three_styles_or_more():
    assert all(len(kind.styles) >= 3 for kind in KINDS)


@pytest.mark.parametrize("entry", SAMPLE, ids=ids)
def test_a_mutant_is_wrong_and_its_original_line_repairs_it(entry):
    kind, name = entry
    cases = list(Generator(kind, name, kind.styles[name]).cases())
    assert len({case.name for case in cases}) == len(cases)
    for case in cases:
        rows = case.toml_text.splitlines()
        code = case.toml_text.partition("[backward]")[2].split('"""')[1]
        assert parse_program(code)
        assert judge(case.toml_text).state == ("sound" if case.sound else "wrong"), case.name
        for bug in case.bugs:
            assert rows[bug.line - 1] == bug.mutated != bug.original
            assert bug.mutated.startswith(f"{bug.target} = ")
            assert set(bug.rules) <= RULES
            assert bug.lines[0] == bug.line
        if case.bugs:
            fixes = [(bug.line, bug.original) for bug in case.bugs]
            assert verdict_after(case, fixes).sound
        for index in range(len(case.bugs) if len(case.bugs) > 1 else 0):
            one = [(b.line, b.original) for i, b in enumerate(case.bugs) if i != index]
            assert verdict_after(case, one).state == "wrong"


@pytest.mark.parametrize("entry", SAMPLE[:1], ids=ids)
def test_the_cases_are_the_same_at_every_call(entry):
    kind, name = entry
    first, second = (list(Generator(kind, name, kind.styles[name]).cases()) for _ in range(2))
    assert first == second
