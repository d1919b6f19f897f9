"""Lines that are missing among others like them: of one branch, with its names renamed alike."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.branches import branches
from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.scope import Held
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.recording.library import NUMPY
from planted import Planted, repaired

RNG = np.random.default_rng(7)
ARRAYS = {
    "X": RNG.normal(size=(3, 4)),
    **{name: RNG.normal(size=(4, 2)) for name in ("Wq", "Wk", "Wv")},
    **{name: RNG.normal(size=4) for name in ("bq", "bk", "bv")},
}


def projected(X, Wq, Wk, Wv, bq, bk, bv):
    qs, ks, vs = (X + bq) @ Wq, (X + bk) @ Wk, (X + bv) @ Wv
    mixed = qs.T @ ks @ vs.T
    loss = (mixed**2).sum()
    d_mixed = 2 * mixed
    dq, dk, dv = ks @ vs.T @ d_mixed.T, qs @ d_mixed @ vs, d_mixed.T @ qs.T @ ks
    dX = np.zeros_like(X)
    # of the queries
    dWq = (X + bq).T @ dq
    dX += dq @ Wq.T
    # of the keys
    dWk = (X + bk).T @ dk
    dX += dk @ Wk.T
    # of the values
    dWv = (X + bv).T @ dv
    dX += dv @ Wv.T
    dbq, dbk, dbv = (dq @ Wq.T).sum(0), (dk @ Wk.T).sum(0), (dv @ Wv.T).sum(0)
    return loss, dX, dWq, dWk, dWv, dbq, dbk, dbv


class Sizes:
    basis = 1


def scaled(X):
    axis, rows = Sizes.basis, X * X
    d = 2 * X
    d *= 2 * rows.sum(axis=axis, keepdims=True)
    return (rows.sum(axis=axis) ** 2).sum(), d


def measured(AP, BP, near):
    d = np.zeros((2, 4))
    d[:, near] = BP[:, near] / np.sqrt(np.sum(BP[:, near] ** 2, axis=0))
    AP += d
    return d


MISTAKES = ["    dX += dq @ Wq.T\n", "    dX += dk @ Wk.T\n", "    dX += dv @ Wv.T\n"]


@pytest.mark.parametrize("line", MISTAKES)
def test_a_line_is_missing_that_the_other_branches_have(line, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    at = planted.line(line)

    (finding,) = planted.errors(planted.wrong(line, ""), "projected")

    assert finding.line == at
    assert finding.fix.splitlines()[1].strip() == line.strip()
    text = repaired(planted.wrong(line, ""), finding)
    assert not planted.errors(text, "projected")


def test_a_line_with_other_names_keeps_those_of_its_arguments(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    right, wrong = "2 * rows.sum", "3 * rows.sum"

    (finding,) = planted.errors(planted.wrong(right, wrong), "scaled")

    assert finding.line == planted.line(right)


def test_a_line_is_not_missing_that_would_replace_another():
    scope = {name: Held((2, 4), "f") for name in ("AP", "BP", "d", "X")} | {"near": Held((3,), "i")}
    around = Around(scope, scope, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    unit = Unit(measured.__code__, [measured])

    lines = [one.factor for node in unit.node.body
             for one in branches(Statement(unit, node, around))]  # fmt: skip

    assert lines and not any(one.startswith("d[:, near] = AP") for one in lines)


def saving(ctx, w_q, w_k):
    ctx.save_for_backward(w_q)
    ctx.note(w_q)
    ctx.size = 2
    return w_q + w_k


def test_what_is_saved_a_second_time_would_only_replace_the_first():
    unit = Unit(saving.__code__, [saving])
    scope = {"w_q": Held((3,), "f"), "w_k": Held((3,), "f")}
    around = Around(scope, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)

    found = [one.factor for one in branches(Statement(unit, unit.node.body[3], around))]

    assert "ctx.note(w_k)" in found
    assert not any("save_for_backward" in one for one in found)
