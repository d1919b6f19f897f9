"""The validation loss, and the schedule that watches a loss: by hand and beside PyTorch's."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine_models import FIVE_PARCELS, FIVE_PARCELS_DATA, FIVE_PARCELS_START, trainer
from gradtui.engine.batches import Batches
from gradtui.engine.history import History
from gradtui.engine.schedules import SCHEDULES

PEERS = json.loads((Path(__file__).parent.parent / "data/torch_plateau.json").read_text())
CHECKED = {"X": [[1, 2], [3, 1], [2.5, 4]], "y": [3.9, 5.6, 6.4]}
BATCHES = Batches(("X", "y"), 5, 2, shuffle=True, seed=1)


def five(**options):
    return trainer(FIVE_PARCELS, FIVE_PARCELS_START, FIVE_PARCELS_DATA, **options)


def rates_of(model, steps):
    history = History(model)
    return [history.tape(step).rate for step in range(steps)]


def test_the_validation_loss_is_that_of_the_state_on_the_other_data():
    # by hand: Xw = (3.8, 3.9, 8), errors (-0.1, -1.7, 1.6), squares 0.01 + 2.89 + 2.56
    model = five(validation=CHECKED)
    assert model.record(model.initial, 0).validation_loss == pytest.approx(5.46 / 3, rel=1e-12)


@pytest.mark.parametrize("batches", [None, BATCHES])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_validation_changes_nothing_of_the_training_and_has_its_own_column(batches, dtype):
    plain, model = five(batches=batches, dtype=dtype), five(
        batches=batches, dtype=dtype, validation=CHECKED
    )  # fmt: skip
    history = History(model)
    history.advance(20)
    other = History(plain)
    other.advance(20)
    assert history.losses.tobytes() == other.losses.tobytes()
    assert history.state(20).tobytes() == other.state(20).tobytes()
    assert other.validation_losses is None
    X, y = np.array(CHECKED["X"]), np.array(CHECKED["y"])
    for step, loss in enumerate(history.validation_losses):
        expected = np.mean((X @ history.state(step) - y) ** 2)
        assert loss == pytest.approx(expected, rel=1e-12 if dtype == "float64" else 1e-5)
        assert history.tape(step).validation_loss == loss


def test_data_that_only_the_batches_cut_are_validated_whole():
    model = five(batches=BATCHES, validation={"y": FIVE_PARCELS_DATA["y"]})
    whole = five()
    loss = float(whole.record(whole.initial, 0).recorded[whole.program.graph.loss])
    assert model.record(model.initial, 0).validation_loss == pytest.approx(loss, rel=1e-14)


def test_the_rate_falls_after_more_than_patience_steps_without_a_better_loss():
    # L = 1 always: best is 1 after step 0, then 1, 2, 3 steps without a better one
    model = trainer("L = 1 + 0*w", {"w": 1.0}, lr=1.0, plateau={"patience": 2, "factor": 0.5})
    assert rates_of(model, 9) == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]


def test_a_loss_must_be_better_by_the_threshold():
    # w falls by 0.3, 0.2, 0.1: 10, 9.7, then threshold 2% of 9.7 is 9.506 > 9.5, and so on
    better = trainer("L = w", {"w": 10.0}, lr=0.25, plateau={"patience": 0, "threshold": 0.02})
    worse = trainer("L = w", {"w": 10.0}, lr=0.15, plateau={"patience": 0, "threshold": 0.02})
    assert rates_of(better, 3) == [0.25, 0.25, 0.25]
    assert rates_of(worse, 3) == [0.15, 0.15, pytest.approx(0.015)]


def test_the_rate_falls_no_lower_than_min_lr_and_by_no_less_than_1e_8():
    code, start = "L = 1 + 0*w", {"w": 1.0}
    model = trainer(code, start, lr=1.0, plateau={"patience": 0, "min_lr": 0.3})
    assert rates_of(model, 5) == [1, 1, 0.3, 0.3, 0.3]
    model = trainer(code, start, lr=1.2e-8, plateau={"patience": 0})
    assert rates_of(model, 5) == [
        1.2e-8,
        1.2e-8,
        pytest.approx(1.2e-9),
        *[pytest.approx(1.2e-9)] * 2,
    ]


def test_a_loss_that_is_no_number_is_never_better():
    model = trainer("L = sqrt(w)", {"w": 1e-9}, lr=1.0, plateau={"patience": 1})
    history = History(model)
    history.advance(8)
    assert np.isnan(history.losses[1:]).all()
    assert rates_of(model, 5) == [1.0, 1.0, 1.0, 0.1, 0.1]


@pytest.mark.parametrize("run", PEERS["runs"], ids=lambda run: f"{run['name']} {run['schedule']}")
def test_rates_weights_and_losses_are_pytorch_s(run):
    constants = dict(run["constants"])
    model = five(
        lr=constants.pop("lr"), optimizer=run["name"], plateau=run["schedule"],
        validation=CHECKED if run["watched"] == "validation" else None, **constants,
    )  # fmt: skip
    history = History(model)
    count = len(run["rates"])
    history.advance(count)
    weights = [model.parameters(history.state(step))[0] for step in range(count)]
    watched = history.validation_losses if run["watched"] == "validation" else history.losses
    np.testing.assert_allclose(rates_of(model, count), run["rates"], rtol=1e-9)
    np.testing.assert_allclose(weights, run["weights"], rtol=1e-8)
    np.testing.assert_allclose(watched, run["losses"], rtol=1e-8)
    assert len(set(run["rates"])) > 2


def test_every_constant_is_varied_beside_pytorch():
    varied = {constant for run in PEERS["runs"] for constant in run["schedule"]}
    assert {constant.name for constant in SCHEDULES["plateau"].constants} == varied


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("batches", [None, BATCHES])
@pytest.mark.parametrize("validation", [None, CHECKED])
def test_seeking_in_any_order_gives_the_bits_of_the_run(optimizer, dtype, batches, validation):
    model = five(
        lr=0.3, dtype=dtype, optimizer=optimizer, batches=batches, validation=validation,
        plateau={"patience": 1, "factor": 0.7},
    )  # fmt: skip
    width = model.width
    rows, _ = model.run_recorded(model.initial, 61)
    rates = rates_of(model, 61)
    assert len(set(rates)) > 3
    history = History(model, memory=8 * width * 5)
    history.advance(61)
    for step in (60, 3, 41, 17, 0, 59):
        tape = history.tape(step)
        assert history.state(step).tobytes() == rows[step, :width].tobytes()
        assert tape.rate == rates[step]
        assert float(tape.value(tape.program.graph.loss)) == history.losses[step]
        if step < 60:
            new = [tape.value(id).reshape(-1) for _, id in model.program.state]
            assert np.concatenate(new).astype(float).tobytes() == rows[step + 1, :width].tobytes()


def test_a_scalar_model_watches_in_plain_floats():
    model = trainer(
        "L = (w*x - y)**2", {"w": 0.0}, {"x": 1.0, "y": 1.0}, lr=0.9,
        validation={"y": 1.1}, plateau={"patience": 0, "factor": 0.5},
    )  # fmt: skip
    tape = model.record(model.initial, 0)
    assert model.mode.name == "FLOAT"
    assert tape.validation_loss == pytest.approx(1.21)
