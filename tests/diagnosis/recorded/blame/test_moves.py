"""Lines that stand too late or too early."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(6)
U, V, B = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3)), RNG.normal(size=3)
ROWS = RNG.normal(size=(4, 3))
TARGET = RNG.normal(size=(4, 3))


def recurrent(U, V, B):
    hs = [np.zeros(3)]
    for row in ROWS:
        hs.append(np.tanh(U @ row + V @ hs[-1] + B))
    errors = np.array(hs[1:]) - TARGET
    dU, dV, dB = np.zeros((3, 3)), np.zeros((3, 3)), np.zeros(3)
    later = np.zeros(3)
    for t in reversed(range(len(ROWS))):
        dh = 2 * errors[t]
        dh += later
        dz = dh * (1 - hs[t + 1] ** 2)
        later = V.T @ dz
        dU += np.outer(dz, ROWS[t])
        dV += np.outer(dz, hs[t])
        dB += dz
    return np.sum(errors**2), [dU, dV, dB]


def gated(U, V):
    left, right = np.tanh(ROWS @ U), np.sin(ROWS @ V)
    out = left * right
    d = 2 * (out - TARGET)
    gate = d * left
    d = d * right
    dU = ROWS.T @ (d * (1 - left**2))
    return np.sum((out - TARGET) ** 2), [dU, ROWS.T @ (gate * np.cos(ROWS @ V))]


def summed(U, B):
    loss, dU, dB = 0.0, np.zeros((3, 3)), np.zeros(3)
    for row in ROWS:
        e = U @ row + B
        loss += np.sum(e**2) / 2
        dU += np.outer(e, row)
        dB += e
    dB = dB / len(ROWS)
    return loss / len(ROWS), [dU / len(ROWS), dB]


MISTAKES = [
    (summed, "        dB += e\n", "    dB += e\n", "    dB += e\n"),
    (summed, "    dB = dB / len", "        dB = dB / len", "        dB = dB / len"),
    (
        recurrent,
        "        dh += later\n        dz = dh * (1 - hs[t + 1] ** 2)\n",
        "        dz = dh * (1 - hs[t + 1] ** 2)\n        dh += later\n",
        "        dh += later\n",
    ),
    (
        gated,
        "    gate = d * left\n    d = d * right\n",
        "    d = d * right\n    gate = d * left\n",
        "    d = d * right\n",
    ),
]


@pytest.mark.parametrize(("function", "old", "new", "line"), MISTAKES)
def test_the_line_is_named_and_its_fix_makes_the_program_right(function, old, new, line, tmp_path):
    planted = Planted(__file__, tmp_path, {"U": U, "V": V, "B": B})
    assert planted.errors(planted.wrong("MISTAKES", "MISTAKES"), function.__name__) == []
    wrong = planted.wrong(old, new)
    at = wrong[: wrong.index(line)].count("\n") + 1

    (found,) = planted.errors(wrong, function.__name__)

    assert found.line == at
    assert planted.errors(repaired(wrong, found), function.__name__) == []
