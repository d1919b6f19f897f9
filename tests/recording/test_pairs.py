"""Arguments of complex numbers: recorded by their parts, and compared by both."""

import numpy as np
import pytest

import gradtui
from planted import Planted, repaired

RNG = np.random.default_rng(11)
Z = RNG.normal(size=4) + 1j * RNG.normal(size=4)
MIXING = RNG.normal(size=(5, 4)) + 1j * RNG.normal(size=(5, 4))
POWERS = RNG.uniform(1, 2, size=5)
ANGLES = RNG.normal(size=3)


def phases(Z):
    u = MIXING @ Z
    apart = np.abs(u) ** 2 - POWERS
    return np.sum(apart**2), MIXING.conj().T @ (4 * apart * u)


def mixed(Z, MIXING, POWERS):
    u = MIXING @ Z
    apart = np.abs(u) ** 2 - POWERS
    du = 4 * apart * u
    slopes = {"Z": MIXING.conj().T @ du, "MIXING": np.outer(du, Z.conj()), "POWERS": -2 * apart}
    return np.sum(apart**2), slopes


def in_place(Z, ANGLES):
    Z[1:] *= np.exp(1j * ANGLES)
    d = 2 * (Z - 1)
    dangles = (d[1:] * np.conj(1j * Z[1:])).real
    d[1:] *= np.exp(-1j * ANGLES)
    return np.sum(np.abs(Z - 1) ** 2), [d, dangles]


def moved(Z):
    u = np.roll(Z, 1) - np.append(Z[1:], 1)
    rows = np.reshape(u, (2, 2)).sum(1)
    d = np.repeat(2 * rows, 2)
    return np.sum(np.abs(rows) ** 2), np.roll(d, -1) - np.insert(d[:-1], 0, 0)


def one_number(w, POWERS):
    u = w * POWERS
    return np.sum(np.abs(u**2) ** 2), {"w": np.sum(4 * np.abs(u) ** 2 * u * POWERS)}


def real_slopes(Z):
    return np.sum(Z.real**2), 2 * Z.real


MISTAKES = [
    (phases, "MIXING.conj().T @ (4 * apart * u)", "MIXING.T @ (4 * apart * u)"),
    (mixed, "np.outer(du, Z.conj())", "np.outer(du, Z)"),
    (mixed, "np.outer(du, Z.conj())", "np.outer(Z.conj(), du)"),
    (in_place, "np.conj(1j * Z[1:])", "np.conj(Z[1:])"),
    (in_place, "np.exp(-1j * ANGLES)", "np.exp(1j * ANGLES)"),
]
ARRAYS = {"Z": Z, "MIXING": MIXING, "POWERS": POWERS, "ANGLES": ANGLES, "w": 0.3 - 0.7j}


@pytest.mark.parametrize("function", [phases, mixed, in_place, moved, one_number, real_slopes])
def test_right_gradients_are_compared_at_all_points(function):
    count = function.__code__.co_argcount
    names = function.__code__.co_varnames[:count]

    assert gradtui.check(function, **{name: ARRAYS[name] for name in names}) == []


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_line_is_named_and_its_fix_makes_the_program_right(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.line == at
    assert planted.errors(repaired(wrong, found), function.__name__) == []


def test_the_part_of_a_number_is_named():
    def case(Z):
        return np.sum(np.abs(Z) ** 2), 2 * Z.real + 3j * Z.imag

    (found,) = gradtui.check(case, Z=Z)

    assert "the gradient of Z.imag[" in found.message


def test_complex_data_without_gradients_stay_data():
    def case(data, POWERS):
        apart = np.abs(data.sum(axis=1)) - POWERS
        return np.sum(apart**2), -2 * apart

    assert gradtui.check(case, data=MIXING, POWERS=POWERS) == []
