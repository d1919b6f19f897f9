"""A session that is resumed is where it was left; of another version of the scenario what fits."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import gradtui
from gradtui.base.source import InputError
from gradtui.debugger.session import Session
from gradtui.debugger.steps import Level
from gradtui.diagnosis.correction import correct
from gradtui.explain.chain import chain_rows
from gradtui.explain.header import header
from gradtui.explain.program import program_rows
from gradtui.explain.spans import line_text
from gradtui.saving.anchors import Anchor, anchor_at
from gradtui.saving.format import (
    Saved,
    SavedBranch,
    SavedBreakpoint,
    SavedFix,
    Snapshot,
    decode_saved,
    encode_saved,
)
from gradtui.saving.snapshot import Resumption, digest_of, take_snapshot
from gradtui.scenario.load import load_problem


def resumed(problem, snapshot):
    """Return the resumed session and what was lost, the snapshot having been through a file."""
    raw = encode_saved(Saved("", "", (snapshot,)))
    resumption = Resumption(problem, decode_saved(raw).snapshots[0])
    while resumption.run(10.0):
        pass
    return resumption.session, resumption.lost


def seen(session):
    """Return what a person reads of a session."""
    frame = session.frame
    rows = [header(frame, 120), *chain_rows(frame, 80), *program_rows(frame, 80)]
    return [line_text(row) for row in rows], [branch.name for branch in session.branches]


ACTIONS = {
    "next": lambda s: s.move(1),
    "back": lambda s: s.move(-1),
    "into": lambda s: s.into(),
    "out": lambda s: s.back(),
    "finish": lambda s: s.finish(),
    "ten": lambda s: s.move(10),
    "level": lambda s: s.toggle_level(),
    "fold": lambda s: s.toggle_fold(),
    "select": lambda s: s.selection.select_next(),
    "lens": lambda s: s.selection.look(),
    "jacobian": lambda s: s.selection.show_jacobian(),
    "leave": lambda s: s.selection.leave(),
    "row": lambda s: s.selection.select_row(1),
    "surface": lambda s: s.surface.show(),
    "nearer": lambda s: s.surface.zoom(1),
    "break": lambda s: s.break_at("loss > prev"),
    "here": lambda s: s.break_at(),
    "watch": lambda s: s.watch("loss - prev"),
    "rate": lambda s: s.branches.what_if("lr 0.01", s.step),
    "adam": lambda s: s.branches.what_if("optimizer adam beta1 0.8, lr 0.2", s.step),
    "weight": lambda s: s.branches.what_if(
        f"{s.problem.graph.parameters[0].name} = 0.30000000000000004", s.step
    ),
    "turn": lambda s: s.branches.turn(1),
    "remove": lambda s: s.branches.remove(s.branches.current),
    "rename": lambda s: s.branches.rename(s.branches.current, "mine"),
    "drive": lambda s: s.branches.toggle_drive(),
    "view": lambda s: s.curves.follow_next(s.selection.node, s.breakpoints.watches),
    "log": lambda s: s.curves.toggle_log(),
    "range": lambda s: s.curves.zoom("2 9"),
}  # fmt: skip


def do(session, action):
    with suppress(InputError):  # such as another optimizer where the update is written by hand
        ACTIONS[action](session)


PROBLEMS = {
    name: load_problem(gradtui.load(name).problem.path)
    for name in ("two_weights", "five_parcels", "grad_network", "minibatches", "update_momentum")
}


@example("grad_network", ["adam", "drive", "drive", "remove", "adam"])
@settings(max_examples=60)
@given(st.sampled_from(sorted(PROBLEMS)), st.lists(st.sampled_from(sorted(ACTIONS)), max_size=25))
def test_after_any_walk_a_session_is_resumed_where_it_was(name, walk):
    session = Session(PROBLEMS[name])
    for action in walk:
        do(session, action)
    session.message = ""
    snapshot = take_snapshot(session)
    other, lost = resumed(PROBLEMS[name], snapshot)
    assert lost == []
    assert take_snapshot(other) == snapshot
    assert seen(other) == seen(session)
    for branch, same in zip(session.branches, other.branches, strict=True):
        last = session.step + 3
        assert branch.history.state(last).tobytes() == same.history.state(last).tobytes()
        assert branch.history.losses[:last].tobytes() == same.history.losses[:last].tobytes()


def test_of_the_moments_before_a_position_the_latest_are_kept():
    session = gradtui.load("five_parcels")
    graph, order = session.problem.graph, session.order
    whole = anchor_at(graph, order, order.end, order.end).before
    assert len(whole) == order.end
    assert anchor_at(graph, order, order.end, 3).before == whole[:3]
    assert anchor_at(graph, order, 2, 3).before == whole[-2:]


def test_a_snapshot_changes_nothing():
    session = gradtui.load("five_parcels")
    before = seen(session)
    take_snapshot(session)
    assert seen(session) == before and session.message == ""


def test_a_branch_of_a_removed_branch_keeps_its_past():
    session = gradtui.load("two_weights")
    session.seek(2)
    session.branches.what_if("lr 0.01", 2)
    middle = session.branches.current
    session.seek(5)
    session.branches.what_if("lr 0.02", 5)
    session.branches.remove(middle)
    other, lost = resumed(PROBLEMS["two_weights"], take_snapshot(session))
    assert lost == [] and [branch.name for branch in other.branches] == ["original", "lr 0.02"]
    assert other.frame.parameters == session.frame.parameters
    other.seek(3)
    assert other.frame.tape.rate == 0.01


@pytest.mark.parametrize("name", ["m.toml", "m\udcff.toml"], ids=["text", "bytes"])
def test_a_fix_that_was_not_written_is_a_branch_again(tmp_path, name):
    path = tmp_path / name
    path.write_text(Path(gradtui.load("grad_missing_factor").problem.path).read_text("utf-8"))
    session = gradtui.load(str(path))
    session.investigation.judge()
    (finding,) = session.investigation.findings[:1]
    session.branches.fix(correct(session.problem, finding), 0)
    session.seek(3)
    text = path.read_text()
    other, lost = resumed(load_problem(str(path)), take_snapshot(session))
    assert lost == [] and other.problem.patches == session.problem.patches
    assert other.branches.name == "fix dw2"
    assert other.frame.parameters == session.frame.parameters
    assert other.branches.root.problem.patches == ()
    assert path.read_text() == text

    path.write_text(text.replace("[backward]", "# moved\n\n[backward]"))
    other, lost = resumed(load_problem(str(path)), take_snapshot(session))
    assert lost == [] and other.frame.parameters == session.frame.parameters
    assert other.problem.patches[0].place.line == session.problem.patches[0].place.line + 2

    path.write_text(text.replace("dw2 = ", "dw2 =  "))
    other, lost = resumed(load_problem(str(path)), take_snapshot(session))
    gone = "the line dw2 = dyhat is no longer there"
    assert lost == [f"branch 'fix dw2' is left out: {gone}"]
    assert other.step == 3 and not other.problem.patches


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("/etc/passwd", "dw2 = dyhat", "dw2 = dyhat*x2"),
        ("../m.toml", "dw2 = dyhat", "dw2 = dyhat*x2"),
        ("", "dw2 = dyhat", 'dw2 = dyhat\n"""\n[data]\nfile = "other.csv"\n#'),
        ("", "dw2 = dyhat", 'dw2 = dyhat # """'),
        ("", "dw2 = dyhat", "dw2 = dyhat; de = e"),
        ("", "e = yhat - y", "e = yhat"),
    ],
)
def test_a_fix_that_is_none_is_left_out(monkeypatch, file, before, after):
    problem = gradtui.load("grad_missing_factor").problem
    name = problem.path.rpartition("/")[2]
    at = next(i for i, row in enumerate(problem.lines, 1) if row.startswith(before))
    fix = SavedFix(file or name, at, 1, before, after)
    opened = []
    monkeypatch.setattr(
        "gradtui.diagnosis.correction.load_problem", lambda *a, **k: opened.append(a)
    )
    branch = SavedBranch("fixed", 0, 0, after, fix=fix)
    snapshot = Snapshot(1, Anchor(2, ()), "named", ("w1", -1), branches=(branch,))
    other, lost = resumed(problem, snapshot)
    assert len(lost) == 1 and " is left out: " in lost[0] and "\n" not in lost[0]
    assert not opened and other.step == 1 and not other.problem.patches


