"""Lines and parts of lines that stand in rows, and edits that make them like the others or not."""

import pytest

from gradtui.diagnosis.recorded.blame.alike import becomes_alike, becomes_same, becomes_sum
from gradtui.diagnosis.recorded.blame.rows import breaks_row
from gradtui.diagnosis.recorded.blame.units import Edit, Unit


def rows(a, b, c, d, own):
    whole = own + a + b + c - d
    every = -own + a + b + c + d
    a += b
    b += c
    c += d
    d *= own
    two = a * b + c
    one = a * b
    own = a + b
    own += c
    first = a * b * (1 - b)
    last = c * d * (1 - d)
    left = (a
            * d)  # fmt: skip
    right = (b
             * -c)  # fmt: skip
    kept = own
    x_1, x_2 = two, one
    y_2, y_1 = one, two
    for i in range(a):
        d = d + i
    for j in reversed(range(b)):
        d = d - j
    turned = x_1 / x_2, y_1 / y_2
    a.append(b, c)
    half = a - 0.5 * b * c + 0.5 * d + own
    kept[a] = left * two
    kept[b] = right
    return whole, (every * a, b), one + two, first, last, left, right, kept, turned, half


def edited(old, new, within):
    """Return the function's unit, a statement of it, and the edit of a text in it."""
    unit = Unit(rows.__code__, [rows])
    (own,) = (one for one in unit.node.body if unit.text(one).startswith(within))
    start = unit.source.index(old.encode(), unit.start(own))
    return unit, own, [Edit(start, start + len(old), new)]


ODD = [
    ("+ b", "- b", "every", True),
    ("+ b", "+ -b", "every", True),
    ("-own", "own", "every", False),
    ("+ b", "- b", "whole", False),
    ("- d", "+ d", "whole", False),
    ("+=", "-=", "b +=", True),
    ("c", "-c", "b +=", True),
    ("c", "d", "b +=", False),
    ("+=", "*=", "b +=", False),
    ("b * (", "d * (", "first", True),
    ("a", "d", "first", False),
    ("b * (1 - b)", "d * (1 - d)", "first", False),
    ("x_1, x_2", "x_2, x_1", "x_1", True),
    ("two, one", "one, two", "x_1", False),
    ("y_2, y_1", "y_1, y_2", "y_2", False),
    ("b, c", "b, b", "a.append", True),
    ("b, c", "b, d", "a.append", False),
]


@pytest.mark.parametrize(("old", "new", "within", "odd"), ODD)
def test_one_of_a_row_gets_another_sign_or_name(old, new, within, odd):
    assert breaks_row(*edited(old, new, within)) is odd


ALIKE = [
    ("a * b", "a * b - d", "one", True),
    ("a * b", "a * b * d", "one", False),
    ("a * b", "a", "one", False),
    ("(every * a, b)", "(every * a, b * c)", "return", True),
    ("(every * a, b)", "(every * a, b / c)", "return", False),
    ("* d", "* -d", "left", True),
    ("a", "-a", "left", False),
    ("own", "0.5 * own", "half", True),
    ("own", "2 * own", "half", False),
    ("right", "right * two", "kept[b]", True),
    ("two", "two * one", "turned", False),
    ("range(a)", "reversed(range(a))", "for i", True),
    ("range(a)", "range(1, a)", "for i", False),
]


@pytest.mark.parametrize(("old", "new", "within", "alike"), ALIKE)
def test_a_line_or_an_element_becomes_like_another(old, new, within, alike):
    assert becomes_alike(*edited(old, new, within)) is alike


def test_what_is_added_to_elsewhere_becomes_a_sum():
    assert becomes_sum(*edited("=", "+=", "own = "))
    assert not becomes_sum(*edited("=", "+=", "one"))


def steps(a, b, c, rate):
    a = a - rate * b
    b = b + rate * c
    c = c - rate * b
    return a, b, c


@pytest.mark.parametrize(("line", "alike"), [(1, True), (0, False)])
def test_a_value_changes_in_the_direction_of_those_beside_it(line, alike):
    unit = Unit(steps.__code__, [steps])
    own = unit.node.body[line]
    start = unit.source.index(b"+" if alike else b"-", unit.start(own))

    assert becomes_alike(unit, own, [Edit(start, start + 1, "-" if alike else "+")]) is alike


def forth(a, mean, scale):
    return (a - mean) * scale + 1


def back(own, mean, scale):
    value = (mean - own) * scale
    return value


@pytest.mark.parametrize(("new", "same"), [("own - mean", True), ("mean + own", False)])
def test_a_value_becomes_what_another_function_calculates_but_for_a_name(new, same):
    unit = Unit(back.__code__, [back])
    own, old = unit.node.body[0], "mean - own"
    start = unit.source.index(old.encode(), unit.start(own))

    assert becomes_same(unit, own, [Edit(start, start + len(old), new)]) is same
