"""Branches and sweeps as tables."""

import gradtui
from gradtui.explain.branches import branch_rows, sign, sweep_rows
from gradtui.explain.spans import line_text


def words(rows):
    return [line_text(row).split() for row in rows]


def test_each_branch_has_its_numbers_at_the_step():
    session = gradtui.load("two_weights")
    session.seek(1)
    session.branches.what_if("lr 0.1", 1)
    session.seek(2)
    head, file, branch = words(branch_rows(session.branches, 2, 1))
    assert head[:6] == ["branch", "from", "loss", "|∇|", "lr", "w1"]
    # w is (1, 2), (0.4, 1.1), then (0.58, 1.37), or (0.76, 1.64) at twice the rate.
    assert file == [
        "─",
        "original",
        "0.0729",
        "1.947",
        "0.05",
        "0.58",
        "1.37",
        "as",
        "in",
        "the",
        "file",
    ]
    assert branch[:2] == ["▸●", "lr"] and branch[3:6] == ["(here)", "original", "1"]
    assert branch[6:11] == ["2.0736", "10.384", "0.1", "0.76", "1.64"]
    assert sign(session.branches.current) == "● "


def test_a_run_of_a_sweep_has_its_lowest_loss_and_its_last():
    session = gradtui.load("two_weights")
    session.try_all("lr 0.05 0.1")
    head, slow, fast = words(sweep_rows(session.branches.sweep, 0, 1))
    assert head[:4] == ["run", "how", "it", "ends"]
    # Each step multiplies e by 1 - lr·26: -0.3 at 0.05, and -1.6 at 0.1.
    assert slow[:4] == ["─", "lr", "0.05", "…"] and slow[4] == "9" and slow[6] == "12"
    assert fast[:4] == ["▸●", "lr", "0.1", "…"] and fast[5:7] == ["9", "0"]