def test_of_a_scenario_that_has_changed_what_fits_is_resumed(write):
    session = gradtui.load(write("a = w*x\nL = (a - v)**2", "w = 2.0\nv = 1.0"))
    session.seek(3)
    session.selection.look("v")
    session.branches.what_if("v = 0.5", 2)
    session.branches.what_if("lr 0.01", 3)
    session.break_at("v > 0.1")
    session.watch("a")
    session.into()
    other, lost = resumed(gradtui.load(write("a = w*x\nL = (a - 1)**2")).problem,
                          take_snapshot(session))  # fmt: skip
    assert other.step == 3 and [branch.name for branch in other.branches] == ["original"]
    assert lost[0].startswith("branch 'v = 0.5' is left out: nothing is called 'v'")
    assert lost[-1] == "v is gone"
    assert other.frame.breakpoints[0].trouble and other.frame.watched[0].value is not None


@pytest.mark.parametrize("level", Level)
def test_data_stay_selected_though_no_level_draws_them(write, level):
    session = gradtui.load(write("a = w*x\nL = a**2", "w = 2.0"))
    session.draw(level, frozenset())
    data = session.problem.graph.names["x"]
    session.selection.select(data)
    other, lost = resumed(session.problem, take_snapshot(session))
    assert not lost and other.selection.node == data and other.selection.pinned


