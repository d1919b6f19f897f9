"""Which operand elements make an element of a result."""

import numpy as np
import pytest

from gradtui.engine.indices import (
    aligned,
    collected,
    crossed,
    encoded,
    expanded,
    folded,
    joined,
    multiplied,
    permuted,
    picked,
    reshaped,
    scattered,
    sliced,
    spread,
    stretched,
    swapped,
    taken,
    transposed,
)

MATRIX, ROWS = (3, 4), np.array([2, 0, 2])
ROW_1 = [((0, (1, column)),) for column in range(4)]
COLUMN_2 = [((0, (row, 2)),) for row in range(3)]


@pytest.mark.parametrize(
    ("rule", "shapes", "options", "index", "terms"),
    [
        (folded, [MATRIX], {"axis": (-1,), "keepdims": False}, (1,), ROW_1),
        (folded, [MATRIX], {"axis": (-2,), "keepdims": True}, (0, 2), COLUMN_2),
        (collected, [MATRIX], {"drop": (-2,), "keep": ()}, (2,), COLUMN_2),
        (multiplied, [(2, 2), (2, 2)], {}, (0, 1),
         [((0, (0, 0)), (1, (0, 1))), ((0, (0, 1)), (1, (1, 1)))]),
        (multiplied, [(2,), (2,)], {}, (), [((0, (0,)), (1, (0,))), ((0, (1,)), (1, (1,)))]),
        (transposed, [MATRIX], {}, (3, 1), [((0, (1, 3)),)]),
        (permuted, [(2, 3, 4)], {"axes": (-1, -3, -2)}, (3, 1, 2), [((0, (1, 2, 3)),)]),
        (crossed, [(2,), (3,)], {}, (1, 2), [((0, (1,)), (1, (2,)))]),
        (joined, [(2,), (3,)], {"axis": -1, "split": 2}, (1,), [((0, (1,)),)]),
        (joined, [(2,), (3,)], {"axis": -1, "split": 2}, (3,), [((1, (1,)),)]),
        (sliced, [(5, 2)], {"axis": -2, "start": 3}, (1, 0), [((0, (4, 0)),)]),
        (swapped, [(2, 3, 4)], {}, (1, 3, 2), [((0, (1, 2, 3)),)]),
        (expanded, [(3,)], {"axis": (-1,)}, (2, 0), [((0, (2,)),)]),
        (stretched, [(3, 1)], {}, (2, 3), [((0, (2, 0)),)]),
        (reshaped, [(2, 3)], {"shape": (3, 2)}, (1, 1), [((0, (1, 0)),)]),
        (taken, [(4, 2), (3,)], {}, (0, 1), [((0, (2, 1)),)]),
        (scattered, [(3, 2), (3,)], {}, (2, 1), [((0, (0, 1)),), ((0, (2, 1)),)]),
        (scattered, [(3, 2), (3,)], {}, (1, 1), []),
        (picked, [(2, 2), (3,)], {}, (0,), [((0, (1, 0)),)]),
        (spread, [(3,), (3,)], {"shape": (2, 2)}, (1, 0), [((0, (0,)),), ((0, (2,)),)]),
        (encoded, [(3,)], {}, (0, 2), [()]),
        (encoded, [(3,)], {}, (1, 2), []),
    ],
)  # fmt: skip
def test_an_element_is_made_of_these(rule, shapes, options, index, terms):
    assert list(rule(shapes, options, index, lambda operand: ROWS)) == terms


def test_broadcasting_repeats_the_axes_of_one():
    assert aligned((2, 3), (1, 4)) == (0, 3)
    assert aligned((2, 3), (4,)) == (3,)
    assert aligned((2, 3), ()) == ()
