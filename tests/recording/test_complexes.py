"""Complex numbers on the way from real arguments to a real loss, by their parts."""

import numpy as np
import pytest

import gradtui
from planted import Planted, repaired

RNG = np.random.default_rng(3)
MIXING = RNG.normal(size=(4, 4)) + 1j * RNG.normal(size=(4, 4))
ANGLES = RNG.normal(size=4)
ROWS = RNG.normal(size=(3, 8))
TURNS = np.exp(1j * RNG.normal(size=(3, 4)))


def through_a_matrix(ANGLES):
    u = np.exp(1j * ANGLES)
    z = MIXING @ u
    p = np.abs(z) ** 2
    du = MIXING.conj().T @ (2 * p * 2 * z)
    return np.sum(p**2), np.imag(np.conj(u) * du)


def turned(x, turns):
    z = x[..., 0::2] + 1j * x[..., 1::2]
    out = np.empty_like(x)
    out[..., 0::2] = (z * turns).real
    out[..., 1::2] = (z * turns).imag
    return out


def pairs_as_numbers(ROWS):
    out = turned(ROWS, TURNS)
    d = 3 * out**2
    return np.sum(out**3), turned(d, np.conj(TURNS))


def spectrum(ROWS):
    f = np.fft.fft(ROWS, axis=1)
    power = f.real**2 + f.imag**2
    g = 2 * power * 2 * f
    return np.sum(power**2), 8 * np.fft.ifft(g, axis=1).real


def in_place(ANGLES):
    z = np.zeros(4, dtype=complex)
    z[0] = 1.0
    z[1] += 0.5j
    states, steps = [], []
    for k in range(3):
        c, s = np.cos(ANGLES[k]), np.sin(ANGLES[k])
        steps.append(np.array([[c, 1j * s], [1j * s, c]]))
        states.append(z.copy())
        z[k : k + 2] = steps[-1] @ z[k : k + 2]
    d = 2 * (z - 1)
    slopes = np.zeros(4)
    for k in reversed(range(3)):
        c, s = np.cos(ANGLES[k]), np.sin(ANGLES[k])
        turning = np.array([[-s, 1j * c], [1j * c, -s]])
        slopes[k] = np.vdot(d[k : k + 2], turning @ states[k][k : k + 2]).real
        d[k : k + 2] = steps[k].conj().T @ d[k : k + 2]
    return np.sum(np.abs(z - 1) ** 2), slopes


def joined_and_divided(ANGLES):
    u = np.exp(1j * ANGLES)
    rows = np.stack([u, 1 / (u + 2)])
    z = np.sum(np.concatenate([rows, rows[:, ::-1]], axis=1), axis=0).mean()
    by_u = np.conj(1 - 1 / (u + 2) ** 2) * z / 2
    return abs(z) ** 2, np.real(np.conj(1j * u) * by_u)


MISTAKES = [
    (through_a_matrix, "MIXING.conj().T @", "MIXING.T @"),
    (through_a_matrix, "np.imag(np.conj(u) * du)", "np.imag(u * du)"),
    (pairs_as_numbers, "turned(d, np.conj(TURNS))", "turned(d, TURNS)"),
    (spectrum, "2 * power * 2 * f", "2 * power * f"),
    (in_place, "steps[k].conj().T @ d", "steps[k].T @ d"),
]
ARRAYS = {"ANGLES": ANGLES, "ROWS": ROWS}


@pytest.mark.parametrize(
    "function", [through_a_matrix, pairs_as_numbers, spectrum, in_place, joined_and_divided]
)
def test_right_gradients_are_compared_at_all_points(function, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    assert planted.errors(planted.wrong("MISTAKES", "MISTAKES"), function.__name__) == []

    name = function.__code__.co_varnames[0]
    assert gradtui.check(function, **{name: ARRAYS[name]}) == []


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_line_is_named_and_its_fix_makes_the_program_right(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.line == at
    assert planted.errors(repaired(wrong, found), function.__name__) == []
