import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_models import five_parcels, trainer, two_weights
from gradtui.engine import history as history_module
from gradtui.engine.history import History, Origin

STEPS = 200


def chaotic():
    """The logistic map 3.9·w·(1 - w): a difference of one bit is another run 80 steps later."""
    return trainer("L = 1.3*w**3 - 1.45*w**2 + 0*sum(x)", {"w": 0.3}, {"x": [1.0]}, lr=1.0)


MODELS = {"two weights": two_weights, "five parcels": five_parcels, "chaotic": chaotic}
TRUE = {
    name: (lambda model: (model, model.run_recorded(model.initial, STEPS + 1)[0]))(make())
    for name, make in MODELS.items()
}
"""Name -> (trainer, one row for each step: its state, then its loss)."""


def test_the_chaotic_run_shows_a_change_of_one_bit():
    model, rows = TRUE["chaotic"]
    other = model.run(np.nextafter(model.initial, 1.0), STEPS)
    assert np.isfinite(rows).all()
    assert abs(other[0] - rows[STEPS, 0]) > 1e-3


def memory_for(model, rows):
    return 8 * model.width * rows


def bits(array):
    return np.asarray(array, dtype=np.float64).tobytes()


@settings(max_examples=60)
@given(
    st.sampled_from([*TRUE]),
    st.sampled_from([0, 3, 17, 1000]),
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3)), min_size=1, max_size=12),
)
def test_steps_computed_apart_are_kept_where_the_run_ends_and_nowhere_else(name, kept, turns):
    model, rows = TRUE[name]
    history = History(model, memory=memory_for(model, kept))
    for count, meanwhile in turns:
        leg = history.snapshot().leg(min(count, STEPS - history.known))
        history.advance(min(meanwhile, STEPS - history.known))
        known = history.known
        history.append(leg)
        assert history.known == (known if meanwhile else known + leg.count)
        assert bits(history.losses) == bits(rows[: history.known, -1])
        assert bits(history.state(history.known // 2)) == bits(rows[history.known // 2, :-1])
        if history.known == STEPS:
            break


@settings(max_examples=60)
@given(
    st.sampled_from([*TRUE]),
    st.sampled_from([0, 2, 3, 5, 17, 1000]),
    st.lists(st.integers(0, STEPS), min_size=1, max_size=12),
    st.sampled_from([3, 7, 64, 4096]),
)
def test_any_order_of_seeks_gives_the_same_bits(name, kept, seeks, chunk):
    model, rows = TRUE[name]
    history = History(model, memory=memory_for(model, kept))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_module, "_CHUNK", chunk)
        for step in seeks:
            assert bits(history.state(step)) == bits(rows[step, :-1])
            assert bits(history.losses) == bits(rows[: history.known, -1])
    assert history.known == max(seeks)


@settings(max_examples=60)
@given(
    st.sampled_from([2, 3, 4, 5, 8, 13]),
    st.lists(st.integers(0, 40), min_size=1, max_size=8),
)
def test_thinned_rows_stand_at_every_kth_step_whatever_the_budgets(kept, budgets):
    model, rows = TRUE["chaotic"]
    history = History(model, memory=memory_for(model, kept))
    for budget in budgets:
        before = history.known
        assert history.advance(budget) == history.known == before + budget
        if history.known > STEPS:
            return
        assert len(history._rows) <= max(4, kept)
        for index, row in enumerate(history._rows):
            assert bits(row) == bits(rows[index * history._every, :-1])
        assert len(history._rows) == -(-history.known // history._every)


@pytest.mark.parametrize("name", TRUE)
def test_tape_losses_are_the_loss_column_to_the_last_bit(name):
    model, rows = TRUE[name]
    history = History(model, memory=memory_for(model, 6))
    history.advance(STEPS)
    loss = model.program.graph.loss
    for step in [STEPS, 0, 77, 3, 130, 1]:
        tape = history.tape(step)
        assert tape.step == step
        assert bits(tape.value(loss)) == bits(rows[step, -1])
        if step < STEPS:
            assert bits(tape.value(loss)) == bits(history.losses[step])


def test_going_back_step_by_step_replays_once_for_many_steps(monkeypatch):
    model, rows = TRUE["chaotic"]
    history = History(model, memory=memory_for(model, 13))
    history.advance(STEPS)
    assert history.every == 24
    computed = []
    run = model.run

    def spy(row, steps, start):
        computed.append(steps)
        return run(row, steps, start)

    monkeypatch.setattr(model, "run", spy)
    for step in range(71, 48, -1):
        assert bits(history.state(step)) == bits(rows[step, :-1])
    # 23 steps to the first, of which the last 13 states are kept, and 10 to the one before them.
    assert sum(computed) == 23 + 10


def test_a_step_that_was_recorded_is_not_replayed_for_the_next(monkeypatch):
    model, rows = TRUE["five parcels"]
    history = History(model, memory=memory_for(model, 13))
    history.advance(STEPS)
    history.tape(65)
    monkeypatch.setattr(model, "run", None)
    for step in range(66, 80):
        assert bits(history.tape(step).value(0)) == bits(rows[step, :2])
    assert bits(history.state(70)) == bits(rows[70, :-1])


def test_the_state_before_a_step_computed_alone_is_at_hand(monkeypatch):
    model, rows = TRUE["five parcels"]
    history = History(model, memory=memory_for(model, 13))
    history.advance(STEPS - 40)
    while history.known < STEPS:
        history.advance(1)
        with monkeypatch.context() as patch:
            patch.setattr(model, "run", None)
            assert bits(history.state(history.known - 1)) == bits(rows[history.known - 1, :-1])
    assert history.every > 1


def test_a_fresh_history_knows_the_first_state_and_no_loss():
    history = History(two_weights())
    assert history.known == 0
    assert history.losses.shape == (0,)
    assert history.state(0).tolist() == [1.0, 2.0]
    assert history.known == 0, "the first state needs no step"
    assert history.advance(0) == 0


def test_two_weights_are_sought_forth_and_back():
    history = History(two_weights())
    np.testing.assert_allclose(history.state(2), [0.58, 1.37], rtol=1e-15)
    np.testing.assert_allclose(history.state(1), [0.4, 1.1], rtol=1e-15)
    assert history.known == 2
    np.testing.assert_allclose(history.losses, [9.0, 0.81], rtol=1e-14)
    np.testing.assert_allclose(history.tape(2).value(history.trainer.program.graph.loss), 0.0729)


def test_the_loss_column_of_five_parcels_is_that_of_the_lesson():
    history = History(five_parcels(), memory=0)
    history.advance(13)
    assert history.losses[0] == pytest.approx(0.72884, rel=1e-14)
    assert history.losses[12] == pytest.approx(0.3278308831969, rel=1e-12)


def test_what_a_history_hands_out_is_read_only():
    history = History(two_weights())
    history.advance(5)
    for array in (history.state(0), history.state(3), history.state(5), history.losses):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_memory_is_bounded_by_rows_and_not_by_chunks():
    model = five_parcels()
    history = History(model, memory=memory_for(model, 100))
    history.advance(5000)
    assert len(history._rows) <= 100
    held = {id(row if row.base is None else row.base): row for row in history._rows}
    size = sum((row if row.base is None else row.base).nbytes for row in held.values())
    assert size <= 3 * memory_for(model, 100)


def test_a_wide_state_is_computed_in_chunks_that_fit_the_memory(monkeypatch):
    model = trainer("L = sum(w*w)", {"w": np.ones(1000)}, lr=0.01)
    asked = []

    def spied(run):
        def spy(row, steps, start, more):
            assert start == sum(asked)
            asked.append(steps)
            return run(row, steps, start, more)

        return spy

    for name in ("run_recorded", "run_observed"):
        monkeypatch.setattr(model, name, spied(getattr(model, name)))
    history = History(model, memory=memory_for(model, 12))
    history.advance(95)
    assert max(asked[:-1]) == 12 and sum(asked) == 95


@pytest.mark.parametrize("budgets", [[95], [1] * 95, [3, 50, 1, 41]])
def test_states_that_are_large_are_kept_and_replayed_without_those_between(budgets):
    model = trainer("L = sum(w**4)", {"w": np.linspace(0.1, 1.0, 20_000)}, lr=0.1)
    history = History(model, memory=memory_for(model, 10))
    for budget in budgets:
        history.advance(budget)
    assert history.every == 12
    rows, after = model.run_recorded(model.initial, 95)
    assert history.losses.tolist() == rows[:, -1].tolist()
    assert bits(history.state(95)) == bits(after)
    for step in (0, 16, 80, 94, 17, 1):
        assert bits(history.state(step)) == bits(rows[step, :-1])


def test_of_a_replay_of_wide_states_only_the_last_is_kept(monkeypatch):
    monkeypatch.setattr(history_module, "_WIDE", 0)
    model, rows = TRUE["chaotic"]
    history = History(model, memory=memory_for(model, 8))
    history.advance(STEPS)
    step = next(at for at in range(STEPS, 0, -1) if 1 < history.away(at) < 4)
    assert bits(history.state(step)) == bits(rows[step, :-1])
    assert [*history._replayed] == [step]


def test_how_far_a_state_is_away_is_how_many_steps_are_run_for_it(monkeypatch):
    model, _ = TRUE["five parcels"]
    history = History(model, memory=memory_for(model, 13))
    history.advance(STEPS)
    run, computed = model.run, []

    def spy(row, steps, start):
        computed.append(steps)
        return run(row, steps, start)

    monkeypatch.setattr(model, "run", spy)
    for step in (64, 70, 69, 79, 3):
        computed.clear()
        away = history.away(step)
        history.state(step)
        assert away == sum(computed)
    assert history.away(STEPS + 4) == 4


def test_a_run_into_nan_can_be_sought_too():
    model = five_parcels(lr=50.0)
    rows = model.run_recorded(model.initial, 300)[0]
    assert np.isnan(rows[-1]).all()
    history = History(model, memory=memory_for(model, 4))
    for step in (299, 10, 150, 80):
        assert bits(history.state(step)) == bits(rows[step, :-1])


def test_a_branch_is_the_main_one_unless_said_otherwise():
    assert History(two_weights()).origin == Origin(0, None, 0)
    assert History(two_weights(), Origin(2, 0, 5)).origin.start == 5


def test_a_model_without_parameters_has_a_history():
    history = History(trainer("L = x", {}, {"x": 2.0}))
    history.advance(3)
    assert history.losses.tolist() == [2.0, 2.0, 2.0]
    assert history.state(1).shape == (0,)


def test_the_states_that_keys_go_to_next_are_prepared_on_a_snapshot(monkeypatch):
    model = trainer("L = sum(w**4)", {"w": np.linspace(0.1, 1.0, 20_000)}, lr=0.1)
    rows, _ = model.run_recorded(model.initial, 95)
    monkeypatch.setattr(history_module, "_QUICK", 1)
    history = History(model, memory=memory_for(model, 10))
    history.advance(95)
    history.state(77)
    snapshot = history.ahead(77)
    assert snapshot is not None
    assert history.away(78) == 1
    snapshot.prepare(77)
    assert history.away(78) == 0, "a key need not wait for all of them"
    history.take(snapshot)
    monkeypatch.setattr(model, "run", None)
    for step in (77, 76, 75, 78):
        assert bits(history.state(step)) == bits(rows[step, :-1])
    assert history.ahead(77) is None


@pytest.mark.parametrize("leap", [10, -10, 100])
def test_the_state_to_which_the_same_leap_leads_again_is_prepared_too(monkeypatch, leap):
    model = trainer("L = sum(w**4)", {"w": np.linspace(0.1, 1.0, 20_000)}, lr=0.1)
    rows, _ = model.run_recorded(model.initial, 95)
    monkeypatch.setattr(history_module, "_QUICK", 1)
    history = History(model, memory=memory_for(model, 5))
    history.advance(95)
    snapshot = history.ahead(50, leap)
    assert snapshot is not None and history.every > 1
    snapshot.prepare(50, leap)
    history.take(snapshot)
    monkeypatch.setattr(model, "run", None)
    for step in (50 + leap, 51, 49):
        if step < 95:
            assert bits(history.state(step)) == bits(rows[step, :-1])
    assert history.ahead(50, leap) is None


def test_nothing_is_prepared_where_no_key_waits_long():
    model, _ = TRUE["five parcels"]
    history = History(model, memory=memory_for(model, 13))
    history.advance(STEPS)
    assert history.ahead(70) is None
