"""The numbers that an expression compares, and the columns of the norm kept with a run."""

import math

import numpy as np
import pytest

import gradtui
from gradtui.engine.observables import read_condition, read_expression
from gradtui.engine.quantities import Norms, quantities_of


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("norm > 1", 2),  # the largest size, and the sum of squares in that unit
        ("max(abs(grad)) > 100", 1),
        ("W1[0, 0] > 1", 1),
        ("loss > prev(loss)", 1),
        ("norm > 2*prev(norm)", 2),
        ("max(abs(W1 - prev(W1))) > 1", None),
    ],
)
def test_a_condition_compares_so_many_numbers_of_a_step(text, count):
    found = quantities_of(
        read_condition(text, gradtui.load("deep_network").problem.trainer.program)
    )
    assert (None if found is None else len(found.keys)) == count


def test_what_the_norm_needs_is_recorded_with_the_run_to_the_last_bit():
    for name in ("deep_network", "minibatches", "five_parcels_float32"):
        history = gradtui.load(name).history
        trainer = history.trainer
        assert trainer.norms is not None, name
        found = quantities_of(read_expression("norm", trainer.program))
        rows, _ = trainer.run_written(found.whole.needs, history.state(0), 70)
        history.advance(70)
        for key, column in zip(found.keys, found.of(rows).T, strict=True):
            assert history.quantity(key)[:70].tobytes() == column.tobytes(), name


@pytest.mark.parametrize("factor", [0.0, 1.0, 1e-300, 1e250, np.inf, np.nan, -1.0])
def test_recorded_norms_are_those_of_the_expression_whatever_the_numbers(factor):
    program = gradtui.load("deep_network").problem.trainer.program
    found = quantities_of(read_expression("norm", program))
    width = sum(math.prod(program.nodes[id].shape) for id in program.gradients)
    with np.errstate(all="ignore"):
        rows = factor * np.random.default_rng(0).standard_normal((300, width))
    rows[7], rows[8, 3], rows[9, 2] = 0.0, np.nan, -np.inf
    recorded = np.column_stack(Norms(program).of(rows))
    assert recorded.tobytes() == np.ascontiguousarray(found.of(rows)).tobytes()
