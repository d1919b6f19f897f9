"""The line that makes runs differ is the one that draws, not one that uses what is drawn."""

import os
import time

import numpy as np
import pytest

import gradtui
from findings import line_of, only


def measured(w):
    scale = 2.0
    scale = time.perf_counter()
    return np.sum(scale * w), scale * np.ones_like(w)


def of_the_system():
    drawn = os.urandom(8)
    return int.from_bytes(drawn, "big")


def drawn_in_a_helper(w):
    for _ in range(2):
        scale = of_the_system()
    return np.sum(scale * w), scale * np.ones_like(w)


def measured_where_it_is_used(w):
    return np.sum(time.perf_counter() * w), np.ones_like(w)


@pytest.mark.parametrize(("case", "function", "line", "told"), [
    (measured, measured, 2, "what this line gives is drawn or measured, or kept from run to run"),
    (drawn_in_a_helper, of_the_system, 1, "what this line gives is drawn"),
    (measured_where_it_is_used, measured_where_it_is_used, 1, "what this line reads has changed"),
])  # fmt: skip
def test_the_line_that_draws_is_named(case, function, line, told):
    found = only(gradtui.check(case, np.ones(3)))
    assert (found.rule, found.line) == ("nondeterministic", line_of(function, line))
    assert told in found.message
