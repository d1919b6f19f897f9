import numpy as np
import pytest

from engine_models import trainer
from gradtui.engine import reuse

RANDOM = np.random.default_rng(0)
W, X = RANDOM.standard_normal((5, 5)), RANDOM.standard_normal((5, 5))
PROGRAMS = {
    "a layer": "h = tanh(X@W)\nL = mean((h - X)**2)",
    "a view that is read last": "a = W*X\nb = a.T\nc = a + 1\nd = c/2\nL = sum(b*d)",
    "a value read twice": "a = X - W\nb = a*a\nc = b/(a**2 + 1)\nL = sum(-c*b)",
    "another name": "a = W + X\nb = a.reshape((25,))\nc = a*3\nL = sum(c) + sum(b**2)",
    "other shapes": "a = X*W\nb = sum(a, axis=0)/2\nc = X - b\nL = mean(sqrt(c*c + 1))",
}


def found(code, optimizer, dtype):
    """Return the initial state, that after three steps, and all values of the first step."""
    model = trainer(code, {"W": W}, {"X": X}, dtype=dtype, optimizer=optimizer)
    state = model.run(model.initial, 3)
    tape = model.record(model.initial, 0)
    values = [np.asarray(tape.value(node.id)) for node in model.program.nodes]
    return [model.initial, state, *values]


@pytest.mark.parametrize("code", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_memory_that_a_result_is_written_into_changes_no_bit(monkeypatch, code, dtype):
    monkeypatch.setattr("gradtui.engine.expansion.expand", lambda *_: None)  # no bare numbers
    for optimizer in ("sgd", "adam"):
        fresh = found(code, optimizer, dtype)
        with monkeypatch.context() as patch:
            patch.setattr(reuse, "LEAST", 1)
            reused = found(code, optimizer, dtype)
        assert all(a.tobytes() == b.tobytes() for a, b in zip(fresh, reused, strict=True))


def test_arithmetic_on_large_arrays_writes_into_operands_that_are_done_with(monkeypatch):
    monkeypatch.setattr(reuse, "LEAST", 25)
    model = trainer(PROGRAMS["a layer"], {"W": W}, {"X": X}, dtype="float32", optimizer="adam")
    nodes = model.program.nodes
    made = [node for node in nodes if node.inputs]
    read = {id: node.id for node in made for id in node.inputs}
    ending = {}
    for id, last in read.items():
        ending.setdefault(last, []).append(id)
    memory = reuse.reused(nodes, made, ending)
    assert len(memory) >= 8
    assert all(nodes[id].op != "tanh" for id in memory)
    assert all(read[operand] == id for id, operand in memory.items())
