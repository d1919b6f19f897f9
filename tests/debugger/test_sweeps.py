"""Runs of one weight that differ in the rate alone: L = (w·x)², x = 3, so w is multiplied."""

import pytest

from gradtui.debugger.forks import fork
from gradtui.debugger.sweeps import Sweep, rates_to_try
from gradtui.scenario.changes import read_change


@pytest.fixture
def sweep(session_of):
    session = session_of("L = (w*x)**2", steps=20)
    row, problem = session.history.state(0), session.problem
    changes = [read_change(f"lr {rate}", problem) for rate in (0.01, 0.05, 0.2)]
    return Sweep([fork(problem, row, 0, change) for change in changes], 20)


def test_each_run_falls_or_grows_by_its_own_factor(sweep):
    # The weight is multiplied by 1 - 18·lr, the loss by its square.
    for losses, rate in zip(sweep.losses, (0.01, 0.05, 0.2), strict=True):
        assert losses[:3] == pytest.approx([36 * (1 - 18 * rate) ** (2 * k) for k in range(3)])
    assert (sweep.start, sweep.last) == (0, 20)


def test_each_is_named_by_its_value_and_then_by_how_it_ends(sweep):
    assert [sweep.name(at) for at in range(3)] == ["0.01", "0.05", "0.2"]
    assert sweep.setting in ("lr", "optimizer.lr")
    sweep.judge()
    assert sweep.ends[1:] == ("converges", "diverges") and sweep.failed == ""
    assert sweep.name(1).startswith("0.05 ")
    assert list(sweep.drawn) == [0, 1, 2]


@pytest.mark.parametrize(
    ("own", "largest", "rates"),
    [
        (0.0001, 0.001345, "1e-5 0.0001 0.0005 0.001 0.002"),
        (0.05, 0.06807, "0.0005 0.005 0.02 0.05 0.1"),
        (2, 2.0, "0.02 0.2 1 2 5"),
        (500.0, 1e3, "10 100 500 1000 2000"),
        (0.1, None, "0.001 0.01 0.05 0.1 1.5"),
    ],
)
def test_the_rates_to_try_are_round_and_all_but_one_are_stable(own, largest, rates):
    assert rates_to_try(own, largest) == rates
    if largest is not None:
        assert [float(rate) > largest for rate in rates.split()] == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("own", "largest", "rates"),
    [
        (0.05, 2.797, "0.02 0.05 0.2 1 2 5"),
        (1.5, 0.06807, "0.0005 0.005 0.02 0.05 0.1 1.5"),
        (1e-6, 0.06807, "1e-6 0.0005 0.005 0.02 0.05 0.1"),
        (0.030000000000000002, None, "0.001 0.01 0.030000000000000002 0.05 0.1 1.5"),
    ],
)
def test_the_run_s_own_rate_is_among_the_rates_to_try(own, largest, rates):
    assert rates_to_try(own, largest) == rates
