import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.engine.rows import Rows


def numbered(start, count, width):
    return np.arange(start, start + count)[:, None] + np.zeros(width)


@settings(max_examples=60)
@given(
    st.sampled_from([0, 1, 3, 64, 100]),
    st.lists(st.integers(0, 70), max_size=8),
    st.lists(st.sampled_from([2, 3]), max_size=3),
)
def test_rows_are_those_appended_however_they_came_and_were_thinned(width, counts, factors):
    rows, kept = Rows(width), []
    for number, count in enumerate(counts):
        rows.extend(numbered(100 * number, count, width))
        kept += [100 * number + at for at in range(count)]
        if number < len(factors):
            rows.thin(factors[number])
            kept = kept[:: factors[number]]
    assert len(rows) == len(kept)
    assert all(np.array_equal(row, np.full(width, at)) for row, at in zip(rows, kept, strict=True))
    for start, stop in ((0, len(kept)), (1, 3), (2, len(kept) - 1), (0, 0)):
        start, stop = min(start, len(kept)), max(min(stop, len(kept)), 0)
        expected = np.array(kept[start:stop], float).reshape(-1, 1) + np.zeros(width)
        assert np.array_equal(rows.between(start, stop), expected[: max(0, stop - start)])


@pytest.mark.parametrize("width", [2, 80])
def test_of_two_copies_neither_sees_what_the_other_appends(width):
    rows = Rows(width)
    rows.extend(numbered(0, 5, width))
    other = rows.copy()
    rows.extend(numbered(10, 3, width))
    other.extend(numbered(20, 2, width))
    assert [row[0] for row in rows] == [0, 1, 2, 3, 4, 10, 11, 12]
    assert [row[0] for row in other] == [0, 1, 2, 3, 4, 20, 21]


def test_a_row_that_was_read_stays_as_it_is():
    rows = Rows(2)
    rows.extend(numbered(0, 3, 2))
    read = rows[2]
    rows.extend(numbered(3, 500, 2))
    rows.thin(2)
    assert read.tolist() == [2, 2]


def test_few_numbers_take_little_memory():
    rows = Rows(2)
    for at in range(20_000):
        rows.extend(numbered(at, 1, 2))
    held = {id(row.base): row.base.nbytes for row in rows}
    assert sum(held.values()) < 2.5 * 20_000 * 2 * 8
