import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_models import (
    FIVE_PARCELS_DATA,
    FIVE_PARCELS_START,
    TWO_WEIGHTS,
    TWO_WEIGHTS_DATA,
    TWO_WEIGHTS_START,
    five_parcels,
    graph,
    trainer,
    two_weights,
)
from gradtui.engine import expansion, lowered
from gradtui.engine.compiler import Mode
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.program import build_step
from gradtui.engine.registry import register
from gradtui.engine.trainer import Trainer

MLP = """\
h = tanh(X@W + b)
p = sigmoid(h@v)
L = -mean(y*log(p) + (1 - y)*log(1 - p))
"""
RNG = np.random.default_rng(3)
MLP_START = {"W": RNG.normal(size=(2, 4)), "b": np.zeros(4), "v": RNG.normal(size=4)}
MLP_DATA = {"X": RNG.normal(size=(6, 2)), "y": np.array([0.0, 1, 1, 0, 1, 0])}


def run_of(model, steps):
    """Return (states, losses, gradients) of the steps 0 to `steps`."""
    rows, _ = model.run_recorded(model.initial, steps + 1)
    tapes = [model.record(row[:-1], step) for step, row in enumerate(rows)]
    gradients = [np.hstack([t.gradient(i) for i in range(len(t.program.updates))]) for t in tapes]
    return rows[:, :-1], rows[:, -1], gradients


# Figures of the lesson


def test_one_weight_walks_down_as_in_the_lesson():
    code = "yhat = w*x\nL = (yhat - y)**2"
    model = trainer(code, {"w": 3.0}, {"x": 2.0, "y": 5.0}, lr=0.1)
    states, losses, gradients = run_of(model, 5)
    expected = [3, 2.6, 2.52, 2.504, 2.5008, 2.50016]
    np.testing.assert_allclose(states[:, 0], expected, rtol=1e-15)
    np.testing.assert_allclose(losses, [1, 0.04, 1.6e-3, 6.4e-5, 2.56e-6, 1.024e-7], rtol=1e-10)
    np.testing.assert_allclose(
        np.ravel(gradients), [4, 0.8, 0.16, 0.032, 0.0064, 0.00128], rtol=1e-11
    )
    assert model.central_differences(model.initial, [0]) == pytest.approx(4.0, rel=1e-10)
    forward = np.diff(model.losses_at(np.array([[3.0], [3.001]]))) / 0.001
    assert forward == pytest.approx(4.004, rel=1e-12)


def test_two_weights_overshoot_and_settle_as_in_the_lesson():
    states, losses, gradients = run_of(two_weights(), 3)
    np.testing.assert_allclose(losses, [9, 0.81, 0.0729, 0.006561], rtol=1e-13)
    np.testing.assert_allclose(states[:3], [[1, 2], [0.4, 1.1], [0.58, 1.37]], rtol=1e-15)
    np.testing.assert_allclose(gradients[:2], [[12, 18], [-3.6, -5.4]], rtol=1e-14)


def test_two_weights_at_rate_3_fly_off():
    _, losses, _ = run_of(two_weights(lr=3.0), 2)
    np.testing.assert_allclose(losses, [9, 53361, 3.16377369e8], rtol=1e-9)


def test_practice_with_pencil_and_paper():
    start, data = {"w1": 0.5, "w2": 1.0}, {"x1": 3.0, "x2": 4.0, "y": 6.0}
    for lr, state, loss in ((0.1, [0.8, 1.4], 4.0), (2.0, [6.5, 9.0], 2450.25)):
        states, losses, gradients = run_of(trainer(TWO_WEIGHTS, start, data, lr), 1)
        np.testing.assert_allclose(states[1], state, rtol=1e-15)
        np.testing.assert_allclose(losses, [0.25, loss], rtol=1e-14)
        assert gradients[0].tolist() == [-3.0, -4.0]


def test_a_bias_is_a_third_weight_whose_feature_is_1():
    code = "yhat = w1*x1 + w2*x2 + w3*one\nL = (yhat - y)**2"
    data = {"x1": 3.0, "x2": 4.0, "one": 1.0, "y": 6.0}
    model = trainer(code, {"w1": 0.5, "w2": 1.0, "w3": 0.0}, data)
    assert model.record(model.initial, 0).gradient(2) == -1.0


