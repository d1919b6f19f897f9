"""One call of the user's code in rows."""

import numpy as np
import pytest

import gradtui
from debugger import looped
from gradtui.debugger.folds import runs_of
from gradtui.debugger.steps import Written
from gradtui.explain.called import current_source_row, shown_rows, source_rows
from gradtui.explain.program import program_rows
from gradtui.explain.spans import line_text
from gradtui.explain.values import UNKNOWN

X = np.array([1.0, 2.0])


def half(w):
    return w * X


def case(w):
    y = half(w)
    loss = np.sum(y**2)
    dy = 2 * y
    dw = np.sum(dy * X)
    return loss, dw


def test_the_functions_that_only_call_come_last_with_their_passes():
    rows = source_rows(gradtui.trace(case, w=np.array(3.0)).problem)
    assert [row.heading for row in rows if row.heading] == [
        "half, test_called.py: forward",
        "case, test_called.py: forward",
        "case, test_called.py: backward",
    ]
    begins = case.__code__.co_firstlineno
    assert [row.place.line - begins for row in rows[3:] if not row.heading] == [1, 2, 3, 4, 5]
    assert not rows[-1].line  # the return computes nothing


def test_the_cursor_is_at_the_line_that_was_executed_last():
    session = gradtui.trace(case, w=np.array(3.0))
    session.position = 0
    assert current_source_row(session.frame) == -1
    session.into()
    assert current_source_row(session.frame) == 1
    session.position = session.order.end
    assert current_source_row(session.frame) == 7


def kept(w):
    y = w * X
    return y, y > 0  # what the backward pass needs is no part of it


def masked(dy, mask):
    return np.sum(dy * mask * X)


def wrapped(dy, mask):
    return masked(dy, mask)


def layered(w):
    y, mask = kept(w)
    loss = np.sum(y)
    return loss, wrapped(np.ones(2), mask)


@pytest.mark.parametrize(
    ("run", "right"),
    [(case, ["case: backward"]), (layered, ["masked: backward", "wrapped"]), (half, [])],
)
def test_the_backward_half_has_the_lines_that_run_for_the_gradients_alone(run, right):
    given = run if run is not half else lambda w: (np.sum(half(w)), np.sum(X))
    frame = gradtui.trace(given, w=np.array(3.0)).frame
    halves = [shown_rows(frame, side) for side in ("forward", "backward")]
    told = [row.heading.replace(", test_called.py", "") for row in halves[1] if row.heading]
    assert told == right
    assert sorted(map(id, shown_rows(frame))) == sorted(id(row) for one in halves for row in one)


def back(d, x):
    e = 2 * d
    return np.sum(e * x)


def twice(w, v):
    y, z = w * X, v * X
    loss = np.sum(y**2) + np.sum(z**2)
    dw = back(y, X)
    dv = back(z, X)
    return loss, (dw, dv)


def test_a_value_of_an_earlier_call_is_told_from_those_of_this_one():
    session = gradtui.trace(twice, w=np.array(3.0), v=np.array(2.0))

    def roles(start):
        """Return the roles of the values in the rows of lines that begin so."""
        rows = program_rows(session.frame, 80)
        return [row[-3][1] for row in rows if line_text(row)[4:].lstrip().startswith(start)]

    lines = [at for at, one in enumerate(session.problem.call.lines) if one.name == "e"]
    first, second = lines
    told = {}
    session.position = 0
    while session.position < session.order.end:
        session.into()
        if isinstance(session.frame.now, Written):
            told[session.frame.now.index] = (*roles("e = 2"), *roles("return np.sum"))
    assert told[first] == ("value", "dim")  # not computed yet: ·
    assert told[second] == ("value", "dim")  # that of the first call
    assert told[second + 1] == ("value", "value")


def test_a_folded_loop_is_one_row_with_the_rounds_that_are_done():
    session = looped.session()
    (run,) = runs_of(session.structure, session.problem.call, looped.OUTER)
    session.folds = frozenset({looped.OUTER, looped.INNER, looped.BACK})

    def row():
        (shown,) = (line_text(row) for row in program_rows(session.frame, 76) if "_k" in str(row))
        return shown.split(None, 1)[1]

    session.position = 0
    assert row().split() == [*["for", "_k", "in", "range(3):", "…", "#", "3", "lines"], UNKNOWN]
    session.position = run.first
    assert row().endswith("round 1 of 3  ")
    assert current_source_row(session.frame) == 2
    session.position = run.rounds[1]
    assert row().endswith("rounds 1 to 2 of 3  ")
    session.position = run.last
    assert row().endswith("rounds 1 to 3 of 3  ")
    numbers = [row.place.line - looped.FIRST for row in shown_rows(session.frame) if row.line]
    assert numbers == [1, 6, 7, looped.halved.__code__.co_firstlineno + 1 - looped.FIRST]
