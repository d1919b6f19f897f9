"""The corpus is proved, a mistake in it would be told, and the engine means what its judge does."""

import re
import tomllib
from dataclasses import replace

import numpy as np
import pytest

import gradtui
from corpus.case import Case, line_in_case, write
from corpus.cases import cases, exact
from corpus.generator import Generator
from corpus.load import OPTIMIZERS, passes, programs, topics
from corpus.numerics import parse, run
from corpus.proof import digest, failures, proved

DRAWN = [
    (program, list(program.backward)[number % len(program.backward)])
    for topic in topics()
    if topic != OPTIMIZERS
    for number, program in enumerate(programs(topic))
]
"""One backward pass of each model whose numbers are drawn."""
EDIT = re.compile(r".*-edit\d+$")


def named(part):
    return getattr(part, "name", part)


@pytest.mark.parametrize("topic", topics())
def test_a_topic_has_been_proved_as_it_is_now(topic):
    found = proved().get(topic)
    assert found == digest(topic), f"run: python tests/corpus/proof.py {topic}"


def test_each_topic_has_programs_and_each_name_is_one_program():
    names = [program.name for program, _ in DRAWN]
    names += [program.slug for topic in topics() for program in exact(topic)]
    assert len({*names}) == len(names)
    assert all(topic == OPTIMIZERS or programs(topic) or exact(topic) for topic in topics())


def first_wrong(program, style):
    made = Generator(program, style).by_hand()
    return next(case for case in made if len(case.bugs) == 1)


@pytest.fixture
def wrong():
    (cox,) = (program for program in programs("survival") if program.name == "cox")
    return first_wrong(cox, "fused")


def test_the_proof_tells_a_wrong_case_from_a_right_one(wrong):
    assert [*failures(wrong)] == []
    assert [*failures(replace(wrong, sound=True, bugs=()))] != []
    (bug,) = wrong.bugs
    elsewhere = replace(bug, line=bug.line + 1)
    assert any("is not" in what for what in failures(replace(wrong, bugs=(elsewhere,))))
    unknown = replace(bug, rules=("no-rule",))
    assert any("no rule" in what for what in failures(replace(wrong, bugs=(unknown,))))
    unmended = replace(bug, original=f"{bug.original} + 1")
    assert [*failures(replace(wrong, bugs=(unmended,)))] == ["the original lines do not repair it"]


def test_the_proof_tells_two_mistakes_from_one(wrong):
    (bug,) = wrong.bugs
    rows = wrong.toml_text.splitlines()
    other = replace(bug, line=bug.line + 1, mutated=rows[bug.line], original=f"{rows[bug.line]} ")
    other = replace(other, target=other.mutated.partition(" = ")[0])
    assert [*failures(replace(wrong, bugs=(bug, other)))] == ["one repair is enough"]


def test_the_proof_tells_a_wrong_update_from_a_right_one():
    made = list(cases(OPTIMIZERS))
    right, mistaken = (
        next(case for case in made if case.sound == sound) for sound in (True, False)
    )
    assert [*failures(right)] == [*failures(mistaken)] == []
    assert [*failures(replace(mistaken, sound=True, bugs=()))] != []


@pytest.mark.parametrize(("program", "style"), DRAWN, ids=named)
def test_a_model_is_of_the_language_and_means_what_the_judge_computes(program, style, tmp_path):
    """The engine is given the backward pass as a part of the model."""
    written = program.backward[style]
    if written.state:
        pytest.skip("a model has no state")
    text = program.text(written)
    head, _, _ = text.partition("[backward]")
    loss = parse(program.model)[-1].name
    joined = head.replace(program.model, program.model + written.code)
    path = tmp_path / "joined.toml"
    path.write_text(joined.replace("[model]", f'[model]\nloss = "{loss}"'))
    frame = gradtui.load(str(path)).frame
    raw = tomllib.loads(joined)
    point = {n: np.asarray(v, float)[()] for n, v in (raw["data"] | raw["parameters"]).items()}
    lines = parse(raw["model"]["code"])
    values = run(lines, point)
    for line in lines:
        assert np.allclose(frame.values[line.name], values[line.name], rtol=1e-9, atol=1e-12)


def test_a_backward_pass_in_a_python_file_has_the_lines_of_the_program(tmp_path):
    (quantile,) = (program for program in programs("regression") if program.name == "quantile")
    written = quantile.backward["source"]
    text = quantile.text(written)
    case = Case("name", "regression", "quantile", "source", False, text, sound=True)
    assert not gradtui.check(str(write(case, tmp_path)))
    rows, program = text.splitlines(), written.code.splitlines()
    in_file = (tmp_path / "net.py").read_text().splitlines()
    first = in_file.index(f"    {program[0]}")
    for number, line in enumerate(program):
        at = line_in_case(case, first + number + 1)
        assert in_file[first + number].strip() == line == rows[at - 1]


def test_the_cases_are_the_same_at_every_call():
    program, style = next(passes("margins"))
    first, second = (list(Generator(program, style).cases()) for _ in range(2))
    assert first == second


def test_the_edits_of_a_pass_are_some_of_all_there_are():
    program, style = next(passes("margins"))
    some, all_there_are = (
        {case.toml_text for case in Generator(program, style).cases(edits) if EDIT.match(case.name)}
        for edits in (3, None)
    )
    assert len(some) == 3
    assert some < all_there_are
