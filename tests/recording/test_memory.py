"""The origin of elements that are written and read in parts: by slices and by other indices."""

import numpy as np
import pytest

from gradtui.recording.library import NUMPY, record
from gradtui.recording.sweep import Replay

A = np.arange(1.0, 7.0)


def by_index_then_slice(a):
    x = np.zeros(6)
    x[[3, 1]] = a[:2]
    alike = x[3:5] * 2
    x[1:3] += a[1:3]
    return alike + x[1:3]


def by_slice_then_again(a):
    x = np.zeros((3, 2))
    for _ in range(2):
        x[1] += a[:2]
        x[:, 1] += a[3:]
    return x[1:] * x[:2]


def by_steps(a):
    x = np.ones(6)
    x[::2] = a[:3]
    x[::-2] += x[::2]
    return x[::2] + x[1::2]


def by_rows(a):
    x = np.zeros((4, 6))
    for t in range(3):
        x[2 - t] = a * (t + 1)
    return x.T * 2


def by_rows_far_apart(a):
    x = np.zeros((2, 6))
    x[1] = a
    for _ in range(20):
        a = a + 1
    x[0] = a
    return x[:, 2] * 2


WAYS = [by_index_then_slice, by_slice_then_again, by_steps, by_rows, by_rows_far_apart]


@pytest.mark.parametrize("write", WAYS)
def test_parts_that_are_written_come_from_where_they_come_from(write):
    result = record(NUMPY, lambda taking, given: write(given["a"]), {"a": A}, {"a": A}, write)
    node = result.node(result.returned)
    leaf = result.tape.arguments["a"]

    np.testing.assert_array_equal(result.tape.value(node), write(A))
    again = Replay(result.tape, {leaf: A**2})
    np.testing.assert_array_equal(again.value(node), write(A**2))