def test_a_digest_tells_versions_apart(write):
    one = load_problem(write("L = (w*x)**2"))
    other = load_problem(write("L = (w*x)**2", "w = 2.5"))
    assert digest_of(one) == digest_of(load_problem(one.path)) != digest_of(other)


def test_a_digest_is_of_the_numbers_in_the_order_of_their_rows(write):
    problem = load_problem(write("L = (w*x)**2"))
    flipped = np.arange(6.0).reshape(2, 3).T
    rows = np.array([[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]])
    first, second = (
        digest_of(replace(problem, values={"x": values})) for values in (flipped, rows)
    )
    assert first == second


def test_far_steps_are_computed_a_part_at_a_time():
    problem = gradtui.load("two_weights").problem
    branch = SavedBranch("far", 0, 30_000, "lr 0.01")
    snapshot = Snapshot(40_000, Anchor(2, ()), "named", ("w1", -1), branches=(branch,), current=1)
    resumption = Resumption(problem, snapshot)
    parts = 0
    while resumption.run(0.0):
        parts += 1
        assert resumption.computing.endswith(" of 40,000")
    assert parts > 100 and resumption.session.step == 40_000
    assert resumption.session.branches.name == "far"


def some(values):
    return st.lists(values, max_size=4).map(tuple)


NAMES = st.sampled_from(["w1", "w2", "ŷ", "yhat", "", "L", "\x1b]0;x\x07", "\u202e"])
KEYS = st.tuples(NAMES, st.integers(-2, 5))
TEXTS = st.sampled_from(
    ["lr 0.1", "w1 = 2", "loss > prev", "x", "", "lr", "w1", "\x1b[2J", "drive hand", "seed 3",
     "norm", "w1 w2", "w1[9]", "__import__('os')", "lr 1e999", "optimizer adam", "w1 = nan"]
)  # fmt: skip
FIXES = st.builds(SavedFix, TEXTS, st.integers(0, 50), st.integers(0, 5), TEXTS, TEXTS)
SNAPSHOTS = st.builds(
    Snapshot,
    step=st.integers(0, 50),
    moment=st.builds(
        Anchor,
        st.none() | st.integers(-5, 5),
        some(some(NAMES | st.integers(-2, 3))),
    ),
    level=st.sampled_from(["named", "operations"]),
    node=KEYS,
    folded=some(KEYS),
    lens=st.none() | st.tuples(some(st.integers(0, 9)), st.integers(0, 9)),
    jacobian=st.none() | st.integers(0, 10**9),
    surface=TEXTS,
    zoom=st.integers(-100, 100),
    followed=TEXTS,
    drawn=st.none() | st.tuples(st.integers(0, 9), st.integers(0, 9)),
    breakpoints=some(st.builds(SavedBreakpoint, TEXTS, st.booleans())),
    watches=some(TEXTS),
    branches=some(
        st.builds(
            SavedBranch, TEXTS, st.integers(0, 5), st.integers(0, 40), TEXTS, st.booleans(),
            st.booleans(), st.none() | FIXES,
        )
    ),
    current=st.integers(0, 5),
)  # fmt: skip


@settings(max_examples=60)
@given(st.sampled_from(["two_weights", "five_parcels", "grad_network"]), SNAPSHOTS)
def test_any_snapshot_is_resumed_as_far_as_it_fits(name, snapshot):
    session, lost = resumed(PROBLEMS[name], snapshot)
    assert session.step == snapshot.step
    assert all(text.isprintable() for text in lost)
    assert all(row.isprintable() for row in seen(session)[0])
    assert np.isfinite(session.frame.position)
    take_snapshot(session)
