"""The learning rate of each step: by hand, and beside PyTorch's schedulers."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_models import five_parcels, two_weights
from gradtui.engine.history import History
from gradtui.engine.schedules import SCHEDULES, RateSchedule
from gradtui.engine.trainer import Trainer

PEERS = json.loads((Path(__file__).parent.parent / "data/torch_schedules.json").read_text())
PURE = [name for name, entry in SCHEDULES.items() if isinstance(entry, RateSchedule)]
NEEDED = {
    "step": {"step_size": 3},
    "exponential": {"gamma": 0.5},
    "warmup_cosine": {"warmup": 4},
    "one_cycle": {"max_lr": 1.0},
}


def rates(name, steps, lr, count, **constants):
    rate = SCHEDULES[name].at(steps, lr, {**NEEDED.get(name, {}), **constants})
    return [rate(step) for step in range(count)]


@pytest.mark.parametrize(
    ("name", "constants", "expected"),
    [
        ("constant", {}, [1, 1, 1, 1, 1, 1]),
        ("step", {"step_size": 2}, [1, 1, 0.1, 0.1, 0.01, 0.01]),
        ("exponential", {}, [1, 0.5, 0.25, 0.125, 0.0625, 0.03125]),
        # steps = 4: cos 0, 45, 90, 135, 180 degrees, and 0 ever after
        ("cosine", {}, [1, (2 + 2**0.5) / 4, 0.5, (2 - 2**0.5) / 4, 0, 0]),
        ("cosine", {"min_lr": 0.5}, [1, (6 + 2**0.5) / 8, 0.75, (6 - 2**0.5) / 8, 0.5, 0.5]),
        ("warmup_cosine", {"warmup": 2}, [0.5, 1, 1, 0.5, 0, 0]),
        # warm-up to k = 4·0.5 - 1 = 1, the end at k = 3
        ("one_cycle", {"warmup_fraction": 0.5, "div": 2.0, "final_div": 5.0},
         [0.5, 1, 0.55, 0.1, 0.1, 0.1]),
        ("one_cycle", {"warmup_fraction": 0.25, "div": 2.0, "final_div": 5.0}, [1]),
        ("one_cycle", {"warmup_fraction": 1.0, "div": 2.0}, [0.5, 0.625, 0.875]),
    ],
)  # fmt: skip
def test_the_rates_are_those_worked_out_by_hand(name, constants, expected):
    np.testing.assert_allclose(rates(name, 4, 1.0, len(expected), **constants), expected,
                               rtol=1e-14, atol=1e-15)  # fmt: skip


@pytest.mark.parametrize("run", PEERS["runs"], ids=lambda r: " ".join([r["name"], *r["constants"]]))
def test_the_rates_are_pytorch_s(run):
    found = rates(run["name"], run["steps"], run["lr"], run["steps"], **run["constants"])
    np.testing.assert_allclose(found, run["rates"], rtol=1e-9, atol=1e-15)


def test_no_schedule_and_no_constant_is_forgotten_beside_pytorch():
    assert {run["name"] for run in PEERS["runs"]} == set(PURE)
    for name in PURE:
        varied = {c for run in PEERS["runs"] if run["name"] == name for c in run["constants"]}
        assert {constant.name for constant in SCHEDULES[name].constants} == varied, name
    assert min(len(run["rates"]) for run in PEERS["runs"]) > 50


@pytest.mark.parametrize("name", PURE)
@settings(max_examples=30)
@given(steps=st.integers(0, 1_000_000), step=st.integers(0, 10**9), lr=st.floats(0, 1e300))
def test_every_step_of_every_run_has_a_rate(name, steps, step, lr):
    rate = SCHEDULES[name].at(steps, lr, NEEDED.get(name, {}))
    assert type(rate(step)) is float
    assert 0 <= rate(step) <= max(lr, 1.0)


def test_a_growing_rate_becomes_inf_and_raises_nothing():
    assert rates("exponential", 9, 1.0, 2000, gamma=10.0)[-1] == math.inf


@pytest.mark.parametrize("name", PURE)
def test_a_schedule_says_what_it_does_and_where_it_is_from(name):
    entry = SCHEDULES[name]
    assert entry.title and entry.source and entry.formula


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("name", PURE)
def test_a_run_takes_the_rate_of_each_step_in_any_order_of_seeks(name, optimizer, dtype):
    rate = SCHEDULES[name].at(40, 0.02, NEEDED.get(name, {}))
    model = five_parcels(0.02, dtype, optimizer=optimizer, rate=rate)
    rows, _ = model.run_recorded(model.initial, 61)
    history = History(model, memory=8 * model.width * 5)
    for step in (60, 3, 41, 17, 0, 59):
        assert history.state(step).tobytes() == rows[step, :-1].tobytes()
        tape = history.tape(step)
        assert tape.rate == rate(step)
        new = [tape.value(id).reshape(-1) for _, id in model.program.state]
        if step < 60:
            assert np.concatenate(new).astype(float).tobytes() == rows[step + 1, :-1].tobytes()


def test_a_trainer_without_a_schedule_keeps_its_rate():
    model = two_weights(0.3)
    assert model.record(model.initial, 7).rate == 0.3
    values = {"w1": 1.0, "w2": 2.0, "x1": 2.0, "x2": 3.0, "y": 5.0}
    falling = Trainer(two_weights().program, values, 0.3, rate=lambda step: 0.3 / (step + 1))
    assert falling.record(falling.initial, 2).rate == pytest.approx(0.1)
