"""Several runs at once, and values over many steps at once."""

import pytest

from engine_models import FIVE_PARCELS, FIVE_PARCELS_DATA, FIVE_PARCELS_START, trainer, two_weights
from gradtui.engine.batches import Batches
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.together import run_together


def parcels(lr, **options):
    return trainer(FIVE_PARCELS, FIVE_PARCELS_START, FIVE_PARCELS_DATA, lr, **options)


def alone(models, steps, start=0):
    return [m.run_recorded(m.initial, steps, start)[0][:, m.width] for m in models]


def test_two_weights_at_five_rates_lose_what_the_formula_says():
    rates = [0.001, 0.01, 0.05, 0.1, 1.5]
    models = [two_weights(lr=rate) for rate in rates]
    found = run_together(models, [m.initial for m in models], 0, 4)
    assert found.batched == 5
    # e shrinks by 1 - 26·lr at every step: d e = 2·lr·e·(x1² + x2²)
    for rate, losses in zip(rates, found.losses, strict=True):
        assert losses == pytest.approx([9 * (1 - 26 * rate) ** (2 * k) for k in range(4)], rel=1e-9)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_runs_together_as_alone(optimizer):
    models = [parcels(lr, optimizer=optimizer) for lr in (0.001, 0.01, 0.02)]
    found = run_together(models, [m.initial for m in models], 0, 30)
    assert found.batched == 3
    for losses, expected in zip(found.losses, alone(models, 30), strict=True):
        assert losses == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {"clip_norm": 0.5},
        {"dtype": "float32"},
        {"batches": Batches(("X", "y"), 5, 2, True, 3)},
        {"plateau": {"patience": 1}},
        {"validation": {"X": [[1.0, 2.0]], "y": [3.0]}},
    ],
    ids=lambda options: next(iter(options)),
)
def test_whatever_a_step_is_made_of_runs_together(options):
    models = [parcels(lr, **options) for lr in (0.001, 0.01, 0.05)]
    found = run_together(models, [m.initial for m in models], 7, 12)
    assert found.batched == 3
    tolerance = 1e-5 if options.get("dtype") else 1e-12
    for losses, expected in zip(found.losses, alone(models, 12, 7), strict=True):
        assert losses == pytest.approx(expected, rel=tolerance)


def test_programs_that_differ_run_one_after_the_other():
    models = [parcels(0.01), parcels(0.01, optimizer="adam"), parcels(0.02)]
    found = run_together(models, [m.initial for m in models], 0, 9)
    assert found.batched == 2
    for losses, expected in zip(found.losses, alone(models, 9), strict=True):
        assert losses == pytest.approx(expected, rel=1e-12)


def test_constants_and_states_may_differ():
    models = [parcels(0.01, optimizer="adam", beta1=beta) for beta in (0.1, 0.5, 0.9)]
    rows = [m.initial + number for number, m in enumerate(models)]
    found = run_together(models, rows, 0, 9)
    assert found.batched == 3
    for model, row, losses in zip(models, rows, found.losses, strict=True):
        expected = model.run_recorded(row, 9)[0][:, model.width]
        assert losses == pytest.approx(expected, rel=1e-12)
