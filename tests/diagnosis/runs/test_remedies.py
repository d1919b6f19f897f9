"""Lower rates: each that is advised has been tried."""

import pytest

import gradtui
from findings import only
from gradtui.diagnosis.runs.registry import diagnose_run


@pytest.mark.parametrize(
    ("name", "rate", "advised"),
    [
        ("five_parcels", 1.5, "lr 0.03"),  # half of the bound, 0.068, with one digit
        ("chain_steady", 0.009, "lr 0.0004"),  # 0.004 is half of the bound at the start: nan
        ("chain_steady", 0.003, "lr 0.0003"),  # no bound explains it: 0.001 ends higher
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
    assert dead.trial.change == "lr 0.01" and "; try lr = 0.01, other initial" in dead.message
    session.branches.what_if(dead.trial.change, 0)
    session.seek(session.problem.steps)
    assert session.frame.loss < 0.2
    assert diagnose_run(session.problem) == ()
    assert useful.trial is None and "; try other initial weights" in useful.message


@pytest.mark.parametrize(
    ("name", "rule", "advised", "most"),
    [
        ("chain_exploding", "exploding-gradient", "clip_norm 1000", 0.05),
        ("warmup_none", "plateau", "lr 0.01", 0.001),
        ("clipped", "clipping", "clip_norm 199.5", 159.0),  # the longest gradient: 199.436
    ],
)
def test_what_is_advised_lets_the_run_end_lower_and_ends_the_finding(name, rule, advised, most):
    session = gradtui.load(name)
    finding = only(diagnose_run(session.problem))
    assert (finding.rule, finding.trial.change) == (rule, advised)
    session.branches.what_if(advised, 0)
    session.seek(session.problem.steps)
    assert session.frame.loss < most
    assert rule not in [one.rule for one in diagnose_run(session.problem)]
