"""The numbers that slips of the pen give: another rate, another count, a point in another place."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from gradtui.base.text import number
from gradtui.debugger.frame import Frame
from gradtui.engine.indices import Index
from gradtui.engine.tape import Tape

Guess = tuple[float, str]
"""(the number that a mistake gives, the mistake in words)."""
_TENFOLD = {10.0: "ten times too much", 0.1: "a tenth", 100.0: "a hundredfold", 0.01: "a hundredth"}

_TWOFOLD = {2.0: "twice", 0.5: "half"}
_FAR = 5.0
"""From how many times the number on a guess is far off."""


def of_point(truth: float) -> Iterator[Guess]:
    """Yield a number with its decimal point in another place."""
    for times, text in _TENFOLD.items():
        yield truth * times, f"that is {text}: mind the decimal point"


def size_said(given: float, truth: float) -> str:
    """Return in a sentence how a number is off whose mistake is not known; empty if it is near.

    Of 0, the number of who has no idea, there is nothing to say.
    """
    if not given or not truth:
        return ""
    too = " and the sign is wrong" if given * truth < 0 else ""
    for times, text in _TWOFOLD.items():
        if math.isclose(abs(given), times * abs(truth), rel_tol=1e-3):
            return f"It is {text} the number{too}."
    if abs(given) >= _FAR * abs(truth):
        return f"It is far too large{too}."
    if _FAR * abs(given) <= abs(truth):
        return f"It is far too small{too}."
    return "The sign is wrong, and the size too." if too else ""


def of_step_sizes(
    frame: Frame, old: float | None, new: float, before: Tape | None
) -> Iterator[Guess]:
    """Yield the results of a step with another rate, or of another size."""
    if old is None or before is None:
        return
    step, rate = new - old, float(before.value(before.program.lr))
    others = dict.fromkeys((frame.problem.lr, frame.tape.rate)) if rate else ()
    for other in others:
        if not math.isclose(other, rate):
            said = f"that is the step with the rate {number(other)}; here it is {number(rate)}"
            yield old + step / rate * other, said
    alone = all(len(update.state) == 1 for update in before.program.updates)
    if rate and alone:  # of Adam, whose steps are as long as the rate, this would be any 1
        said = f"the rate {number(rate)} is missing, and the step goes the other way"
        yield old - step / rate, said
    yield old + 2 * step, "that is twice the step"
    for times, text in _TENFOLD.items():
        yield old + times * step, f"the step is {text}: mind the decimal point"


def of_hand(frame: Frame, node: int, index: Index) -> Iterator[Guess]:
    """Yield what the lines by hand have for a gradient."""
    claimed = frame.claims.get(frame.graph.nodes[node].name)
    if claimed is not None and np.shape(claimed) == frame.graph.nodes[node].shape:
        said = "that is what the lines by hand say: the question asks for the true one"
        yield float(np.asarray(claimed)[index]), said


def of_rate(frame: Frame, truth: float, before: Tape | None) -> Iterator[Guess]:
    """Yield the factor that a schedule multiplies the rate by."""
    for rate in (frame.problem.lr, *(() if before is None else (before.rate,))):
        if rate and not math.isclose(truth, rate):
            yield truth / rate, "that is a factor: it is still to be multiplied by the rate"


def of_count(frame: Frame, truth: float, count: int) -> Iterator[Guess]:
    """Yield the results of a sum that is divided by another count."""
    batches = frame.problem.trainer.batches
    rows = () if batches is None else (batches.rows,)
    for other in dict.fromkeys((count - 1, count + 1, *rows)):
        if other not in (0, count):
            said = f"that is the sum divided by {other:,}: the mean divides by {count:,}"
            yield truth * count / other, said
