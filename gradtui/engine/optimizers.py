"""Every optimizer, one entry each: its state, its update as a program, its formula, its source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gradtui.engine.registry import register

Hyperparameters = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Optimizer:
    """How an optimizer turns a gradient into a step."""

    name: str
    """As `[optimizer] name` gives it."""
    title: str
    """As a person would call it."""
    hyperparameters: tuple[tuple[str, float], ...]
    """Constants beside the learning rate, with their defaults."""
    state: Callable[[Hyperparameters], tuple[tuple[str, float], ...]]
    """What it remembers for each parameter, with the values it starts from."""
    program: Callable[[Hyperparameters], str]
    """The update of one parameter `w` with gradient `g`, at rate `lr` and time `t` = 1, 2, …"""
    formula: str
    """The update as it stands in the source."""
    source: str
    """Paper or textbook section."""


_ENTRIES = (
    Optimizer(
        "sgd",
        "gradient descent",
        (),
        state=lambda h: (),
        program=lambda h: "w = w - lr*g",
        formula="w ← w - lr·∂L/∂w",
        source="Goodfellow, Bengio and Courville, Deep Learning (2016), section 4.3",
    ),
)


OPTIMIZERS = register(_ENTRIES)
