"""Quantisers whose step size is learned: mistakes beside what their gradients pass on purpose.

Right is what Esser et al., 2020, section 2.1, give for a step size s: round(v) - v between the
bounds, and the bounds beyond them; rounding is passed by the weights between the bounds alone.
"""

import numpy as np
import pytest

import gradtui
from findings import only

RNG = np.random.default_rng(23)
LOW, HIGH = -4.0, 3.0
W, S, R = 1.3 * RNG.normal(size=(4, 6)), np.array([0.35]), RNG.normal(size=(4, 6))


def right(w, s):
    v = w / s
    loss = np.sum(np.clip(np.round(v), LOW, HIGH) * s * R)
    small = v < LOW
    big = v > HIGH
    middle = 1.0 - small - big
    ds = np.sum((small * LOW + big * HIGH + middle * (np.round(v) - v)) * R, keepdims=True)[0]
    return loss, {"w": middle * R, "s": ds}


def another_mask(w, s):
    v = w / s
    loss = np.sum(np.clip(np.round(v), LOW, HIGH) * s * R)
    small = v < LOW
    big = w > HIGH
    middle = 1.0 - small - big
    ds = np.sum((small * LOW + big * HIGH + middle * (np.round(v) - v)) * R, keepdims=True)[0]
    return loss, {"w": middle * R, "s": ds}


def test_a_learned_step_size_passes_rounding_within_the_bounds_on_purpose():
    found = gradtui.check(right, w=W, s=S)

    assert {(one.rule, one.severity) for one in found} == {("straight-through", "info")}


@pytest.mark.usefixtures("briefly")
def test_a_mask_of_another_value_is_told_by_each_meaning_of_the_bounds():
    finding = only(gradtui.check(another_mask, w=W, s=S))

    assert finding.line == another_mask.__code__.co_firstlineno + 4
    assert finding.rule == "wrong-variable"  # what is rounded is above the bound as often here
    assert finding.fix in ("big = v > HIGH", "big = np.round(v) > HIGH")
    assert sorted(finding.evidence["gradients"]) == ["s", "w"]
