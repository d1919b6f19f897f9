"""Lines that store a value otherwise than they must, or once too often."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(2)
ROWS = RNG.normal(size=(6, 3))
EVERY_OTHER = np.where(np.arange(6)[:, None] % 2, 1.0, ROWS)
ARRAYS = {"w": RNG.normal(size=3)}


def decayed(w):
    e = ROWS @ w - 1
    dw = np.zeros_like(w)
    dw += 2 * ROWS.T @ e
    dw += 0.2 * w
    return np.sum(e**2) + 0.1 * np.sum(w**2), dw


def largest(image):
    rows = image.reshape(4, 3)
    at = rows.argmax(axis=1)
    marked = np.zeros_like(rows)
    marked[np.arange(4), at] = 1
    marked *= 2 * rows.max(axis=1)[:, None]
    return np.sum(rows.max(axis=1) ** 2), {"image": marked.reshape(image.shape)}


def doubled(w, rate):
    size = np.exp(rate)
    slopes = ROWS.T @ (ROWS @ w)
    kept = size * slopes
    kept *= 2
    return size * np.sum((ROWS @ w) ** 2), kept, np.sum((ROWS @ w) ** 2) * size


def spread(w):
    waves = np.sin(EVERY_OTHER * w)
    loss = np.sum(waves**2)
    back = 2 * waves * np.cos(EVERY_OTHER * w)
    for row in range(0, len(ROWS), 2):
        back[row, :] = back[row, :] * ROWS[row]
    return loss, np.sum(back, axis=0)


MISTAKES = ["    dw += 2 * ROWS.T @ e\n", "    dw += 0.2 * w\n"]


@pytest.mark.parametrize("line", MISTAKES)
def test_the_second_of_two_equal_lines_does_not_belong_there(line, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(line, line + line)

    (found,) = planted.errors(wrong, "decayed")

    assert (found.rule, found.line) == ("double-counted-path", planted.line(line) + 1)
    assert planted.errors(repaired(wrong, found), "decayed") == []


def test_what_is_marked_in_an_array_is_no_index(tmp_path):
    planted = Planted(__file__, tmp_path, {"image": RNG.normal(size=(2, 2, 3))})
    right = "marked[np.arange(4), at] = 1"

    (found,) = planted.errors(planted.wrong(right, "marked[np.arange(4), at] = at"), "largest")

    assert (found.line, found.fix) == (planted.line(right), right)


def test_what_changes_where_nothing_reads_it_is_another_value(tmp_path):
    planted = Planted(__file__, tmp_path, {**ARRAYS, "rate": np.array(0.3)})
    wrong = planted.wrong("kept *= 2", "slopes *= 2")
    assert planted.errors(planted.wrong("", ""), "doubled") == []

    (found,) = planted.errors(wrong, "doubled")

    assert (found.line, found.fix) == (planted.line("kept *= 2"), "kept *= 2")


def test_parts_that_become_others_belong_to_the_array_that_is_read(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    right = "back[row, :] = back[row, :] * ROWS[row]"
    wrong = planted.wrong(right, "waves[row, :] = back[row, :] * ROWS[row]")

    (found,) = planted.errors(wrong, "spread")

    assert (found.line, found.fix) == (planted.line(right), right)
