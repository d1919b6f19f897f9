"""The judgement of hand-written gradients and updates. Knows no facts and no run."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from gradtui.diagnosis.finding import Finding

Verdict = Literal["correct", "wrong", "facts-failed", "not-compared", "no-claim"]


class Compared(Struct, frozen=True):
    """The points at which claims were compared, and the tolerance."""

    points: int
    batches: int
    tightest: float
    """The smallest difference that counted, relative to an element of a gradient."""
    loosest: float
    untold: tuple[tuple[str, int], ...] = ()
    """(claim, number of its elements lost in rounding), for claims with other elements left."""


class Judgement(Struct, frozen=True):
    """The verdict on hand-written code, at random points and not only at one step."""

    verdict: Verdict
    claims: int = 0
    """The number of gradients and updates compared."""
    findings: tuple[Finding, ...] = ()
    """Causes first."""
    wrong: frozenset[str] = frozenset()
    """Names of the claims that do not hold."""
    inherited: tuple[str, ...] = ()
    """Those of them that are wrong only because of another's mistake."""
    noted: frozenset[str] = frozenset()
    """Names of the claims that differ from the truth and yet are no mistakes.

    They leave every parameter's gradient right, or a note tells what they are instead.
    """
    uncompared: frozenset[str] = frozenset()
    """Names of the claims that cannot be judged."""
    compared: Compared | None = None
    """The points at which gradients were compared, and the tolerance."""
    silenced: int = 0
    """The number of findings that a comment silences."""
