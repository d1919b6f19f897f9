"""Mistakes in what an index picks: two parts of it, a slice as long, the last for the first."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.picks import picks
from gradtui.diagnosis.recorded.blame.scope import Held
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.recording.library import NUMPY
from planted import Planted, repaired

RNG = np.random.default_rng(3)
COSTS = RNG.random((3, 4))
FIELD = RNG.normal(size=7)
WEIGHTS = RNG.normal(size=(4, 4))
CHOSEN = np.array([2, 0, 2, 1])
IMAGES = RNG.normal(size=(4, 2, 5, 5))


def aligned(COSTS):
    n, m = COSTS.shape
    R = np.full((n + 2, m + 2), 9.0)
    R[0, 0] = 0.0
    P = np.zeros((n + 2, m + 2, 2))
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            a, b = np.exp(-R[i - 1, j - 1]), np.exp(-R[i - 1, j])
            P[i, j] = np.array([a, b]) / (a + b)
            R[i, j] = COSTS[i - 1, j - 1] - np.log(a + b)
    E = np.zeros((n + 2, m + 2))
    E[n, m] = 1.0
    for i in range(n, 0, -1):
        for j in range(m, 0, -1):
            if (i, j) != (n, m):
                E[i, j] = P[i + 1, j + 1, 0] * E[i + 1, j + 1] + P[i + 1, j, 1] * E[i + 1, j]
    return R[n, m], E[1 : n + 1, 1 : m + 1]


def bent(FIELD):
    curve = FIELD[2:] - 2 * FIELD[1:-1] + FIELD[:-2]
    slope = curve**3
    d = np.zeros_like(FIELD)
    d[2:] += slope
    d[1:-1] -= 2 * slope
    d[:-2] += slope
    return np.sum(curve**4) / 4, d


def after_the_bias(FIELD):
    n, count = len(FIELD), 2
    tail = FIELD[count + 1 : n] ** 2
    d = np.zeros(n)
    d[count + 1 : n] = 2 * FIELD[count + 1 : n] * tail
    return np.sum(tail**2) / 2, d


def picked(WEIGHTS):
    rows = np.arange(len(CHOSEN))
    own = WEIGHTS[rows, CHOSEN]
    d = np.zeros_like(WEIGHTS)
    d[rows, CHOSEN] = 3 * own**2
    return np.sum(own**3), d


def placed(FIELD):
    places = np.array([4, 0, 2])
    out = np.zeros(7)
    out[places] = FIELD[:3] ** 2
    dout = 3 * out**2
    d = np.zeros_like(FIELD)
    d[:3] = 2 * FIELD[:3] * dout[places]
    return np.sum(out**3), d


def of_all_images(WEIGHTS):
    out = np.tanh(IMAGES * WEIGHTS[:2, :1, None])
    d = 2 * out * (1 - out**2) * IMAGES
    slopes = np.zeros_like(WEIGHTS)
    slopes[:2, :1] = 1 * d.sum(axis=(0, 2, 3)).reshape(2, 1)
    return np.sum(out**2), slopes


def of_all_rows(WEIGHTS):
    out = np.sin(IMAGES[0, 0, :, :4] + WEIGHTS[0])
    d = 2 * out * np.cos(IMAGES[0, 0, :, :4] + WEIGHTS[0])
    slopes = np.zeros_like(WEIGHTS)
    slopes[0] = d.mean(axis=0)
    return np.sum(out**2) / 5, slopes


def of_each_row(WEIGHTS):
    error = WEIGHTS[:, :1] - 1.0
    rows = len(error)
    d = np.zeros_like(WEIGHTS)
    d[:, :1] = 2 * error / rows
    return np.mean(error**2), d


MISTAKES = [
    (of_each_row, "rows = len(error)", "rows = len(error[0])"),
    (aligned, "P[i + 1, j + 1, 0] * E", "P[i, j, 0] * E"),
    (bent, "    d[:-2] += slope", "    d[1:-1] += slope"),
    (bent, "    d[2:] += slope", "    d[1:-1] += slope"),
    (after_the_bias, "    d[count + 1 : n] = 2", "    d[: n - count - 1] = 2"),
    (picked, "    d[rows, CHOSEN] = 3", "    d[rows, :] = 3"),
    (placed, "dout[places]", "dout[: len(places)]"),
    (of_all_images, "d.sum(axis=(0, 2, 3))", "d[0].sum(axis=(1, 2))"),
    (of_all_images, "d.sum(axis=(0, 2, 3))", "d[0].sum(axis=(-1, 1))"),
    (of_all_rows, "    slopes[0] = d.mean(axis=0)", "    slopes[0] = d[0]"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_other_elements_are_picked(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"COSTS": COSTS, "FIELD": FIELD, "WEIGHTS": WEIGHTS})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []


@pytest.mark.parametrize(
    "function",
    [aligned, bent, after_the_bias, picked, placed, of_all_images, of_all_rows, of_each_row],
)
def test_the_programs_are_sound(function, tmp_path):
    planted = Planted(__file__, tmp_path, {"COSTS": COSTS, "FIELD": FIELD, "WEIGHTS": WEIGHTS})

    assert planted.errors(planted.wrong("", ""), function.__name__) == []


def row_by_row(v, w):
    d = np.zeros_like(v)
    for i in range(len(v)):
        d[i] = v[0] * w[1]
    return d


def test_a_number_is_likely_the_round_of_a_loop_along_its_axis():
    unit = Unit(row_by_row.__code__, [row_by_row])
    scope = {"v": Held((5, 3), "f"), "d": Held((5, 3), "f"), "w": Held((2,), "f")}
    around = Around(scope, scope, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    statement = Statement(unit, unit.node.body[1].body[0], around)

    likely = [unit.line_after(one.edits) for one in picks(statement) if one.named]

    assert likely == ["d[i] = v[i] * w[1]"]
