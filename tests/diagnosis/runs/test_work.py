"""Judging a run takes a counted amount of work, whatever its size; what is left out is said."""

import numpy as np
import pytest

import gradtui
from gradtui.cli.arguments import main
from gradtui.debugger.session import Session
from gradtui.diagnosis.runs import work
from gradtui.diagnosis.runs.registry import RUN_RULES, diagnose_run
from gradtui.diagnosis.runs.run import Run, steps_looked_at
from gradtui.engine import together
from gradtui.engine.curvature import Curvature
from gradtui.engine.trainer import Trainer
from gradtui.scenario.load import load_problem

SQUARE = "a = W@W\nL = mean((a@W)**2)"


@pytest.fixture
def square(write):
    """A model of matrix products: 2·64³ multiplications forward, and six in a step."""
    return load_problem(write(SQUARE, "W = { shape = [64, 64], init = 'xavier' }", "x = 0.0",
                              steps=1_000_000))  # fmt: skip


@pytest.fixture
def done(monkeypatch):
    """What is evaluated, in microseconds by estimate, at the seams of the engine."""
    found = []

    def count(owner, name, cost):
        real = getattr(owner, name)

        def counted(self, *args, **options):
            found.append(cost(self, *args, **options))
            return real(self, *args, **options)

        monkeypatch.setattr(owner, name, counted)

    count(Trainer, "record", lambda self, *args: self.cost)
    count(Trainer, "run_recorded", lambda self, row, steps, *rest: steps * self.cost)
    count(Trainer, "run_observed", lambda self, row, steps, *rest: steps * self.cost)
    count(Curvature, "products", lambda self, tape, rows: 2 * len(rows) * self.trainer.cost)
    return found


def test_a_product_costs_its_multiplications(square):
    trainer = square.trainer
    assert trainer.model_cost > 2 * 64**3 / 20_000
    assert trainer.cost - trainer.model_cost > 4 * 64**3 / 20_000


def test_of_a_long_run_of_products_few_steps_are_looked_at(square, monkeypatch):
    assert 50 < steps_looked_at(square) < 1_000_000
    monkeypatch.setattr("gradtui.diagnosis.runs.run._PRODUCTS", 1.0)
    assert steps_looked_at(square) == 50


@pytest.mark.parametrize("part", [0.6, 0.9])
def test_no_more_is_done_than_may_be_and_what_is_left_out_is_told(square, done, monkeypatch, part):
    monkeypatch.setattr("gradtui.diagnosis.runs.run._BUDGET", 20_000.0)
    assert "not-judged" not in {one.rule for one in diagnose_run(square)}
    most = part * sum(done)
    done.clear()
    monkeypatch.setattr(work, "MOST", most)
    found = diagnose_run(square)
    assert 0.3 * most < sum(done) <= most
    assert (found[-1].rule, found[-1].severity) == ("not-judged", "info")
    assert found[-1].message.startswith(
        f"not judged: the model is too large: a step takes {square.trainer.numbers:,} numbers and "
        "1,572,864 multiplications, so the run is not examined for "
    )
    left = found[-1].evidence["rules"]
    assert left and set(left) < set(RUN_RULES)
    assert not {one.rule for one in found} & set(left)


@pytest.mark.parametrize("limit", ["work.MOST", "run._LARGEST"])
def test_a_run_whose_first_steps_are_too_much_is_judged_by_no_rule(
    square, done, monkeypatch, limit
):
    monkeypatch.setattr(f"gradtui.diagnosis.runs.{limit}", 10)
    (found,) = diagnose_run(square)
    assert found.evidence["rules"] == [*RUN_RULES]
    assert done == []


def test_a_curvature_that_finds_no_room_is_not_measured(square, done, monkeypatch):
    monkeypatch.setattr("gradtui.engine.curvature._BASIS", 7 * 64**2)
    found = diagnose_run(square)
    assert found[-1].rule == "not-judged"
    assert "rate-too-large-later" in found[-1].evidence["rules"]
    assert "non-finite" not in found[-1].evidence["rules"]


def test_what_is_judged_is_judged_as_with_all_the_work(monkeypatch):
    """The rules that come first have what they need; the others are told of."""
    problem = gradtui.load("dead_relu").problem
    whole = diagnose_run(problem)
    spent = []
    monkeypatch.setattr(work.TimeSpent, "spend", lambda self, cost: spent.append(cost))
    run, names = Run(problem), [*RUN_RULES]
    with np.errstate(all="ignore"):
        for name in names[: names.index("dead-relu") + 1]:
            found = list(RUN_RULES[name].find(run))
    assert found
    monkeypatch.undo()
    monkeypatch.setattr(work, "MOST", sum(spent))
    found = diagnose_run(problem)
    assert found[-1].rule == "not-judged" and "plateau" in found[-1].evidence["rules"]
    (dead,) = (one for one in found if one.rule == "dead-relu")
    told = next(one.message for one in whole if one.rule == "dead-relu")
    assert dead.message.startswith(told.partition("; try ")[0])


def test_run_says_that_it_does_not_judge_and_does_not_fail(monkeypatch, capsys):
    monkeypatch.setattr(work, "MOST", 10.0)
    assert main(["run", "two_weights", "--steps", "3"]) == 0
    assert "whether the loss diverges is not judged: the model is too large" in (
        capsys.readouterr().err
    )


def test_a_sweep_says_which_rows_are_not_judged(monkeypatch):
    session = gradtui.load("two_weights")
    session.try_all("lr 0.01 0.05")
    monkeypatch.setattr(work, "MOST", 10.0)
    session.branches.sweep.judge()
    assert session.branches.sweep.ends == ("not judged: too large",) * 2
    assert session.branches.sweep.failed == ""


def test_a_sweep_of_a_large_model_is_shorter_or_is_not_run(square, monkeypatch):
    session = Session(square)
    monkeypatch.setattr("gradtui.debugger.sweeps._BUDGET", 2 * 20.5 * square.trainer.cost)
    session.try_all("lr 0.01 0.05")
    assert session.branches.sweep.last == 20
    monkeypatch.setattr("gradtui.debugger.sweeps._BUDGET", 2 * 7.5 * square.trainer.cost)
    session.branches.end_sweep()
    session.try_all("lr 0.01 0.05")
    assert session.message == "no sweep: 2 runs of a model as large as this take too long"
    assert session.branches.sweep is None


def test_large_runs_do_not_go_together(square, monkeypatch):
    session = Session(square)
    monkeypatch.setattr("gradtui.debugger.sweeps._BUDGET", 40 * square.trainer.cost)
    session.try_all("lr 0.01 0.02 0.05")
    assert session.branches.sweep.batched == 3
    losses = session.branches.sweep.losses
    monkeypatch.setattr(together, "_NUMBERS", 2 * square.trainer.numbers)
    session.try_all("lr 0.01 0.02 0.05")
    assert session.branches.sweep.batched == 2
    assert session.branches.sweep.losses == pytest.approx(losses, rel=1e-12)
