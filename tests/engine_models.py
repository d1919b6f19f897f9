"""Small models for the engine's tests, from program text and plain numbers."""

from collections.abc import Callable

import numpy as np

from gradtui.engine.batches import Batches
from gradtui.engine.graph import Graph
from gradtui.engine.lowering import Leaf, build_graph
from gradtui.engine.program import build_step
from gradtui.engine.schedules import SCHEDULES
from gradtui.engine.trainer import Trainer
from gradtui.language.parser import parse_program

TWO_WEIGHTS = "yhat = w1*x1 + w2*x2\ne = yhat - y\nL = e**2"
TWO_WEIGHTS_START = {"w1": 1.0, "w2": 2.0}
TWO_WEIGHTS_DATA = {"x1": 2.0, "x2": 3.0, "y": 5.0}

FIVE_PARCELS = "yhat = X@w\ne = yhat - y\nL = mean(e**2)"
FIVE_PARCELS_START = {"w": [0.8, 1.5]}
FIVE_PARCELS_DATA = {
    "X": [[2, 3], [1.5, 1], [4, 5], [0.8, 0.5], [3.2, 2.5]],
    "y": [5, 3.2, 9.5, 2.1, 6.8],
}


def graph(code: str, parameters: dict, data: dict | None = None, loss: str | None = None) -> Graph:
    leaves = [
        [Leaf(name, np.shape(value)) for name, value in values.items()]
        for values in (parameters, data or {})
    ]
    return build_graph(*leaves, parse_program(code), loss)


def trainer(
    code: str,
    parameters: dict,
    data: dict | None = None,
    lr: float = 0.1,
    dtype: str = "float64",
    optimizer: str = "sgd",
    clip_norm: float | None = None,
    batches: Batches | None = None,
    validation: dict | None = None,
    plateau: dict | None = None,
    rate: Callable[[int], float] | None = None,
    **constants: float,
) -> Trainer:
    whole, checked, watching = data or {}, None, None
    shown = dict(whole)
    for name in batches.over if batches else ():
        shown[name] = whole[name][: batches.size]
    if validation is not None:
        validation = {
            **{name: whole[name] for name in (batches.over if batches else ())},
            **validation,
        }
        checked = graph(code, parameters, {**whole, **validation}), validation
    if plateau is not None:
        watching = SCHEDULES["plateau"], plateau, lr
    model = graph(code, parameters, shown)
    program = build_step(model, optimizer, constants, clip_norm, None, checked, watching)
    values = {**parameters, **whole}
    return Trainer(program, values, lr, dtype, rate, batches, validation or {})


def two_weights(lr: float = 0.05, dtype: str = "float64", **optimizer) -> Trainer:
    return trainer(TWO_WEIGHTS, TWO_WEIGHTS_START, TWO_WEIGHTS_DATA, lr, dtype, **optimizer)


def five_parcels(lr: float = 0.05, dtype: str = "float64", **optimizer) -> Trainer:
    return trainer(FIVE_PARCELS, FIVE_PARCELS_START, FIVE_PARCELS_DATA, lr, dtype, **optimizer)


def gradients(code: str, parameters: dict, data: dict | None = None) -> dict:
    """Return name -> gradient at the given point."""
    model = trainer(code, parameters, data)
    tape = model.record(model.initial, 0)
    return {name: tape.gradient(i) for i, name in enumerate(parameters)}


def value(code: str, data: dict | None = None) -> float:
    """Return the value of the last name that a program assigns."""
    model = trainer(code, {}, data)
    tape = model.record(model.initial, 0)
    return float(tape.value(model.program.graph.loss))
