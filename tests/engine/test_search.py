"""Where conditions begin to hold: at the same steps that a plain loop over the tapes finds."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest

import gradtui
from gradtui.base.source import InputError
from gradtui.engine.history import History, Origin
from gradtui.engine.observables import read_expression
from gradtui.engine.search import Search


def search(session, text, last):
    found = Search(text, session.history, last)
    while found.run(10.0):
        pass
    return found.hits.tolist()


def begins(holds):
    return [s for s, held in enumerate(holds) if held and not (s and holds[s - 1])]


def test_the_lesson_s_breakpoint_stops_at_step_1():
    session = gradtui.load("five_parcels_rate_1_5")
    # The gradient is (1.6456, 2.888) at step 0 and (-93.27, -104.47) at step 1.
    assert search(session, "max(abs(grad)) > 100", 12) == [1]
    assert search(session, "max(abs(grad)) > 104.4", 12) == [1]
    assert search(session, "max(abs(grad)) > 104.5", 12) == [2]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("4", [4]),
        ("step == 40", []),
        ("step != 3", [0, 4]),
        ("loss > prev", [1]),
        ("loss < prev", []),
        ("norm > 1", [0]),
        ("step > prev(prev(step))", [2]),
        ("prev != prev", []),
    ],
)
def test_a_condition_is_found_where_it_begins_to_hold(text, steps):
    assert search(gradtui.load("five_parcels_rate_1_5"), text, 12) == steps


@pytest.mark.parametrize(
    "name", ["minibatches", "plateau_schedule", "five_parcels_float32", "deep_network", "clipped"]
)
@pytest.mark.parametrize("text", ["loss > prev", "norm > prev(norm)", "lr*norm > 0.02"])
def test_the_search_agrees_with_a_loop_over_the_tapes(name, text):
    session = gradtui.load(name)
    last = 60
    losses, norms, rates = [], [], []
    for step in range(last + 1):
        tape = session.history.tape(step)
        losses.append(float(tape.value(tape.program.graph.loss)))
        norms.append(tape.gradient_norm)
        rates.append(tape.rate)
    grown = [False] + [b > a for a, b in pairwise(losses)]
    longer = [False] + [b > a for a, b in pairwise(norms)]
    wide = [rate * norm > 0.02 for rate, norm in zip(rates, norms, strict=True)]
    holds = {"loss > prev": grown, "norm > prev(norm)": longer, "lr*norm > 0.02": wide}[text]
    assert search(session, text, last) == begins(holds)


def test_a_history_that_was_thinned_out_is_searched_alike():
    session = gradtui.load("minibatches")
    found = [
        Search("norm > prev(norm)", History(session.problem.trainer, memory=memory), 500)
        for memory in (1 << 20, 400)
    ]
    for one in found:
        while one.run(10.0):
            pass
    assert found[0].hits.size > 20
    assert np.array_equal(found[0].hits, found[1].hits)


def test_a_branch_is_searched_in_its_own_part_and_in_what_it_left():
    run = gradtui.load("five_parcels").problem.trainer
    root = History(run)
    state = root.state(5).copy()
    state[:2] += 10.0
    branch = History(run, Origin(1, 0, 5), parent=root, first=state)
    found = Search("norm > 2*prev(norm)", branch, 12)
    while found.run(10.0):
        pass
    assert found.hits.tolist() == [5]
    again = Search("step > 2", branch, 12)
    while again.run(10.0):
        pass
    assert again.hits.tolist() == [3]


def test_a_search_stops_in_time_and_goes_on_where_it_was():
    session = gradtui.load("five_parcels")
    found = Search("norm > 1e9", session.history, 1_000_000)
    assert found.run(0.02)
    first = found.searched
    assert 0 < first < 1_000_000
    found.run(0.02)
    assert found.searched > first


@pytest.mark.parametrize("name", ["two_weights", "five_parcels_cosine", "five_parcels_adam"])
def test_values_at_kept_states_are_those_that_training_computes_to_the_last_bit(name):
    trainer = gradtui.load(name).problem.trainer
    program, history = trainer.program, History(trainer)
    nodes = [*trainer.before, *program.gradients, program.graph.loss, program.lr]
    columns = trainer.exact_columns(nodes)
    states = history.states(3, 120)
    assert columns is not None and states is not None
    observed, _ = trainer.run_written(tuple(nodes), history.state(3), 117, 3)
    assert columns(states, 3).tobytes() == observed.tobytes()


def test_only_training_itself_gives_values_whose_bits_numpy_does_not_promise():
    network = gradtui.load("deep_network").problem.trainer
    assert network.exact_columns(network.program.gradients) is None
    assert network.exact_columns(network.before) is not None
    minibatches = gradtui.load("minibatches").problem.trainer
    assert minibatches.exact_columns(minibatches.program.gradients) is None


@pytest.mark.parametrize("memory", [1 << 20, 8 * 2 * 16])
@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("w[0] > 1", lambda tape: tape.value(0)[0] > 1),
        ("w[-1] < 1.3", lambda tape: tape.value(0)[1] < 1.3),
        ("grad(w[1]) > 0", lambda tape: tape.gradient(0)[1] > 0),
        ("grad[0] < grad(w)[1]", lambda tape: tape.gradient(0)[0] < tape.gradient(0)[1]),
    ],
)
def test_elements_are_looked_at_by_their_index_whether_states_are_kept_or_replayed(
    text, of, memory
):
    session = gradtui.load("five_parcels")
    history = History(session.problem.trainer, memory=memory)
    found = Search(text, history, 50)
    while found.run(10.0):
        pass
    holds = [bool(of(session.history.tape(step))) for step in range(51)]
    assert found.hits.tolist() == begins(holds) and any(holds)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("w[2] > 1", 1, "has no element 2 along axis 0"),
        ("w[-3] > 1", 1, "has no element -3 along axis 0"),
        ("w[0,0] > 1", 1, "has fewer axes than the brackets name"),
        ("grad(sum(w[0])) > 1", 6, "grad takes a name of the model"),
        ("w[w] > 1", 2, "only new axes and ranges"),
        ("X[:, 0] > 1", 1, "this has shape 5, but a condition is one number"),
    ],
)
def test_an_element_that_is_not_there_is_refused_with_its_place(text, column, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        Search(text, gradtui.load("five_parcels").history, 10)
    assert caught.value.place.column == column


def test_a_single_element_leaves_its_axis():
    program = gradtui.load("five_parcels").problem.trainer.program
    assert read_expression("X[1, :][0] - X[None, 1, 0]", program).shape == (1,)
    assert read_expression("X[1] - X[:, 0][0:2]", program).shape == (2,)


def replayed(monkeypatch, trainer):
    """Return the numbers of steps that are run for their values, as they are run."""
    counts, run = [], trainer.run_written

    def counting(written, row, steps, start=0):
        counts.append(steps)
        return run(written, row, steps, start)

    monkeypatch.setattr(trainer, "run_written", counting)
    return counts


@pytest.mark.parametrize(
    ("texts", "steps"),
    [
        (("norm > 1", "norm > 2*prev(norm)", "max(abs(grad)) > 0.1"), 0),
        (("W1[0, 0] > 0.1", "W1[0, 0] < prev(W1[0, 0])", "0.2 < W1[0, 0]"), 501),
        (("sum(W1**2) > 1 + loss", "loss < sum(W1**2)"), 501),
    ],
)
def test_a_number_of_a_run_is_computed_once_however_often_it_is_asked_for(
    monkeypatch, texts, steps
):
    history = History(gradtui.load("deep_network").problem.trainer, memory=1 << 16)
    history.advance(501)
    counts = replayed(monkeypatch, history.trainer)
    for text in texts:
        Search(text, history, 500).run(1e9)
    assert history.every > 1 and sum(counts) == steps


def test_columns_that_were_asked_for_are_kept_within_bounds(monkeypatch):
    monkeypatch.setattr("gradtui.engine.history._ASKED", 3 * 8 * 100)
    history = History(gradtui.load("deep_network").problem.trainer)
    history.advance(100)
    for at in range(6):
        Search(f"grad(W1[0, {at}]) > 0", history, 99).run(1e9)
    counts = replayed(monkeypatch, history.trainer)
    Search("grad(W1[0, 5]) > 1", history, 99).run(1e9)
    assert not counts
    Search("grad(W1[0, 0]) > 1", history, 99).run(1e9)
    Search("norm > 1", history, 99).run(1e9)
    assert sum(counts) == 100


def test_columns_of_a_snapshot_are_its_own():
    history = History(gradtui.load("deep_network").problem.trainer)
    history.advance(10)
    (key, _) = history.trainer.norms.keys
    other = history.snapshot()
    other.advance(5)
    assert len(history.quantity(key)) == 10 and len(other.quantity(key)) == 15


def test_recorded_norms_of_a_branch_are_its_own_and_those_of_the_run_it_left():
    run = gradtui.load("deep_network").problem.trainer
    root = History(run)
    state = root.state(30).copy()
    state[: run.slices[0].stop] += 1.0
    branch = History(run, Origin(1, 0, 30), parent=root, first=state)
    norms = [branch.tape(step).gradient_norm for step in range(61)]
    middle = float(np.median(norms))
    found = Search(f"norm > {middle!r}", branch, 60)
    found.run(1e9)
    assert found.hits.tolist() == begins([norm > middle for norm in norms])
    assert len(branch.quantity(run.norms.keys[0])) == branch.known - 30
