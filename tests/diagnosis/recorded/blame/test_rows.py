"""Lines that stand in rows, and one that is not as the one beside it."""

import ast

import pytest

from gradtui.diagnosis.recorded.blame.rows import breaks_row, is_odd
from gradtui.diagnosis.recorded.blame.units import Edit, Unit


def windows(h, w, s, k, c):
    h_start, h_end = h * s, h * s + k
    w_start, w_end = w * s, w * s + k - 1
    top, end = h * s, h * s + k + c
    one = h * s + k * c
    two = w * s + k * c
    three = c * s + k * c
    return h_start, h_end, w_start, w_end, top, end, one, two, three


UNIT = Unit(windows.__code__, [windows])


@pytest.mark.parametrize(
    ("at", "odd"),
    [(0, True), (1, True), (2, False), (3, False), (4, False), (5, False), (6, False)],
)
def test_a_line_is_odd_that_has_more_or_less_than_the_one_beside_it(at, odd):
    node = UNIT.node.body[at]
    assert isinstance(node, ast.Assign | ast.Return)
    assert is_odd(UNIT, node) is odd


def shares(a, b, c, np):
    total = a + b + c
    share = np.exp(a + b + c)
    return total, share


SHARES = Unit(shares.__code__, [shares])


@pytest.mark.parametrize(("at", "breaks"), [(0, True), (1, False)])
def test_a_logarithm_is_taken_from_others_as_well_as_added(at, breaks):
    node = SHARES.node.body[at]
    before_c = SHARES.start(node) + SHARES.text(node).index("+ c")

    assert breaks_row(SHARES, node, [Edit(before_c, before_c + 1, "-")]) is breaks
