"""Dots, lines, contours and ticks, apart from what they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.layout.plane import braille, cell_of, clipped, head, line_dots, resample, rims, text_of


def test_dots_are_braille():
    dots = np.zeros((4, 6), bool)
    dots[0, 0] = dots[3, 1] = dots[:, 2:4] = True
    assert text_of(braille(dots)[0]) == "⢁⣿ "


def test_a_line_between_bands_is_one_dot_thin_and_on_the_higher_side():
    bands = np.zeros((6, 8), np.int64)
    bands[:, 5:] = 1
    assert np.flatnonzero(rims(bands)[2]).tolist() == [5]
    bands[:, 5:] = -1
    assert not rims(bands).any(), "nothing is drawn beside what is not finite"


def test_a_plane_field_stays_plane_at_any_size():
    x, y = np.meshgrid((np.arange(10) + 0.5) / 10, (np.arange(6) + 0.5) / 6)
    found = resample(3.0 * x - 2.0 * y, 18, 40)
    fx, fy = np.meshgrid((np.arange(40) + 0.5) / 40, (np.arange(18) + 0.5) / 18)
    inner = np.s_[2:-2, 3:-3]
    np.testing.assert_allclose(found[inner], (3.0 * fx - 2.0 * fy)[inner], atol=1e-12)


def test_what_is_not_finite_does_not_spread_over_the_exact_places():
    field = np.ones((3, 3))
    field[1, 1] = np.inf
    assert np.isfinite(resample(field, 3, 3)).sum() == 8
    assert not np.isfinite(resample(field, 9, 9)[4, 4])


def test_cells_count_from_the_top_left():
    assert cell_of((0.0, 0.0), 5, 10) == (4, 0)
    assert cell_of((1.0, 1.0), 5, 10) == (0, 9)
    assert cell_of((0.5, 1.01), 5, 10) is None
    assert cell_of((float("nan"), 0.5), 5, 10) is None


@pytest.mark.parametrize(
    ("start", "end", "inside"),
    [
        ((0.2, 0.2), (0.8, 0.6), ((0.2, 0.2), (0.8, 0.6))),
        ((0.5, 0.5), (1.5, 0.5), ((0.5, 0.5), (1.0, 0.5))),
        ((-1.0, -1.0), (2.0, 2.0), ((0.0, 0.0), (1.0, 1.0))),
        ((-1.0, 0.5), (-0.5, 0.5), None),
        ((0.5, 0.5), (float("inf"), 0.5), None),
    ],
)
def test_a_line_is_cut_at_the_edges(start, end, inside):
    found = clipped(start, end)
    assert found is None if inside is None else np.allclose(found, inside)


@given(
    *[st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))] * 2,
    st.integers(1, 20),
    st.integers(1, 20),
)
def test_any_lines_dots_are_inside(start, end, rows, columns):
    inside = clipped(start, end)
    if inside is not None:
        row, column = line_dots(*inside, rows, columns)
        assert row.min() >= 0 and row.max() < 4 * rows
        assert column.min() >= 0 and column.max() < 2 * columns


def test_arrows_point_where_they_go():
    assert [head(x, y) for x, y in ((1, 0), (1, 1), (0, 2), (-3, 0.1), (-1, -1), (0.1, -4))] == [
        *"→↗↑←↙↓"
    ]
