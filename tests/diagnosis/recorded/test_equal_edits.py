"""Of edits that repair the same gradients at several lines, the likeliest is named."""

import numpy as np
import pytest

import gradtui
from planted import Planted, repaired

RNG = np.random.default_rng(37)
ARROWS = {"A": RNG.normal(size=3), "B": RNG.normal(size=3)}
POINTS = RNG.normal(size=(4, 3))
KERNEL = RNG.normal(size=4)
ROWS = np.vander([0.3, -0.8, 0.5, 1.1, -0.2, 0.9], 3)
TURN = np.vander([0.3, -1.1, 0.8])
ARROWS["M"] = np.vander([0.5, 1.2, -0.7])


def spread(A, B):
    first, second = A[1] * B[2] - A[2] * B[1], A[2] * B[0] - A[0] * B[2]
    return np.array([first, second, A[0] * B[1] - A[1] * B[0]])


def bend(A, B):
    m, n = np.sqrt(np.sum(A**2)), np.sqrt(np.sum(B**2))
    a, b = A / m, B / n
    turned = np.arccos(np.sum(a * b))
    u = spread(a, b) / np.sqrt(np.sum(spread(a, b) ** 2))
    axu = spread(a, u)
    uxb = spread(u, b)
    first = axu / m
    second = uxb / n
    return turned, (first, second)


def v_add(one, two, scale=None):
    return one + two if scale is None else scale * (one + two)


def v_sub(one, two, scale=None):
    return one - two if scale is None else scale * (one - two)


def v_mul(one, two, scale=None):
    return one * two if scale is None else scale * one * two


def v_sum(one):
    return np.sum(one, axis=-1, keepdims=True)


def flat(A):
    off = np.tanh(POINTS @ A)
    loss = 0.5 * np.sum(off**2)
    slope = POINTS.T @ (off * (1 - off**2))
    return loss, slope


def upright(A):
    size = np.sqrt(v_sum(A**2))
    unit = v_add(A / size, np.zeros(3))
    loss = np.sum(KERNEL[:3] * unit)
    back = KERNEL[:3] / size
    along = v_mul(back, unit)
    along = v_sum(along)
    part = v_mul(unit, along)
    d = v_sub(back, part)
    return loss, d


def distance(A, B):
    far = A - B
    loss = np.log(1 + np.sum(far**2))
    g = 1 / (1 + np.sum(far**2))
    da = 2 * far
    db = -2 * far
    return loss, (g * da, g * db)


class Cell:
    def slopes(self, d, kind, one, two):
        if kind == "*":
            return d * two, d * one
        return d, d

    def forward(self, x, h):
        self.x, self.h = x, h
        self.gate = x * h
        self.kept = self.gate * h
        self.whole = self.kept + self.gate
        return np.sum(np.sin(self.whole))

    def backward(self):
        self.d_kept, self.d_gate = np.zeros_like(self.x), np.zeros_like(self.x)
        self.d_x, self.d_h = np.zeros_like(self.x), np.zeros_like(self.x)
        one, two = self.slopes(np.cos(self.whole), "+", self.kept, self.gate)
        self.d_kept += one
        self.d_gate += two
        one, two = self.slopes(self.d_kept, "*", self.gate, self.h)
        self.d_gate += one
        self.d_h += two
        one, two = self.slopes(self.d_gate, "*", self.x, self.h)
        self.d_x += one
        self.d_h += two
        return self.d_x, self.d_h


def cell(A, B):
    one = Cell()
    loss = one.forward(A, B)
    return loss, one.backward()


def mixed(A, B):
    loss = np.sum(A * (A - B) ** 3)
    one = 4 * A**3
    two = -9 * A**2 * B
    three = 6 * A * B**2
    four = -(B**3)
    return loss, (one + two + three + four, -3 * A * (A - B) ** 2)


def pairs(A):
    loss, d = 0.0, np.zeros((3, 3))
    for i in range(3):
        for j in range(i):
            loss += A[i] * A[j] * KERNEL[i]
            d[i, j] += KERNEL[i]
            d[j, i] += KERNEL[i]
    return loss, d @ A


