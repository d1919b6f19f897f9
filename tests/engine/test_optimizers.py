"""Optimizers: first steps by hand, long runs beside PyTorch's, and the same bits in any order."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_models import five_parcels, graph, trainer, two_weights
from gradtui.engine import history as history_module
from gradtui.engine.compiler import Mode
from gradtui.engine.graph import Kind
from gradtui.engine.history import History
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.program import build_step

PEERS = json.loads((Path(__file__).parent.parent / "data/torch_optimizers.json").read_text())
VARIANTS = [(name, {}) for name in OPTIMIZERS] + [
    ("sgd", {"momentum": 0.9}),
    ("sgd", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("rmsprop", {"momentum": 0.8}),
    ("adam", {"weight_decay": 0.1}),
    ("adam", {"clip_norm": 0.5}),
]
IDS = [" ".join([name, *constants]) for name, constants in VARIANTS]


def first_steps(optimizer, slopes, lr=0.1, start=1.0, **constants):
    """Return a weight before each step of a loss whose slope at step k is `slopes[k]`."""
    w, weights = start, [start]
    row = None
    for step, slope in enumerate(slopes):
        model = trainer("L = w*x", {"w": w}, {"x": slope}, lr, optimizer=optimizer, **constants)
        row = model.initial if row is None else row
        row = model.run(row, 1, step)
        weights.append(float(row[0]))
    return weights


# By hand


@pytest.mark.parametrize(
    ("optimizer", "constants", "expected"),
    [
        ("sgd", {}, [1, 0.8, 0.4]),
        ("sgd", {"weight_decay": 0.5}, [1, 0.75, 0.3125]),
        # b = 2, then 0.5·2 + 4 = 5
        ("sgd", {"momentum": 0.5}, [1, 0.8, 0.3]),
        # g + 0.5·b = 2 + 1 = 3, then 4 + 2.5 = 6.5
        ("sgd", {"momentum": 0.5, "nesterov": True}, [1, 0.7, 0.05]),
        # s = 4, then 20
        ("adagrad", {}, [1, 0.9, 0.9 - 0.4 / 20**0.5]),
        # v = 0.5·4 = 2, then 0.5·2 + 0.5·16 = 9
        ("rmsprop", {"alpha": 0.5}, [1, 1 - 0.2 / 2**0.5, 1 - 0.2 / 2**0.5 - 0.4 / 3]),
        # b = 2/√2, then 0.5·b + 4/3
        (
            "rmsprop",
            {"alpha": 0.5, "momentum": 0.5},
            [1, 1 - 0.1 * 2**0.5, 1 - 0.15 * 2**0.5 - 0.4 / 3],
        ),
        # m = 1, m̂ = 2, v = 1, v̂ = 4; then m = 2.5, m̂ = 2.5/0.75, v = 4.75, v̂ = 4.75/0.4375
        (
            "adam",
            {"beta1": 0.5, "beta2": 0.75},
            [1, 0.9, 0.9 - 0.1 * (2.5 / 0.75) / (4.75 / 0.4375) ** 0.5],
        ),
        # the same on g = 2 + 2·1 = 4 (m̂ = 4, v̂ = 16)
        ("adam", {"beta1": 0.5, "beta2": 0.75, "weight_decay": 2.0}, [1, 0.9]),
        # the same steps, but w loses lr·0.5·w first
        (
            "adamw",
            {"beta1": 0.5, "beta2": 0.75, "weight_decay": 0.5},
            [1, 0.85, 0.85 * 0.95 - 0.1 * (2.5 / 0.75) / (4.75 / 0.4375) ** 0.5],
        ),
    ],
)
def test_the_first_steps_are_those_worked_out_by_hand(optimizer, constants, expected):
    weights = first_steps(optimizer, [2.0, 4.0][: len(expected) - 1], **constants)
    np.testing.assert_allclose(weights, expected, rtol=1e-8)


def test_adam_is_behind_on_five_parcels_for_20_steps_and_then_ahead():
    models = [five_parcels(optimizer=name) for name in ("adam", "sgd")]
    adam, plain = (model.run_recorded(model.initial, 201)[0] for model in models)
    losses = adam[[0, 5, 10, 15, 20, 50, 200], -1]
    expected = [0.7288, 0.5523, 0.4455, 0.3456, 0.2778, 0.0543, 0.039475]
    np.testing.assert_allclose(losses, expected, atol=5e-5)
    assert adam[200, -1] == pytest.approx(0.039475, abs=5e-7)
    ahead = adam[:, -1] < plain[:, -1]
    assert not ahead[20] and ahead[29:].all() and not ahead[28]


# Beside PyTorch


@pytest.mark.parametrize("run", PEERS["runs"], ids=lambda r: " ".join([r["name"], *r["constants"]]))
def test_a_long_run_is_pytorch_s(run):
    constants = dict(run["constants"])
    model = five_parcels(constants.pop("lr"), optimizer=run["name"], **constants)
    rows, _ = model.run_recorded(model.initial, len(run["losses"]))
    np.testing.assert_allclose(rows[:, :2], run["weights"], rtol=1e-9)
    np.testing.assert_allclose(rows[:, -1], run["losses"], rtol=1e-9)


def test_no_optimizer_and_no_constant_is_forgotten_beside_pytorch():
    assert {run["name"] for run in PEERS["runs"]} == set(OPTIMIZERS)
    for name, entry in OPTIMIZERS.items():
        varied = {c for run in PEERS["runs"] if run["name"] == name for c in run["constants"]}
        assert {constant.name for constant in entry.hyperparameters} <= varied, name
    assert min(len(run["losses"]) for run in PEERS["runs"]) > 50


# The program


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_says_what_it_does_and_where_it_is_from(name):
    entry = OPTIMIZERS[name]
    assert entry.title and entry.source
    for constants in ({}, {"momentum": 0.9}, {"weight_decay": 0.1}):
        values = entry.complete(constants)
        assert "w ← w - lr·" in entry.formula(values)
        assert entry.program(values).splitlines()[-1].startswith("w = w - lr*")


def test_constants_that_change_nothing_leave_the_plain_program():
    for name in ("sgd", "rmsprop"):
        entry = OPTIMIZERS[name]
        text = entry.program(entry.complete({}))
        assert "momentum" not in text and "weight_decay" not in text
    built = build_step(graph("L = w**2", {"w": 1.0}), "sgd", {"momentum": 0.0, "nesterov": False})
    assert [name for name, _ in built.updates[0].lines] == ["w"]
    assert built.constants == built.initial == () and built.time is None


def test_only_the_optimizers_that_count_their_steps_are_told_the_time():
    counting = {n for n in OPTIMIZERS if build_step(graph("L = w", {"w": 1.0}), n, {}).time}
    assert counting == {"adam", "adamw"}


def test_adam_s_state_and_lines_are_named():
    program = build_step(graph("L = sum(w**2)", {"w": [1.0, 2.0]}), "adam", {})
    assert [name for name, _ in program.updates[0].lines] == ["m", "v", "mhat", "vhat", "w"]
    names = [program.nodes[old].name for old, _ in program.state]
    assert names == ["w", "m of w", "v of w"]
    assert {n.kind for n in program.nodes if n.name == "t"} == {Kind.HYPERPARAMETER}


# Clipping


def test_clipping_scales_all_gradients_together_and_leaves_the_true_ones_on_the_tape():
    model = two_weights(1.0, clip_norm=1.0)
    tape = model.record(model.initial, 0)
    clip = model.program.clip
    assert [float(tape.gradient(i)) for i in range(2)] == [12.0, 18.0]
    norm = 468**0.5
    assert tape.gradient_norm == pytest.approx(norm) == float(tape.value(clip.norm))
    scale = 1.0 / (norm + 1e-6)
    assert float(tape.value(clip.scale)) == pytest.approx(scale, rel=1e-15)
    clipped = [float(tape.value(update.gradient)) for update in model.program.updates]
    assert clipped == pytest.approx([12 * scale, 18 * scale], rel=1e-14)
    after = model.run(model.initial, 1)
    np.testing.assert_allclose(after, [1 - 12 * scale, 2 - 18 * scale], rtol=1e-14)


def test_a_gradient_within_the_limit_is_not_touched():
    clipped, free = two_weights(clip_norm=50.0), two_weights()
    assert clipped.run(clipped.initial, 30).tobytes() == free.run(free.initial, 30).tobytes()


def test_clipping_joins_scalars_and_tensors():
    model = trainer("L = sum(w)*3 + 4*b + 0*c", {"w": [1.0, 1.0], "b": 0.0, "c": 1.0}, lr=1.0,
                    clip_norm=1.0)  # fmt: skip
    np.testing.assert_allclose(
        model.initial - model.run(model.initial, 1), np.array([3, 3, 4, 0]) / 34**0.5, rtol=1e-6
    )


# The same bits


def models_of(optimizer, constants):
    yield two_weights(0.02, optimizer=optimizer, **constants)
    yield five_parcels(0.02, optimizer=optimizer, **constants)
    yield five_parcels(0.02, "float32", optimizer=optimizer, **constants)


@pytest.mark.parametrize(("optimizer", "constants"), VARIANTS, ids=IDS)
def test_many_steps_at_once_are_the_steps_one_by_one(optimizer, constants):
    for model in models_of(optimizer, constants):
        rows, after = model.run_recorded(model.initial, 40)
        row = model.initial
        for step in range(40):
            assert row.tobytes() == rows[step, :-1].tobytes()
            tape = model.record(row, step)
            new = [tape.value(id).reshape(-1) for _, id in model.program.state]
            row = model.run(row, 1, step)
            assert np.concatenate(new).astype(np.float64).tobytes() == row.tobytes()
        assert row.tobytes() == after.tobytes()
        assert np.isfinite(after).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("optimizer", "constants"), VARIANTS, ids=IDS)
def test_every_number_of_an_update_is_computed_in_the_dtype(optimizer, constants, dtype):
    model = five_parcels(0.02, dtype, optimizer=optimizer, **constants)
    tape = model.record(model.initial, 0)
    inputs = (model.program.lr, model.program.time)
    for node, number in zip(model.program.nodes, tape.recorded, strict=True):
        assert node.id in inputs or np.asarray(number).dtype == dtype, node


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_scalars_run_as_floats(name):
    assert two_weights(optimizer=name).mode is Mode.FLOAT


RUNS = {
    f"{name} {dtype}": (model, model.run_recorded(model.initial, 121)[0])
    for name in OPTIMIZERS
    for dtype in ("float64", "float32")
    for model in [five_parcels(0.02, dtype, optimizer=name)]
}


@settings(max_examples=60)
@given(
    st.sampled_from([*RUNS]),
    st.sampled_from([0, 2, 3, 5, 17, 1000]),
    st.lists(st.integers(0, 120), min_size=1, max_size=12),
    st.sampled_from([3, 7, 4096]),
)
def test_any_order_of_seeks_gives_the_same_bits(name, kept, seeks, chunk):
    model, rows = RUNS[name]
    history = History(model, memory=8 * model.width * kept)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_module, "_CHUNK", chunk)
        for step in seeks:
            assert history.state(step).tobytes() == rows[step, :-1].tobytes()
            tape = history.tape(step)
            assert float(tape.value(model.program.graph.loss)) == rows[step, -1]


def test_stepping_back_restores_m_and_v_exactly():
    model = five_parcels(optimizer="adam")
    history = History(model, memory=0)
    there = {step: history.state(step).copy() for step in range(30)}
    history.state(500)
    for step in reversed(range(30)):
        w0, w1, m0, m1, v0, v1 = history.state(step)
        assert [w0, w1, m0, m1, v0, v1] == there[step].tolist()
        assert step == 0 or (m0 != 0 and v0 > 0)


def test_a_run_of_adam_into_nan_goes_on_without_exception_or_warning():
    for shape in (1.0, [1.0, 1.0]):
        for name in OPTIMIZERS:
            code = "L = sum(exp(w*w*x))"
            model = trainer(code, {"w": shape}, {"x": 300.0}, 1e3, optimizer=name)
            rows, after = model.run_recorded(model.initial, 20)
            model.record(rows[-1, :-1], 19)
            assert after.shape == (model.width,)
