"""One call of the user's code in rows."""

import numpy as np

import gradtui
from gradtui.explain.called import current_source_row, source_rows

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
        "backward",
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
