"""What an expression has otherwise than wherever else the file has it."""

import ast

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.recurring import odd_parts
from gradtui.diagnosis.recorded.blame.units import Unit
from planted import Planted, repaired

RNG = np.random.default_rng(13)
X, Y = RNG.random(size=(2, 12))
ARRAYS = {"m": np.array([0.4, 1.3, 0.5, 0.6, 0.3])}


def circle(m):
    low, high, x, y, r = m
    away = np.arctan(3 * (-r + np.sqrt((X - x) ** 2 + (Y - y) ** 2))) / np.pi + 0.5
    return low + (high - low) * away


def slopes(m):
    low, high, x, y, r = m
    dlow = 1.0 - (np.arctan(3 * (-r + np.sqrt((X - x) ** 2 + (Y - y) ** 2))) / np.pi + 0.5)
    dhigh = np.arctan(3 * (-r + np.sqrt((X - x) ** 2 + (Y - y) ** 2))) / np.pi + 0.5
    dx = (
        3
        * (-X + x)
        * (high - low)
        / (np.pi * (9 * (-r + np.sqrt((X - x) ** 2 + (Y - y) ** 2)) ** 2 + 1))
        / np.sqrt((X - x) ** 2 + (Y - y) ** 2)
    )
    dy = (
        3
        * (-Y + y)
        * (high - low)
        / (np.pi * (9 * (-r + np.sqrt((X - x) ** 2 + (Y - y) ** 2)) ** 2 + 1))
        / np.sqrt((X - x) ** 2 + (Y - y) ** 2)
    )
    dr = -3 * (high - low) / (np.pi * (9 * (-r + np.sqrt((X - x) ** 2 + (Y - y) ** 2)) ** 2 + 1))
    return np.stack([dlow, dhigh, dx, dy, dr], 1)


def fitted(m):
    apart = circle(m) - np.sin(5 * X)
    return np.sum(apart**2) / 2, slopes(m).T @ apart


MISTAKES = [
    ("dhigh = np.arctan(3 * (-r + np.sqrt((X", "dhigh = np.arctan(3 * (-r + np.sqrt((Y"),
    ("dr = -3 * (high - low) / (np.pi * (9", "dr = -3 * (high - low) / (np.pi / (9"),
    ("dr = -3 * (high - low) / (np.pi * (9", "dr = -3 * (high - low) / (np.pi * (5"),
]


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_an_expression_becomes_what_it_is_elsewhere(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), "fitted") == []
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, "fitted")

    assert found.line == planted.line(old)
    assert repaired(wrong, found) == planted.wrong("", "")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a = f(x * y + z) / (u - v)\nb = f(x * y + z) / (u - v)\nc = f(x * y + z) / (u + v)",
         [("u + v", "u - v")]),
        ("a = f(x * y + z) / (u - v)\nb = f(x * w + z) / (u - v)\nc = f(x * y + z) / (u + v)", []),
        ("a = f(x * y + z) / (u - v)\nb = f(x * y + z) / (u - v)\nc = f(x * w + z) / (u + v)", []),
    ],
)  # fmt: skip
def test_only_what_is_there_again_and_again_tells_what_is_odd(text, parts):
    def own():
        pass

    unit = Unit(own.__code__, [own])
    unit.__dict__["tree"] = ast.parse(text)
    found = odd_parts(unit, unit.tree.body[-1])
    assert [(ast.unparse(one), ast.unparse(two)) for one, two in found] == parts
