import numpy as np
import pytest

from gradtui.diagnosis.backward.familiar import Multiples
from gradtui.diagnosis.backward.meaning import Readings
from gradtui.diagnosis.backward.probes import Probes
from gradtui.diagnosis.backward.trial import Trial
from gradtui.scenario.load import load_problem

BASE = np.array([[9.0, 9.0, 9.0], [1.0, 2.0, 4.0], [3.0, -1.0, 0.5]])
"""(points, elements); the first point is the run's own start, which is not compared."""


def is_multiple(value, base):
    others = [base + 7, base]
    return Multiples(others, list(map(np.abs, others))).holds(value)


@pytest.mark.parametrize(
    ("value", "multiple"),
    [
        (2 * BASE, True),
        (-BASE / 3, True),
        (BASE**2, False),
        (BASE + 1, False),
        (np.where(BASE == 0.5, 0.6, BASE), False),
    ],
)
def test_a_multiple_is_one_number_times_the_base_at_every_point(value, multiple):
    assert is_multiple(value, BASE) is multiple


def test_of_few_elements_the_number_must_be_the_same_at_every_point():
    per_point = BASE * np.array([[1.0], [2.0], [-3.0]])
    assert is_multiple(per_point, BASE)
    assert not is_multiple(per_point[:, :2], BASE[:, :2])
    assert is_multiple(2 * BASE[:, :2], BASE[:, :2])


def test_of_many_elements_all_are_compared():
    base = np.random.default_rng(0).normal(size=(3, 200))
    other = base.copy()
    other[2, 199] += 1
    assert is_multiple(-3 * base, base) and not is_multiple(other, base)


@pytest.mark.parametrize(
    ("terms", "whole"),
    [("L1 + L2", True), ("L2 + L4", True), ("L1 + L1", False), ("L1 + 2*L2", False)],
)
def test_a_part_of_a_gradient_adds_different_contributions(terms, whole, tmp_path):
    numbers = "".join(f"h{k} = w*{k} + sin(w*{k})\n" for k in range(1, 5))
    hand = "".join(f"L{k} = 2*h{k}*({k} + {k}*cos(w*{k}))\n" for k in range(1, 5))
    path = tmp_path / "sums.toml"
    path.write_text(
        "title = 's'\n[parameters]\nw = 0.7\n"
        f"[model]\ncode = '''\n{numbers}L = h1**2 + h2**2 + h3**2 + h4**2\n'''\n"
        f"[backward]\ncode = '''\n{hand}part = {terms}\ndw = part + L3\n'''\n"
        "[optimizer]\nname = 'sgd'\nlr = 0.1\n"
    )
    problem = load_problem(path)
    program = problem.trainer.program
    trial = Trial(program.graph, program.reverse, Probes.of(problem).own, problem.backward)
    part = trial.program.line("part")
    assert Readings(trial).adds_flows(part, trial.world) is whole
