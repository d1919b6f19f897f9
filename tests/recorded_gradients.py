"""Gradients by the recording of a function of one array, and by its central differences."""

import numpy as np
import pytest

from gradtui.recording.library import NUMPY, record
from gradtui.recording.sweep import gradients
from gradtui.recording.tape import Call


def recorded(function, a, within=None):
    """Record a function; `within` is one whose module's names take part, itself by default."""

    def run(world, given):
        return function(given["a"])

    within = within or function
    called = within if hasattr(within, "__globals__") else run
    return record(NUMPY, run, {"a": a}, {"a": a}, called)


def gradient(function, a, within=None):
    """Return the gradient of a number by the recording."""
    result = recorded(function, a, within)
    leaf = result.tape.arguments["a"]
    return gradients(result.tape, result.node(result.returned), [leaf])[leaf]


def assert_known(function, a):
    """Assert that nothing in a function is opaque, and that its value and gradient are right."""
    weights = np.random.default_rng(5).normal(size=np.shape(function(a)))

    def loss(own):
        return np.sum(np.sin(function(own)) * weights)

    result = recorded(loss, a, function)
    calls = [one for one in result.tape.nodes if isinstance(one, Call)]
    assert [one.name for one in calls if one.form is None and one.back is None] == []
    assert float(result.returned) == pytest.approx(loss(a), rel=1e-12)

    expected = np.zeros_like(a)
    for at in np.ndindex(*a.shape):
        step = np.zeros_like(a)
        step[at] = 1e-6
        expected[at] = (loss(a + step) - loss(a - step)) / 2e-6
    np.testing.assert_allclose(gradient(loss, a, function), expected, rtol=1e-5, atol=1e-8)
