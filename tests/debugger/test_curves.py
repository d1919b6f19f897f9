"""Values over the steps, sweeps, and which curves are drawn."""

import numpy as np
import pytest

import gradtui
from gradtui.debugger.curves import SAMPLES, TRAIL, last_drawn


def picture(session):
    """The curves once all of them are evaluated."""
    session.history.advance(max(0, session.problem.steps + 1 - session.history.known))
    while True:
        found = session.frame.drawn.picture
        if not session.curves.unfinished:
            return found


def test_any_value_is_followed_over_the_steps():
    session = gradtui.load("two_weights")
    session.curves.follow("w1 grad(w2) lr norm ŷ")
    curves = {curve.name: curve.values for curve in picture(session).curves}
    e = 3 * (-0.3) ** np.arange(13)
    assert curves["∂L/∂w2"] == pytest.approx(6 * e, rel=1e-9)
    assert curves["|∇|"] == pytest.approx(np.abs(e) * np.sqrt(16 + 36), rel=1e-9)
    assert curves["ŷ"] == pytest.approx(e + 5, rel=1e-9)
    assert curves["lr"].tolist() == [0.05] * 13
    assert curves["w1"][:2].tolist() == pytest.approx([1.0, 0.4])


@pytest.mark.parametrize("name", ["five_parcels", "minibatches", "transformer_block"])
def test_elements_lengths_and_expressions_are_those_of_the_tapes(name):
    session = gradtui.load(name)
    node = session.problem.graph.parameters[0]
    first = f"{node.name}[{','.join('0' * len(node.shape))}]"
    session.curves.follow(f"{first} grad({node.name}) norm")
    curves = picture(session).curves
    for step in (0, 1, 7, session.problem.steps):
        tape = session.history.tape(step)
        at = [curve.values[curve.steps.tolist().index(step)] for curve in curves]
        expected = [
            tape.value(node.id).reshape(-1)[0],
            np.linalg.norm(tape.adjoint(node.id)),
            tape.gradient_norm,
        ]
        assert at == pytest.approx(expected, rel=1e-9)


def test_an_expression_that_is_watched_is_followed_too():
    session = gradtui.load("two_weights")
    session.watch("loss - prev")
    session.curves.follow("loss - prev")
    (curve,) = picture(session).curves
    losses = session.history.losses[:13]
    assert np.isnan(curve.values[0])
    assert curve.values[1:] == pytest.approx(np.diff(losses), rel=1e-12)


def test_views_go_round_and_come_back_to_the_loss():
    session = gradtui.load("two_weights")
    session.watch("loss - prev")
    seen = []
    for _ in range(6):
        session.curves.follow_next(session.selection.node, session.breakpoints.watches)
        seen.append(session.curves.plot.series[0].text)
    assert seen == ["|∇|", "lr", "w2", "∂L/∂w2", "loss - prev", "loss"]


def test_a_long_run_is_sampled_and_a_part_of_it_is_drawn_in_full():
    session = gradtui.load("ravine")
    session.curves.follow("a")
    session.curves.zoom("10 50")
    assert session.message == ""
    found = picture(session)
    assert (found.first, found.last, found.part) == (10, 50, True)
    assert found.curves[0].steps.tolist() == list(range(10, 51))
    session.curves.zoom("")
    assert session.message == "all steps are drawn"
    assert len(picture(session).curves[0].steps) <= SAMPLES + 2
    for text in ("50 10", "a b", "1", "1 2 3", "-1 x"):
        session.curves.zoom(text)
        assert "is not a range" in session.message


def test_the_short_history_ends_at_the_cursor():
    session = gradtui.load("two_weights")
    session.seek(10)
    trail = session.frame.drawn.trail
    assert len(trail) == TRAIL
    assert trail[-1] == session.frame.parameters["w2"]
    session.seek(1)
    assert session.frame.drawn.trail == pytest.approx((2.0, 1.1))


def test_at_most_six_branches_are_drawn_and_the_others_are_named():
    session = gradtui.load("two_weights")
    for number in range(1, 9):
        session.branches.what_if(f"lr 0.0{number}", 0)
    found = picture(session)
    assert found.curves[0].name == "lr 0.08"
    assert len(found.curves) == 6 and len(found.left_out) == 3
    assert "original" in found.left_out


def test_a_sweep_says_which_rates_converge_oscillate_and_diverge():
    session = gradtui.load("two_weights")
    # The bound is 2/λmax = 2/26: there the loss neither falls nor grows.
    session.try_all("lr 0.001 0.05 0.0769 0.1 1.5")
    sweep = session.branches.sweep
    sweep.judge()
    assert sweep.ends == ("still falls", "converges", "oscillates", "diverges", "diverges")
    assert sweep.batched == 5
    for rate, losses in zip((0.001, 0.05, 0.0769, 0.1, 1.5), sweep.losses, strict=True):
        assert losses == pytest.approx(9 * (1 - 26 * rate) ** (2 * np.arange(13)), rel=1e-6)
    names = [curve.name for curve in session.frame.drawn.picture.curves]
    assert names == ["0.001 ▼", "0.05 ✓", "0.0769 ~", "0.1 ▲", "1.5 ▲"]


@pytest.mark.parametrize(
    ("name", "text", "ends"),
    [
        # Along the flat direction of the valley each step goes lr·0.469 of the way: at 0.05 the
        # loss of 0.328 after 12 steps is far from 0.0395, its lowest.
        ("five_parcels", "lr 0.01 0.05", ("still falls", "still falls")),
        # From 550 it falls to 24 without momentum and is not done, to 0.009 with it.
        ("ravine", "momentum 0 0.9", ("still falls", "converges")),
        ("transformer_block", "lr 0.1 10", ("converges", "diverges")),
    ],
)
def test_a_loss_that_moves_little_has_not_converged_if_it_falls_steadily(name, text, ends):
    session = gradtui.load(name)
    session.try_all(text)
    session.branches.sweep.judge()
    assert session.branches.sweep.ends == ends


@pytest.mark.parametrize(
    ("name", "text"),
    [("five_parcels", "momentum 0 0.5 0.9"), ("five_parcels", "optimizer sgd adam")],
)
def test_other_settings_are_swept_and_any_run_becomes_a_branch(name, text):
    session = gradtui.load(name)
    session.seek(3)
    session.try_all(text)
    losses = session.branches.sweep.losses[1].copy()
    session.branches.keep(1)
    branch = session.branches.current
    branch.history.advance(len(losses) + 3 - branch.history.known)
    assert branch.start == 3 and session.branches.sweep is None
    assert branch.history.losses[3:] == pytest.approx(losses, rel=1e-9)


@pytest.mark.parametrize(("step", "last"), [(0, 12), (12, 12), (13, 37), (37, 37), (38, 62)])
def test_beyond_the_last_step_the_picture_is_some_steps_ahead(step, last):
    assert last_drawn(12, step) == last


@pytest.mark.parametrize(
    ("lr", "drawn"), [(0.05, [13, 38, 38, 13]), (0.2, [13, 15, 21, 13])], ids=["falls", "climbs"]
)
def test_steps_past_the_last_that_nobody_has_visited_hide_no_others(lr, drawn):
    session = gradtui.load("five_parcels")
    session.branches.what_if(f"lr {lr}", 10) if lr != 0.05 else None
    session.history.advance(40)
    for step, count in zip((12, 14, 20, 3), drawn, strict=True):
        session.seek(step)
        (curve,) = [one for one in session.frame.drawn.picture.curves if one.main]
        assert curve.steps[-1] + 1 == count
