"""The diagnosis on a fixed sample of the corpus: line, rule and fix, and no false alarm."""

import pytest

from corpus.case import GIVEN
from corpus.cases import exact
from corpus.generator import Generator
from corpus.load import OPTIMIZERS, passes, topics
from corpus.report import examine
from corpus.updates import cases as cases_of_updates

SHORT = [
    (program, style)
    for topic in topics()
    if topic != OPTIMIZERS
    for program, style in passes(topic)
    if program.backward[style].code.count("\n") <= 10
]
"""Passes whose edits are all made in a moment."""
EXACT = [program for topic in topics() for program in exact(topic)]
DEEP = [program for program in EXACT if program.topic == "deep_networks"]
QUICK = [program for program in EXACT if program not in DEEP]
PLANTED = [
    (program, program.slips[number % len(program.slips)])
    for number, program in enumerate([*QUICK, *DEEP[::8]])
    if program.slips
][::2]
"""Programs at numbers of their own, and a wrong line of each."""
MISSED = {"yield_curve-bare-slip0"}
"""Cases of the sample whose mistake is found at another line, or by a rule that does not fit."""


def named(part):
    return getattr(part, "slug", getattr(part, "name", getattr(part, "line", part)))


def judged(case):
    outcome = examine(case)
    assert not outcome.problem, case.name
    if case.sound:
        assert not outcome.blamed, f"{case.name}: {outcome.said}"
        return
    assert outcome.findings, f"{case.name}: {outcome.said}"
    told = outcome.located and (outcome.named or case.style == GIVEN)
    assert told == (case.name not in MISSED), f"{case.name}: {outcome.said}"
    if told and case.style != GIVEN:
        assert outcome.fixed, f"{case.name}: {outcome.said}"


@pytest.mark.parametrize(("program", "style"), SHORT[::16], ids=named)
def test_mistakes_in_a_pass_are_found_and_the_right_pass_is_not_blamed(program, style):
    for case in Generator(program, style).cases(edits=1):
        judged(case)


@pytest.mark.parametrize("program", [*QUICK, *DEEP[::8]], ids=named)
def test_a_right_program_is_correct_at_its_own_numbers(program):
    outcome = examine(program.case())
    assert outcome.verdict == "correct", outcome.said
    assert outcome.findings == []


@pytest.mark.parametrize(("program", "slip"), PLANTED, ids=named)
def test_a_wrong_line_at_given_numbers_is_found_at_its_place(program, slip):
    judged(program.case(slip))


@pytest.mark.parametrize("case", list(cases_of_updates())[::4], ids=lambda case: case.name)
def test_mistakes_in_an_update_are_found_and_a_right_one_is_not_blamed(case):
    judged(case)
