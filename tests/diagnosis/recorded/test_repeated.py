"""Code that adds in another order each time is the same but for rounding."""

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.recorded.repeated import are_alike

X = np.random.default_rng(67).normal(size=(6, 3))


@pytest.mark.parametrize(
    ("one", "two", "alike"),
    [
        (1.0, 1.0, True),
        (0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1, True),
        (np.array([1e6, 0.0]), np.array([1e6, 1e-7]), True),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        (1.0, 1.0 + 1e-9, False),
        (np.zeros(2), np.zeros(3), False),
        (np.array([1.0, np.nan]), np.array([1.0, 2.0]), False),
        ("a", "b", False),
    ],
)
def test_results_are_alike_but_for_rounding(one, two, alike):
    assert are_alike(one, two) is alike


class Node:
    def __init__(self, slope):
        self.slope = slope


def in_any_order(nodes, turns):
    order = sorted(nodes, key=id)
    turns[0] += 1
    return order[turns[0] % 5 :] + order[: turns[0] % 5]


def test_a_sum_in_another_order_in_each_run_is_compared():
    turns = [0]

    def case(x):
        loss = np.sum(np.sin(x).sum(axis=0) ** 2)
        gradient = np.zeros_like(x)
        for one in in_any_order([Node(np.sin(row)) for row in x], turns):
            gradient += 2 * one.slope
        return loss, {"x": gradient * np.cos(x)}

    assert gradtui.check(case, x=X) == []


def test_another_number_in_each_run_is_told():
    turns = [0]

    def case(x):
        turns[0] += 1
        return np.sum(x**2), {"x": 2 * x + 1e-9 * turns[0]}

    (found,) = gradtui.check(case, x=X)
    assert found.rule == "nondeterministic"
