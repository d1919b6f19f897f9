"""What nobody offers as a repair, however right it makes the results."""

from types import SimpleNamespace

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.against import cancels, stores_elsewhere
from gradtui.diagnosis.recorded.blame.units import Edit
from planted import Planted, told

RNG = np.random.default_rng(12)
ARRAYS = {"v": RNG.normal(size=3), "Y": RNG.normal(size=(5, 2))}
TURN, AIM = RNG.normal(size=(2, 3))
SHARES = RNG.random((5, 5))
SHARES = (SHARES + SHARES.T) * (1 - np.eye(5))
ROWS, GOALS = RNG.normal(size=(5, 3)), RNG.normal(size=5)


def turned(v):
    off, by = v @ v / 2 - 0.4, v @ TURN - 0.9
    g = 2 * off * v
    g += 2 * by * TURN
    g += 4 * (v @ AIM) * AIM
    return off**2 + by**2 + 2 * (v @ AIM) ** 2, g


def forward(v):
    z = 2 * v
    a = np.tanh(z)
    return {"z": z, "a": a}


def slope(z):
    t = np.tanh(z)
    return 1 - t**2


def kept(v):
    values = forward(v)
    return np.sum(values["a"] * TURN), TURN * slope(values["z"]) * 2


def by_rows(v):
    total, d = np.sum((np.tanh(ROWS @ v) - GOALS) ** 2), 0
    for t in range(5):
        x = ROWS[t, :]
        a = np.tanh(x @ v)
        off = a - GOALS[t]
        d = d + 2 * off * (1 - a**2) * x
    return total, d


def embedded(Y):
    close = 1 / (1 + np.sum((Y[:, None] - Y[None]) ** 2, axis=2))
    np.fill_diagonal(close, 0.0)
    P, Q = SHARES / SHARES.sum(), close / close.sum()
    PQ = P - Q
    dY = np.zeros(Y.shape)
    for i in range(len(Y)):
        dY[i] = 4 * np.sum(PQ[:, i, None] * close[:, i, None] * (Y[i] - Y), axis=0)
    off = ~np.eye(len(Y), dtype=bool)
    return np.sum(P[off] * np.log(P[off] / Q[off])), dY


QUICK = False


def in_two_ways(v):
    if not QUICK:
        g = np.zeros(3)
        for i in range(3):
            g[i] = 2 * v[i] * np.exp(v[i] ** 2)
    else:
        g = 2 * v * np.exp(v**2)
    return np.sum(np.exp(v**2)), g


MISTAKES = [("g = 2 * off * v", "g = off * v")]
LINES = [
    ("da = db.contiguous()", "db.contiguous()", "db.contiguous() - db", True),
    ("da = db * s", "db", "db / db.detach()", True),
    ("da = db - da", "da", "db", True),
    ("    da = db", "db", "db\n    db = db - db.clone()", True),
    ("da = db - db", "da", "dc", False),
    ("da = db - da", "da", "db.t()", False),
]


@pytest.mark.parametrize(("line", "old", "new", "cancels_it"), LINES)
def test_an_edit_cancels_a_value_with_itself(line, old, new, cancels_it):
    texts = {(): line, ("edited",): new.join(line.rsplit(old, 1))}
    unit = SimpleNamespace(text_after=lambda _, edits: texts[edits])

    assert cancels(SimpleNamespace(unit=unit, node=None), ("edited",)) == cancels_it


@pytest.mark.parametrize(
    ("text", "stores"),
    [
        ("sum(b.item() for b in rows)", False),
        ("sum(x.long.item() for x.long in rows)", True),
        ("[a for a, d[0] in pairs]", True),
        ("[a.T for a, b in self.pairs[1:]]", False),
    ],
)
def test_what_a_comprehension_stores_does_not_outlive_the_run(text, stores):
    assert stores_elsewhere([Edit(0, 1, text)]) == stores


def test_what_a_sum_has_already_is_not_added_again(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    ((right, mistaken),) = MISTAKES

    (found,) = planted.errors(planted.wrong(right, mistaken), "turned")

    assert found.line == planted.line(right)


def test_an_entry_keeps_the_value_of_its_name(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    (found,) = planted.errors(planted.wrong("    t = np.tanh(z)", "    t = z"), "kept")

    assert (found.line, found.fix) == (planted.line("    t = np.tanh(z)"), "t = np.tanh(z)")


def test_rows_are_not_picked_from_the_last_one_on(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    (found,) = planted.errors(planted.wrong("x = ROWS[t, :]", "x = ROWS[t - 1, :]"), "by_rows")

    assert (found.line, found.fix) == (planted.line("x = ROWS[t, :]"), "x = ROWS[t, :]")


def test_what_has_the_name_of_its_operands_stays_that(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    at, left = told(planted, " * close[:, i, None] *", " *", "embedded")

    assert (at, left) == (planted.line("dY[i] = "), [])


def test_other_code_that_does_the_same_is_no_repair(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    own = "g[i] = 2 * v[i] * np.exp(v[i] ** 2)"
    (found,) = planted.errors(planted.wrong(own, own.replace("2 * v", "3 * v")), "in_two_ways")
    assert (found.line, found.fix) == (planted.line(own), own)
