import pytest

from engine_models import FIVE_PARCELS, FIVE_PARCELS_DATA, FIVE_PARCELS_START, graph, trainer
from gradtui.engine.graph import Kind
from gradtui.engine.handwritten import BackwardProgram, UpdateProgram
from gradtui.engine.program import ByHand, build_step
from gradtui.engine.schedules import SCHEDULES
from gradtui.language.parser import parse_program

CODE, START, DATA = "e = w*x - y\nL = e**2", {"w": 2.0}, {"x": 3.0, "y": 5.0}
"""e = 1 and dL/dw = 2·e·x = 6."""


def step(optimizer="sgd", by_hand=None, **more):
    return build_step(graph(CODE, START, DATA), optimizer, by_hand=by_hand, **more)


def written(code="dw = e", drives=True):
    return ByHand(BackwardProgram(parse_program(code), {"dw": "w"}, {}), drives=drives)


def test_the_forward_pass_comes_first_then_the_backward_pass_then_the_update():
    program = step()
    (update,) = program.updates
    assert program.nodes[: len(program.graph.nodes)] == program.graph.nodes
    assert len(program.graph.nodes) <= program.gradients[0] < update.result
    assert program.state == ((program.graph.names["w"], update.result),)


@pytest.mark.parametrize("drives", [True, False])
def test_what_is_written_by_hand_moves_the_weights_only_if_it_drives(drives):
    program = step(by_hand=written(drives=drives))
    claimed = program.hand.lines[0].node
    assert program.driving == ((claimed,) if drives else program.gradients)
    assert not program.moved_by_hand


@pytest.mark.parametrize("drives", [True, False])
def test_an_update_by_hand_takes_the_place_of_the_optimizers_only_if_it_drives(drives):
    own = UpdateProgram(parse_program("w = w - g"), {}, "own")
    program = step("adam", ByHand(update=own, drives=drives))
    assert (program.moved_by_hand, program.formula == "own") == (drives, drives)
    assert len(program.state) == (1 if drives else 3)


def test_a_parameter_that_the_loss_ignores_has_a_gradient_of_zero():
    model = trainer("L = w**2 + 0*x", {"w": [1.0], "v": [1.0, 2.0]} | {"w": 1.0}, {"x": 1.0})
    tape = model.record(model.initial, 0)
    assert [tape.gradient(at).tolist() for at in range(2)] == [2.0, [0.0, 0.0]]


def test_all_gradients_are_clipped_by_one_factor():
    # the gradient is (6·2, 6·3)·…: for w1, w2 = 1, 2 it is 2e·(x1, x2) = (12, 18)
    code, start = "e = w1*x1 + w2*x2 - y\nL = e**2", {"w1": 1.0, "w2": 2.0}
    model = trainer(code, start, {"x1": 2.0, "x2": 3.0, "y": 5.0}, lr=1.0, clip_norm=1.0)
    after = model.run(model.initial, 1)
    norm = (12**2 + 18**2) ** 0.5
    assert after == pytest.approx([1 - 12 / norm, 2 - 18 / norm], rel=1e-6)


def test_a_hyperparameter_has_a_node_only_if_the_update_reads_it():
    assert step().time is None and step().constants == ()
    adam = step("adam")
    names = {adam.nodes[node].name: value for node, value in adam.constants}
    assert names == {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    assert adam.nodes[adam.time].name == "t"


def test_a_schedule_that_watches_the_loss_keeps_the_rate_as_a_state():
    watching = SCHEDULES["plateau"], {"factor": 0.5, "patience": 2}, 0.3
    program = step(watching=watching)
    assert program.nodes[program.lr].kind is Kind.STATE
    assert dict(program.initial)[program.lr] == 0.3
    assert program.watch.state[0][:2] == ("lr", program.lr)
    assert len(program.state) == 1 + len(program.watch.state)


def test_the_validation_has_the_parameters_of_the_step_and_data_of_its_own():
    model = graph(FIVE_PARCELS, FIVE_PARCELS_START, FIVE_PARCELS_DATA)
    other = graph(FIVE_PARCELS, FIVE_PARCELS_START, {"X": [[1, 1]], "y": [2]})
    program = build_step(model, "sgd", validation=(other, ("X", "y")))
    checked = program.validation
    assert [name for _, name in checked.data] == ["X", "y"]
    assert [program.nodes[node].shape for node, _ in checked.data] == [(1, 2), (1,)]
    assert checked.loss in checked.nodes and program.nodes[checked.loss].shape == ()
    weights = [node for node in program.nodes if node.kind is Kind.PARAMETER]
    assert [node.name for node in weights] == ["w"]


def test_the_dynamics_are_those_of_the_optimizer_with_its_constants():
    assert step(given={"momentum": 0.9}).dynamics.limit == pytest.approx(2 * (1 + 0.9))
    assert step().dynamics.limit == pytest.approx(2.0)
