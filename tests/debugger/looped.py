"""A call with loops: one inside another, one whose body calls a function, one that goes back."""

from functools import cache

import numpy as np
import pytest

import gradtui
from gradtui.debugger.session import Session
from gradtui.diagnosis.recorded.blame.gradients import Blamed


def halved(h):
    return h / 2


def case(w, v):
    h = w
    for _k in range(3):
        for _ in range(2):
            h = np.tanh(h)
        h = halved(h) * v
    loss = np.sum(h**2)
    dw = dv = 0 * w
    for k in reversed(range(3)):
        dw = dw + k
        dv = dv + 1
    return loss, (dw, dv)


@cache
def traced() -> Session:
    """Return the call, which is checked once for all tests; they open sessions of their own.

    No line is at fault: both gradients only count rounds, which no edit repairs.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gradtui.diagnosis.recorded.faults.blamed_on_fewer", lambda *given: Blamed())
        return gradtui.trace(case, w=np.array([0.3]), v=np.array([0.5]))


def session() -> Session:
    """Open a session on the call."""
    known = traced()
    return Session(known.problem, judgement=known.investigation.judgement)


FIRST = case.__code__.co_firstlineno
OUTER, INNER, BACK = ((__file__, FIRST + a, FIRST + b) for a, b in ((2, 5), (3, 4), (8, 10)))
