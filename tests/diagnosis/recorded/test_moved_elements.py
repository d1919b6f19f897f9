"""Axes of reversals, places of a maximum, parts with a minus, and numbers that only switch."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(39)
ARRAYS = {
    "MAPS": RNG.normal(size=(2, 4, 4)), "BANK": RNG.normal(size=(3, 2, 2, 2)),
    "PICTURE": RNG.normal(size=(4, 6)), "POINTS": RNG.normal(size=(4, 3)),
    "MARGINS": RNG.normal(size=5),
}  # fmt: skip


def correlated(MAPS, BANK):
    count, height, width = BANK.shape[0], *BANK.shape[2:]
    out = np.zeros((count, MAPS.shape[1] - height + 1, MAPS.shape[2] - width + 1))
    for n in range(count):
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                out[n, i, j] = np.sum(MAPS[:, i : i + height, j : j + width] * BANK[n])
    return out


def convolved(MAPS, BANK):
    out = correlated(MAPS, BANK)
    arriving = 2 * out
    turned = np.flip(BANK, (2, 3))
    swapped = np.swapaxes(turned, 0, 1)
    dmaps = correlated(np.pad(arriving, ((0, 0), (1, 1), (1, 1))), swapped)
    return np.sum(out**2), {"MAPS": dmaps}


def blurred(PICTURE, BANK):
    kernel, maps = BANK[:1, :1], PICTURE[None]
    out = correlated(maps, kernel)
    turned = np.flipud(np.fliplr(kernel[0, 0]))[None, None]
    dpicture = correlated(np.pad(2 * out, ((0, 0), (1, 1), (1, 1))), turned)[0]
    return np.sum(out**2), {"PICTURE": dpicture}


def pooled(PICTURE):
    height, width = PICTURE.shape[0] // 2, PICTURE.shape[1] // 2
    total, d = 0.0, np.zeros_like(PICTURE)
    for i in range(height):
        for j in range(width):
            window = PICTURE[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            first = np.argmax(window)
            total += np.max(window) ** 2
            row = 2 * i + first // 2
            column = 2 * j + first % 2
            d[row, column] += 2 * np.max(window)
    return total, {"PICTURE": d}


def bent(POINTS):
    total, d = 0.0, np.zeros_like(POINTS)
    for a, b, c in ((0, 1, 2), (1, 2, 3)):
        one, two = POINTS[a] - POINTS[b], POINTS[c] - POINTS[b]
        total += np.sum(one * two) ** 2
        slopes = 2 * np.sum(one * two) * np.stack([two, one])
        forces = np.zeros((3, 3))
        forces[0] = slopes[0]
        forces[1] = -slopes[0] - slopes[1]
        forces[2] = slopes[1]
        d[[a, b, c]] += forces
    return total, {"POINTS": d}


def switched(MARGINS):
    large = np.sign(np.sign(MARGINS / 100.0 - 1.0) + 1.0)
    small = 1.0 - large
    loss = np.sum(small * np.log(1.0 + np.exp(small * MARGINS)) + large * MARGINS)
    return loss, {"MARGINS": small / (1.0 + np.exp(-small * MARGINS)) + large}


MISTAKES = [
    (convolved, "np.flip(BANK, (2, 3))", "np.flip(BANK, (1, 3))"),
    (convolved, "np.flip(BANK, (2, 3))", "np.flip(BANK, 2)"),
    (blurred, "np.flipud(np.fliplr(kernel[0, 0]))", "np.flipud(kernel[0, 0])"),
    (pooled, "first % 2", "first // 2"),
    (pooled, "first // 2", "first % 2"),
    (bent, "-slopes[0] - slopes[1]", "-slopes[0]"),
    (bent, "-slopes[0] - slopes[1]", "-slopes[1]"),
    (switched, "np.exp(-small", "np.exp(small"),
]  # fmt: skip


@pytest.mark.parametrize("function", [convolved, blurred, pooled, bent, switched])
def test_the_programs_as_they_are_are_right(function, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    assert planted.errors(planted.wrong("", ""), function.__name__) == []


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_line_and_a_fix_are_named(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(old, new)

    (found,) = planted.errors(text, function.__name__)

    assert found.replaces == (planted.line(old),) * 2
    assert planted.errors(repaired(text, found), function.__name__) == []
