import numpy as np
import pytest

from engine_models import graph, trainer
from gradtui.engine import lowered
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.history import History
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.program import ByHand, build_step
from gradtui.engine.trainer import Trainer
from gradtui.language.parser import parse_program

CODE = "h = tanh(X@W + b)\nz = s*(h@V)\nL = cross_entropy(z, y) + 0.01*sum(V**2)"
RNG = np.random.default_rng(1)
START = {"W": RNG.normal(size=(3, 9)), "b": np.zeros(9), "s": 1.5, "V": RNG.normal(size=(9, 4))}
DATA = {"X": RNG.normal(size=(30, 3)), "y": RNG.integers(0, 4, 30).astype(float)}


def apart(make, monkeypatch):
    """Return a model whose parameters are updated each for itself."""
    with monkeypatch.context() as patch:
        patch.setattr(lowered, "bundle", lambda *given: None)
        model = make()
        model.run_recorded(model.initial, 1)
        return model


def compiled_names(model):
    return len(model._lowered.loop((*model.before, *model._columns))._once.state)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("clip_norm", [None, 0.5])
def test_updates_together_are_those_one_by_one_to_the_last_bit(
    optimizer, dtype, clip_norm, monkeypatch
):
    def make():
        return trainer(CODE, START, DATA, 0.05, dtype, optimizer, clip_norm)

    model, alone = make(), apart(make, monkeypatch)
    rows, after = model.run_recorded(model.initial, 25)
    assert rows.tobytes() == alone.run_recorded(alone.initial, 25)[0].tobytes()
    assert compiled_names(model) == len(model.before) / 4 < compiled_names(alone)
    assert model.run(model.initial, 25).tobytes() == after.tobytes()
    history = History(model, memory=8 * model.width * 4)
    for step in (24, 3, 17, 0):
        assert history.state(step).tobytes() == rows[step, :-1].tobytes()
        tape = history.tape(step)
        new = [tape.value(id).reshape(-1) for id in model.after]
        if step < 24:
            assert np.concatenate(new).astype(float).tobytes() == rows[step + 1, :-1].tobytes()


def test_any_value_of_an_update_can_be_observed():
    model = trainer(CODE, START, DATA, 0.05, optimizer="adam")
    for nodes in zip(*(update.lines for update in model.program.updates), strict=True):
        ids = [id for _, id in nodes]
        seen = model.run_written(tuple(ids), model.initial, 4)[0][3]
        tape = model.record(model.run(model.initial, 3), 3)
        assert seen.tobytes() == np.concatenate([tape.value(id).ravel() for id in ids]).tobytes()


@pytest.mark.parametrize(
    "code",
    [
        "w = w - lr*g/sqrt(sum(g**2) + 1)",
        "w = w - lr*tanh(g)",
        "u = 0.9*u + mean(g)\nw = w - lr*u",
    ],
)
def test_an_update_that_looks_at_a_whole_parameter_is_done_for_each(code):
    made = graph(CODE, START, DATA)
    update = UpdateProgram(parse_program(code), {"u": 0.0} if "u" in code[:1] else {}, "")
    program = build_step(made, "sgd", by_hand=ByHand(None, update))
    model = Trainer(program, {**START, **DATA}, 0.1)
    rows, after = model.run_recorded(model.initial, 5)
    assert compiled_names(model) == len(model.before)
    assert model.run(model.initial, 5).tobytes() == after.tobytes()
    assert model.run(model.initial, 3).tobytes() == rows[3, :-1].tobytes()
