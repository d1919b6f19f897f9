"""Slices that take the wrong part of a padded array's gradient."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(12)
ARRAYS = {"image": RNG.normal(size=(4, 5)), "kernel": RNG.normal(size=(5, 3))}


def filtered(image, kernel):
    up, left = 2, 1
    wide = np.pad(image, ((up, up), (left, left)))
    out = np.zeros((4, 5))
    for i in range(4):
        for j in range(5):
            out[i, j] = np.sum(wide[i : i + 5, j : j + 3] * kernel)
    dwide, dkernel = np.zeros_like(wide), np.zeros_like(kernel)
    for i in range(4):
        for j in range(5):
            dwide[i : i + 5, j : j + 3] += out[i, j] * kernel
            dkernel += out[i, j] * wide[i : i + 5, j : j + 3]
    dimage = dwide[up:-up, left:-left]
    return 0.5 * np.sum(out**2), (dimage, dkernel)


def bordered(image, kernel):
    p, rows, columns = 1, 6, 7
    wide = np.pad(image, ((p, p), (p, p)))
    dwide, dkernel = np.zeros_like(wide), np.zeros_like(kernel)
    loss = 0.0
    for i in range(2):
        for j in range(5):
            part = wide[i : i + 5, j : j + 3]
            out = np.sum(part * kernel)
            loss += 0.5 * out**2
            dwide[i : i + 5, j : j + 3] += out * kernel
            dkernel += out * part
    return loss, (dwide[p : rows - p, p : columns - p], dkernel)


MISTAKES = [
    ("dwide[up:-up, left:-left]", "dwide[: -2 * up, : -2 * left]"),
    ("dwide[up:-up, left:-left]", "dwide[2 * up :, 0:5]"),
]


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_the_padding_is_left_out_on_each_side(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, "filtered")

    assert found.line == planted.line(old)
    assert repaired(wrong, found) == planted.wrong("", "")


def test_what_is_cut_off_on_one_side_is_cut_off_on_both(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    old = "dwide[p : rows - p, p : columns - p]"
    wrong = planted.wrong(old, "dwide[: rows - 2 * p, : columns - 2 * p]")

    (found,) = planted.errors(wrong, "bordered")

    assert found.line == planted.line(old)
    assert planted.errors(repaired(wrong, found), "bordered") == []
