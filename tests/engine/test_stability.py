"""The bounds on lr·λ, against steps taken one by one."""

import math

import numpy as np
import pytest

from gradtui.engine.stability import Dynamics

PLAIN = Dynamics()
HEAVY = Dynamics(0.9)
NESTEROV = Dynamics(0.9, nesterov=True)
ADAM = Dynamics(0.9, share=1.0 - 0.9, second="vhat")
ALL = pytest.mark.parametrize("dynamics", [PLAIN, HEAVY, NESTEROV, ADAM])


def walk(dynamics, pull, steps):
    """Return the distances of `steps` steps on the loss λw²/2 with λ = 1 and rate `pull`."""
    w, b, found = 1.0, 0.0, []
    for _ in range(steps):
        g = dynamics.share * w
        b = dynamics.beta * b + g
        w -= pull * (g + dynamics.beta * b if dynamics.nesterov else b)
        found.append(w)
    return found


def test_the_bounds_are_the_published_ones():
    assert PLAIN.limit == 2.0
    assert HEAVY.limit == pytest.approx(2 * 1.9)
    assert NESTEROV.limit == pytest.approx(2 * 1.9 / 2.8)
    assert ADAM.limit == pytest.approx(38.0)


@ALL
def test_one_percent_below_the_bound_converges_and_one_above_diverges(dynamics):
    assert abs(walk(dynamics, 0.99 * dynamics.limit, 3000)[-1]) < 1e-3
    assert abs(walk(dynamics, 1.01 * dynamics.limit, 3000)[-1]) > 1e3


@ALL
def test_at_the_bound_the_distance_stays(dynamics):
    assert dynamics.radius(dynamics.limit) == pytest.approx(1.0)


@ALL
@pytest.mark.parametrize("pull", [0.003, 0.3, 0.9, 1.3])
def test_the_radius_is_the_growth_of_a_long_walk(dynamics, pull):
    last = walk(dynamics, pull, 4000)
    sizes = [max(map(abs, last[start : start + 400])) for start in (400, 1400)]
    if sizes[1] > 1e-280:
        grown = (sizes[1] / sizes[0]) ** (1 / 1000)
        assert dynamics.radius(pull) == pytest.approx(grown, rel=3e-3)


@ALL
@pytest.mark.parametrize("pull", [-1e3, -0.5, 0.0, 1e-12, 0.003, 0.3, 1.0, 1.9, 40.0, 1e9])
def test_radius_and_sign_are_those_of_the_eigenvalues_of_a_step(dynamics, pull):
    share, beta, ahead = dynamics.share, dynamics.beta, dynamics.beta * dynamics.nesterov
    moved = (1.0 + ahead) * share if dynamics.nesterov else share
    step = [[1.0 - pull * moved, -pull * (beta * ahead if dynamics.nesterov else beta)],
            [share, beta]]  # fmt: skip
    values = np.linalg.eigvals(step)
    assert dynamics.radius(pull) == pytest.approx(np.abs(values).max(), rel=1e-7, abs=1e-7)
    assert dynamics.swings(pull) == bool(np.abs(values.imag).max() > 1e-7)


def test_the_radius_of_plain_descent_is_exact():
    assert [PLAIN.radius(x) for x in (0.25, 1.0, 1.75, 3.0)] == [0.75, 0.0, 0.75, 2.0]


def test_steps_per_decade():
    assert PLAIN.steps_per_decade(0.05 * 0.46876) == pytest.approx(-1 / math.log10(0.976562))
    assert PLAIN.steps_per_decade(1e-9) == pytest.approx(math.log(10) / 1e-9)
    assert HEAVY.steps_per_decade(1e-9) == pytest.approx(0.1 * math.log(10) / 1e-9)
    assert PLAIN.steps_per_decade(1.0) == 0.0
    assert PLAIN.steps_per_decade(2.5) == PLAIN.steps_per_decade(0.0) == math.inf


def test_plain_descent_overshoots_above_one_and_momentum_much_earlier():
    assert [PLAIN.overshoots(x) for x in (0.5, 1.5)] == [False, True]
    earliest = (1 - math.sqrt(0.9)) ** 2
    assert [HEAVY.overshoots(x * earliest) for x in (0.99, 1.01)] == [False, True]


def test_momentum_swings_below_its_limit_and_plain_descent_never():
    assert not any(PLAIN.swings(x) for x in (0.5, 1.5, 2.5))
    assert HEAVY.swings(0.1 * HEAVY.limit)
