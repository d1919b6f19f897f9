"""Mistakes in what picks elements: computed whole numbers, and the array that is cleared."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(41)
ARRAYS = {"A": RNG.normal(size=(7, 3)), "B": RNG.normal(size=(4, 3)), "v": RNG.normal(size=8)}
IGNORED = np.array([0, 1, 0, 0, 1, 0, 0], dtype=bool)
PLACES = [(0, [3, 4]), (2, [1, 5, 7]), (6, [0, 2])]
STARTS = np.array([1, 0, 0, 1, 1, 0, 1], dtype=bool)


def left_out(A):
    kept = np.exp(A)
    kept[IGNORED] = 0
    slopes = np.cos(A) * np.sin(A)
    parts = np.sin(A)
    parts[IGNORED] = 0
    loss = 0.5 * np.sum(parts**2) + np.sum(kept)
    total = slopes + np.exp(A)
    total[IGNORED] = 0
    return loss, {"A": total}


def by_group(B):
    rows = np.cumsum(STARTS) - 1
    loss = 0.5 * np.sum(np.sin(B[rows]) ** 2 * (1 + STARTS)[:, None])
    slopes = np.zeros_like(B)
    places = np.arange(7)
    places[STARTS] += 7
    weights = np.concatenate([np.ones(7), 2 * np.ones(7)])[places]
    np.add.at(slopes, rows, weights[:, None] * np.sin(B[rows]) * np.cos(B[rows]))
    return loss, {"B": slopes}


def by_layers(v):
    sizes, loss, d = (3, 2, 2, 1), 0.0, np.zeros_like(v)
    last = 0
    for size in sizes:
        loss += np.sum(v[last : last + size]) ** 3 / 3
        last += size
    for size in sizes[::-1]:
        first = last - size
        begin, end = first, first + size
        d[begin:end] = np.sum(v[begin:end]) ** 2
        last = first
    return loss, {"v": d}


def slopes_of_all(B, index=None):
    rows = []
    for n in range(len(B)):
        d = np.zeros((len(B), len(B)))
        d[n, :] = np.cos(B[n, 0] - B[:, 0]) * (n != np.arange(len(B)))
        d[:, n] = -d[n, :]
        rows.append(d.sum(axis=1))
    return np.array(rows)


def of_pairs(B):
    d = np.zeros_like(B)
    d[:, 0] = slopes_of_all(B) @ np.arange(4.0)
    return np.sum(np.sin(B[:, None, 0] - B[None, :, 0]) * np.arange(4.0)[:, None]), {"B": d}


def mixed(v):
    loss = v[1] * np.sum(np.sin(v[3:])) + v[2] * np.sum(v[3:] ** 2)
    at = 1
    d = np.zeros_like(v)
    d[at] = np.sum(np.sin(v[3:]))
    d[at + 1] = np.sum(v[3:] ** 2)
    d[3:] = v[at] * np.cos(v[3:]) + 2 * v[at + 1] * v[3:]
    return loss, {"v": d}


def every_other(v):
    fed = np.array(v)
    fed[1::2] = v[1::2] ** 2
    loss = np.sum(np.sin(fed))
    slopes = np.ones(v.size)
    slopes[1::2] = 2 * v[1::2]
    return loss, {"v": np.cos(fed) * slopes}


def of_rank(v):
    d = 0.2 * v
    for first, others in PLACES:
        places = [first, *others]
        d[places] += np.exp(v[places]) / np.exp(v[places]).sum()
        d[first] -= 1
    return d


def ranked(v):
    loss = 0.1 * np.sum(v**2)
    for first, others in PLACES:
        loss += np.log(np.exp(v[[first, *others]]).sum()) - v[first]
    return loss, {"v": of_rank(v)}


MISTAKES = [
    (of_pairs, "        d[:, n] = -d[n, :]\n", "        d[:, index] = -d[n, :]\n"),
    (ranked, "        d[first] -= 1\n", "        d[others] -= 1\n"),
    (mixed, "    at = 1\n", "    at = 0\n"),
    (left_out, "    total[IGNORED] = 0\n", "    slopes[IGNORED] = 0\n"),
    (by_group, "    places[STARTS] += 7\n", "    places += 7\n"),
    (by_layers, "begin, end = first, first + size", "begin, end = last, last + size"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_line_is_repaired(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.line == planted.line(old)
    assert planted.errors(repaired(wrong, found), function.__name__) == []


def test_two_places_picked_in_steps_begin_one_later_together(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong("slopes[1::2] = 2 * v[1::2]", "slopes[::2] = 2 * v[::2]")

    (found,) = planted.errors(wrong, "every_other")

    assert found.fix == "slopes[1::2] = 2 * v[1::2]"


@pytest.mark.parametrize(
    "function", [left_out, by_group, by_layers, mixed, of_pairs, ranked, every_other]
)
def test_the_programs_are_sound(function, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    assert planted.errors(planted.wrong("", ""), function.__name__) == []
