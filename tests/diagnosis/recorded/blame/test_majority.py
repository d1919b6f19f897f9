"""The one of a row of lines that differs from all others in an argument or a divisor."""

import ast

import pytest

from gradtui.diagnosis.recorded.blame.majority import odd_one, undivided


class _Unit:
    def __init__(self, lines):
        text = "def back(g):\n" + "".join(f"    {line}\n" for line in lines)
        self.node = ast.parse(text).body[0]


ROW = ("a = g.sum(0)", "b = h.sum(0)", "c = k.sum(0)")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((*ROW[:2], "c = k.sum(1)"), ("1", "0")),
        (ROW, None),
        ((ROW[0], "c = k.sum(1)"), None),
        ((*ROW[:2], "c = k.mean(1)"), None),
        (("a = np.sum(g, axis=0)", "b = np.sum(h, axis=0)", "c = np.sum(k, axis=1)"), ("1", "0")),
        (("a = f(x, 1)", "b = f(y, 2)", "c = f(z, 3)"), None),
        (("a = f(x, 1)", "b = f(x, 1)", "c = f(z, 3)"), None),
        (
            (
                "a = g.narrow(0, 0, n).narrow(1, 0, m)",
                "c = g.narrow(0, n, n).narrow(1, m, m)",
                "b = g.narrow(0, 0, n).narrow(1, 2 * m, m)",
            ),
            ("n", "0"),
        ),
    ],
)
def test_the_odd_argument_is_told(lines, told):
    unit = _Unit(lines)
    own = next(one for one in unit.node.body if ast.unparse(one).startswith("c"))

    found = odd_one(unit, own)

    assert told == (found and (ast.unparse(found[0]), found[1]))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("da = g / n", "db = -h / n", "dc = k"), ("k", "n")),
        (("da = g / n", "db = -h / n", "dc = k * 2 / n"), None),
        (("da = g / n", "db = -h / m", "dc = k"), None),
        (("da = g / n", "db = h", "dc = k"), None),
        (("da = g / n", "dc = k"), None),
        (("a = g / n", "b = h / n", "dc = k"), None),
    ],
)
def test_the_gradient_that_is_not_divided_is_told(lines, told):
    unit = _Unit(lines)

    found = undivided(unit, unit.node.body[-1])

    assert told == (found and (ast.unparse(found[0]), found[1]))
