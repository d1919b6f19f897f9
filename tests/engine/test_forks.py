"""A run that goes on with something changed: its state, its clock, its past."""

import numpy as np
import pytest

from engine_models import five_parcels, trainer, two_weights
from gradtui.engine.forks import go_on, starts_anew
from gradtui.engine.history import History, Origin


def with_optimizer(optimizer, lr=0.05, **constants):
    return trainer(
        "yhat = w1*x1 + w2*x2\ne = yhat - y\nL = e**2",
        {"w1": 1.0, "w2": 2.0}, {"x1": 2.0, "x2": 3.0, "y": 5.0}, lr, optimizer=optimizer,
        **constants,
    )  # fmt: skip


def branch(parent, model, step):
    model, row = go_on(parent.trainer, parent.state(step), model, step)
    return History(model, Origin(1, 0, step), parent=parent, first=row)


def test_another_rate_from_step_3_on_is_what_the_formulas_give():
    parent = History(two_weights(lr=0.05))
    other = branch(parent, two_weights(lr=0.01), 3)
    w1, w2 = 1.0, 2.0
    for step in range(8):
        e = w1 * 2 + w2 * 3 - 5
        assert other.state(step) == pytest.approx([w1, w2], rel=1e-12)
        other.advance(1)
        assert other.losses[step] == pytest.approx(e * e, rel=1e-9)
        rate = 0.05 if step < 3 else 0.01
        w1, w2 = w1 - rate * 2 * e * 2, w2 - rate * 2 * e * 3


@pytest.mark.parametrize("memory", [0, 1 << 20])
def test_a_branch_is_to_the_last_bit_a_fresh_run_from_the_state_of_the_fork(memory):
    parent, model = History(five_parcels(), memory=memory), five_parcels(lr=0.03)
    rows, last = model.run_recorded(parent.state(3), 20, 3)
    other = History(model, Origin(1, 0, 3), memory, parent=parent, first=parent.state(3))
    for step in (17, 3, 9, 2, 22, 4, 0):
        expected = rows[step - 3, : model.width] if step >= 3 else parent.state(step)
        assert other.state(step).tobytes() == expected.tobytes()
    assert other.state(23).tobytes() == last.tobytes()
    assert other.losses[3:].tobytes() == rows[:, model.width].tobytes()
    assert other.losses[:3].tobytes() == parent.losses[:3].tobytes()


def test_the_parent_stays_as_it_is_and_its_states_are_shared():
    alone, parent = History(two_weights()), History(two_weights())
    parent.advance(5)
    other = branch(parent, two_weights(lr=0.2), 3)
    other.advance(40)
    parent.advance(20)
    alone.advance(25)
    assert parent.losses.tobytes() == alone.losses.tobytes()
    assert parent.state(24).tobytes() == alone.state(24).tobytes()
    assert np.shares_memory(other.state(2), parent._rows[2])
    assert other.owner(2) is parent and other.owner(3) is other


def test_a_fork_beyond_what_is_known_computes_its_past():
    parent = History(two_weights())
    other = branch(parent, two_weights(lr=0.2), 7)
    assert (parent.known, other.known) == (7, 7)
    assert other.tape(6).rate == 0.05
    assert other.tape(7).rate == 0.2


def test_a_new_optimizer_starts_at_zero_and_counts_from_one():
    parent = History(with_optimizer("sgd"))
    model = with_optimizer("adam", lr=0.1)
    assert starts_anew(parent.trainer, model) == ("m", "v")
    other = branch(parent, model, 4)
    w1, w2, *kept = other.state(4)
    assert [w1, w2] == [*parent.state(4)] and kept == [0.0] * 4
    # mhat/(sqrt(vhat) + eps) of a first step is the sign of the gradient: Adam moves by lr.
    gradient = 4.0 * (w1 * 2 + w2 * 3 - 5)
    moved = other.state(5)[0] - w1
    assert moved == pytest.approx(-0.1 * np.sign(gradient), rel=1e-3)


def test_the_same_optimizer_goes_on_with_what_it_remembers():
    parent = History(with_optimizer("adam", lr=0.1))
    model = with_optimizer("adam", lr=0.01)
    assert starts_anew(parent.trainer, model) == ()
    other = branch(parent, model, 6)
    assert other.state(6).tobytes() == parent.state(6).tobytes()
    step_before = parent.state(7)[:2] - parent.state(6)[:2]
    assert other.state(7)[:2] - other.state(6)[:2] == pytest.approx(step_before / 10, rel=1e-9)


def test_a_plateau_keeps_its_lowered_rate_but_not_when_another_is_set():
    def plateau(lr, patience=2):
        return trainer("L = w*w + 1", {"w": 0.0}, {}, lr, plateau={"patience": patience})

    parent = History(plateau(0.1))
    assert parent.tape(8).rate < 0.1
    kept = branch(parent, plateau(0.1, patience=3), 8)
    assert kept.tape(8).rate == parent.tape(8).rate
    assert branch(parent, plateau(0.5), 8).tape(8).rate == 0.5


def test_a_resumed_trainer_begins_at_the_step_of_the_other():
    model = with_optimizer("adam", lr=0.1)
    history = History(model)
    resumed = History(model.resumed(5, history.state(5)))
    assert resumed.state(4).tobytes() == history.state(9).tobytes()
    resumed.advance(4)
    history.advance(9)
    assert resumed.losses[:4].tobytes() == history.losses[5:9].tobytes()
