"""Compares the facts that a scenario states with what the engine computes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradtui.base.text import clip, number
from gradtui.diagnosis.finding import Finding
from gradtui.engine.history import History
from gradtui.engine.tape import Tape
from gradtui.scenario.problem import Array, Expectation, Fact, Problem


def check_facts(problem: Problem) -> list[Finding]:
    """Return a finding for each stated fact that does not hold."""
    history = History(problem.trainer)
    findings = []
    tape: Tape | None = None
    for fact in sorted(problem.facts, key=lambda fact: fact.step):
        if tape is None or tape.step != fact.step:
            tape = history.tape(fact.step)
        finding = _check(problem, fact, _actual(tape, fact))
        if finding:
            findings.append(finding)
    return findings


def check_expected(problem: Problem, found: Sequence[Finding]) -> list[Finding]:
    """Return a finding for each expected finding that is not among those `found`."""
    return [
        _unmet(expected, found)
        for expected in problem.expected
        if not any(_is_expected(finding, expected) for finding in found)
    ]


def _is_expected(finding: Finding, expected: Expectation) -> bool:
    return (
        finding.rule == expected.rule
        and expected.name in (None, finding.target)
        and expected.step in (None, finding.step)
    )


def _unmet(expected: Expectation, found: Sequence[Finding]) -> Finding:
    wanted = f"the finding {expected.rule}"
    wanted += f" of {clip(expected.name, 80)}" if expected.name is not None else ""
    wanted += f" at step {expected.step:,}" if expected.step is not None else ""
    made = dict.fromkeys(f"{f.rule} of {f.target} at step {f.step:,}" for f in found)
    return Finding(
        rule="fact",
        severity="error",
        target=expected.target,
        line=expected.place.line,
        message=f"{wanted} is expected but was not found; found: {', '.join(made) or 'nothing'}",
        evidence={"expected": expected.rule, "found": [finding.rule for finding in found]},
        step=expected.step or 0,
        place=expected.place,
    )


def _actual(tape: Tape, fact: Fact) -> Array:
    graph = tape.program.graph
    node = graph.names[fact.name] if fact.name else graph.loss
    return tape.adjoint(node) if fact.kind == "gradients" else tape.value(node)


def _check(problem: Problem, fact: Fact, actual: Array) -> Finding | None:
    expected = np.asarray(fact.expected, dtype=np.float64)
    with np.errstate(over="ignore"):
        holds = np.isclose(actual, expected, rtol=fact.tolerance, atol=0.0, equal_nan=True)
    if np.all(holds):
        return None
    target = fact.target
    at = _worst_element(actual, expected, holds)
    where = f" at element [{', '.join(map(str, at))}]" if at else ""
    got, wanted = float(actual[at]), float(expected[at])
    return Finding(
        rule="fact",
        severity="error",
        target=target,
        line=fact.place.line,
        message=f"{target} at step {fact.step:,}{where} is {number(got, 10)}, "
        f"the file expects {number(wanted, 10)} within {number(fact.tolerance)} relative",
        evidence={"got": got, "expected": wanted, "tolerance": fact.tolerance},
        step=fact.step,
        place=fact.place,
    )


def _worst_element(actual: Array, expected: Array, holds: Array) -> tuple[int, ...]:
    """Return the index of the largest relative difference among the elements that differ."""
    with np.errstate(all="ignore"):
        distance = np.abs(actual - expected) / np.abs(expected)
    distance = np.where(np.isnan(distance), np.inf, distance)
    distance = np.where(holds, -1.0, distance)
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(distance)), actual.shape))
