"""The Hessian and what is read off it, against published numbers and central differences."""

import numpy as np
import pytest

import gradtui
from gradtui.engine import curvature as module
from gradtui.engine.curvature import Curvature, gauge
from gradtui.engine.trainer import Trainer
from gradtui.engine.vectorized import Vectorized

NETWORK = dict(
    code="h = tanh(X@A + b)\nz = layer_norm(h)@B\nq = softplus(z)*sigmoid(z)\n"
    "s = sum(w*w)/(1 + exp(-w[:, None])).sum()\nL = cross_entropy(q, labels) + 0.3*s",
    parameters="A = [[0.5, -0.3, 0.8], [0.1, 0.9, -0.4]]\nb = [0.1, 0.2, -0.1]\n"
    "B = [[0.3, -0.6], [0.8, 0.5], [-0.2, 0.7]]\nw = [1.5, 0.7]",
    data="X = [[0.2, 1.1], [-0.7, 0.4], [1.3, -0.9]]\nlabels = [0, 1, 1]",
)


def curvature_of(session):
    return Curvature(session.problem.trainer), session.history.tape(0)


def by_differences(session, h=1e-5):
    """Return the Hessian as central differences of the gradient of single recorded steps."""
    trainer = session.problem.trainer
    row = trainer.initial
    columns = []
    for i in range(Curvature(trainer).size):
        slopes = []
        for sign in (1, -1):
            moved = row.copy()
            moved[i] += sign * h
            tape = trainer.record(moved, 0)
            slopes.append(np.concatenate([
                tape.gradient(p).reshape(-1) for p in range(len(tape.program.updates))
            ]))  # fmt: skip
        columns.append((slopes[0] - slopes[1]) / (2 * h))
    return np.array(columns)


def test_five_parcels_have_the_curvature_of_the_lesson():
    curvature, tape = curvature_of(gradtui.load("five_parcels"))
    spectrum = curvature.spectrum(tape)
    assert spectrum.values == pytest.approx([0.46876, 29.3832], rel=1e-5)
    assert spectrum.condition == pytest.approx(62.7, rel=1e-3)
    found = gauge(curvature, tape, 0.05)
    assert found.pull == pytest.approx(1.469, rel=1e-3)
    assert found.largest_rate == pytest.approx(0.06807, rel=1e-4)
    assert found.steps_per_decade == pytest.approx(97.086, rel=1e-4)
    assert found.words.startswith("overshooting")


@pytest.mark.parametrize(("factor", "settles"), [(0.99, True), (1.01, False)])
@pytest.mark.parametrize("more", ["", "momentum = 0.9", "momentum = 0.9\nnesterov = true",
                                  "weight_decay = 3.0"])  # fmt: skip
def test_the_run_confirms_the_bound(session_of, factor, settles, more):
    table = dict(
        code="e = X@w - y\nL = mean(e**2)",
        parameters="w = [0.8, 1.5]",
        data="X = [[2, 3], [1.5, 1], [4, 5], [0.8, 0.5], [3.2, 2.5]]\ny = [5, 3.2, 9.5, 2.1, 6.8]",
    )
    # `more` of the helper ends the file: the optimizer's constants go before [run] by the rate.
    session = session_of(**table, lr=f"0.01\n{more}")
    bound = gauge(*curvature_of(session), 0.01).largest_rate
    session = session_of(**table, lr=f"{factor * bound!r}\n{more}")
    moved = np.linalg.norm(session.history.state(600) - session.history.state(599))
    assert (moved < 1e-3) if settles else (moved > 1e3)


def test_the_hessian_of_a_network_is_that_of_central_differences(session_of):
    session = session_of(**NETWORK)
    curvature, tape = curvature_of(session)
    assert curvature.hessian(tape) == pytest.approx(by_differences(session), rel=1e-6, abs=1e-8)


def test_large_models_get_the_largest_eigenvalue_by_products_alone(session_of, monkeypatch):
    session = session_of(**NETWORK)
    curvature, tape = curvature_of(session)
    exact = curvature.spectrum(tape)
    monkeypatch.setattr(module, "EXACT", 0)
    found = curvature.spectrum(tape)
    assert exact.exact and not found.exact
    assert found.largest == pytest.approx(exact.largest, rel=1e-8)
    v = found.direction(0)
    assert curvature.hessian(tape) @ v == pytest.approx(found.values[0] * v, abs=1e-6)


