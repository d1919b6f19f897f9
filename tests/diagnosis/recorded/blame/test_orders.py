"""Kernels that must be turned over."""

import ast

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.orders import of_subscripts, orders
from gradtui.diagnosis.recorded.blame.scope import Held
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.recording.library import NUMPY
from planted import Planted, repaired

RNG = np.random.default_rng(17)
X, KERNEL = RNG.normal(size=(4, 5)), RNG.normal(size=(2, 2))


def filtered(X, KERNEL):
    n, m = X.shape
    y = np.zeros((n - 1, m - 1))
    for i in range(n - 1):
        for j in range(m - 1):
            y[i, j] = np.sum(KERNEL * X[i : i + 2, j : j + 2])
    arriving = np.pad(y**2, 1)
    turned = KERNEL[::-1, ::-1]
    d = np.zeros_like(X)
    for i in range(n):
        for j in range(m):
            d[i, j] = np.sum(turned * arriving[i : i + 2, j : j + 2])
    return np.sum(y**3) / 3, {"X": d}


def laid(images):
    blocks = np.zeros((2, 3, 2, 2, 1, 2))
    for y in range(2):
        for x in range(2):
            blocks[:, :, y, x, :, :] = images[:, :, y : y + 1, x : x + 2]
    return blocks.transpose(0, 4, 5, 1, 2, 3).reshape(4, 12)


def laid_back(rows):
    blocks = rows.reshape(2, 1, 2, 3, 2, 2).transpose(0, 3, 4, 5, 1, 2)
    images = np.zeros((2, 3, 2, 3))
    for y in range(2):
        for x in range(2):
            images[:, :, y : y + 1, x : x + 2] += blocks[:, :, y, x, :, :]
    return images


def in_blocks(images):
    rows = laid(images)
    return np.sum(rows**3) / 3, {"images": laid_back(rows**2)}


MISTAKES = [(filtered, "turned = KERNEL[::-1, ::-1]", "turned = KERNEL")]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_an_array_is_reversed_along_two_axes(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"X": X, "KERNEL": KERNEL})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []


def test_axes_are_put_back_as_another_function_has_put_them(tmp_path):
    planted = Planted(__file__, tmp_path, {"images": RNG.normal(size=(2, 3, 2, 3))})
    wrong = planted.wrong("transpose(0, 3, 4, 5, 1, 2)", "transpose(0, 3, 5, 4, 1, 2)")

    (found,) = planted.errors(wrong, "in_blocks")

    assert found.line == planted.line("transpose(0, 3, 4, 5, 1, 2)")
    assert "the axes must be 0, 3, 4, 5, 1, 2" in found.message


def run_back(v):
    late = np.flip(v.reshape(2, -1), axis=1)
    return np.cumsum(late, axis=1).flatten()


def test_a_running_sum_is_turned_back_though_its_shape_is_unknown():
    unit, held = Unit(run_back.__code__, [run_back]), Held((6,), "f")
    around = Around({"v": held}, {"v": held}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    statement = Statement(unit, unit.node.body[1], around)

    edits = {unit.line_after(one.edits) for one in orders(statement)}

    assert "return np.flip(np.cumsum(late, axis=1), 1).flatten()" in edits


def contracted(a, b):
    letters = np.einsum("nij,njk->nik", a, b)
    spaced = np.einsum("... q d, ... k d -> ... k q", a, b)
    return letters, spaced


@pytest.mark.parametrize(
    ("at", "turned"),
    [
        (0, {"inj,njk->nik", "nji,njk->nik", "nij,jnk->nik", "nij,nkj->nik", "nij,njk->ink",
             "nij,njk->nki"}),
        (1, {"... d q, ... k d -> ... k q", "... q d, ... d k -> ... k q",
             "... q d, ... k d -> ... q k"}),
    ],
)  # fmt: skip
def test_two_neighbouring_axes_of_an_einsum_are_exchanged(at, turned):
    unit = Unit(contracted.__code__, [contracted])
    around = Around({}, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    statement = Statement(unit, unit.node.body[at], around)
    (text,) = [one for one in ast.walk(statement.node) if isinstance(one, ast.Constant)]

    found = [*of_subscripts(statement, text)]
    exchanged = [one for one in found if one.rule == "transposed"]
    assert {ast.literal_eval(one.factor) for one in exchanged} == turned
    if at == 0:
        others = {ast.literal_eval(one.factor) for one in found if one.rule == "wrong-axis"}
        assert "nik,njk->nik" in others
        assert len(others) == 9 * 3  # each of nine axes as each of three others
