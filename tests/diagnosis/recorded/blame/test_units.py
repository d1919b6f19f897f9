"""A function's text is edited in all functions that run its code."""

import ast
import gc
import runpy
from types import FunctionType

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.elsewhere import Elsewhere
from gradtui.diagnosis.recorded.target import target_of
from gradtui.recording.living import functions_of
from gradtui.recording.run import Answers
from planted import Planted, repaired

ROWS = np.random.default_rng(2).normal(size=(4, 3))


def by_row(shape, scale):
    """Return a decorator that runs a function on each row."""

    def decorate(function):
        def run(rows):
            out = np.zeros((len(rows), *shape))
            for row, one in zip(rows, out, strict=True):
                function(row * scale, one)
            return out

        return run

    return decorate


@by_row((2,), scale=1.0)
def bent(row, out):
    out[0] = row[0] * np.sin(row[1])
    out[1] = row[2] ** 2


@by_row(
    (
        2,
        int(np.max(ROWS.shape[1:])),
    ),
    scale=float(np.max(1.0)),
)
def bent_slopes(row, out):
    out[0, 0] = np.sin(row[1])
    out[0, 1] = row[0] * np.cos(row[1])
    out[1, 2] = 2 * row[2]


def decorated(ROWS):
    out = bent(ROWS)
    slopes = bent_slopes(ROWS)
    return np.sum(out**2), np.einsum("no,noi->ni", 2 * out, slopes)


MISTAKES = [("row[0] * np.cos(row[1])", "row[0] * np.sin(row[1])"), ("2 * row[2]", "3 * row[2]")]


def write(row=ROWS):
    """A function whose code is looked for with another's."""
    return 2 * row[2]


@pytest.mark.parametrize("spared_by", ["_others", "_shared", ""])
def test_functions_that_garbage_collection_spares_are_found(spared_by, monkeypatch):
    def one():
        return 1

    spared = gc.get_freeze_count() > 0
    gc.freeze()
    monkeypatch.setattr("gradtui.recording.run._others", False if spared_by == "_others" else None)
    monkeypatch.setattr("gradtui.recording.run._shared", spared_by == "_shared")
    try:
        others = {FunctionType(one.__code__, {})} if spared_by else set()
        found, ours = functions_of([one.__code__, write.__code__])
        assert set(found) == {one} | others and ours == [write]
        assert gc.get_freeze_count() > 0
    finally:
        if not spared:
            gc.unfreeze()


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_decorators_in_lines_above_are_no_part_of_a_functions_text(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"ROWS": ROWS})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, "decorated")

    assert found.line == at
    assert planted.errors(repaired(wrong, found), "decorated") == []


def test_the_nodes_of_a_kind_are_picked_once_in_the_order_of_all():
    unit = Unit(write.__code__, [write])
    for kind in (ast.stmt, ast.Subscript, ast.For):
        found = unit.of(kind)
        assert found == [one for one in unit.nodes if isinstance(one, kind)]
        assert unit.of(kind) is found


@pytest.mark.parametrize(
    ("text", "changes"), [("2*row[2]", False), ("2 * row[3]", True), ("2 *\n    row[2]", True)]
)
def test_blanks_within_a_line_are_no_change(text, changes):
    unit = Unit(write.__code__, [write])
    start = unit.source.index(b"return 2 * row[2]") + len(b"return ")
    assert unit.changes(Edit(start, start + len("2 * row[2]"), text)) == changes


@pytest.mark.parametrize(
    "text",
    [
        "def made():\n    return lambda: 2.0, 1",
        "def made(): return lambda: 2.0, 1",
        "def made(c=2.0):\n    if c: return lambda: 2.0 * c**0, 1",
    ],
)
def test_a_returned_lambda_is_edited(text, tmp_path):
    path = tmp_path / "made.py"
    path.write_text(text, encoding="utf-8")
    function, _ = runpy.run_path(str(path))["made"]()
    unit = Unit(function.__code__, [function])
    at = unit.source.rindex(b"2.0")
    with unit.running(unit.edited([Edit(at, at + 3, "3.0")])):
        assert function() == 3.0


def slope_of(scale):
    def slope(x, g):
        return scale * g * np.sin(x)

    MADE.append(slope)
    return slope


MADE = []
BEFORE = slope_of(2.0)


def made_before(x=ROWS):
    slope_of(3.0)
    y = 2 * np.sin(x)
    return np.sum(y**2), BEFORE(x, 2 * y)


def test_a_function_made_before_its_maker_ran_again_is_edited():
    apart = Elsewhere(target_of(made_before, None, (), {}), Answers())  # which spares all there is

    (found,) = apart.judgement().findings
    assert found.fix == "return scale * g * np.cos(x)"


def made(scale):
    class Layer:
        def forward(self, x):
            self.kept = x, scale
            return x * scale

    return Layer()


def test_a_method_of_a_class_that_a_function_makes_belongs_to_that():
    unit = Unit(made.__code__, [made])
    (owner,) = (one for one in unit.nodes if isinstance(one, ast.ClassDef))
    method = owner.body[0]

    assert unit.method_of(method.body[0]) == (method, owner)
    assert unit.method_of(unit.node.body[-1]) == (unit.node, None)