def test_five_parcels_descend_from_0_72884_to_0_32783():
    _, losses, gradients = run_of(five_parcels(), 12)
    assert losses[0] == pytest.approx(0.72884, rel=1e-14)
    assert losses[12] == pytest.approx(0.3278308831969, rel=1e-12)
    np.testing.assert_allclose(gradients[0], [1.6456, 2.888], rtol=1e-14)
    _, losses, _ = run_of(five_parcels(), 20)
    assert losses[20] == pytest.approx(0.2368, abs=5e-5)


def test_five_parcels_at_rate_1_5_explode_without_an_exception():
    _, losses, _ = run_of(five_parcels(lr=1.5), 400)
    np.testing.assert_allclose(losses[:4], [0.729, 333.8, 6.19e5, 1.15e9], rtol=2e-3)
    bad = ~np.isfinite(losses)
    assert bad.any() and bad[np.argmax(bad) :].all()
    assert losses[np.argmax(bad)] == np.inf


def test_five_parcels_at_rate_1_5_reach_inf_at_step_12_in_float32():
    _, losses, _ = run_of(five_parcels(lr=1.5, dtype="float32"), 12)
    assert np.isfinite(losses[:12]).all()
    assert losses[12] == np.inf


def test_five_parcels_at_rate_0_001_crawl():
    _, losses, _ = run_of(five_parcels(lr=0.001), 12)
    np.testing.assert_allclose(losses[[0, 12]], [0.72884, 0.63119], rtol=1e-5)


# One compiled function

