"""Batches, validation, plateau and float32 of a scenario file, through a session."""

import numpy as np
import pytest

import gradtui
from gradtui.debugger.session import Session
from gradtui.scenario.bundled import bundled_folder
from gradtui.scenario.load import load_problem

NAMES = ["minibatches", "plateau_schedule", "embeddings_sgd", "embeddings_adam"]


def opened(name, dtype):
    return Session(load_problem(bundled_folder() / f"{name}.toml", {"run.dtype": f'"{dtype}"'}))


def snapshot(session, step):
    session.seek(step)
    frame = session.frame
    parts = [*frame.parameters.values(), *frame.gradients.values(), frame.loss]
    parts += [frame.validation_loss, frame.tape.rate, frame.tape.batch]
    return [np.asarray(part).tobytes() for part in parts]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_step_is_bit_for_bit_the_same_whichever_way_one_comes_to_it(name, dtype):
    there, back = opened(name, dtype), opened(name, dtype)
    last = there.problem.steps
    forward = {step: snapshot(there, step) for step in range(last + 1)}
    for step in (last, last - 1, last // 2, 1, 0, last // 2 + 1):
        assert snapshot(back, step) == forward[step]
    (weights,) = back.frame.parameters.values()
    assert np.array_equal(weights, np.asarray(weights, dtype))


@pytest.mark.parametrize("name", NAMES)
def test_float32_comes_near_float64_and_its_slopes_are_checked_in_float64(name):
    rough, exact = opened(name, "float32"), opened(name, "float64")
    for step in (0, 7, 31):
        rough.seek(step)
        exact.seek(step)
        assert rough.frame.loss == pytest.approx(exact.frame.loss, rel=1e-4)
        gradient = rough.frame.tape.gradient(0)
        central = rough.frame.central(0, list(np.ndindex(gradient.shape)))
        np.testing.assert_allclose(gradient.reshape(-1), central, rtol=1e-4, atol=1e-6)


def test_validation_data_may_have_a_file_of_their_own(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n2,4\n")
    np.savez(tmp_path / "b.npz", x=[3.0, 4.0, 5.0], y=[6.0, 8.0, 11.0])
    path = tmp_path / "s.toml"
    path.write_text(
        'title = "t"\n[data]\nfile = "a.csv"\nx = "x"\ny = "y"\n'
        '[validation]\nfile = "b.npz"\nx = "x"\ny = "y"\n[parameters]\nw = 2.0\n'
        '[model]\ncode = "L = mean((w*x - y)**2)"\n[optimizer]\nname = "sgd"\nlr = 0.1\n'
    )
    frame = gradtui.load(path).frame
    assert (frame.loss, frame.validation_loss) == (0.0, pytest.approx(1 / 3))


def test_the_values_of_a_problem_are_those_of_the_first_batch():
    problem = load_problem(bundled_folder() / "minibatches.toml")
    graph = problem.graph
    for name, value in problem.values.items():
        assert value.shape == graph.nodes[graph.names[name]].shape
