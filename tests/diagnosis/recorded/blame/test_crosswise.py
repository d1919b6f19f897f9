"""Values in one another's places, as the names that they are stored under tell."""

import ast

import pytest

from gradtui.diagnosis.recorded.blame.crosswise import crossed_in
from gradtui.diagnosis.recorded.blame.units import Unit


class _Unit:
    def __init__(self, text):
        self.tree = ast.parse(text)


HELPER = "def back(d):\n    return dx, dw\n\n\n"


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ('g["gamma1"], g["beta1"] = bn.dbeta, bn.dgamma', [("bn.dbeta", "bn.dgamma")]),
        ('g["gamma1"], g["beta1"] = bn.dgamma, bn.dbeta', []),
        ('kept = {"dW": db, "db": dW, "x": x}', [("db", "dW")]),
        ('kept = {"dW": dW, "db": db}', []),
        ("a, b = b, a", [("b", "a")]),
        ("left, right = x[0], x[1]", []),
        ("dw, dx = back(d)", [("dw", "dx")]),
        ("dxi, dwj = back(d)", []),
        ("dw, dx = other(d)", []),
        ("dw, dx, db = back(d)", []),
        ("back(dx, [(dW, net.W), (net.b, db), (net.c, dc)])", [("dW", "net.W")]),
        ("back(dx, [(net.W, dW), (net.b, db)])", []),
    ],
)
def test_pairs_are_told_by_both_names(text, pairs):
    unit = _Unit(HELPER + text)

    found = crossed_in(unit, unit.tree.body[-1])

    assert [tuple(map(ast.unparse, pair)) for pair in found] == pairs


class Attention:
    @staticmethod
    def forward(ctx, q, k, v, scale):
        return q, k, v, scale

    @staticmethod
    def backward(ctx, g):
        return g.dq, g.dv, g.dk, None


class Sound:
    def forward(self, q, k):
        return q, k

    def backward(self, g):
        return g.dq, g.dk


@pytest.mark.parametrize(("owner", "pairs"), [(Attention, [("g.dv", "g.dk")]), (Sound, [])])
def test_what_a_backward_half_returns_is_told_by_what_its_forward_half_is_given(owner, pairs):
    unit = Unit(owner.backward.__code__, [owner.backward])

    found = crossed_in(unit, unit.node.body[-1])

    assert [tuple(map(ast.unparse, pair)) for pair in found] == pairs
