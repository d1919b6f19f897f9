"""The numbers that mistakes in an update give instead of a weight's next value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from gradtui.base.text import element_text, number
from gradtui.debugger.frame import Frame
from gradtui.engine.indices import Index
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.tape import Tape
from gradtui.explain.counts import counts, of_sum, reached
from gradtui.explain.slips import Guess
from gradtui.explain.symbols import gradient_of, label

_WRITTEN = "w = w - lr*g"
"""The optimizer's line whose step is the rate times the gradient."""
_MOST = 64
"""The most elements of a weight whose gradients are tried in another's step."""
_ADAM = frozenset({"m", "v", "mhat", "vhat"})
"""The names that Adam's lines assign besides the weight."""


def of_update(frame: Frame, node: int, index: Index, before: Tape) -> Iterator[Guess]:
    """Yield the results of a wrong update: wrong direction, without the rate, the step alone."""
    program = before.program
    place = [update.parameter for update in program.updates].index(node)
    update = program.updates[place]
    name = element_text(label(frame, node), index)
    old, new = (float(before.value(id)[index]) for id in update.state[0])
    slope = float(np.broadcast_to(before.value(update.gradient), before.value(node).shape)[index])
    rate = float(before.value(program.lr))
    yield old, f"that is {name} before the step: it is still to be moved"
    yield from _of_other_rules(frame, place, index, before)
    gradient = element_text(gradient_of(frame, node), index)
    uphill = f"that goes uphill: subtract lr·{gradient}, do not add it"
    moves = math.isclose(new, old - rate * slope, rel_tol=1e-12)
    plain = len(update.state) == 1 and (frame.problem.update is None or moves)
    yield 2 * old - new, uphill if plain else "that is the step the other way round"
    yield new - old, f"that is the step itself: add it to {number(old)}"
    yield old - new, f"that is the step itself: subtract it from {number(old)}"
    yield slope, f"that is the gradient: the question asks for the new {name}"
    if plain:
        yield from _of_other_gradients(frame, place, index, before)
        both = f"the rate and {gradient}"
        yield old - (rate + slope), f"multiply {both}, do not add them"
        yield (old - rate) * slope, f"multiply {both} first, then subtract"
        if rate:
            yield old - slope / rate, f"multiply {both}, do not divide by the rate"
    if rate:
        yield old + (new - old) / rate, f"the rate {number(rate)} is missing"
        yield old - rate, "the gradient is missing: the step is the rate · the gradient"
        yield old - rate * old, f"that is {name} less the rate · {name}: the gradient moves it"


def _of_other_gradients(frame: Frame, place: int, index: Index, before: Tape) -> Iterator[Guess]:
    """Yield the results of a plain step with the gradient of a sum, or of another weight."""
    program = before.program
    update, rate = program.updates[place], float(before.value(program.lr))
    old = float(before.value(update.parameter)[index])
    for at, other in enumerate(program.updates):
        whole = before.value(other.parameter)
        slopes = np.broadcast_to(before.value(other.gradient), whole.shape)
        text = gradient_of(frame, other.parameter)
        for element in np.ndindex(whole.shape) if whole.size <= _MOST else ():
            if (at, element) != (place, index):
                said = f"that is the step with {element_text(text, element)}"
                yield old - rate * float(slopes[element]), said
    slope = float(
        np.broadcast_to(before.value(update.gradient), before.value(update.parameter).shape)[index]
    )
    for count in sorted(counts(frame, reached(frame, update.parameter))):
        yield old - rate * slope * count, f"that is the step with {of_sum(frame, count)}"


def _of_other_rules(frame: Frame, place: int, index: Index, before: Tape) -> Iterator[Guess]:
    """Yield the results of other update rules, or of another gradient."""
    program, problem = before.program, frame.problem
    update = program.updates[place]
    shape = before.value(update.parameter).shape

    def read(node: int) -> float:
        return float(np.broadcast_to(before.value(node), shape)[index])

    old, rate = read(update.parameter), float(before.value(program.lr))
    plain = old - rate * read(update.gradient)
    adam = {line: read(node) for line, node in update.lines if line in _ADAM}
    if problem.update is not None:
        does = "line says" if len(update.lines) == 1 else "lines say"
        yield plain, f"that is the step of {_WRITTEN}: do what the {does}"
        yield from _of_adam(old, rate, adam)
    elif adam.keys() == _ADAM:
        title = OPTIMIZERS[program.optimizer].title
        yield plain, f"that is a plain step: {title} divides it by the gradient's size"
        yield from _of_adam(old, rate, adam)
    elif len(update.state) > 1:
        if problem.update is None and program.optimizer == "sgd":
            velocity = read(update.state[1][1])
            yield velocity, "that is the velocity: the question asks for the weight that it moves"
        yield plain, "that is the step without the memory of earlier gradients"
    true = program.gradients[place]
    if not true:
        return
    step = old - rate * read(true)
    if program.clip is not None:
        yield step, "that is the step before the gradient is clipped"
    elif program.driving[place] != true:
        yield step, "that is the step with the true gradient: the run follows the lines by hand"


def _of_adam(old: float, rate: float, kept: Mapping[str, float]) -> Iterator[Guess]:
    """Yield the results of Adam's step with one part forgotten."""
    if kept.keys() != _ADAM or min(kept["v"], kept["vhat"]) <= 0:
        return
    m, v, mhat, vhat = (kept[name] for name in ("m", "v", "mhat", "vhat"))
    yield old - rate * m / math.sqrt(v), "m and v are still to be divided by 1 - β**t"
    yield old - rate * m / math.sqrt(vhat), "m is still to be divided by 1 - β1**t"
    yield old - rate * mhat / math.sqrt(v), "v is still to be divided by 1 - β2**t"
    yield old - rate * mhat / vhat, "the root is missing: the step is divided by √v̂, not by v̂"
    yield old - rate * mhat, "that is the rate · m̂: it is still to be divided by √v̂"
    yield old - rate * m, "that is the rate · m: it is still to be divided by √v̂"
