"""Lower rates: each that is advised has been tried."""

import pytest

import gradtui
from findings import only
from gradtui.diagnosis.runs.registry import diagnose_run


@pytest.mark.parametrize(
    ("name", "rate", "advised"),
    [
        ("five_parcels", 1.5, "lr 0.03"),  # half of the bound, 0.068, with one digit
        ("chain_steady", 0.009, "lr 0.001"),  # 0.004 is half of the bound at the start, and nan
        ("chain_steady", 0.003, "lr 0.001"),  # no bound explains it: a third
    ],
)
def test_a_rate_is_advised_if_the_run_descends_with_it(name, rate, advised):
    session = gradtui.load(name)
    session.branches.what_if(f"lr {rate}", 0)
    (found,) = (one for one in diagnose_run(session.problem) if one.rule == "diverging")
    assert found.trial.change == advised
    assert f"; try {advised.replace('lr', 'lr =')}" in found.message
    session.branches.what_if(advised, 0)
    before = session.frame.loss
    session.seek(session.problem.steps)
    assert session.frame.loss < before


def test_where_no_rate_helps_none_is_advised(write):
    uphill = '[update]\ncode = """\nw = w + lr*g\n"""'
    path = write("L = w**2", parameters="w = 1.0", lr="0.3", steps=30, more=uphill)
    found = only(diagnose_run(gradtui.load(path).problem))
    assert found.rule == "diverging" and found.trial is None and "try lr" not in found.message


def test_of_units_that_a_lower_rate_would_not_help_none_is_advised():
    dead, useful = (
        only(diagnose_run(gradtui.load(n).problem)) for n in ("dead_relu", "deep_network")
    )
    session = gradtui.load("dead_relu")  # its three units are thrown out at once, L stays at 6.93
    assert dead.trial.change == "lr 0.03" and "; try lr = 0.03, other initial" in dead.message
    session.branches.what_if(dead.trial.change, 0)
    session.seek(session.problem.steps)
    assert session.frame.loss < 4
    assert useful.trial is None and "; try other initial weights" in useful.message
