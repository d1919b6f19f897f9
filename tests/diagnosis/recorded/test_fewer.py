"""The line at fault in a vast run is found on fewer rounds, and confirmed on all of them."""

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.recorded import fewer

T = 30
XS = np.random.default_rng(0).normal(size=(T, 2))
W = np.array([0.4, -0.3])


def summed(w):
    loss, dw = 0.0, np.zeros(2)
    for t in range(T):
        loss = loss + (XS[t] @ w) ** 2 / T
        dw = dw - 2 * (XS[t] @ w) * XS[t] / T
    return loss, {"w": dw}


def wrong_on_many(w):
    loss, dw = 0.0, np.zeros(2)
    for t in range(T):
        loss = loss + (XS[t] @ w) ** 2
        dw = dw + 2 * (XS[t] @ w) * XS[min(t, 20)]
    return loss, {"w": dw}


def of_its_own_length(w):
    loss, dw = 0.0, np.zeros(2)
    for t in range(30):
        loss = loss + (XS[t] @ w) ** 2
        dw = dw + (XS[t] @ w) * XS[t]
    return loss, {"w": dw}


@pytest.fixture
def lengths(monkeypatch):
    """Return the operations of each run whose line at fault is looked for."""
    found, blamed = [], fewer.blamed

    def noting(runs, points, *rest):
        found.append(len(points[0].result.tape))
        return blamed(runs, points, *rest)

    monkeypatch.setattr(fewer, "VAST", 100)
    monkeypatch.setattr(fewer, "blamed", noting)
    return found


def test_a_line_is_found_on_few_rounds_and_holds_on_all(lengths):
    (found,) = gradtui.check(summed, W)
    assert (found.rule, found.line) == ("sign", summed.__code__.co_firstlineno + 4)
    assert len(lengths) == 1 and lengths[0] < 100
    assert T == 30 and XS.shape == (30, 2)


@pytest.mark.parametrize("case", [wrong_on_many, of_its_own_length])
def test_what_is_not_alike_on_few_rounds_is_looked_for_on_all(case, lengths):
    (found,) = gradtui.check(case, W)
    assert (found.severity, found.target) == ("error", "w")
    assert len(lengths) == 1 and lengths[0] > 100
