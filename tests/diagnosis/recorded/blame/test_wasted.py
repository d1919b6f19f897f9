"""A value that another takes the place of unread tells of the line that would use it."""

import ast

import numpy as np

from gradtui.diagnosis.recorded.blame.wasted import rewritten_in, wasted_in
from planted import Planted, repaired

RNG = np.random.default_rng(5)
ARRAYS = {"u": RNG.normal(size=4), "w": RNG.normal(size=4)}


class Net:
    def __init__(self, u, w):
        self.u, self.w = u, w
        self.du, self.dw = np.zeros_like(u), np.zeros_like(w)

    def back(self, d, kind, x, y):
        return (d * y, d * x) if kind == "*" else (d, d)

    def loss(self):
        self.s = np.sin(self.w + 2 * self.u)
        self.r = self.s * self.u
        self.q = self.r * self.w
        self.p = self.q + self.u
        self.o = np.exp(self.p)
        return np.sum(self.o)

    def slopes(self):
        a, b = self.back(self.o, "+", self.q, self.u)
        self.dq = a
        self.du += b
        a, b = self.back(self.dq, "*", self.r, self.w)
        self.dr = a
        self.dw += b
        a, b = self.back(self.dr, "*", self.s, self.u)
        self.ds = a
        self.du += b
        a, b = self.back(self.ds * np.cos(self.w + 2 * self.u), "+", self.w, self.u)
        self.dw += a
        self.du += 2 * b
        return {"u": self.du, "w": self.dw}


def net(u, w):
    made = Net(u, w)
    return made.loss(), made.slopes()


MISTAKES = [("        self.ds = a\n        self.du += b\n", "        self.ds = a\n")]


def test_the_line_that_would_use_it_is_put_back(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    ((right, lacking),) = MISTAKES
    wrong = planted.wrong(right, lacking)

    (found,) = planted.errors(wrong, "net")

    assert found.line == planted.line("self.ds = a") + 1
    assert planted.errors(repaired(wrong, found), "net") == []


def test_only_calculated_values_that_nothing_reads_are_wasted():
    text = """
def back(d):
    a, b = split(d)
    x = a
    a, b = split(x)
    y = 0
    y = a + b
    if d:
        b = split(y)
    b = x + y
    return b
"""
    function = ast.parse(text).body[0]

    found = {ast.unparse(node): names for node, names in wasted_in(function).items()}

    assert found == {"x = a": ["b"]}


def test_what_is_stored_again_before_anything_reads_it_is_told_also_on_a_condition():
    function = ast.parse("""
def back(d, turns):
    dx = d * 2
    if turns:
        dx = d.T
    dy = d * 3
    dy = dy + 1
    dz = d * 4
    if turns:
        dz = d.T
    else:
        dz = dz * 2
    dw = d * 5
    dw += d.T
    return dx, dy, dz, dw
""").body[0]
    (stored,) = rewritten_in(function)
    assert ast.unparse(stored) == "dx = d.T"
    assert rewritten_in(function)[stored] == {"dx"}
