"""Values in one another's places, as the names that they are stored under tell."""

import ast

import pytest

from gradtui.diagnosis.recorded.blame.crosswise import crossed_in


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
    ],
)
def test_pairs_are_told_by_both_names(text, pairs):
    unit = _Unit(HELPER + text)

    found = crossed_in(unit, unit.tree.body[-1])

    assert [tuple(map(ast.unparse, pair)) for pair in found] == pairs
