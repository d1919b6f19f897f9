"""The generator itself: what it calls sound is right, what it calls wrong is wrong."""

import tomllib

import numpy as np
import pytest

import gradtui
from gradtui.language.parser import parse_program
from mutants import building, held_out
from mutants.blind import KINDS as BLIND
from mutants.building import KINDS as BUILDING
from mutants.case import Case, line_in_case, verdict_after, write
from mutants.catalogue import Generator
from mutants.fresh import KINDS as FRESH
from mutants.held_out import KINDS as HELD_OUT
from mutants.judge import judge
from mutants.kinds import program_name, programs
from mutants.numerics import parse, run
from mutants.proof import RULES
from mutants.sight import KINDS as SIGHT
from mutants.slips import cases_of_slips
from mutants.slips_blind import SLIPS as SLIPS_BLIND
from mutants.slips_unseen import SLIPS as SLIPS_UNSEEN
from mutants.unseen import KINDS as UNSEEN
from mutants.update_judge import judge_update

KINDS = (*BUILDING, *HELD_OUT, *FRESH, *UNSEEN, *BLIND, *SIGHT)
STYLES = programs(KINDS)
SAMPLE = [entry for entry in STYLES if entry[0] not in (*UNSEEN, *BLIND, *SIGHT)][2::19]
SAMPLE += [entry for entry in STYLES if entry[0] in UNSEEN and entry[1] == "source"][:1]
SAMPLE += [entry for entry in STYLES if entry[0] in BLIND and entry[0].name == "focal"][:1]
SLIPPED = [("ordinal", "statements"), ("weight_norm", "fused"), ("cox", "fused")]
UPDATE_RULES = {
    *("update-sign", "update-rate", "missing-bias-correction", "wrong-time-index"),
    *("epsilon-placement", "missing-root", "decay-coupling", "momentum-form"),
    *("wrong-hyperparameter", "unexplained-update", "relies-on-data"),
}
SLIPS = {**SLIPS_UNSEEN, **SLIPS_BLIND}
UPDATES = [*building.updates(), *held_out.updates()]


@pytest.mark.parametrize("entry", STYLES, ids=program_name)
def test_a_backward_pass_written_by_hand_equals_central_differences(entry):
    kind, name = entry
    style = kind.styles[name]
    assert judge(kind.text(style.code, style.claims, style.state)).sound


@pytest.mark.parametrize(
    "entry", [e for e in STYLES if not e[0].styles[e[1]].state], ids=program_name
)
def test_model_and_backward_pass_are_of_the_language_and_mean_the_same(entry, tmp_path):
    """The engine, given the backward pass as a part of the model, computes what the judge does."""
    kind, name = entry
    style = kind.styles[name]
    head, _, _ = kind.text(style.code).partition("[backward]")
    loss = parse(kind.model)[-1].name
    joined = head.replace(kind.model, kind.model + style.code)
    joined = joined.replace("[model]", f'[model]\nloss = "{loss}"')
    path = tmp_path / "joined.toml"
    path.write_text(joined)
    frame = gradtui.load(str(path)).frame
    raw = tomllib.loads(joined)
    point = {n: np.asarray(v, float)[()] for n, v in (raw["data"] | raw["parameters"]).items()}
    values = run(parse(raw["model"]["code"]), point)
    for line in parse(raw["model"]["code"]):
        assert np.allclose(frame.values[line.name], values[line.name], rtol=1e-9, atol=1e-12)


def test_every_kind_is_written_in_three_styles_or_more():
    styles = {}
    for kind in KINDS:
        styles.setdefault(kind.name, set()).update(kind.styles)
    assert len(styles) >= 10
    assert all(len(names) >= 3 for names in styles.values())


@pytest.mark.parametrize("entry", SAMPLE, ids=program_name)
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
            assert bug.rules
            assert all(set(rules) <= RULES for rules in bug.places.values())
        if case.bugs:
            fixes = [(bug.line, bug.original) for bug in case.bugs]
            assert verdict_after(case, fixes).sound
        for index in range(len(case.bugs) if len(case.bugs) > 1 else 0):
            one = [(b.line, b.original) for i, b in enumerate(case.bugs) if i != index]
            assert verdict_after(case, one).state == "wrong"


@pytest.mark.parametrize("entry", SLIPPED, ids="-".join)
def test_a_mistake_written_by_hand_is_wrong_and_its_original_line_repairs_it(entry):
    for case in cases_of_slips((*UNSEEN, *BLIND), {entry: SLIPS[entry]}):
        (bug,) = case.bugs
        assert set(bug.rules) <= {*RULES, "unexplained"}
        assert judge(case.toml_text).state == "wrong"
        assert verdict_after(case, [(bug.line, bug.original)]).sound


def test_a_backward_pass_in_a_python_file_has_the_lines_of_the_program(tmp_path):
    (kind,) = (kind for kind in UNSEEN if kind.name == "quantile")
    style = kind.styles["source"]
    case = Case("name", kind.name, "source", kind.text(style.code, style.claims), sound=True)
    assert not gradtui.check(str(write(case, tmp_path)))
    rows = case.toml_text.splitlines()
    written = (tmp_path / "net.py").read_text().splitlines()
    program = style.code.splitlines()
    first = written.index(f"    {program[0]}")
    for number, text in enumerate(program):
        assert (
            written[first + number].strip()
            == text
            == rows[line_in_case(case, first + number + 1) - 1]
        )


@pytest.mark.parametrize("case", UPDATES, ids=lambda case: case.name)
def test_an_update_is_what_it_is_called_and_its_original_line_repairs_it(case):
    rows = case.toml_text.splitlines()
    assert parse_program(case.toml_text.partition("[update]")[2].split('"""')[1])
    assert judge_update(case.toml_text).state == ("sound" if case.sound else "wrong")
    for bug in case.bugs:
        assert rows[bug.line - 1] == bug.mutated != bug.original
        assert set(bug.rules) <= UPDATE_RULES
    if case.bugs:
        assert verdict_after(case, [(bug.line, bug.original) for bug in case.bugs]).sound


@pytest.mark.parametrize("entry", SAMPLE[:1], ids=program_name)
def test_the_cases_are_the_same_at_every_call(entry):
    kind, name = entry
    first, second = (list(Generator(kind, name, kind.styles[name]).cases()) for _ in range(2))
    assert first == second
