"""Branches of a session: what is shared, what differs, and what stays as it is."""

import numpy as np
import pytest

import gradtui
from gradtui.debugger.session import Session
from gradtui.diagnosis.correction import correct
from gradtui.explain.findings import notes_rows
from gradtui.explain.spans import line_text


def bits(array):
    return np.ascontiguousarray(array, np.float64).tobytes()


def what_if(session: Session, text: str):
    session.branches.what_if(text, session.step)
    return session.branches.current


def test_another_rate_at_step_3_is_the_run_that_the_formulas_give():
    session = gradtui.load("two_weights")
    session.seek(3)
    what_if(session, "lr 0.01")
    w1, w2 = 1.0, 2.0
    for step in range(9):
        session.seek(step)
        assert session.frame.parameters == pytest.approx({"w1": w1, "w2": w2}, rel=1e-12)
        e = 2 * w1 + 3 * w2 - 5
        assert session.frame.loss == pytest.approx(e * e, rel=1e-9)
        rate = 0.05 if step < 3 else 0.01
        assert session.frame.tape.rate == rate
        w1, w2 = w1 - rate * 4 * e, w2 - rate * 6 * e


def test_the_same_change_at_the_same_step_is_made_once():
    session = gradtui.load("two_weights")
    session.seek(3)
    made = what_if(session, "lr 0.01")
    session.branches.turn(-1)
    assert what_if(session, "lr  0.01") is made
    session.branches.turn(-1)
    session.seek(4)
    assert what_if(session, "lr 0.01") is not made, "it begins a step later"
    assert len(list(session.branches)) == 3


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("two_weights", "lr 0.01"),
        ("five_parcels", "optimizer adam"),
        ("five_parcels", "w[1] = 3"),
        ("minibatches", "seed 9"),
        ("plateau_schedule", "lr 0.3"),
        ("transformer_block", "schedule cosine"),
        ("five_parcels_float32", "momentum 0.9"),
        ("update_adam", "lr 0.01"),
    ],
)
def test_a_branch_is_a_fresh_run_from_its_state_and_its_parent_stays_as_it_is(name, change):
    alone, session = gradtui.load(name), gradtui.load(name)
    session.seek(3)
    assert session.frame.step == 3
    branch = what_if(session, change)
    fresh, width = branch.problem.trainer, branch.problem.trainer.width
    rows, _ = fresh.run_recorded(branch.history.state(3), 6, 3)
    branch.history.advance(10)
    parent = session.branches.root.history
    for step in (7, 3, 8, 0, 5, 2):
        mine = branch.history.state(step)
        assert bits(mine) == bits(rows[step - 3, :width] if step >= 3 else parent.state(step))
        assert bits(parent.state(step)) == bits(alone.history.state(step))
    alone.history.advance(1)
    assert bits(branch.history.losses[3:9]) == bits(rows[:, width])
    assert bits(parent.losses[:8]) == bits(alone.history.losses[:8])


def test_before_the_fork_the_frame_is_that_of_the_parent():
    session = gradtui.load("two_weights")
    session.seek(2)
    before = session.frame
    session.seek(3)
    what_if(session, "optimizer adam")
    assert session.problem.optimizer == "adam"
    session.seek(2)
    assert session.problem.optimizer == "sgd"
    assert session.frame.tape.rate == before.tape.rate == 0.05
    assert session.frame.parameters == before.parameters


def test_switching_at_the_same_step_goes_there_and_back():
    session = gradtui.load("two_weights")
    session.seek(3)
    what_if(session, "lr 0.07")
    session.seek(5)
    branch = session.frame
    session.branches.turn(-1)
    assert session.frame.branch == "original"
    assert session.frame.loss == pytest.approx(9 * 0.3**10 * 0.3**0 * 1.0, rel=1e-6)
    session.branches.turn(1)
    assert (session.frame.branch, session.frame.loss) == ("lr 0.07", branch.loss)
    # e shrinks by 1 - 26·lr at a step: three times by -0.3, twice by -0.82
    assert branch.loss == pytest.approx((3 * 0.3**3 * 0.82**2) ** 2, rel=1e-6)


def test_a_branch_of_a_branch_keeps_both_changes():
    session = gradtui.load("two_weights")
    session.seek(2)
    what_if(session, "optimizer adam, lr 0.2")
    session.seek(4)
    branch = what_if(session, "schedule cosine")
    assert (branch.problem.optimizer, branch.problem.lr, branch.start) == ("adam", 0.2, 4)
    assert branch.parent is not None and branch.parent.name == "optimizer adam, lr 0.2"
    assert session.frame.tape.rate == pytest.approx(0.2 * (1 + np.cos(np.pi * 4 / 12)) / 2)
    session.seek(3)
    assert session.frame.tape.rate == 0.2


def test_a_fork_before_the_start_of_a_branch_leaves_the_line_it_is_on():
    session = gradtui.load("two_weights")
    session.seek(5)
    what_if(session, "lr 0.01")
    session.seek(2)
    branch = what_if(session, "lr 0.07")
    assert branch.parent is session.branches.root


def test_lines_are_named_removed_and_told_apart():
    session = gradtui.load("two_weights")
    branches = session.branches
    one, two, three = (what_if(session, "lr 0.01") for _ in range(3))
    names = [branch.name for branch in branches]
    assert names == ["original", "lr 0.01", "lr 0.01 (2)", "lr 0.01 (3)"]
    branches.rename(two, "slow")
    branches.rename(three, "slow")
    assert [branch.name for branch in branches] == ["original", "lr 0.01", "slow", "slow (2)"]
    assert [branch.mark for branch in branches] == [0, 1, 2, 3]
    session.branches.remove(three)
    assert session.message == "branch 'slow (2)' is removed"
    assert branches.current is two
    session.branches.remove(one)
    assert what_if(session, "lr 0.03").mark == 1
    session.branches.remove(branches.root)
    assert session.message == "the original run stays"


