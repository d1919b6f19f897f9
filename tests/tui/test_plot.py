"""The loss curve: what is drawn, what is left out, and that nothing makes it fail."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.tui.plot import SECOND, column_of, draw_curve, reduce_columns, y_ticks

BRAILLE = range(0x2801, 0x2900)


def inked(rows: list[str]) -> list[tuple[int, int]]:
    return [(y, x) for y, row in enumerate(rows) for x, c in enumerate(row) if ord(c) in BRAILLE]


def test_a_falling_curve_falls():
    rows, first, final = draw_curve(np.array([9.0, 0.81, 0.0729, 0.006561]), 3, (40, 12), log=False)
    dots = inked(rows)
    assert min(dots)[1] == first
    left = min(y for y, x in dots if x == first)
    right = max(y for y, x in dots if x >= final - 2)
    assert left == 0 and right >= 9
    assert all(len(row) == 40 for row in rows)


def test_a_second_curve_has_marks_of_its_own_on_the_same_scale():
    rows, *_ = draw_curve(
        np.full(21, 2.0), 20, (40, 12), log=False, second=np.linspace(8.0, 6.0, 21)
    )  # fmt: skip
    marks = [(y, x) for y, row in enumerate(rows) for x, c in enumerate(row) if c == SECOND]
    assert len(marks) > 10 and inked(rows)
    assert max(y for y, _ in marks) < min(y for y, _ in inked(rows))
    assert min(marks)[0] == 0


def test_a_second_curve_may_be_all_there_is_to_draw():
    rows, *_ = draw_curve(np.array([np.nan, np.inf]), 1, (40, 12), log=True, second=np.ones(2))
    assert SECOND in "".join(rows) and not inked(rows)


def test_a_geometric_curve_is_straight_on_a_log_scale():
    rows, first, final = draw_curve(9.0 * 0.09 ** np.arange(13), 12, (60, 20), log=True)
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
    rows, first, final = draw_curve(np.array(values), max(1, len(values) - 1), (30, 8), log=log)
    assert len(rows) <= 8
    assert 0 <= first <= final < 30


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(), max_size=50),
    st.integers(16, 100),
    st.integers(4, 40),
    st.booleans(),
)
def test_any_values_in_any_size_draw(values, width, height, log):
    rows, _, _ = draw_curve(
        np.array(values, dtype=float), len(values) + 3, (width, height), log=log
    )
    assert all(len(row) == width for row in rows)


def test_a_spike_survives_the_reduction():
    values = np.zeros(100_000)
    values[54_321] = 7.0
    steps, heights = reduce_columns(np.arange(100_000.0), values, 100_000, 50)
    assert len(steps) <= 100
    assert 7.0 in heights and 54_321.0 in steps
    assert steps == sorted(steps)


def test_ticks_are_round_and_inside():
    assert y_ticks(0.0, 9.0, 4, log=False) == [(0.0, "0"), (5.0, "5"), (9.0, "9")]
    assert [text for _, text in y_ticks(-6.0, 1.0, 4, log=True)] == [
        "1e-06",
        "0.0001",
        "0.01",
        "10",
    ]


def test_the_marked_column_runs_from_edge_to_edge():
    assert column_of(0, 12, 8, 39) == 8
    assert column_of(12, 12, 8, 39) == 39
    assert column_of(6, 12, 8, 38) == 23
