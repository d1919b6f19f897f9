"""What is to be said of hand-written gradients and updates. Knows no facts and no run."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from gradtui.diagnosis.finding import Finding

Verdict = Literal["correct", "wrong", "facts-failed", "not-compared", "no-claim"]


class Compared(Struct, frozen=True):
    """Where claims were compared, and how closely."""

    points: int
    batches: int
    tightest: float
    """The smallest difference that counted, relative to an element of a gradient."""
    loosest: float
    untold: tuple[tuple[str, int], ...] = ()
    """(claim, how many of its elements cannot be told from rounding), of those where some can."""


class Judgement(Struct, frozen=True):
    """What holds of what was written by hand, at random points and not only at one step."""

    verdict: Verdict
    claims: int = 0
    """How many gradients and updates were compared."""
    findings: tuple[Finding, ...] = ()
    """Causes first."""
    wrong: frozenset[str] = frozenset()
    """Names of the claims that do not hold."""
    inherited: tuple[str, ...] = ()
    """Those of them that are wrong only through another's mistake."""
    noted: frozenset[str] = frozenset()
    """Names of the claims that are not what they say, of which no parameter's gradient suffers."""
    uncompared: frozenset[str] = frozenset()
    """Names of the claims of which nothing can be said."""
    compared: Compared | None = None
    """Where the gradients were compared, and how closely."""
    silenced: int = 0
    """How many findings a comment silences."""