def test_what_branched_off_a_removed_line_keeps_its_past():
    session = gradtui.load("two_weights")
    session.seek(2)
    parent = what_if(session, "lr 0.01")
    session.seek(4)
    child = what_if(session, "lr 0.07")
    before = child.history.state(3).copy()
    session.branches.remove(parent)
    assert bits(child.history.state(3)) == bits(before)
    session.seek(3)
    assert session.frame.tape.rate == 0.01


def test_the_drive_is_a_run_of_its_own_beside_the_other():
    session = gradtui.load("update_uphill")
    hand, autodiff = gradtui.load("update_uphill"), gradtui.load("update_uphill")
    other = autodiff.problem.driven_by("autodiff")
    session.seek(4)
    session.branches.toggle_drive()
    assert session.problem.drive == "autodiff"
    names = [curve.name for curve in session.frame.drawn.picture.curves]
    assert names == ["autodiff", "hand"]
    expected = other.trainer.run(other.trainer.initial, 4)
    assert bits(session.history.state(4)) == bits(expected)
    session.branches.toggle_drive()
    assert bits(session.history.state(4)) == bits(hand.history.state(4))
    session.branches.toggle_drive()
    assert len(session.branches) == 2 and not session.branches.kept


def test_breakpoints_are_found_on_both_sides_of_the_fork():
    session = gradtui.load("two_weights")
    session.seek(3)
    what_if(session, "lr 0.07")
    session.break_at("lr > 0.06")
    while session.breakpoints.search(1.0):
        pass
    assert session.breakpoints.found[0].steps.tolist() == [3]


def test_a_finding_of_a_branch_blames_its_change_and_not_the_rate_of_the_file():
    session = gradtui.load("two_weights")
    session.seek(3)
    what_if(session, "lr 0.5")
    session.investigation.look()
    (finding,) = session.investigation.findings
    # e is 1 - 26·0.5 = -12 of itself a step
    assert (finding.rule, finding.step, finding.line) == ("diverging", 3, None)
    assert finding.message.startswith(
        "with lr 0.5: the loss grows from step 3 on: 0.006561, 0.9448"
    )
    what_if(session, "momentum 0.5")
    session.investigation.look()
    assert session.investigation.findings[0].message.startswith("with lr 0.5, momentum 0.5: ")
    session.branches.switch(session.branches.root)
    what_if(session, "w1 = 3")
    assert session.problem.changed == ""


def test_what_was_found_of_a_branch_is_kept_when_one_comes_back():
    session = gradtui.load("grad_missing_factor")
    session.investigation.look()
    (finding, *_) = session.investigation.findings
    session.investigation.chosen = finding
    session.branches.fix(correct(session.problem, finding), 0)
    assert session.frame.known.judgement is None
    session.investigation.look()
    assert session.frame.known.findings == () and session.frame.known.judgement.claims == 4
    session.branches.turn(-1)
    assert session.frame.known.findings[0] == finding and session.frame.known.chosen == 0
    session.branches.turn(1)
    assert session.frame.known.findings == () and session.frame.known.chosen is None


def test_a_branch_that_ends_far_worse_than_the_run_it_left_says_so():
    """Adam at a rate that suits gradient descent crawls along the ravine: 270 for 24.3."""
    session = gradtui.load("ravine")
    what_if(session, "optimizer adam")
    session.investigation.look()
    setback = session.frame.known.setback
    assert setback is not None and setback.step == session.problem.steps
    assert setback.loss > 10 * setback.before
    text = " ".join(line_text(row).strip() for row in notes_rows(session.frame, 60))
    assert "far worse than the run it left" in text and "no findings" not in text


def test_a_branch_that_ends_a_few_times_worse_is_not_called_far_worse():
    session = gradtui.load("two_weights")
    session.seek(2)
    what_if(session, "lr 0.07")
    session.seek(4)
    what_if(session, "optimizer adam")
    session.investigation.look()
    setback = session.frame.known.setback
    assert setback is not None and 2 * setback.before < setback.loss < 10 * setback.before
    text = " ".join(line_text(row).strip() for row in notes_rows(session.frame, 60))
    assert "▲ worse than the run it left" in text


def test_a_branch_that_ends_better_has_no_setback():
    session = gradtui.load("ravine")
    what_if(session, "optimizer adam, lr 0.3")
    session.investigation.look()
    assert session.frame.known.setback is None


def test_a_right_line_is_no_setback_where_the_wrong_one_made_longer_steps(tmp_path):
    file = tmp_path / "long.toml"
    file.write_text(
        'title = "Long"\n[data]\nx = 2.0\n[parameters]\nw = 3.0\n[model]\ncode = "L = (w*x)**2"\n'
        '[backward]\ncode = "dw = 4*w*x**2"\n[optimizer]\nname = "sgd"\nlr = 0.02\n'
        "[run]\nsteps = 9\n"
    )
    session = gradtui.load(str(file))
    session.investigation.look()
    (finding,) = session.investigation.findings
    session.branches.fix(correct(session.problem, finding), session.step)
    session.investigation.look()
    at_end = [one.history.trainer.losses_at(one.history.state(9)[None], 9)[0]
              for one in (session.branches.root, session.branches.current)]  # fmt: skip
    assert at_end[1] > 2 * at_end[0]
    assert session.frame.known.setback is None
