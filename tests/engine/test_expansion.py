import random
from functools import partial

import numpy as np
import pytest

from engine.random_programs import DATA, Program, draw_values
from engine_models import five_parcels, trainer
from gradtui.engine import expansion
from gradtui.engine.compiler import Mode

NETWORK = "h = tanh(X@W + b)\ne = h@v - y\nL = mean(e**2) + 0.1*var(v) + max(v)*0"
NETWORK_START = {"W": [[0.1, -0.2], [0.3, 0.4]], "b": [0.0, 0.5], "v": [1.0, -1.0]}
NETWORK_DATA = {"X": [[1.0, 2.0]], "y": [0.5]}


def run_of(model, steps=30):
    return model.run_recorded(model.initial, steps)[0]


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", "adagrad", "adamw"])
def test_five_parcels_in_numbers_are_those_in_arrays_but_for_rounding(optimizer, monkeypatch):
    def make():
        return five_parcels(0.02, optimizer=optimizer, clip_norm=2.0)

    numbers = make()
    assert numbers.mode is Mode.FLOAT
    monkeypatch.setattr(expansion, "expand", lambda *given: None)
    arrays = make()
    assert arrays.mode is Mode.ARRAY
    np.testing.assert_allclose(run_of(numbers), run_of(arrays), rtol=1e-12)


def test_whatever_is_written_out_is_what_the_arrays_say(monkeypatch):
    written = 0
    for seed in range(60):
        program = Program(random.Random(seed))
        values = draw_values(seed)
        given = [{k: v for k, v in values.items() if (k in DATA) == data} for data in (0, 1)]
        make = partial(trainer, "\n".join(program.lines), *given, 1e-3)

        with monkeypatch.context() as patch:
            patch.setattr("gradtui.engine.expansion._ARRAYS", 1e9)
            numbers = make()
        if numbers.mode is not Mode.FLOAT:
            continue
        written += 1
        with monkeypatch.context() as patch:
            patch.setattr(expansion, "expand", lambda *given: None)
            arrays = make()
        np.testing.assert_allclose(run_of(numbers, 3), run_of(arrays, 3), rtol=1e-9, err_msg=seed)
        tapes = [model.record(model.initial, 0) for model in (numbers, arrays)]
        for node in arrays.program.nodes:
            one, other = (tape.value(node.id) for tape in tapes)
            assert one.shape == other.shape == node.shape
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12, err_msg=f"{seed} {node}")
    assert written > 20


def test_long_runs_in_rounds_of_several_steps_are_the_steps_one_by_one(monkeypatch):
    for model in (five_parcels(optimizer="adam"), five_parcels(rate=lambda step: 0.1 / (step + 1))):
        whole, after = model.run_recorded(model.initial, 501)
        assert model.run(model.initial, 501).tobytes() == after.tobytes()
        row = model.initial
        for step in range(501):
            rows, row = model.run_recorded(row, 1, step)
            assert rows[0].tobytes() == whole[step].tobytes()
        assert row.tobytes() == after.tobytes()
        assert model.run(whole[77, :-1], 401, 77).tobytes() == whole[478, :-1].tobytes()
