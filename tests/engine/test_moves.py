import numpy as np
import pytest

from engine_models import trainer
from gradtui.engine import expansion, moves
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.program import ByHand, build_step
from gradtui.engine.trainer import Trainer
from gradtui.language.parser import parse_program

CODE = "h = tanh(X@W)\nL = mean((h@v)**2)"
START = {"W": np.linspace(-1.0, 1.0, 12).reshape(3, 4), "v": [0.5, -1.5, 2.5, 0.25]}
DATA = {"X": np.linspace(0.5, 2.0, 15).reshape(5, 3)}
BY_HAND = """
c = g - mean(g, keepdims=True, axis=0)
u = 0.9*u + exp(c)/(sqrt(sum(c**2)) + 1e-8)
w = w - lr*u
"""


def models(dtype):
    """Yield a model under each optimizer, and under an update that is not all elementwise."""
    graph = trainer(CODE, START, DATA).program.graph
    programs = {name: build_step(graph, name) for name in OPTIMIZERS}
    update = UpdateProgram(parse_program(BY_HAND), {"u": 0.0}, "")
    programs["hand"] = build_step(graph, "sgd", by_hand=ByHand(None, update))
    for name, program in programs.items():
        yield name, lambda program=program: Trainer(program, {**START, **DATA}, 0.1, dtype)


@pytest.fixture(autouse=True)
def arrays(monkeypatch):
    """Have small models computed as large ones are."""
    monkeypatch.setattr(expansion, "expand", lambda *given: None)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_a_tape_leaves_out_is_what_a_step_computes(dtype, monkeypatch):
    for name, made in models(dtype):
        whole, model = made(), made()
        row = model.run(model.initial, 3)
        monkeypatch.setattr(moves, "FEW", 1_000)
        true = whole.record(row, 3)
        monkeypatch.setattr(moves, "FEW", 1)
        tape = model.record(row, 3)
        left_out = [node.id for node in model.program.nodes if tape.recorded[node.id] is None]
        assert left_out, name
        assert all(value is not None for value in true.recorded)
        for id in left_out:
            assert tape.value(id).tobytes() == true.value(id).tobytes(), name
            for count in (1, 3, 7, 100):
                close = pytest.approx(true.value(id).reshape(-1)[:count], rel=1e-6, abs=0.0)
                assert tape.leading(id, count) == close, name
            for index in np.ndindex(*model.program.nodes[id].shape):
                # An exponential of one number may differ from that of many in its last bit.
                close = pytest.approx(float(true.value(id)[index]), rel=1e-6, abs=0.0)
                assert tape.element(id, index) == close, name
        assert model.after_of(tape).tobytes() == model.run(row, 1, 3).tobytes()


def test_one_step_of_momentum_element_by_element(monkeypatch):
    monkeypatch.setattr(moves, "FEW", 1)
    model = trainer("L = sum(w**2)", {"w": [3.0, 4.0]}, optimizer="sgd", lr=0.5, momentum=0.5)
    tape = model.record(model.run(model.initial, 1), 1)
    # Step 0: b = 2w = (6, 8), w = (3, 4) - b/2 = (0, 0); step 1: b = 0.5b = (3, 4).
    lines = dict(model.program.updates[0].lines)
    assert [tape.element(lines["b"], (i,)) for i in (0, 1)] == [3.0, 4.0]
    assert [tape.element(lines["w"], (i,)) for i in (0, 1)] == [-1.5, -2.0]
    assert tape.element(model.program.graph.loss, ()) == 0.0


def test_a_tape_counts_each_number_once():
    model = trainer("a = w.T\nL = sum(a)", {"w": np.ones((3, 4))}, lr=0.5)
    tape = model.record(model.initial, 0)
    # w, of which w.T is a view; the loss, the rate, the gradient of ones and the new w at least.
    assert 12 + 1 + 1 + 12 <= tape.numbers < sum(np.size(value) for value in tape.recorded)
