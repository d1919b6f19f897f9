"""Minibatches: which rows a step sees, the same in any order, and the loss of just those."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_models import FIVE_PARCELS, FIVE_PARCELS_DATA, FIVE_PARCELS_START, trainer
from gradtui.engine.batches import Batches
from gradtui.engine.curvature import Curvature
from gradtui.engine.draws import Stream
from gradtui.engine.history import History

OVER = ("X", "y")


def model(size=2, shuffle=True, seed=7, **options):
    batches = Batches(OVER, 5, size, shuffle, seed)
    return trainer(FIVE_PARCELS, FIVE_PARCELS_START, FIVE_PARCELS_DATA, batches=batches, **options)


def test_without_shuffle_the_rows_come_in_order_and_the_rest_of_an_epoch_is_dropped():
    batches = Batches(OVER, 5, 2, shuffle=False)
    assert batches.per_epoch == 2
    assert [batches.at(k).tolist() for k in range(5)] == [[0, 1], [2, 3], [0, 1], [2, 3], [0, 1]]


def test_with_shuffle_an_epoch_is_a_permutation_of_its_seed_and_number():
    batches = Batches(OVER, 5, 2, shuffle=True, seed=3)
    for epoch in range(4):
        order = Stream(3, f"epoch {epoch}").permutation(5).tolist()
        assert [*batches.at(2 * epoch), *batches.at(2 * epoch + 1)] == order[:4]


@given(
    st.integers(1, 40).flatmap(lambda rows: st.tuples(st.just(rows), st.integers(1, rows))),
    st.booleans(),
    st.integers(0, 2**63 - 1),
    st.integers(0, 10_000),
)
def test_an_epoch_shows_no_row_twice(shape, shuffle, seed, epoch):
    batches = Batches(OVER, *shape, shuffle, seed)
    first = epoch * batches.per_epoch
    seen = [int(row) for k in range(batches.per_epoch) for row in batches.at(first + k)]
    assert len(seen) == len(set(seen)) == batches.per_epoch * batches.size
    assert set(seen) <= set(range(batches.rows))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_loss_and_the_gradient_are_those_of_the_batch_s_rows(dtype):
    trained = model(dtype=dtype)
    history, w = History(trained), np.array([0.8, 1.5])
    X, y = (np.array(FIVE_PARCELS_DATA[name], dtype=float) for name in OVER)
    for step in range(12):
        tape = history.tape(step)
        rows = trained.batches.at(step)
        assert tape.batch.tolist() == rows.tolist()
        e = X[rows] @ w - y[rows]
        gradient = 2 * X[rows].T @ e / 2
        tolerance = 1e-12 if dtype == "float64" else 1e-4
        np.testing.assert_allclose(tape.value(tape.program.graph.loss), np.mean(e**2), tolerance)
        np.testing.assert_allclose(tape.gradient(0), gradient, tolerance)
        w = w - 0.1 * gradient


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kept", [3, 1000])
def test_seeking_in_any_order_gives_the_bits_of_the_run(optimizer, dtype, kept):
    trained = model(optimizer=optimizer, dtype=dtype)
    rows, _ = trained.run_recorded(trained.initial, 61)
    history = History(trained, memory=8 * trained.width * kept)
    history.advance(61)
    for step in (60, 3, 41, 17, 0, 59, 60):
        tape = history.tape(step)
        assert history.state(step).tobytes() == rows[step, :-1].tobytes()
        assert float(tape.value(tape.program.graph.loss)) == rows[step, -1] == history.losses[step]
        if step < 60:
            new = [tape.value(id).reshape(-1) for _, id in trained.program.state]
            assert np.concatenate(new).astype(float).tobytes() == rows[step + 1, :-1].tobytes()


@pytest.mark.parametrize("step", [0, 1, 2, 7])
def test_central_differences_see_the_step_s_batch(step):
    trained = model()
    state = trained.run(trained.initial, step)
    tape = trained.record(state, step)
    found = trained.central_differences(state, [0, 1], step)
    np.testing.assert_allclose(found, tape.gradient(0), rtol=1e-8)
    other = trained.central_differences(state, [0, 1], step + 1)
    assert not np.allclose(other, tape.gradient(0), rtol=1e-3)


@pytest.mark.parametrize("step", [0, 1, 6])
def test_the_curvature_is_the_mean_over_an_epoch_of_batches_from_the_step_on(step):
    trained = model()
    assert trained.batches.per_epoch == 2
    rows = [np.array(FIVE_PARCELS_DATA["X"])[trained.batches.at(k)] for k in (step, step + 1)]
    mean = sum(2 * X.T @ X / 2 for X in rows) / 2
    tape = trained.record(trained.run(trained.initial, step), step)
    np.testing.assert_allclose(Curvature(trained).hessian(tape), mean, rtol=1e-12)


def test_data_that_are_not_cut_stay_whole():
    batches = Batches(("y",), 4, 2)
    data = {"c": [1.0, 10.0], "y": [1.0, 2.0, 3.0, 4.0]}
    trained = trainer("L = sum(w*y) + sum(c)", {"w": 1.0}, data, batches=batches)
    losses = [float(trained.record(trained.initial, k).recorded[trained.program.graph.loss])
              for k in (0, 1)]  # fmt: skip
    assert sorted(losses) == sorted(sum(data["y"][r] for r in batches.at(k)) + 11 for k in (0, 1))
