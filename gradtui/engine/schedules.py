"""Every learning-rate schedule, one entry each: the rate of step k, its formula, its source.

Most rates are a pure function of the step, so seeking needs no replay of the schedule; one that
watches the loss is a program, and its states are part of the run's state.  Conventions and
defaults are PyTorch's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from msgspec import Struct

from gradtui.engine.registry import Constant, register

Constants = Mapping[str, float]
Rate = Callable[[int, int, float, Constants], float]
"""(k, steps, lr, constants) -> the rate at step k of a run of `steps` steps at base rate lr."""


class RateSchedule(Struct, frozen=True):
    """A schedule: how the learning rate changes from step to step."""

    name: str
    """Its name in `[schedule]`."""
    title: str
    """Its title for people."""
    constants: tuple[Constant, ...]
    rate: Rate
    formula: str
    """The rate as in the source, in k = 0, 1, …"""
    source: str
    """Paper or textbook section."""

    def at(self, steps: int, lr: float, given: Constants) -> Callable[[int], float]:
        """Return the rate as a function of the step alone."""
        defaults = {c.name: c.default for c in self.constants if c.default is not None}
        constants = MappingProxyType({**defaults, **given})

        def rate(step: int) -> float:
            return float(self.rate(step, steps, lr, constants))

        return rate


class WatchingSchedule(Struct, frozen=True):
    """A schedule that computes the learning rate from the losses so far."""

    name: str
    title: str
    constants: tuple[Constant, ...]
    state: tuple[tuple[str, float], ...]
    """Its states besides the rate `lr`, with their initial values."""
    program: str
    """Run after each update: new values of `lr` and of the state from the step's `loss`."""
    formula: str
    source: str

    def complete(self, given: Constants) -> Constants:
        """Return all constants: those given, and the defaults of the others."""
        defaults = {c.name: c.default for c in self.constants if c.default is not None}
        return MappingProxyType({**defaults, **given})


AnySchedule = RateSchedule | WatchingSchedule


def _power(base: float, exponent: int) -> float:
    """Return base**exponent, inf where Python's own would raise."""
    with np.errstate(all="ignore"):
        return float(np.power(float(base), float(exponent)))


def _glide(start: float, end: float, done: float) -> float:
    """Return the half-cosine interpolation from `start` to `end` at the fraction `done`."""
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


def _cosine(k: int, steps: int, lr: float, c: Constants) -> float:
    return _glide(lr, c["min_lr"], k / steps) if k < steps else c["min_lr"]


def _warmup_cosine(k: int, steps: int, lr: float, c: Constants) -> float:
    warmup = int(c["warmup"])
    if k < warmup:
        return lr * (k + 1) / warmup
    return _cosine(k - warmup, steps - warmup, lr, c)


def _one_cycle(k: int, steps: int, lr: float, c: Constants) -> float:
    top, last = c["warmup_fraction"] * steps - 1, steps - 1
    first = c["max_lr"] / c["div"]
    if k < top:
        return _glide(first, c["max_lr"], k / top)
    final = first / c["final_div"]
    return _glide(c["max_lr"], final, (k - top) / (last - top)) if k < last else final


_GAMMA = Constant("gamma", 0.1, above=0)
_MIN_LR = Constant("min_lr", 0.0, at_least=0)
_LONGEST = 1_000_000

# A decrease of the rate by less than 1e-8 is skipped, as in PyTorch.
_PLATEAU = """\
better = loss < best*(1 - threshold)
best = where(better, loss, best)
waited = where(better, 0, waited + 1)
over = waited > patience
waited = where(over, 0, waited)
lower = maximum(lr*factor, min_lr)
lr = where(over*(lr - lower > 1e-8), lower, lr)"""

_ENTRIES: tuple[AnySchedule, ...] = (
    RateSchedule(
        "constant",
        "the same rate at every step",
        (),
        rate=lambda k, steps, lr, c: lr,
        formula="lr",
        source="Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.3.1",
    ),
    RateSchedule(
        "step",
        "a drop every so many steps",
        (Constant("step_size", at_least=1, at_most=_LONGEST, whole=True), _GAMMA),
        rate=lambda k, steps, lr, c: lr * _power(c["gamma"], k // int(c["step_size"])),
        formula="lr·gamma^⌊k/step_size⌋",
        source="He et al., Deep residual learning for image recognition (2016), section 3.4",
    ),
    RateSchedule(
        "exponential",
        "the same factor every step",
        (Constant("gamma", above=0),),
        rate=lambda k, steps, lr, c: lr * _power(c["gamma"], k),
        formula="lr·gamma^k",
        source="Senior et al., An empirical study of learning rates in deep neural networks for "
        "speech recognition (2013)",
    ),
    RateSchedule(
        "cosine",
        "half a cosine down",
        (_MIN_LR,),
        rate=_cosine,
        formula="min_lr + (lr - min_lr)·(1 + cos(π·k/steps))/2, min_lr after the run's steps",
        source="Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts "
        "(2017), equation 5, without restarts",
    ),
    RateSchedule(
        "warmup_cosine",
        "up in a straight line, then half a cosine down",
        (Constant("warmup", at_least=1, at_most=_LONGEST, whole=True), _MIN_LR),
        rate=_warmup_cosine,
        formula="lr·(k + 1)/warmup while k < warmup, then cosine over the rest",
        source="Goyal et al., Accurate, large minibatch SGD (2017), section 2.2, for the warm-up",
    ),
    RateSchedule(
        "one_cycle",
        "up and down once, by half cosines",
        (
            Constant("max_lr", above=0),
            Constant("warmup_fraction", 0.3, at_least=0, at_most=1),
            Constant("div", 25.0, at_least=1),
            Constant("final_div", 1e4, at_least=1),
        ),
        rate=_one_cycle,
        formula="max_lr/div up to max_lr at k = warmup_fraction·steps - 1, then down to "
        "max_lr/(div·final_div) at the last step",
        source="Smith and Topin, Super-convergence: very fast training of neural networks using "
        "large learning rates (2018)",
    ),
    WatchingSchedule(
        "plateau",
        "a drop when the loss stops improving",
        (
            Constant("factor", 0.1, above=0, below=1),
            Constant("patience", 10, at_least=0, at_most=_LONGEST, whole=True),
            Constant("threshold", 1e-4, at_least=0, below=1),
            _MIN_LR,
        ),
        state=(("best", math.inf), ("waited", 0.0)),
        program=_PLATEAU,
        formula="lr ← max(lr·factor, min_lr) after more than patience steps in a row without a "
        "loss below best·(1 - threshold)",
        source="He et al., Deep residual learning for image recognition (2016), section 3.4; "
        "counted as PyTorch's ReduceLROnPlateau does",
    ),
)


SCHEDULES = register(_ENTRIES)