def spread_over(A):
    whole = np.zeros(5)
    for i in range(3):
        whole[i : i + 2] += A[i]
    loss = np.sum(whole**2)
    d = np.zeros(3)
    for i in range(3):
        for j in range(2):
            d[i : i + 1] += 2 * whole[i + j]
    return loss, d


def centred(A):
    shares = np.exp(KERNEL[:3])
    off = A - A @ shares / shares.sum()
    loss = np.sum(off**3)
    d = 3 * off**2
    mean = d.sum() / shares.sum()
    d -= mean * shares
    return loss, d


def mapped(M):
    out = TURN @ M @ KERNEL[:3]
    loss = np.sum(out**3) + 0.2 * np.trace(TURN @ M)
    inner = np.outer(3 * out**2, KERNEL[:3]) + 0.2 * np.eye(3)
    d = TURN.T @ inner
    return loss, d


def normed(A):
    size = np.sqrt(np.mean(A**2))
    unit = A * size**-1
    loss = np.sum(KERNEL[:3] * unit)
    back = KERNEL[:3]
    along = np.sum(back * A)
    d = size**-1 * back - A * along / (3 * size**3)
    return loss, d


def rows_and_units(A):
    h = np.tanh(ROWS @ A)
    e = h - 1.0
    de = 2 * e / len(e)
    da = ROWS.T @ (de * (1 - h**2))
    return np.mean(e**2), da


def apart(A):
    tied = np.zeros(3)
    for row in ROWS[3:]:
        tied = tied + np.exp(row @ A) * row
    loss = np.sum(np.exp(ROWS[:3] @ A)) - np.sum(np.exp(ROWS[3:] @ A))
    d = ROWS[:3].T @ np.exp(ROWS[:3] @ A) - tied
    return loss, d


def tallied(A):
    z = np.tanh(ROWS @ A)
    total = np.zeros(3)
    total += 2 * z[0] * (1 - z[0] ** 2) * ROWS[0]
    for i in range(1, len(ROWS)):
        total += 2 * z[i] * (1 - z[i] ** 2) * ROWS[i]
    return np.sum(z**2), total


def unlikely(A):
    likelihood = np.sum(np.log(np.cosh(A)))
    return -likelihood


def likely(A):
    slopes = np.tanh(A)
    both = np.append(slopes[:1], slopes[1:])
    return -both


def judged(A):
    return unlikely(A), likely(A)


def rolled(A):
    by = 1
    out = np.tanh(np.roll(A, by))
    d = 2 * KERNEL[:3] * out * (1 - out**2)
    return np.sum(KERNEL[:3] * out**2), np.roll(d, -by)


