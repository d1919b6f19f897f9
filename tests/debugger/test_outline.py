"""A long curve drawn from its outline is that drawn from all its numbers."""

import numpy as np
import pytest

from gradtui.debugger.curves import Curve
from gradtui.debugger.outline import Outline
from gradtui.tui.plot import reduce_columns

COUNT = 20_000


def columns():
    random = np.random.default_rng(0)
    rough = random.standard_normal(COUNT).cumsum()
    holes = np.where(random.random(COUNT) < 0.3, np.nan, rough)
    diverged = np.where(np.arange(COUNT) < 700, 1.01 ** np.arange(COUNT), np.inf)
    steps_of_equal = np.repeat(random.integers(-2, 3, COUNT // 100), 100).astype(float)
    return {"rough": rough, "holes": holes, "diverged": diverged, "equal": steps_of_equal}


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("edges", [(0, COUNT - 1), (0, 3 * COUNT), (137, 15_011)])
@pytest.mark.parametrize("name", columns())
def test_the_lowest_and_highest_of_each_column_are_those_of_all_numbers(name, edges, log):
    values, outline = columns()[name], Outline()
    for known in (1, 300, 9_000, COUNT):
        outline.follow(values[:known])
    first, last = edges
    part = values[first : last + 1]
    steps = range(first, first + len(part))
    drawn = []
    for own in (None, outline):
        found = Curve("", 0, steps, part, outline=own).points(edges, 90, log=log)
        drawn.append(reduce_columns(*found, edges, 90))
    assert drawn[0] == drawn[1]
    assert drawn[0][0]


def test_an_outline_that_branches_off_follows_another_column():
    values = np.arange(float(COUNT))
    outline = Outline()
    outline.follow(values)
    other = np.where(values < 5_000, values, 10_000 - values)
    forked = outline.fork(5_000)
    forked.follow(other)
    steps, edges = range(COUNT), (0, COUNT - 1)
    found = [
        reduce_columns(*Curve("", 0, steps, other, outline=one).points(edges, 90, log=False),
                       edges, 90)
        for one in (None, forked)
    ]  # fmt: skip
    assert found[0] == found[1]


def test_few_of_many_numbers_are_looked_at():
    values, outline = np.sin(np.arange(1e6) / 1e4), Outline()
    outline.follow(values)
    curve = Curve("", 0, range(len(values)), values, outline=outline)
    assert len(curve.points((0, len(values) - 1), 100, log=False)[0]) < 40_000
