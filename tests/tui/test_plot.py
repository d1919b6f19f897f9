"""The loss curve: what is drawn, what is left out, and that nothing makes it fail."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gradtui.debugger.curves import Curve
from gradtui.explain.curves import MARKS
from gradtui.tui.plot import Drawing, column_of, draw_curves, reduce_columns, y_ticks

SECOND = MARKS[1]
BRAILLE = range(0x2801, 0x2900)


def draw(*values, last, size, log, main=True):
    """Draw curves of values from step 0 on: rows, and the columns between the edges."""
    curves = [
        Curve("", mark, np.arange(float(len(v))), np.asarray(v, float), main=main or mark == 0)
        for mark, v in enumerate(values)
    ]
    drawing = draw_curves(curves, (0, last), size, log=log)
    return drawing.rows, drawing.first, drawing.final


def inked(rows: list[str]) -> list[tuple[int, int]]:
    return [(y, x) for y, row in enumerate(rows) for x, c in enumerate(row) if ord(c) in BRAILLE]


def test_a_falling_curve_falls():
    rows, first, final = draw([9.0, 0.81, 0.0729, 0.006561], last=3, size=(40, 12), log=False)
    dots = inked(rows)
    assert min(dots)[1] == first
    left = min(y for y, x in dots if x == first)
    right = max(y for y, x in dots if x >= final - 2)
    assert left == 0 and right >= 9
    assert all(len(row) == 40 for row in rows)


def test_a_second_curve_is_as_fine_as_the_first_and_has_signs_of_its_own():
    steps = np.arange(21.0)
    curves = [
        Curve("", 0, steps, np.full(21, 2.0)),
        Curve("", 1, steps, np.linspace(8.0, 6.0, 21), main=False),
    ]
    drawing = draw_curves(curves, (0, 20), (40, 12), log=False)
    cells = [(ink, y, x) for y, row in enumerate(drawing.inks) for x, ink in enumerate(row)]
    for number in (0, 1):
        columns = {x for ink, _, x in cells if ink == number}
        assert columns >= set(range(drawing.first, drawing.final))
    assert max(y for ink, y, _ in cells if ink == 1) < min(y for ink, y, _ in cells if ink == 0)
    signs = {(y, x) for y, row in enumerate(drawing.rows) for x, c in enumerate(row) if c == SECOND}
    assert len(signs) >= 2 and all(drawing.inks[y][x] == 1 for y, x in signs)


def test_a_curve_that_lies_under_another_has_its_signs_all_the_same():
    steps, falling = np.arange(61.0), np.linspace(9.0, 0.0, 61)
    curves = [Curve("", mark, steps, falling) for mark in (0, 1, 2)]
    drawing = draw_curves(curves, (0, 60), (60, 12), log=False)
    for mark in (1, 2):
        at = [(y, x) for y, row in enumerate(drawing.rows) for x, c in enumerate(row)
              if c == MARKS[mark]]  # fmt: skip
        assert len(at) >= 3
        assert all(drawing.inks[y][x] == mark for y, x in at)
        # the line falls by 9 rows on its way to the right
        wide = drawing.final - 1 - drawing.first
        assert all(abs(y - 9 * (x - drawing.first) / wide) <= 1 for y, x in at)


def test_a_second_curve_may_be_all_there_is_to_draw():
    rows, *_ = draw([np.nan, np.inf], np.ones(2), last=1, size=(40, 12), log=True)
    assert SECOND in "".join(rows) and inked(rows)


def test_a_geometric_curve_is_straight_on_a_log_scale():
    rows, first, final = draw(9.0 * 0.09 ** np.arange(13), last=12, size=(60, 20), log=True)
    dots = inked(rows)
    middle = (first + final) // 2
    heights = [y for y, x in dots if x == middle]
    top, bottom = min(dots)[0], max(dots)[0]
    assert abs(np.mean(heights) - (top + bottom) / 2) <= 1.5


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    "values",
    [
        [],
        [1.0],
        [5.0, 5.0, 5.0],
        [np.nan, np.nan],
        [1.0, np.inf, np.nan, 2.0],
        [1e308, -1e308, 1e-308],
        [0.0, 0.0, -1.0],
        [1e-320, 1e-310],
    ],
)
def test_odd_values_are_left_out_and_never_fail(values, log):
    rows, first, final = draw(values, last=max(1, len(values) - 1), size=(30, 8), log=log)
    assert len(rows) <= 8
    assert 0 <= first <= final < 30


@settings(max_examples=60)
@given(
    st.lists(st.floats(), max_size=50),
    st.integers(16, 100),
    st.integers(4, 40),
    st.booleans(),
)
def test_any_values_in_any_size_draw(values, width, height, log):
    rows, _, _ = draw(values, values[::2], last=len(values) + 3, size=(width, height), log=log)
    assert all(len(row) == width for row in rows)


def test_a_spike_survives_the_reduction():
    values = np.zeros(100_000)
    values[54_321] = 7.0
    steps, heights = reduce_columns(np.arange(100_000.0), values, (0, 100_000), 50)
    assert len(steps) <= 100
    assert 7.0 in heights and 54_321.0 in steps
    assert steps == sorted(steps)


def test_ticks_are_round_and_inside():
    assert y_ticks(0.0, 9.0, 4, log=False) == [(0.0, "0"), (5.0, "5"), (9.0, "9")]
    assert [text for _, text in y_ticks(-6.0, 1.0, 4, log=True)] == [
        "1e-6",
        "0.0001",
        "0.01",
        "10",
    ]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize(("low", "high"), [(9.85, 38.65), (2.23, 2.24), (-0.3, 0.2), (-7.0, 8.5)])
def test_there_is_a_height_to_read_where_no_round_number_lies_between(low, high, count, log):
    heights = [height for height, _ in y_ticks(low, high, count, log=log)]
    assert heights == sorted(heights)
    assert all(low <= height <= high for height in heights)
    assert heights[-1] == pytest.approx(high, abs=0.02 * (high - low))


def test_the_marked_column_runs_from_edge_to_edge():
    drawing = Drawing((), (), 8, 39, frozenset())
    assert column_of(0, (0, 12), drawing) == 8
    assert column_of(12, (0, 12), drawing) == 39
    assert column_of(6, (0, 12), Drawing((), (), 8, 38, frozenset())) == 23
    assert column_of(6, (6, 8), drawing) == 8
    assert column_of(5, (6, 8), drawing) is None and column_of(9, (6, 8), drawing) is None


def test_a_curve_that_runs_away_leaves_the_picture_and_the_others_keep_their_shape():
    steps = np.arange(13.0)
    curves = [
        Curve("calm", 0, steps, 9.0 * 0.5**steps),
        Curve("wild", 1, steps, 9.0 * 100.0**steps, main=False),
    ]
    drawing = draw_curves(curves, (0, 12), (40, 12), log=False)
    assert drawing.leaving == {1}
    heights = {
        number: [y for y, row in enumerate(drawing.inks) if number in row] for number in (0, 1)
    }
    # The calm one has most of the height; the wild one leaves through the room above it.
    assert heights[0][0] <= 3 and heights[0][-1] == 9
    assert heights[1][0] == 0 and heights[1][-1] <= 3
    assert any(SECOND in row for row in drawing.rows)
    whole = draw_curves([curves[0], replace(curves[1], main=True)], (0, 12), (40, 12), log=False)
    assert not whole.leaving


def test_a_range_of_steps_is_drawn_from_edge_to_edge():
    curve = Curve("", 0, np.arange(10.0, 51.0), np.linspace(5.0, 1.0, 41))
    drawing = draw_curves([curve], (10, 50), (60, 12), log=False)
    columns = [x for _, x in inked(list(drawing.rows))]
    assert (min(columns), max(columns)) == (drawing.first, drawing.final)
    assert drawing.rows[-1].split()[0] == "10" and drawing.rows[-1].split()[-1] == "50"


def test_a_plot_may_be_larger_than_the_terminal():
    rows, _, _ = draw([3.0, 2.0, 1.0], last=2, size=(400, 200), log=False)
    assert [len(row) for row in rows] == [400] * 200


async def test_where_no_number_can_be_drawn_the_title_says_so(terminal, write):
    async with terminal(write("L = (w*x)**2", "w = 1e175")) as t:
        assert "Loss: nothing to draw" in t.text
        await t.press("n", "e")
        await t.type("w = 1")
        await t.press("enter", "n")
        assert "nothing to draw" not in t.text
