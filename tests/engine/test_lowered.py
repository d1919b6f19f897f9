import numpy as np
import pytest

from engine_models import five_parcels, trainer, two_weights
from gradtui.engine.compiler import Mode
from gradtui.engine.lowered import joined


def bits(row):
    return np.asarray(row, np.float64).tobytes()


@pytest.mark.parametrize("make", [two_weights, five_parcels])
def test_a_small_model_of_float64_is_computed_in_bare_numbers(make):
    assert make()._lowered.mode is Mode.FLOAT
    assert make(dtype="float32")._lowered.mode is Mode.ARRAY


def test_what_was_lowered_is_recorded_in_its_shapes():
    model = five_parcels()
    tape = model.record(model.initial, 0)
    names = model.program.graph.names
    # 2·0.8 + 3·1.5, 1.5·0.8 + 1·1.5, …
    assert tape.value(names["yhat"]) == pytest.approx([6.1, 2.7, 10.7, 1.39, 6.31])
    assert tape.value(names["L"]).shape == ()


@pytest.mark.parametrize("steps", [1, 7, 128, 300])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rounds_of_several_steps_give_the_bits_of_single_ones(steps, dtype):
    model = five_parcels(dtype=dtype)
    row = model.initial
    for step in range(steps):
        row = model.run(row, 1, step)
    assert bits(row) == bits(model.run(model.initial, steps))


def test_a_state_is_cut_into_its_parts_and_joined_again():
    model = trainer("L = sum(W@v)", {"W": np.eye(2).tolist(), "v": [3.0, 4.0]}, dtype="float32")
    parts = model._lowered.split(model.initial, model._lowered.slices)
    assert [np.shape(part) for part in parts] == [(2, 2), (2,)]
    assert model._lowered.join(parts).tolist() == [1, 0, 0, 1, 3, 4]


def test_no_values_are_no_numbers():
    assert joined([]).tolist() == []
    assert joined([1.0, [[2.0, 3.0]]]).tolist() == [1.0, 2.0, 3.0]


def test_columns_are_exact_only_where_numpy_guarantees_the_bits():
    plain, power = (
        trainer(code, {"w": 2.0}, {"x": 3.0}) for code in ("L = (w*x)**2", "L = (w*x)**x")
    )
    loss = plain.program.graph.loss
    columns = plain._lowered.exact_columns([loss])
    rows = np.array([[2.0], [0.1], [-1.0]])
    series = plain.series(0, 3)
    assert columns.at(rows, series)[:, 0].tolist() == [(3.0 * w) ** 2 for w in (2.0, 0.1, -1.0)]
    assert power._lowered.exact_columns([power.program.graph.loss]) is None