MODELS = {
    "two weights": two_weights,
    "five parcels": five_parcels,
    "five parcels in float32": lambda: five_parcels(dtype="float32"),
    "two weights in float32": lambda: two_weights(dtype="float32"),
    "a network": lambda: trainer(MLP, MLP_START, MLP_DATA, 0.3),
    "a network in float32": lambda: trainer(MLP, MLP_START, MLP_DATA, 0.3, "float32"),
    "exploding": lambda: five_parcels(lr=90.0),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_many_steps_at_once_are_the_steps_one_by_one(make):
    model = make()
    rows, after = model.run_recorded(model.initial, 150)
    row = model.initial
    for step in range(150):
        tape = model.record(row, step)
        assert row.tobytes() == rows[step, :-1].tobytes()
        assert float(tape.value(model.program.graph.loss)).hex() == float(rows[step, -1]).hex()
        moved = [tape.value(update.result).reshape(-1) for update in model.program.updates]
        row = model.run(row, 1)
        assert np.concatenate(moved).astype(np.float64).tobytes() == row.tobytes()
    assert row.tobytes() == after.tobytes() == model.run(model.initial, 150).tobytes()
    assert model.run(model.initial, 0).tobytes() == model.initial.tobytes()


def with_mode(monkeypatch, mode, make):
    monkeypatch.setattr(lowered, "mode_for", lambda nodes, dtype: mode)
    monkeypatch.setattr(expansion, "expand", lambda *given: None)
    model = make()
    assert model.mode is mode
    return model.run_recorded(model.initial, 60)[0]


@pytest.mark.parametrize(
    "code",
    [
        TWO_WEIGHTS,
        "a = w1*x1 - w2/x2\nL = (a - y)*(a - y)/3 + w1*w1*0.5",
        "L = -(w1*w1) + 2*w1**2 - w2/y + w2**3/9 + w2**4",
        "L = abs(w1 - 1.001)*x1 + (w2 > 0)*w2*w2 + where(w1 > w2, w1, 3*w2)**2",
    ],
)
def test_floats_and_arrays_agree_to_the_last_bit_on_arithmetic(code, monkeypatch):
    def make():
        return trainer(code, TWO_WEIGHTS_START, TWO_WEIGHTS_DATA, 0.01)

    floats = with_mode(monkeypatch, Mode.FLOAT, make)
    assert np.isfinite(floats).all()
    assert floats.tobytes() == with_mode(monkeypatch, Mode.ARRAY, make).tobytes()


def test_floats_and_arrays_agree_on_functions(monkeypatch):
    def make():
        code = "a = tanh(w1*x1) + sigmoid(w2*x2)\nL = (a - exp(-w1**2))**2 + log(1 + w2**2)"
        return trainer(code, TWO_WEIGHTS_START, TWO_WEIGHTS_DATA, 0.01)

    floats = with_mode(monkeypatch, Mode.FLOAT, make)
    arrays = with_mode(monkeypatch, Mode.ARRAY, make)
    np.testing.assert_allclose(floats, arrays, rtol=1e-14)


def test_what_is_small_runs_as_floats_in_float64_and_anything_else_as_arrays():
    assert two_weights().mode is five_parcels().mode is Mode.FLOAT
    assert two_weights(dtype="float32").mode is Mode.ARRAY
    assert five_parcels(dtype="float32").mode is Mode.ARRAY
    wide = {"X": np.ones((60, 20)), "y": np.ones(60)}
    assert trainer("L = mean((X@w - y)**2)", {"w": np.ones(20)}, wide).mode is Mode.ARRAY
    assert trainer(MLP, MLP_START, MLP_DATA).mode is Mode.ARRAY
    assert trainer("L = max(softmax(w))", {"w": [1.0, 1e3]}).mode is Mode.ARRAY


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_number_of_a_step_is_computed_in_the_dtype(dtype):
    start = {"s": 0.1, "w": [0.1, 0.7], "p": 0.3}
    terms = ["s/3", "s**0.7", "0.1*p", "mean(w*0.3)", "sum(w@w)", "exp(w).sum(axis=0)", "len(w)*s"]
    terms += [f"{op}(s*0.7)" for op in ("exp", "log", "sqrt", "abs", "tanh", "sigmoid", "relu")]
    terms += [f"{op}(w*0.7).sum()" for op in ("tanh", "sigmoid", "relu", "log", "sqrt")]
    terms += ["maximum(s, 0.05)", "sum(minimum(w, 0.5))", "where(w > 0.5, w, 0.1).mean()"]
    terms += ["(w[:, None]*w.T).mean()", "(s > p)*s", "(w >= 0.5).mean()"]
    model = trainer("\n".join(["a = s", *(f"t{i} = {t}" for i, t in enumerate(terms))])
                    + "\nL = " + " + ".join(f"t{i}" for i in range(len(terms))),
                    start, {"x": 0.1}, 0.1, dtype)  # fmt: skip
    tape = model.record(model.initial, 0)
    for node, number in zip(model.program.nodes, tape.recorded, strict=True):
        assert node.id == model.program.lr or np.asarray(number).dtype == dtype, node
    row = model.run(model.initial, 1)
    assert row.dtype == np.float64
    assert row.tolist() == row.astype(dtype).tolist()


def test_float32_differs_from_float64_as_much_as_float32_does():
    states, losses, _ = run_of(five_parcels(dtype="float32"), 12)
    X, y = (np.array(FIVE_PARCELS_DATA[name], dtype=np.float32) for name in "Xy")
    w = np.array(FIVE_PARCELS_START["w"], dtype=np.float32)
    for _ in range(12):
        w = w - np.float32(0.05) * (X.T @ (2 * (X @ w - y) / np.float32(5)))
    assert np.dtype(w.dtype) == np.float32
    np.testing.assert_allclose(states[12], w, rtol=1e-6)
    assert losses[12] == pytest.approx(0.3278308831969, rel=1e-5)
    assert losses[12] != pytest.approx(0.3278308831969, rel=1e-9)


def test_numbers_beyond_float32_become_inf_and_no_warning():
    model = trainer(
        "L = w*x*1e300 + sum(z)", {"w": 1e39}, {"x": 1e200, "z": [1e39]}, 0.1, "float32"
    )
    tape = model.record(model.initial, 0)
    assert model.initial.tolist() == [np.inf]
    assert tape.value(model.program.graph.loss) == np.inf


# Numbers that are no numbers


@pytest.mark.parametrize("shape", ["scalar", "vector"])
@pytest.mark.parametrize(
    ("code", "w", "loss"),
    [
        ("L = 1/w", 0.0, np.inf),
        ("L = w/w", 0.0, np.nan),
        ("L = log(w)", 0.0, -np.inf),
        ("L = log(w)", -1.0, np.nan),
        ("L = sqrt(w)", -1.0, np.nan),
        ("L = sqrt(w)", 0.0, 0.0),
        ("L = w**-0.5", 0.0, np.inf),
        ("L = exp(w)", 1e4, np.inf),
        ("L = w*w", 1e200, np.inf),
        ("L = w**5", 1e200, np.inf),
        ("L = w - w", np.inf, np.nan),
        ("L = tanh(w)", np.inf, 1.0),
        ("L = sigmoid(w)", -np.inf, 0.0),
        ("L = maximum(w, 1)", np.nan, np.nan),
    ],
)
def test_a_run_through_inf_and_nan_goes_on_without_exception_or_warning(code, w, loss, shape):
    if shape == "vector":
        code, w = code.replace("L =", "a =") + "\nL = mean(a)", [w]
    model = trainer(code, {"w": w}, lr=0.1)
    rows, after = model.run_recorded(model.initial, 5)
    np.testing.assert_equal(rows[0, -1], loss)
    assert after.shape == (1,)
    for step in range(5):
        tape = model.record(rows[step, :-1], step)
        np.testing.assert_equal(float(tape.value(model.program.graph.loss)), rows[step, -1])
        tape.named_contribution(0, range(1, len(model.program.graph.nodes)))
        model.central_differences(rows[step, :-1], [0])
        assert tape.gradient_norm >= 0 or np.isnan(tape.gradient_norm)


def test_contributions_that_cancel_at_infinity_are_nan_without_a_warning():
    model = trainer("L = w*a - w*b", {"w": 1.0}, {"a": np.inf, "b": np.inf})
    tape = model.record(model.initial, 0)
    statement = model.program.graph.statements[0]
    assert np.isnan(tape.named_contribution(0, statement.operations))
    assert np.isnan(tape.gradient(0))


# The gradient's length


@pytest.mark.parametrize(
    ("slopes", "length"),
    [
        ((3.0, 4.0), 5.0),
        ((3e200, -4e200), 5e200),
        ((3e-200, 4e-200), 5e-200),
        ((0.0, 0.0), 0.0),
        ((np.inf, 1.0), np.inf),
        ((np.nan, 1.0), np.nan),
    ],
)
def test_the_gradient_norm_neither_overflows_nor_vanishes(slopes, length):
    model = trainer("L = sum(w*x)", {"w": [1.0, 1.0]}, {"x": slopes})
    assert model.record(model.initial, 0).gradient_norm == pytest.approx(
        length, rel=1e-15, nan_ok=True
    )


def test_the_gradient_norm_of_two_weights_is_21_63():
    model = two_weights()
    assert model.record(model.initial, 0).gradient_norm == pytest.approx(468**0.5, rel=1e-15)


# Central differences and batches


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_central_differences_agree_with_the_gradient_in_float64(make):
    model = make()
    tape = model.record(model.initial, 0)
    found = np.concatenate([tape.gradient(i).ravel() for i in range(len(model.program.updates))])
    numeric = model.central_differences(model.initial, range(model.width))
    tolerance = 1e-7 if model.dtype == "float64" else 1e-5
    np.testing.assert_allclose(found, numeric, rtol=tolerance, atol=tolerance / 10)
    chosen = [model.width - 1, 0]
    assert model.central_differences(model.initial, chosen).tolist() == numeric[chosen].tolist()


def test_central_differences_of_few_numbers_are_of_losses_as_training_computes_them(monkeypatch):
    model = trainer("L = tanh(w)*x - v**3", {"w": 0.3, "v": 2.0}, {"x": 3.0}, optimizer="adam")
    monkeypatch.setattr(model, "losses_at", None)  # one by one takes less time than arrays
    away = np.cbrt(np.finfo(float).eps) * np.array([1.0, 2.0])
    for place in (0, 1):
        ends = np.array([model.initial, model.initial])
        ends[:, place] += away[place], -away[place]
        above, below = (model.run_observed(end, 1)[0][0, 0] for end in ends)
        slope = (above - below) / (ends[0, place] - ends[1, place])
        assert model.central_differences(model.initial, [place]).tolist() == [slope]


def test_central_differences_of_nothing_are_nothing():
    model = two_weights()
    assert model.central_differences(model.initial, []).shape == (0,)


def test_the_step_of_a_central_difference_grows_with_the_weight():
    model = trainer("L = w**2", {"w": 1e12})
    assert model.central_differences(model.initial, [0]) == pytest.approx(2e12, rel=1e-9)


def test_losses_at_many_points_are_those_of_the_step():
    for make in (two_weights, five_parcels, MODELS["a network"]):
        model = make()
        points = model.initial + np.random.default_rng(1).normal(size=(20, model.width))
        alone = [model.run_recorded(point, 1)[0][0, -1] for point in points]
        np.testing.assert_allclose(model.losses_at(points), alone, rtol=1e-13)


def test_a_loss_that_ignores_the_parameters_is_the_same_at_every_point():
    model = trainer("L = 2*x", {"w": 1.0}, {"x": 3.0})
    assert model.losses_at(np.zeros((4, 1))).tolist() == [6.0] * 4


# Rows


def test_a_row_holds_the_parameters_in_the_order_of_the_file():
    model = trainer("L = sum(W)*s + sum(b)", {"W": [[1, 2], [3, 4]], "s": 5, "b": [6, 7]})
    assert model.initial.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert model.width == 7
    W, s, b = model.parameters(model.initial)
    assert (W.tolist(), s.tolist(), b.tolist()) == ([[1, 2], [3, 4]], 5.0, [6, 7])
    assert not W.flags.writeable


def test_a_parameter_may_start_as_one_number_for_all_its_elements():
    model = trainer("L = sum(w)", {"w": [0.0, 0.0, 0.0]})
    wide = Trainer(model.program, {"w": 2.0}, 0.1)
    assert wide.initial.tolist() == [2.0, 2.0, 2.0]


def test_tapes_are_read_only_and_hold_what_the_step_had():
    model = five_parcels()
    row = model.initial.copy()
    tape = model.record(row, 0)
    row[:] = 7.0
    w = tape.value(model.program.graph.names["w"])
    assert w.tolist() == [0.8, 1.5]
    for array in (w, tape.gradient(0), tape.adjoint(0), tape.contribution((3, 1))):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0


def test_a_model_without_parameters_still_has_a_loss():
    model = trainer("L = 2*x", {}, {"x": 3.0})
    rows, after = model.run_recorded(model.initial, 2)
    assert rows.tolist() == [[6.0], [6.0]]
    assert after.shape == (0,)
    with_axis = trainer("L = sum(x)", {}, {"x": [3.0, 4.0]})
    assert with_axis.run_recorded(with_axis.initial, 1)[0].tolist() == [[7.0]]


# The update


def test_gradient_descent_is_its_formula():
    built = graph(TWO_WEIGHTS, TWO_WEIGHTS_START, TWO_WEIGHTS_DATA)
    program = build_step(built, "sgd", {})
    assert [name for update in program.updates for name, _ in update.lines] == ["w", "w"]
    assert program.initial == program.constants == ()
    assert [program.nodes[update.result].op for update in program.updates] == ["-", "-"]
    assert [program.nodes[old].name for old, _ in program.state] == ["w1", "w2"]


def test_an_optimizer_cannot_be_registered_twice():
    sgd = OPTIMIZERS["sgd"]
    with pytest.raises(ValueError, match="sgd is registered twice"):
        register([sgd, sgd])


@settings(max_examples=60)
@given(
    st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=2),
    st.floats(1e-6, 2.0),
    st.integers(1, 30),
)
def test_any_descent_is_the_loop_that_a_learner_would_write(start, lr, steps):
    w1, w2 = start
    model = trainer(TWO_WEIGHTS, {"w1": w1, "w2": w2}, TWO_WEIGHTS_DATA, lr)
    for _ in range(steps):
        e = w1 * 2.0 + w2 * 3.0 - 5.0
        w1, w2 = w1 - lr * (2.0 * e * 2.0), w2 - lr * (2.0 * e * 3.0)
    np.testing.assert_equal(model.run(model.initial, steps), [w1, w2])


def test_losses_alone_are_those_of_the_run():
    model = five_parcels()
    rows, _ = model.run_recorded(model.initial, 23)
    found = model.losses_from(model.run(model.initial, 3), 20, 3)
    assert found.tolist() == rows[3:, model.width].tolist()
    assert model.losses_from(model.initial, 0).shape == (0,)