MISTAKES = [
    (tallied, "total = np.zeros(3)", "total = np.ones(3)"),
    (judged, "return -both", "return both"),
    (apart, "np.exp(ROWS[:3] @ A) - tied", "np.exp(ROWS[:3] @ A) + tied"),
    (centred, "d -= mean * shares", "d += mean * shares"),
    (mapped, "np.outer(3 * out**2, KERNEL[:3])", "np.outer(KERNEL[:3], 3 * out**2)"),
    (mixed, "two = -9 * A**2 * B", "two = 9 * A**2 * B"),
    (pairs, "d[j, i] += KERNEL[i]", "d[i, j] += KERNEL[i]"),
    (spread_over, "+= 2 * whole[i + j]", "= 2 * whole[i + j]"),
    (bend, "uxb = spread(u, b)", "uxb = spread(b, u)"),
    (bend, "axu = spread(a, u)", "axu = spread(u, a)"),
    (upright, "d = v_sub(back, part)", "d = v_add(back, part)"),
    (distance, "(g * da, g * db)", "(g * da, db)"),
    (distance, "(g * da, g * db)", "(da, g * db)"),
    (cell, '"*", self.x, self.h)', '"*", self.h, self.x)'),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_likeliest_of_equal_edits_is_named(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARROWS)
    at, wrong = planted.line(old), planted.wrong(old, new)

    (finding,) = planted.errors(wrong, function.__name__)

    assert finding.line == at
    assert not planted.errors(repaired(wrong, finding), function.__name__)


def test_what_is_rolled_one_way_is_rolled_back_the_other(tmp_path):
    """The number of places that do so as well fits arrays of this size alone."""
    planted = Planted(__file__, tmp_path, ARROWS)

    (finding,) = planted.errors(planted.wrong("np.roll(d, -by)", "np.roll(d, by)"), "rolled")

    assert "np.roll(d, -by)" in finding.fix


def test_the_programs_are_right_as_they_are(tmp_path):
    planted = Planted(__file__, tmp_path, ARROWS)

    for name in {function.__name__ for function, _, _ in MISTAKES} | {"normed"}:
        assert not planted.errors(planted.wrong("no such text", ""), name), name


def test_a_transpose_too_many_is_dropped_rather_than_a_product_turned_over(tmp_path):
    planted = Planted(__file__, tmp_path, {"A": RNG.normal(size=(3, 2))})

    (finding,) = planted.errors(planted.wrong("loss, slope", "loss, slope.T"), "flat")

    assert finding.fix == "return loss, slope" and "slope.T must be slope" in finding.message


def test_an_edit_of_another_line_that_is_as_likely_is_told(tmp_path):
    planted = Planted(__file__, tmp_path, ARROWS)
    old, new = "d[j, i] += KERNEL[i]", "d[i, j] += KERNEL[i]"
    first, wrong = planted.line("d[i, j] += KERNEL[i]"), planted.wrong(old, new)

    (finding,) = planted.errors(wrong, "pairs")

    assert finding.evidence["elsewhere"] == [[first, old]]
    assert f"; or, in line {first} instead: {old}" in finding.message
    other = wrong.replace(new, old, 1)
    assert other != wrong and not planted.errors(other, "pairs")


def test_an_edit_of_a_later_line_that_is_as_likely_is_told(tmp_path):
    planted = Planted(__file__, tmp_path, ARROWS)
    old, new = "A * along / (3 * size**3)", "A * along / (3 * size**2)"
    at, wrong = planted.line(old), planted.wrong(old, new)

    (finding,) = planted.errors(wrong, "normed")

    told = {finding.line: finding.fix} | dict(finding.evidence["elsewhere"])
    assert told == {at - 1: "along = np.sum(back * unit)", at: f"d = size**-1 * back - {old}"}
    assert not planted.errors(repaired(wrong, finding), "normed")


def test_no_other_line_is_told_where_only_one_edit_repairs(tmp_path):
    planted = Planted(__file__, tmp_path, ARROWS)

    (finding,) = planted.errors(
        planted.wrong("= 2 * whole[i + j]", "= 3 * whole[i + j]"), "spread_over"
    )

    assert "elsewhere" not in finding.evidence and "the same" not in finding.message


def test_a_factor_of_two_is_likelier_than_the_size_of_another_array(tmp_path):
    planted = Planted(__file__, tmp_path, ARROWS)

    (finding,) = planted.errors(
        planted.wrong("de = 2 * e / len(e)", "de = e / len(e)"), "rows_and_units"
    )

    assert finding.fix == "de = e / len(e) * 2"


def filtered(x, taken):
    """Return a filter's output, whose rounds each begin as an entry; they must take from it."""
    n, order = taken.shape
    y = np.zeros(n + order)
    y[order:] = x
    for t in range(n):
        new = y[t + order]
        for i in range(order):
            new += taken[t, i] * y[t + order - i - 1]
        y[t + order] = new
    return y[order:]


def averaged(c):
    x = np.array([0.5, -1.2, 0.8, 0.3, -0.4])
    y, last = np.zeros_like(x), 0.0
    for t in range(len(x)):
        last = last + c[t] * (x[t] - last)
        y[t] = last
    later = np.roll(c, -1)[:, None] - 1
    g = filtered(2 * y[::-1], later[::-1])[::-1]
    return (y**2).sum(), g * (x - np.append(0.0, y[:-1]))


def test_the_sign_in_a_loop_that_begins_as_an_entry_is_told_beside_an_equal_one():
    (found,) = gradtui.check(averaged, np.array([0.3, 0.6, 0.2, 0.7, 0.4]))
    line = filtered.__code__.co_firstlineno + 8
    assert found.rule == "sign"
    assert f"in line {line} instead: new -= taken[t, i] * y[t + order - i - 1]" in found.message
