"""The rules over training runs, one entry each, causes before their consequences.

A new rule is one entry here, its condition in a file beside this one, and its limits in
`thresholds`.  Its name, which a file can expect, is in `scenario.rules`; its condition has the same
name, or is refused here.  The manual has its row, in findings.md.  tests/runs show its runs,
tests/test_bundled.py a scenario and its sound twin.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Protocol

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.diagnosis.finding import Finding, Severity
from gradtui.diagnosis.runs.bounces import oscillating
from gradtui.diagnosis.runs.breaks import non_finite
from gradtui.diagnosis.runs.clips import clipping
from gradtui.diagnosis.runs.depth import exploding_gradient, vanishing_gradient
from gradtui.diagnosis.runs.growth import diverging, ended_higher, growth
from gradtui.diagnosis.runs.later import rate_too_large_later
from gradtui.diagnosis.runs.run import Run
from gradtui.diagnosis.runs.slow import crawling
from gradtui.diagnosis.runs.stuck import plateau
from gradtui.diagnosis.runs.units import dead_relu, saturated
from gradtui.diagnosis.runs.unreached import constant_feature, disconnected, masked
from gradtui.diagnosis.runs.valleys import ill_conditioned, scale_mismatch
from gradtui.diagnosis.runs.work import TOO_LARGE, TooLargeError
from gradtui.engine.history import History
from gradtui.engine.registry import register
from gradtui.engine.size import multiplications
from gradtui.scenario.problem import Problem
from gradtui.scenario.rules import RUN_RULES as NAMES


class End(StrEnum):
    """The ways in which a run ends, gravest first."""

    DIVERGES = "diverges"
    DIVERGES_LATER = "diverges later"
    OSCILLATES = "oscillates"
    STANDS_STILL = "stalls"
    CRAWLS = "crawls"


class Condition(Protocol):
    """A function that finds one failure; its name is the rule's, with hyphens."""

    __name__: str

    def __call__(self, run: Run, /) -> Iterable[Finding]:
        """Yield the findings of a run."""


class RunRule(Struct, frozen=True):
    """One way in which a training run fails."""

    find: Condition
    summary: str
    explains: tuple[Condition, ...] = ()
    """The rules below whose findings are then its consequences."""
    explains_later: tuple[Condition, ...] = ()
    """The same, but only at later steps: at the same step they are causes of their own."""
    ends: End | None = None
    """How such a run ends, if the rule tells that."""

    @property
    def name(self) -> str:
        """Its name in `scenario.rules`."""
        return _name(self.find)


def _name(condition: Condition) -> str:
    return condition.__name__.replace("_", "-")


_OFF = (dead_relu, saturated)
_GROWING = (diverging, non_finite, oscillating, exploding_gradient)
_NO_WAY = (plateau, vanishing_gradient, crawling, ill_conditioned)
_ENTRIES = (
    RunRule(disconnected, "the loss does not depend on a parameter", _NO_WAY),
    RunRule(masked, "a part of the model is multiplied by constant zeros", _NO_WAY),
    RunRule(
        constant_feature,
        "a feature is 0 for every example, or never varies",
        _NO_WAY,
    ),
    RunRule(
        scale_mismatch,
        "features of very different sizes share one learning rate",
        (*_GROWING, rate_too_large_later, ill_conditioned, crawling),
        _OFF,
    ),
    RunRule(
        exploding_gradient,
        "the gradient grows from layer to layer, or suddenly jumps",
        (diverging, non_finite, oscillating, rate_too_large_later),
        _OFF,
    ),
    RunRule(
        rate_too_large_later,
        "a rate that was stable at first is too large later",
        (diverging, non_finite, oscillating, plateau),
        _OFF,
        End.DIVERGES_LATER,
    ),
    RunRule(
        diverging,
        "the loss and the gradient grow to the end, or the loss has no minimum",
        (non_finite, oscillating),
        _OFF,
        End.DIVERGES,
    ),
    RunRule(
        clipping,
        "clipping sets the length of nearly every step",
        (crawling, oscillating, plateau, ill_conditioned),
    ),
    RunRule(
        oscillating,
        "the weights swing across the valley, or the loss up and down",
        (plateau,),
        _OFF,
        ends=End.OSCILLATES,
    ),
    RunRule(dead_relu, "a ReLU unit is off for every example", _NO_WAY),
    RunRule(
        saturated,
        "a tanh or sigmoid unit is saturated for every example",
        _NO_WAY,
    ),
    RunRule(non_finite, "a number is inf or NaN", ends=End.DIVERGES),
    RunRule(
        vanishing_gradient,
        "the gradient shrinks from layer to layer",
        (plateau, crawling),
    ),
    RunRule(
        ill_conditioned,
        "the surface is a long narrow valley",
        (crawling, plateau),
    ),
    RunRule(
        plateau,
        "the loss stalls on a plateau or at a saddle point",
        (crawling,),
        ends=End.STANDS_STILL,
    ),
    RunRule(crawling, "the learning rate is far too small, or soon is", ends=End.CRAWLS),
)
RUN_RULES = register(_ENTRIES)
_OFF_RULES = frozenset(map(_name, _OFF))
"""Rules of what a rate that is far too large brings about."""
if stray := RUN_RULES.keys() ^ set(NAMES):
    raise ValueError(f"rules of runs without a name or without a condition: {sorted(stray)}")


