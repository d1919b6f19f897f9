"""What was read of rows that grow stays as it was."""

import numpy as np

from gradtui.engine.growing import Growing


def test_rows_come_to_those_that_are_there():
    growing, read = Growing(np.empty((0, 2))), []
    for number in range(40):
        growing.extend(np.full((number % 3, 2), float(number)))
        read.append((growing.rows, growing.rows.copy()))
    assert all(np.array_equal(rows, copied) for rows, copied in read)
    assert growing.rows[:, 1].tolist() == [float(n) for n in range(40) for _ in range(n % 3)]


def test_where_there_is_room_no_row_is_copied():
    growing = Growing(np.ones((2, 1)))
    growing.reserve(100)
    first = growing.rows
    for _ in range(98):
        growing.extend(np.zeros((1, 1)))
    assert np.shares_memory(first, growing.rows)
    assert growing.rows[:, 0].tolist() == [1.0] * 2 + [0.0] * 98


def test_two_that_share_their_first_rows_go_on_apart():
    one = Growing(np.empty((0, 1)))
    one.extend(np.ones((3, 1)))
    other = Growing(one.rows)
    one.extend(np.full((1, 1), 2.0))
    other.extend(np.full((1, 1), 3.0))
    assert (one.rows[:, 0].tolist(), other.rows[:, 0].tolist()) == ([1, 1, 1, 2], [1, 1, 1, 3])
