"""Where conditions begin to hold: at the same steps that a plain loop over the tapes finds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import gradtui
from gradtui.engine.history import History, Origin
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