def end_of(run: Run) -> End | None:
    """Return the gravest ending of a run by the rules; None if no rule objects."""
    with np.errstate(all="ignore"):  # a run that has gone wrong has numbers that overflow
        for end in End:
            for rule in (one for one in RUN_RULES.values() if one.ends is end):
                if any(found.severity != "info" for found in rule.find(run)):
                    return end
        return End.DIVERGES if any(True for _ in ended_higher(run)) else None


def diagnose_run(
    problem: Problem, history: History | None = None, first: int = 0
) -> tuple[Finding, ...]:
    """Return the findings of a run: causes, each with its consequences in its evidence.

    `history` is that of the same run, if it exists already.  `first` is the number of its step 0 if
    it continues from a step of another run.
    """
    try:
        run = Run(problem, history, first)
    except TooLargeError:
        return (_not_judged(problem, RUN_RULES),)
    found, left = list[Finding](), list[str]()
    with np.errstate(all="ignore"):  # a run that has gone wrong has numbers that overflow
        for rule in RUN_RULES.values():
            try:
                found += rule.find(run)
            except TooLargeError:
                left.append(rule.name)
        if not left and all(one.severity == "info" or one.rule in _OFF_RULES for one in found):
            found += ended_higher(run)
    causes = [f for f in found if not any(_explains(other, f) for other in found)]
    judged = [_with_consequences(cause, found) for cause in causes]
    return (*judged, _not_judged(problem, left)) if left else tuple(judged)


def _not_judged(problem: Problem, rules: Iterable[str]) -> Finding:
    """Return the note that a run is not examined for some of the rules."""
    numbers = problem.trainer.numbers
    products = multiplications(problem.trainer.program.nodes)
    place, listed = problem.rate_place, ", ".join(rules)
    message = (
        f"{TOO_LARGE}: a step takes {numbers:,} numbers and {products:,} multiplications, so the "
        f"run is not examined for {listed}"
    )
    evidence = {"numbers": numbers, "multiplications": products, "rules": [*rules]}
    line = place.line if place else None
    return Finding("not-judged", "info", "lr", line, message, evidence, place=place)


def is_lost(problem: Problem, steps: int) -> str:
    """Return a text if the loss of a problem's run of so many steps is lost, or diverges.

    Empty if it does not, within the steps that the rules examine.  Raises TooLargeError.
    """
    run = Run(replace(problem, steps=steps))
    losses = run.history.losses[: run.last + 1]
    lost = np.flatnonzero(~np.isfinite(losses))
    if lost.size:
        return f"the loss is not finite: at step {lost[0]:,} it is {losses[lost[0]]}"
    with np.errstate(all="ignore"):  # a run that has gone wrong has numbers that overflow
        found = growth(run)
    return "" if found is None else f"the run diverges: the loss grows from step {found.start:,} on"


def _explains(cause: Finding, other: Finding) -> bool:
    if cause.severity == "info" and other.severity != "info":
        return False
    rule = RUN_RULES[cause.rule]
    if other.rule in map(_name, rule.explains):
        return True
    return other.rule in map(_name, rule.explains_later) and other.step > cause.step


def _with_consequences(cause: Finding, found: Sequence[Finding]) -> Finding:
    brought = [other for other in found if _explains(cause, other)]
    if not brought:
        return cause
    told = [{"rule": f.rule, "target": f.target, "step": f.step, "message": f.message}
            for f in brought]  # fmt: skip
    steps = ", ".join(dict.fromkeys(f"{f.rule} at step {f.step:,}" for f in brought))
    grave: tuple[Severity, ...] = ("error", "warning", "info")
    return replace(
        cause,
        # A cause is as grave as what it brings about.
        severity=min((f.severity for f in (cause, *brought)), key=grave.index),
        message=f"{cause.message} (the fault also causes: {steps})",
        evidence={**cause.evidence, "consequences": told},
    )