def test_the_model_is_evaluated_once_for_all_products(session_of, monkeypatch):
    curvature, tape = curvature_of(session_of(**NETWORK))
    evaluated, settle = [], curvature._settle
    monkeypatch.setattr(module, "EXACT", 0)
    monkeypatch.setitem(
        vars(curvature), "_settle", lambda *given: evaluated.append(given) or settle(*given)
    )
    assert len(curvature.spectrum(tape).values) > 1
    assert len(evaluated) == 1


def test_the_basis_of_a_larger_model_is_shorter_and_its_eigenvalue_never_too_large(
    session_of, monkeypatch
):
    session = session_of(**NETWORK)
    curvature, tape = curvature_of(session)
    exact = curvature.spectrum(tape)
    monkeypatch.setattr(module, "EXACT", 0)
    monkeypatch.setattr(module, "_BASIS", 1)
    found = curvature.spectrum(tape, vectors=False)
    assert len(found.values) == 8 and found.vectors.shape == (curvature.size, 0)
    assert found.sharpness <= exact.sharpness * (1 + 1e-12)
    assert found.sharpness == pytest.approx(exact.sharpness, rel=0.02)


def test_no_product_is_computed_once_the_largest_eigenvalue_is_close(session_of):
    curves = [*range(1, 101), 1000]
    code, ones = "L = 0.5*sum(c*w**2)", [1.0] * len(curves)
    session = session_of(code=code, parameters=f"w = {ones}", data=f"c = {curves}")
    curvature, tape = curvature_of(session)
    found, whole = (curvature.spectrum(tape, vectors=needed) for needed in (False, True))
    assert 8 <= len(found.values) < len(whole.values) == 24
    assert found.sharpness == pytest.approx(1000, rel=1e-7)


def test_a_product_is_evaluated_once_for_all_batches(monkeypatch):
    curvature, tape = curvature_of(gradtui.load("minibatches"))
    exact, evaluate = curvature.spectrum(tape), Vectorized.evaluate
    evaluated = []
    monkeypatch.setattr(module, "EXACT", 0)
    monkeypatch.setattr(
        Vectorized, "evaluate", lambda *given: evaluated.append(given) or evaluate(*given)
    )
    found = curvature.spectrum(tape, vectors=False)
    assert len(evaluated) == len(found.values)
    assert found.values == pytest.approx(exact.values)


def test_adam_feels_the_curvature_divided_by_the_root_of_its_mean_square(session_of):
    session = session_of("L = 50*w*w + 2*v*v", "w = 2.0\nv = 3.0", lr=0.1)
    trainer = session.problem.trainer
    assert isinstance(trainer, Trainer)
    path = session.problem.path
    with open(path, encoding="utf-8") as file:
        text = file.read().replace('name = "sgd"', 'name = "adam"')
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    curvature, tape = curvature_of(gradtui.load(path))
    # At the first step v̂ = g²: gradients 200 and 12, curvatures 100 and 4.
    assert curvature.spectrum(tape).values == pytest.approx([4 / 12, 100 / 200])
    assert gauge(curvature, tape, 0.1).limit == pytest.approx(38.0)


def test_a_loss_without_curvature_limits_no_rate(session_of):
    curvature, tape = curvature_of(session_of("L = 3*w", "w = 1.0"))
    found = gauge(curvature, tape, 0.1)
    assert (found.sharpness, found.largest_rate, found.pull) == (0.0, np.inf, 0.0)
    assert found.words == "no upward curvature"


def test_a_curvature_that_is_not_finite_is_none(session_of):
    session = session_of("L = w**4", "w = 1e70", lr=1e300)
    curvature = Curvature(session.problem.trainer)
    assert gauge(curvature, session.history.tape(3), 1.0) is None


def test_what_has_had_no_gradient_does_not_limit_the_rate_of_an_adaptive_optimizer():
    session = gradtui.load("embeddings_adam")
    found = Curvature(session.problem.trainer)
    tape = session.history.tape(0)
    # The words of rows 3 and 5 are not in the first batch, but in others.
    assert not tape.gradient(0)[[3, 5]].any()
    assert np.diag(found.hessian(tape))[[6, 10]].all()
    seen = [0, 1, 2, 3, 4, 5, 8, 9]
    sizes = np.abs(tape.gradient(0).reshape(-1)[seen]) + 1e-8  # after one step v̂ is g²
    scaled = found.hessian(tape)[np.ix_(seen, seen)] / np.sqrt(np.outer(sizes, sizes))
    read = gauge(found, tape, 0.1)
    assert read.sharpness == pytest.approx(np.linalg.eigvalsh(scaled)[-1], rel=1e-9)
    assert read.pull < read.limit
