"""Values that a function keeps under names of others."""

import ast

import pytest

from gradtui.diagnosis.recorded.blame.filed import misfiled


class _Unit:
    def __init__(self, text):
        self.node = ast.parse(text).body[0]


def _told(line):
    text = "def forward(self, x, w):\n    z = x @ w\n    h = f(z)\n    self.h = h\n"
    text += f"    dx, dw, db = g(h)\n    {line}\n"
    unit = _Unit(text)
    found = misfiled(unit, unit.node.body[-1])
    return [(ast.unparse(value), name, twice) for value, name, twice in found]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('self.kept = {"x": x, "w": w, "z": h, "h": h}', [("h", "z", True)]),
        ('self.kept = {"x": x, "w": w, "z": z.T, "h": h}', [("z.T", "z", False)]),
        ('self.kept = {"x": x, "w": w, "size": z.shape}', []),
        ('self.kept = {"x": x, "first": h, "h": h}', []),
        ("self.z = h", [("h", "z", True)]),
        ("self.z = z", []),
        ("self.w = 0.5", [("0.5", "w", False)]),
        ("self.rate = 0.5", []),
        ("self.slope = -dw", []),
        ("self.x = not x", [("not x", "x", False)]),
        ("self.dx = -dx", [("-dx", "dx", False)]),
        ('return {"x": x, "w": w.T, "h": h}', [("w.T", "w", False)]),
        ('return {"x": dx, "w": db, "b": db}', [("db", "dw", True)]),
        ('return {"dx": dx, "dw": dw, "db": dw}', [("dw", "db", True)]),
        ('return {"x": dx, "w": dw, "b": db}', []),
    ],
)
def test_values_under_names_of_others(line, told):
    assert _told(line) == told
