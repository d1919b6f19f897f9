"""The end of a list that a backward half takes values from."""

import ast

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.popped import pops_unlike
from gradtui.diagnosis.recorded.blame.units import Unit
from planted import Planted

RNG = np.random.default_rng(12)
STEPS, GOAL = RNG.normal(size=(4, 3)), RNG.normal(size=3)


def recurrent(W):
    states, inputs = [np.zeros(3)], []
    for x in STEPS:
        inputs.append(x)
        states.append(np.tanh(W @ states[-1] + x))
    dh, dW = states[-1] - GOAL, np.zeros_like(W)
    loss = 0.5 * np.sum((states[-1] - GOAL) ** 2)
    while inputs:
        h = states.pop()
        inputs.pop()
        dz = dh * (1 - h**2)
        dW += np.outer(dz, states[-1])
        dh = W.T @ dz
    return loss, dW


MISTAKES = [("h = states.pop()", "h = states.pop(0)")]


@pytest.mark.parametrize(("right", "mistaken"), MISTAKES)
def test_the_other_end_is_told(right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, {"W": RNG.normal(size=(3, 3))})

    (found,) = planted.errors(planted.wrong(right, mistaken), "recurrent")

    assert (found.line, found.fix) == (planted.line(right), right)
    assert "states.pop(0) must be states.pop()" in found.message


def takes(queue, stack, others, at):
    queue.pop(0)
    stack.pop()
    others.pop(-1)
    others.pop(at)


def test_a_line_is_strange_if_all_others_take_from_the_other_end():
    unit = Unit(takes.__code__, [takes])

    told = [pops_unlike(unit, one) for one in unit.node.body if isinstance(one, ast.Expr)]

    assert told == [True, False, False, False]
