"""The numbers of one moment: values, gradients, local derivatives."""

import numpy as np
import pytest

import gradtui
from gradtui.debugger.steps import Compute, Flow, Level
from gradtui.engine.graph import needed_for
from gradtui.engine.trainer import Trainer


def test_the_values_and_local_derivatives_of_two_weights():
    frame = gradtui.load("two_weights").frame
    assert dict(frame.values) == {
        "w1": 1, "w2": 2, "x1": 2, "x2": 3, "y": 5, "yhat": 8, "e": 3, "L": 9,
    }  # fmt: skip
    assert frame.local("e", "L") == 6
    assert frame.local("yhat", "e") == 1
    assert frame.local("w1", "yhat") == 2
    assert frame.local("w2", "yhat") == 3
    assert isinstance(frame.local("e", "L"), float)
    with pytest.raises(KeyError, match="no edge from w1 to e"):
        frame.local("w1", "e")


def test_the_finite_difference_of_one_weight():
    assert gradtui.load("one_weight").frame.central(0, [()]) == pytest.approx(4, rel=1e-8)


def test_central_differences_are_measured_once_at_each_step(monkeypatch):
    session = gradtui.load("five_parcels")
    central, asked = Trainer.central, []
    monkeypatch.setattr(
        Trainer, "central", lambda self, *of: asked.append(of[2]) or central(self, *of)
    )
    first = session.frame.central(0, [(0,)]).tolist()
    both = session.frame.central(0, [(1,), (0,)]).tolist()
    session.move(1)
    other = session.frame.central(0, [(0,)]).tolist()
    session.move(-1)
    assert session.frame.central(0, [(0,), (1,)]).tolist() == both[::-1]
    assert both[1:] == first != other
    assert asked == [[(0,)], [(1,)], [(0,)]]


def test_a_matrix_product_has_no_local_derivative_but_its_rule():
    frame = gradtui.load("five_parcels").frame
    assert frame.local("w", "yhat") is None
    assert np.array_equal(frame.local("yhat", "e"), np.ones(5))


def test_what_a_frame_hands_out_cannot_be_written():
    frame = gradtui.load("five_parcels").frame
    for array in (
        frame.values["X"],
        frame.gradients["w"],
        frame.parameters["w"],
        frame.drawn.losses,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7
    with pytest.raises(TypeError):
        frame.values["X"] = 0


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("which", [0, 1])
def test_what_is_known_follows_the_schedule(models, which, level):
    session = gradtui.Session(models[which])
    if level is Level.OPERATIONS:
        session.toggle_level()
    graph, schedule = session.problem.graph, session.order
    wires = [(m.source, m.target) for m in schedule.moments if isinstance(m, Flow)]
    for position in range(schedule.end + 1):
        session.position = position
        frame, done = session.frame, schedule.moments[:position]
        values = {m.node for m in done if isinstance(m, Compute)}
        flowed = {(m.source, m.target) for m in done if isinstance(m, Flow)}
        for node in session.structure.nodes:
            parameter = node in {p.id for p in graph.parameters}
            assert frame.computed(node) == (parameter or node in values)
            inward = {wire for wire in wires if wire[0] == node}
            if not parameter and node not in needed_for(graph.nodes, [graph.loss]):
                expected = "none"
            elif position >= schedule.backward:
                expected = "known"
            elif node == graph.loss:
                expected = "known" if position > schedule.forward else "unknown"
            elif not inward & flowed:
                expected = "unknown"
            else:
                expected = "known" if inward <= flowed else "partial"
            assert frame.gradient_state(node) == expected
            if expected == "partial":
                parts = [frame.edge_contribution(*wire) for wire in inward & flowed]
                assert np.allclose(frame.gradient(node), sum(parts), rtol=1e-12)
            if expected == "known":
                assert np.array_equal(frame.gradient(node), frame.tape.adjoint(node))
        for wire in wires:
            over = position >= schedule.backward
            assert frame.flowed(*wire) == (over or wire in flowed)
        for index in range(len(graph.parameters)):
            assert frame.moved(index) == (position > schedule.backward + index)


def test_the_gradient_of_a_weight_used_twice_is_summed_flow_by_flow(session_of):
    session = session_of("a = w*x\nb = w*4 + 1\nL = a*b")
    session.position = 0
    seen = []
    for _ in range(session.order.backward):
        session.into()
        frame = session.frame
        seen.append((frame.gradient_state(0), float(frame.gradient(0))))
    # L = 6·9; ∂L/∂b = 6 sends 6·4 to w, ∂L/∂a = 9 sends 9·3.
    assert seen[-3:] == [("unknown", 51), ("partial", 24), ("known", 51)]
    assert all(state == "unknown" for state, _ in seen[:-2])


def test_the_verbs_that_move_the_cursor_compute_and_a_frame_does_not():
    session = gradtui.load("grad_two_weights")
    moves = (
        lambda: session.into(), lambda: session.seek(3), lambda: session.finish(),
        lambda: session.branches.what_if("lr 0.1", 2), lambda: session.branches.turn(1),
        lambda: session.branches.toggle_drive(), lambda: session.seek(40),
        lambda: session.branches.turn(-1), lambda: session.surface.show(),
        lambda: session.branches.remove(session.branches.current),
    )  # fmt: skip
    for move in moves:
        move()
        known = session.history.known
        assert known > session.step
        session.frame.surface((20, 10)) if session.surface.window else session.frame
        assert session.history.known == known
