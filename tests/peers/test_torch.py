"""Gradients and trajectories beside PyTorch's, where it is installed (the extra `torch`)."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import gradtui
from gradtui.engine.graph import Kind
from gradtui.engine.ops import OPS
from gradtui.scenario.bundled import list_bundled

torch = pytest.importorskip("torch")
HERE = Path(__file__).parent

import torch_trajectories  # noqa: E402
from torch_graphs import TORCH, gradients_by_torch  # noqa: E402

from engine.random_programs import DATA, Program, draw_values  # noqa: E402
from engine_models import trainer  # noqa: E402

RELATIVE, ROUNDING = 1e-8, 4 * np.finfo(np.float64).eps


def agree(tape, graph, values, tolerance=RELATIVE):
    """Assert that loss and gradients on a tape are PyTorch's at the same values.

    Where data are fitted to rounding a gradient is a difference of values that are far larger.
    """
    loss, expected = gradients_by_torch(graph, values)
    np.testing.assert_allclose(tape.value(graph.loss), loss, rtol=tolerance)
    whole = np.concatenate([gradient.reshape(-1) for gradient in expected.values()])
    largest = max(np.max(np.abs(tape.value(node.id)), initial=0.0) for node in graph.nodes)
    scale = max(tolerance * np.max(np.abs(whole), initial=0.0), ROUNDING * largest)
    for position, node in enumerate(graph.parameters):
        found = tape.gradient(position)
        np.testing.assert_allclose(found, expected[node.name], rtol=tolerance, atol=scale)


def test_every_operation_of_the_language_has_its_twin():
    assert TORCH.keys() == {op for op, entry in OPS.items() if not entry.internal} | {"identity"}


@pytest.mark.parametrize("name", [entry.name for entry in list_bundled()])
def test_the_gradients_of_a_scenario_are_those_of_pytorch(name):
    session = gradtui.load(name)
    graph, last = session.problem.graph, min(session.problem.steps, 50)
    single = session.problem.trainer.dtype == "float32"
    for step in (0, 1, last):
        session.seek(step)
        tape = session.frame.tape
        leaves = [node for node in graph.nodes if node.kind in (Kind.PARAMETER, Kind.DATA)]
        values = {node.name: tape.value(node.id) for node in leaves}
        agree(tape, graph, values, 1e-5 if single else RELATIVE)


@settings(max_examples=200)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32 - 1))
def test_the_gradients_of_a_random_model_are_those_of_pytorch(random, seed):
    program, values = Program(random), draw_values(seed)
    data = {name: values[name] for name in DATA}
    parameters = {name: value for name, value in values.items() if name not in DATA}
    model = trainer("\n".join(program.lines), parameters, data)
    tape = model.record(model.initial, 0)
    assume(np.isfinite(tape.value(model.program.graph.loss)))
    whole = [tape.gradient(i) for i in range(len(parameters))]
    assume(all(np.all(np.abs(gradient) < 1e100) for gradient in whole))
    agree(tape, model.program.graph, values)


@pytest.mark.parametrize("kind", ["optimizers", "schedules"])
def test_the_trajectories_kept_as_data_are_those_of_this_pytorch(kind):
    kept = json.loads((HERE.parent / "data" / f"torch_{kind}.json").read_text(encoding="utf-8"))
    compute, measured = {
        "optimizers": (torch_trajectories.descend, "weights"),
        "schedules": (torch_trajectories.rates, "rates"),
    }[kind]
    for run in kept["runs"]:
        again = compute(run["name"], run["constants"])
        np.testing.assert_allclose(again[measured], run[measured], rtol=1e-9, err_msg=run["name"])
