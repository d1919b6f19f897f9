"""The words for a wrong update, for learners. Knows only the numbers it is given."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from gradtui.base.text import EXACT, number
from gradtui.diagnosis.updates.scope import (
    BIAS,
    CONSTANT,
    DECAY,
    EPSILON,
    MOMENTUM,
    RATE,
    ROOT,
    SIGN,
    TIME,
    UNEXPLAINED,
)

_SHOWN = 3
"""Most gradients told; of more, only the last."""

_REASONS = MappingProxyType(
    {
        SIGN: "the step has the wrong sign: the gradient points uphill, so w must move against it",
        RATE: "the step is not lr times the direction",
        BIAS: "a mean that starts at 0 is too small at first: it is divided by 1 - β**t, once",
        TIME: "the steps are miscounted: t is 1 at the first update, then 2, 3, …",
        EPSILON: "eps is not where {optimizer} has it",
        ROOT: "the step is to be divided by the root of the mean square, and the root taken once",
        DECAY: "the weight decay does not act as {optimizer}'s does",
        MOMENTUM: "the direction of the step is not the one of {optimizer}",
        CONSTANT: "this is not the run's constant",
        UNEXPLAINED: "the step is not the one of {optimizer}",
    }
)
"""Rule -> why the line is wrong."""
_MISSING = MappingProxyType(
    {
        (RATE, "lr"): "the learning rate is missing: the step is lr times the direction",
        (EPSILON, "eps"): "eps is missing: without it the step divides by 0 where g is 0",
        (BIAS, "t"): "the bias correction is missing: a mean that starts at 0 is too small at "
        "first, and is divided by 1 - β**t",
        (DECAY, "weight_decay"): "the weight decay is missing here",
    }
)
"""(rule, missing name) -> why the line is wrong."""
_SURPLUS = MappingProxyType(
    {
        (RATE, "lr"): "there is an extra learning rate",
        (BIAS, "t"): "{optimizer} has no bias correction here",
        (DECAY, "weight_decay"): "{optimizer} does not add the decay to the gradient",
    }
)
"""(rule, extra name) -> why the line is wrong."""


class Parting(Struct, frozen=True):
    """Where a program and the optimizer part."""

    step: int
    """1 for the first update."""
    w: float
    """The weight before the first update."""
    gradients: tuple[float, ...]
    """One for each update so far."""
    lr: float
    here: float
    """The program's weight."""
    expected: float
    """The optimizer's weight."""
    tried: bool
    """Whether the gradients are drawn, not those of the file's run."""

    def as_evidence(self, optimizer: str) -> Mapping[str, Any]:
        """Return the numbers by name."""
        return {
            "after_step": self.step,
            "w": self.w,
            "gradients": list(self.gradients),
            "lr": self.lr,
            "here": self.here,
            optimizer: self.expected,
        }

    def told(self, optimizer: str) -> str:
        """Return the numbers in words: `w after step 1: 1.1 here, 0.9 by sgd (…)`."""
        here, expected = _apart(self.here, self.expected)
        last = [number(g) for g in self.gradients[-_SHOWN:]]
        more = "…, " if len(self.gradients) > _SHOWN else ""
        return (
            f"w after step {self.step:,}: {here} here, {expected} by {optimizer} "
            f"({'tried ' if self.tried else ''}from w {number(self.w)} "
            f"with g {more}{', '.join(last)} and lr {number(self.lr)})"
        )


class Replacement(Struct, frozen=True):
    """The present and the right part of a line, as text, with the names of both."""

    before: str
    after: str
    missing: frozenset[str] = frozenset()
    """Names only in the right part."""
    surplus: frozenset[str] = frozenset()
    """Names only in the present part."""


def message_of(rule: str, change: Replacement, optimizer: str) -> str:
    """Return the mistake, with the present and the right text."""
    reason = reason_of(rule, change, optimizer)
    if change.before == change.after:
        return f"{reason}; no small change corrects it"
    return f"{reason}; {change.before} should be {change.after}"


def reason_of(rule: str, change: Replacement, optimizer: str) -> str:
    """Return the mistake."""
    timed = "t" in change.surplus
    known = [_MISSING.get((rule, name)) for name in sorted(change.missing) if not timed]
    known += [_SURPLUS.get((rule, name)) for name in sorted(change.surplus)]
    if rule == CONSTANT and len(change.surplus) == len(change.missing) == 1:
        known.append(f"{min(change.surplus)} stands where {min(change.missing)} belongs")
    return next(filter(None, known), _REASONS[rule]).format(optimizer=optimizer)


def remark_of(change: Replacement) -> str:
    """Return the change that is right everywhere."""
    if change.before == change.after:
        return "no small change makes it the same everywhere"
    return f"{change.after} in place of {change.before} is the same everywhere"


def start_message(name: str, before: float, after: float, optimizer: str) -> str:
    """Return the message that a state has another initial value than the optimizer's."""
    return f"{name} starts at {number(before)}, {optimizer} starts it at {number(after)}"


def storing_message(kept: str, name: str) -> str:
    """Return the message that no line assigns a state, and which one should."""
    return f"{unstored_message(kept)}: {name} should be {kept}"


def lacking_message(kept: str, line: str, where: str) -> str:
    """Return the message that no line assigns a state, with the missing line above or below."""
    return f"{unstored_message(kept)}: {line} is missing {where} this line"


def order_message(name: str, other: str, line: int) -> str:
    """Return the message that a line belongs above another, the one at `line`."""
    return f"{name} is assigned too late: its line belongs above line {line}, which assigns {other}"


def unstored_message(kept: str) -> str:
    """Return the message that no line assigns a state."""
    return f"{kept} keeps its first value, since no line assigns it"


def _apart(one: float, other: float) -> tuple[str, str]:
    """Return two numbers with enough digits to tell them apart."""
    for digits in range(4, EXACT + 1):
        if number(one, digits) != number(other, digits):
            break
    return number(one, digits), number(other, digits)
