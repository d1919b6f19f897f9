"""Powers of two nearest to numbers, whose gradient passes logarithm, rounding and power at once.

Without rounding 2**log2(abs(w)) * sign(w) is w, of slope 1.
"""

from types import SimpleNamespace

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.recorded.whole import _is_nearest

RNG = np.random.default_rng(5)
W, R = RNG.normal(size=(4, 6)), RNG.normal(size=(4, 6))


def powers(w):
    q = np.sign(w) * 2.0 ** np.round(np.log2(np.abs(w)))
    return np.sum(q * R), {"w": R}


def powers_in_a_square(w):
    q = np.sign(w) * 2.0 ** np.round(np.log2(np.abs(w)))
    return np.sum((q - R) ** 2), {"w": 2 * (q - R)}


def tripled(w):
    q = np.sign(w) * 2.0 ** np.round(np.log2(np.abs(w)))
    return np.sum(3 * q * R), {"w": R}


def of_the_unrounded(w):
    q = np.sign(w) * 2.0 ** np.round(np.log2(np.abs(w)))
    return np.sum((q - R) ** 2), {"w": 2 * (w - R)}


def halved_logarithm(w):
    q = np.sign(w) * 2.0 ** np.round(np.log2(np.abs(w)) / 2)
    return np.sum(q * R), {"w": R}


@pytest.mark.parametrize("function", [powers, powers_in_a_square])
def test_a_power_of_two_is_passed_as_if_it_were_the_number(function):
    found = gradtui.check(function, w=W)

    assert [(one.rule, one.severity) for one in found] == [("straight-through", "info")]
    assert "through the whole quantiser around round" in found[0].message


@pytest.mark.parametrize("function", [tripled, of_the_unrounded, halved_logarithm])
@pytest.mark.usefixtures("unsearched")
def test_what_is_left_out_beside_a_power_of_two_is_wrong(function):
    found = gradtui.check(function, w=W)

    assert any(one.severity == "error" for one in found)


def test_a_choice_has_the_shape_of_its_source_at_every_point():
    shapes = [[(3,), (3,)], [(5,), (3,)]]
    tapes = [
        SimpleNamespace(shape=own.__getitem__, value=[np.arange(*one) for one in own].__getitem__)
        for own in shapes
    ]
    points = [SimpleNamespace(result=SimpleNamespace(tape=one)) for one in tapes]
    assert not _is_nearest(points, 0, 1)
