"""Which lines right claims pin, and how little is then tried in a long program of helpers."""

import numpy as np
import pytest

from gradtui.diagnosis.backward import blame, helpers
from gradtui.diagnosis.backward.blame import find_repairs
from gradtui.diagnosis.backward.culprits import deciding
from gradtui.diagnosis.backward.familiar import Multiples
from gradtui.diagnosis.backward.meaning import Readings
from gradtui.diagnosis.backward.pinned import Pinned
from gradtui.diagnosis.backward.probes import Probes
from gradtui.diagnosis.backward.trial import Trial, constant_ratio
from gradtui.diagnosis.sieve import FIRST
from gradtui.scenario.load import load_problem

LAYERS = 12


def scenario(wrong: dict[str, str], rows: int = 3) -> str:
    """Return a residual network whose adjoints are helpers, with lines replaced."""
    random = np.random.default_rng(5)

    def drawn(*shape: int) -> list[list[float]]:
        return np.round(random.normal(size=shape), 2).tolist()

    data = [f"X = {drawn(rows, 3)}", f"y = {drawn(rows, 3)}"]
    parameters = [f"W{at} = {drawn(3, 3)}" for at in range(1, LAYERS + 1)]
    model, before, inputs = [], "X", {}
    for at in range(1, LAYERS + 1):
        inputs[at] = before
        model += [f"a{at} = tanh({before}@W{at})", f"h{at} = {before} + 0.3*a{at}"]
        before = f"h{at}"
    model += [f"e = {before} - y", "L = mean(e**2)"]
    code = {f"up{LAYERS}": f"2*e/{rows * 3}"}
    for at in range(LAYERS, 0, -1):
        code[f"slope{at}"] = f"1 - a{at}**2"
        code[f"delta{at}"] = f"0.3*up{at}*slope{at}"
        code[f"dW{at}"] = f"{inputs[at]}.T@delta{at}"
        if at > 1:
            code[f"up{at - 1}"] = f"up{at} + delta{at}@W{at}.T"
    code |= wrong
    parts = {
        "data": data,
        "parameters": parameters,
        "model": ['code = """', *model, '"""'],
        "optimizer": ['name = "sgd"', "lr = 0.001"],
        "backward": ['code = """', *(f"{name} = {text}" for name, text in code.items()), '"""'],
    }
    lines = (line for name, rows in parts.items() for line in (f"[{name}]", *rows))
    return 'title = "Helpers"\n' + "\n".join(lines) + "\n"


@pytest.fixture
def trial_of(tmp_path):
    """Return a function that makes the trial of a scenario, and its claims."""

    def make(wrong: dict[str, str], rows: int = 3) -> tuple[Trial, list]:
        path = tmp_path / "helpers.toml"
        path.write_text(scenario(wrong, rows))
        problem = load_problem(path)
        program = problem.trainer.program
        trial = Trial(program.graph, program.reverse, Probes.of(problem).own, problem.backward)
        return trial, deciding(trial.graph, [line for line in trial.lines if line.claimed])

    return make


def pinned_names(trial: Trial, judged: list, least: int) -> set[str]:
    """Return the lines that cannot make so many wrong claims right."""
    wrong = [line for line in judged if not trial.is_right(line, trial.world)]
    right = [line for line in judged if line not in wrong]
    pinned, found = Pinned(trial, trial.world.at(FIRST), right), set[str]()
    for line in trial.lines:
        reached = trial.program.dependents([line.name])
        affected = [one for one in wrong if one.name in reached]
        if affected and pinned.holds(line, affected, least):
            found.add(line.name)
    return found


def test_the_lines_before_a_mistake_are_pinned_and_the_wrong_one_is_not(trial_of):
    found = pinned_names(*trial_of({"up6": "up7 - delta7@W7.T"}), least=6)
    assert {f"up{at}" for at in range(7, LAYERS + 1)} <= found
    assert found.isdisjoint({"up6", "delta6", "slope6"})


def test_a_line_with_more_numbers_than_right_claims_tell_is_not_pinned(trial_of):
    trial, judged = trial_of({"up11": "2*(up12 + delta12@W12.T)"}, rows=6)
    assert "delta12" not in pinned_names(trial, judged, least=11)
    assert "delta12" in pinned_names(*trial_of({"up11": "2*(up12 + delta12@W12.T)"}), least=11)


@pytest.mark.parametrize(
    ("name", "text", "most"),
    [("up6", "2*(up7 + delta7@W7.T)", 2_000), ("up3", "delta4@W4.T", 15_000)],
)
def test_a_long_program_of_helpers_is_repaired_with_few_changes(name, text, most, trial_of):
    trial, judged = trial_of({name: text})
    (repair,) = find_repairs(trial, Readings(trial), judged)
    assert repair.line.name == name
    assert trial.budget.tried < most


def test_once_a_repair_is_found_no_pinned_line_is_tried(trial_of, monkeypatch):
    trial, judged = trial_of({"up10": "delta11@W11.T"})
    tried, adjoints_of = [], blame.adjoints_of

    def counted(trial, readings, world, line, *args, **options):
        tried.append(line.name)
        return adjoints_of(trial, readings, world, line, *args, **options)

    monkeypatch.setattr(blame, "adjoints_of", counted)
    (repair,) = find_repairs(trial, Readings(trial), judged)
    assert repair.line.name == "up10"
    assert not {*tried} & {"up12", "delta12", "up11", "delta11"}


def test_claims_share_the_steps_from_the_adjoints_that_they_start_from(trial_of):
    trial, judged = trial_of({"up3": "delta4@W4.T"})
    steps = Readings(trial).steps
    found = steps.own_steps({line: line.target for line in judged})
    roots = {line.name: (builder, root) for builder, some in found for line, root in some.items()}
    assert len({id(builder) for builder, _ in (roots["dW1"], roots["dW2"], roots["dW3"])}) == 1
    for line in judged:
        alone = steps.true_step(line, line.target, 1.0, dict.fromkeys(steps.upstream(line), 1.0))
        own, expected = (
            trial.world.extended(builder.nodes).value(root)
            for builder, root in (roots[line.name], alone)
        )
        np.testing.assert_array_equal(own, expected)


def test_what_helpers_of_one_shape_may_lack_is_looked_for_once(trial_of, monkeypatch):
    trial, judged = trial_of({"up3": "delta4@W4.T"})
    asked, slope_trees = [], helpers.slope_trees

    def counted(trial, shape):
        asked.append(shape)
        return slope_trees(trial, shape)

    monkeypatch.setattr(helpers, "slope_trees", counted)
    find_repairs(trial, Readings(trial), judged)
    assert asked and len(asked) == len(set(asked))


def test_whatever_is_a_multiple_is_found_among_many_values():
    random = np.random.default_rng(3)
    values = [random.normal(size=(5, 4)) * 10.0**at for at in range(-8, 9)]
    values += [np.zeros((5, 4)), np.full((5, 4), np.nan)]
    sizes = [np.maximum(np.abs(value), 1e-9) for value in values]
    multiples = Multiples(values, sizes)
    for value in [scale * one for one in values for scale in (1.0, -2.0, 1e-5, 3e4)]:
        exact = {
            at for at, (base, size) in enumerate(zip(values, sizes, strict=True))
            if constant_ratio(value, base, size) is not None
        }  # fmt: skip
        assert exact <= {*multiples.of(value)}
