"""The hand-written gradients among the scenarios: what is found, what mends it, what it does.

The figures of their notes come from the plain passes in `hand_gradients` and `network_passes`.
"""

import importlib.util
import json
import math
import shutil

import numpy as np
import pytest

import gradtui
from gradtui.cli.arguments import main
from gradtui.diagnosis.runs.registry import is_lost
from gradtui.scenario.rules import GRADIENT_RULES, UPDATE_RULES
from hand_gradients import WRONG_GRADIENTS, network
from network_passes import softmax_classifier
from test_scenarios import (
    FOLDER,
    SCENARIOS,
    data_of,
    flat,
    losses,
    near,
    run,
    slope_by_differences,
)

BY_HAND = [
    name
    for name, scenario in SCENARIOS.items()
    if "backward" in scenario and "warning" not in scenario["tags"]
]
PITFALLS = [name for name in BY_HAND if "pitfall" in SCENARIOS[name]["tags"]]
SOUND = [name for name in BY_HAND if name not in PITFALLS]
TWINS = {
    "grad_two_weights": ["grad_sign", "grad_missing_factor", "grad_wrong_variable"],
    "grad_five_parcels": [
        "grad_direction", "grad_constant_factor", "grad_accumulated", "grad_stale",
    ],
    "grad_late": ["grad_extra_factor", "grad_unreduced_broadcast"],
    "grad_shared_weight": ["grad_missing_path", "grad_double_counted_path"],
    "grad_normalised": ["grad_missing_term"],
    "grad_network": [
        "grad_missing_slope", "grad_wrong_point", "grad_transposed", "grad_wrong_axis",
        "grad_numbers",
    ],
}  # fmt: skip
"""Sound scenario -> those that are broken and have the same model."""


def expected_findings(scenario):
    return [expect for expect in scenario["expect"] if "finding" in expect]


def outcome(file, capsys):
    status = main(["check", str(file), "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "rule",
    [
        rule
        for rule in (*GRADIENT_RULES, *UPDATE_RULES)
        if not rule.startswith(("unexplained", "not-compared"))
    ],
)
def test_every_rule_on_what_is_written_by_hand_has_a_broken_scenario(rule):
    found = [
        name
        for name, scenario in SCENARIOS.items()
        if {"pitfall", "warning"} & set(scenario["tags"])
        and rule in [expect["finding"] for expect in expected_findings(scenario)]
    ]
    assert found, f"write a scenario in which {rule} is found"


def test_every_broken_gradient_has_a_sound_twin():
    assert sorted(TWINS) == sorted(SOUND)
    assert sorted(name for broken in TWINS.values() for name in broken) == sorted(PITFALLS)
    for sound, broken in TWINS.items():
        for name in broken:
            for part in ("data", "parameters", "model", "optimizer"):
                assert SCENARIOS[name][part] == SCENARIOS[sound][part]


def test_a_gradient_that_is_right_by_luck_is_right_and_warned_of(capsys):
    status, found = outcome("grad_relies_on_data", capsys)
    assert (status, found["verdict"]) == (0, "correct")
    (finding,) = found["findings"]
    assert (finding["rule"], finding["target"], finding["fix"]) == (
        "relies-on-data", "de", "de = 2*e",
    )  # fmt: skip


@pytest.mark.parametrize("name", PITFALLS)
def test_check_finds_what_a_broken_gradient_is_there_to_show_first(name, capsys):
    (expected,) = expected_findings(SCENARIOS[name])
    status, found = outcome(name, capsys)
    assert (status, found["verdict"]) == (1, "wrong")
    first = found["findings"][0]
    assert (first["rule"], first["target"]) == (expected["finding"], expected["target"])
    grave = {finding["rule"] for finding in found["findings"] if finding["severity"] != "info"}
    assert grave == {expected["finding"]}


@pytest.mark.parametrize("name", SOUND)
def test_check_compares_a_sound_gradient_and_finds_nothing(name, capsys):
    status, found = outcome(name, capsys)
    assert (status, found["verdict"]) == (0, "correct")
    assert found["claims"] >= len(SCENARIOS[name]["parameters"])
    assert [f for f in found["findings"] if f["severity"] != "info"] == []


@pytest.mark.parametrize("name", [name for name in PITFALLS if name != "grad_numbers"])
def test_the_proposed_line_put_into_the_file_makes_it_pass(name, capsys, tmp_path):
    _, found = outcome(name, capsys)
    source = SCENARIOS[name]["backward"].get("source", f"{name}.toml:")
    for file in (f"{name}.toml", "network.py", "parcels.csv"):
        shutil.copy(FOLDER / file, tmp_path)
    broken = tmp_path / source.split(":")[0]
    lines = broken.read_text(encoding="utf-8").split("\n")
    for finding in found["findings"]:
        if finding["severity"] == "error":
            line = lines[finding["line"] - 1]
            assert line.split("=")[0].strip() == finding["target"]
            lines[finding["line"] - 1] = line[: len(line) - len(line.lstrip())] + finding["fix"]
    broken.write_text("\n".join(lines), encoding="utf-8")
    mended = tmp_path / f"{name}.toml"
    scenario, *_ = mended.read_text(encoding="utf-8").split("\n[[expect]]")
    mended.write_text(scenario, encoding="utf-8")
    assert outcome(mended, capsys)[1]["verdict"] == "correct"
    assert main(["check", str(mended)]) == 0


@pytest.mark.parametrize("name", BY_HAND)
def test_the_run_is_driven_by_what_plain_loops_say_that_the_program_computes(name, capsys):
    steps = min(SCENARIOS[name]["run"]["steps"], 6)
    problem = gradtui.load(name).problem
    status = 1 if is_lost(problem, steps) else 0
    assert main(["run", name, "--steps", str(steps), "--format", "jsonl"]) == status
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    facts = run(name, steps)
    assert [row["loss"] for row in rows] == pytest.approx([f["loss"] for f in facts], 1e-9, 1e-25)
    for weight in SCENARIOS[name]["parameters"]:
        for row, fact in zip(rows[:2], facts, strict=False):
            used = flat(fact["claimed"][weight])
            assert flat(row["gradients"][weight]) == pytest.approx(used, 1e-9, 1e-14)


@pytest.mark.parametrize("name", WRONG_GRADIENTS)
def test_with_true_gradients_driving_a_broken_scenario_runs_as_its_twin(name, capsys):
    (sound,) = [sound for sound, broken in TWINS.items() if name in broken]
    steps = min(SCENARIOS[name]["run"]["steps"], 6)
    driven = ["--steps", str(steps), "--set", 'run.drive="autodiff"', "--format", "jsonl"]
    assert main(["run", name, *driven]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["loss"] for row in rows] == pytest.approx(losses(sound, steps), 1e-9)


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("grad_missing_factor", "w2"),
        ("grad_wrong_variable", "w2"),
        ("grad_direction", "w"),
        ("grad_stale", "w"),
        ("grad_missing_path", "w"),
        ("grad_double_counted_path", "w"),
    ],
)
def test_the_evidence_is_what_plain_loops_compute(name, weight):
    (finding,) = (one for one in gradtui.check(name) if one.severity == "error")
    at = tuple(finding.evidence.get("element", ()))
    fact = run(name, 0)[0]
    assert finding.evidence["claimed"] == near(np.array(fact["claimed"][weight])[at])
    assert finding.evidence["true"] == near(np.array(fact["gradients"][weight])[at])


# network.py and network.npz are what they say they are


@pytest.fixture(scope="module")
def module():
    spec = importlib.util.spec_from_file_location("network", FOLDER / "network.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def first_pass(module):
    """Return the parameters of the network, and what network.py and the plain pass make of it."""
    fact = run("grad_network", 0)[0]
    data = {name: np.array(value) for name, value in data_of(SCENARIOS["grad_network"]).items()}
    weights = {name: np.array(value) for name, value in fact["parameters"].items()}
    a, h, p, Y, loss = module.forward(**data, **weights)
    return fact, data, weights, dict(X=data["X"], W2=weights["W2"], h=h, p=p, Y=Y), a, loss


@pytest.mark.parametrize(
    ("function", "scenario"),
    [
        ("backward", "grad_network"),
        ("backward_without_tanh", "grad_missing_slope"),
        ("backward_before_tanh", "grad_wrong_point"),
        ("backward_not_transposed", "grad_transposed"),
    ],
)
def test_the_functions_of_the_file_compute_in_python_what_the_scenarios_say(
    module, function, scenario
):
    fact, _, _, given, a, loss = first_pass(module)
    assert loss == near(fact["loss"])
    extra = {"a": a} if function == "backward_before_tanh" else {}
    found = getattr(module, function)(**given, **extra)
    claimed = run(scenario, 0)[0]["claimed"]
    for weight, value in zip(("W1", "b1", "W2", "b2"), found, strict=True):
        np.testing.assert_allclose(value, claimed[weight], rtol=1e-9, atol=1e-15)


def test_the_numbers_in_the_file_are_those_of_the_function_without_tanh(module):
    _, _, _, given, _, _ = first_pass(module)
    right = module.backward_without_tanh(**given)
    with np.load(FOLDER / "network.npz") as file:
        for weight, value in zip(("W1", "b1", "W2", "b2"), right, strict=True):
            np.testing.assert_allclose(file[weight], value, rtol=1e-12)


def test_the_step_back_through_softmax_along_the_rows_is_p_less_Y():
    fact = run("grad_network", 0)[0]
    p, Y = np.array(fact["values"]["p"]), np.array(fact["values"]["Y"])
    dp = -Y / p / len(Y)
    along = p * (dp - np.sum(dp * p, axis=1, keepdims=True))
    np.testing.assert_allclose(along, (p - Y) / len(Y), rtol=1e-12, atol=1e-16)
    given = data_of(SCENARIOS["grad_network"]), fact["parameters"], fact["values"], {}, {}
    true = softmax_classifier(**given[0], **given[1])[1]
    assert np.allclose(network()(*given)["W1"], true["W1"], rtol=1e-12)


@pytest.mark.parametrize("name", SOUND)
def test_a_pass_by_hand_agrees_with_the_differences_of_its_own_loss(name):
    fact, data = run(name, 1)[1], data_of(SCENARIOS[name])
    for weight in fact["parameters"]:
        for at, slope in enumerate(flat(fact["gradients"][weight])):
            found = slope_by_differences(name, data, fact["parameters"], weight, at)
            assert found == pytest.approx(slope, rel=1e-5, abs=1e-8)


# What the notes say


def claimed(name, step=0):
    return run(name, step)[step]["claimed"]


def parameters(name, step):
    return run(name, step)[step]["parameters"]


def test_the_sign_and_the_way_down_both_climb():
    assert claimed("grad_sign") == {"w1": -12.0, "w2": -18.0}
    assert losses("grad_sign", 1) == near([9, 47.61])
    assert parameters("grad_sign", 1) == near({"w1": 1.6, "w2": 2.9})
    assert losses("grad_sign", 6)[6] == near(9 * 2.3**12)
    assert claimed("grad_direction")["w"] == near([-1.6456, -2.888])
    assert losses("grad_direction", 2) == near([0.7288, 1.67, 7.285], 1e-3)


def test_a_forgotten_factor_leaves_the_loss_curve_as_it_is():
    assert claimed("grad_missing_factor") == {"w1": 12.0, "w2": 6.0}
    wrong, right = losses("grad_missing_factor", 12), losses("grad_two_weights", 12)
    assert wrong[:4] == near([9, 0.81, 0.0729, 0.006561])
    assert wrong == near(right, 1e-8)
    assert wrong[12] == near(9 * 0.3**24, 1e-8)
    assert parameters("grad_missing_factor", 1) == near({"w1": 0.4, "w2": 1.7})
    assert parameters("grad_missing_factor", 12) == near({"w1": 0.1429, "w2": 1.5714}, 1e-3)
    assert parameters("grad_two_weights", 12) == near({"w1": 0.5385, "w2": 1.3077}, 1e-3)


def test_the_wrong_name_lands_in_one_step():
    assert claimed("grad_wrong_variable") == {"w1": 12.0, "w2": 12.0}
    assert losses("grad_wrong_variable", 1)[1] < 1e-25
    assert losses("grad_two_weights", 12)[12] == near(2.5e-12, 2e-2)


def test_a_sum_for_a_mean_is_five_times_too_long():
    assert claimed("grad_constant_factor")["w"] == near([8.228, 14.44])
    assert losses("grad_constant_factor", 2) == near([0.7288, 7.68, 292], 1e-3)


def test_a_gradient_that_is_never_set_to_zero_swings_for_ever():
    assert claimed("grad_accumulated")["w"] == near([1.6456, 2.888])
    swing = losses("grad_accumulated", 24)
    assert (swing[8], swing[19]) == near((0.077, 0.806), 1e-2)
    assert losses("grad_five_parcels", 8)[8] == near(0.388, 1e-2)
    assert min(swing[13:]) < 0.2 < 0.6 < swing[24]


def test_a_gradient_that_comes_a_step_late_drives_the_loss_up():
    assert claimed("grad_stale")["w"] == [0.0, 0.0]
    swing = losses("grad_stale", 12)
    assert (swing[1], swing[3], swing[6], swing[12]) == near((0.72884, 1.178, 2.56, 11.95), 1e-3)
    assert losses("grad_five_parcels", 12)[12] == near(0.3278, 1e-3)


def test_a_sigmoid_too_many_looks_like_a_quarter_at_the_start():
    wrong, right = claimed("grad_extra_factor"), claimed("grad_late")
    assert wrong["w"] == near([g / 4 for g in right["w"]])
    assert wrong["b"] == near(right["b"] / 4)
    assert claimed("grad_extra_factor", 30)["b"] != near(
        run("grad_extra_factor", 30)[30]["gradients"]["b"] / 4, 1e-2
    )
    assert losses("grad_extra_factor", 60)[:3] == near([0.6931, 0.6746, 0.6665], 1e-3)
    ends = (losses("grad_extra_factor", 60)[60], losses("grad_late", 60)[60])
    assert ends == near((0.4838, 0.2495), 1e-3)


def test_a_shared_weight_has_two_paths_and_both_mistakes_reduce_the_loss():
    straight, through = -3.6 * 2, -3.6 * 0.4 * 1
    assert claimed("grad_shared_weight")["w"] == near(straight + through) == -8.64
    assert claimed("grad_missing_path")["w"] == near(straight)
    assert claimed("grad_double_counted_path")["w"] == near(straight + 2 * through)
    short, right, long = (
        losses(name, 3)
        for name in ("grad_missing_path", "grad_shared_weight", "grad_double_counted_path")
    )
    assert short[1:] == near([0.7372, 0.1259, 0.01756], 1e-3)
    assert right[1:] == near([0.4615, 0.0355, 0.00174], 2e-3)
    assert long[1:3] == near([0.25, 0.0051], 1e-2)
    ends = [parameters(name, 12) for name in ("grad_shared_weight", "grad_double_counted_path")]
    assert ends[0] == near({"w": 1.1627, "v": 0.5801}, 1e-4)
    assert ends[1] == near({"w": 1.1769, "v": 0.5491}, 1e-4)


def test_a_term_of_batch_normalisation_can_be_missed_without_a_trace():
    assert claimed("grad_missing_term")["w"] == near([-0.5673, -0.4121], 1e-3)
    true = run("grad_normalised", 0)[0]["gradients"]
    assert true["w"] == near([-0.1142, 0.0607], 1e-3)
    assert sum(true["u"]) == pytest.approx(0, abs=1e-15)
    wrong, right = losses("grad_missing_term", 20), losses("grad_normalised", 20)
    assert wrong[1:4] == near([1.927, 1.32, 0.9278], 1e-3)
    assert [step for step in range(1, 21) if wrong[step] < right[step]] == list(range(1, 13))
    assert (wrong[20], right[20]) == near((0.1507, 0.135), 1e-3)


def right_vehicles(name):
    shares = run(name, 60)[60]["values"]["p"]
    return int(np.sum(np.argmax(shares, axis=1) == np.array(SCENARIOS[name]["data"]["y"])))


def test_the_network_learns_with_true_gradients_and_less_with_wrong_ones():
    ends = {
        name: losses(name, 60)[60]
        for name in ("grad_network", "grad_transposed", "grad_missing_slope", "grad_wrong_axis")
    }
    assert list(ends.values()) == near([0.1226, 0.1778, 0.677, 1.4046], 1e-3)
    assert [right_vehicles(name) for name in ends][:3] == [12, 12, 9]
    slope = losses("grad_missing_slope", 60)
    assert (min(slope), slope.index(min(slope))) == (near(0.566, 1e-3), 35)
    halfway = losses("grad_transposed", 20)[20], losses("grad_network", 20)[20]
    assert halfway == near((0.47, 0.4139), 1e-3)
    assert losses("grad_wrong_axis", 2) == near([1.2477, 1.0739, 1.1484], 1e-4)
    assert claimed("grad_wrong_axis")["b2"] == near([0.184, 0.376, 2.44], 2e-3)
    true = run("grad_network", 0)[0]["gradients"]
    assert true["b2"] == near([-0.204, -0.156, 0.36], 1e-3)


def test_the_slope_of_tanh_is_missed_most_where_the_unit_is_saturated():
    fact = run("grad_network", 0)[0]
    unit = np.array(fact["values"]["h"])
    slope = 1 - unit**2
    assert np.unravel_index(np.argmin(slope), slope.shape) == (11, 2)
    assert 1 / slope[11, 2] == near(29, 1e-2)


def test_the_slope_at_the_wrong_point_explodes_while_the_loss_does_not():
    fact = run("grad_wrong_point", 0)[0]
    a = np.arctanh(np.array(fact["values"]["h"]))
    assert (int(np.sum(np.abs(a) > 1)), a.size) == (12, 36)
    norms = [
        math.sqrt(sum(g * g for part in one["claimed"].values() for g in flat(part)))
        for one in run("grad_wrong_point", 12)
    ]
    figures = [norms[step] for step in (0, 9, 10, 12)]
    assert figures == near([1.356, 12.1, 523, 3.1e9], 2e-2)
    found = losses("grad_wrong_point", 12)
    assert 0.8 < min(found) < max(found) < 1.6


def test_the_numbers_of_the_file_are_wrong_in_the_first_layer_alone():
    with np.load(FOLDER / "network.npz") as file:
        given = {name: file[name] for name in file}
    true = run("grad_network", 0)[0]["gradients"]
    assert (given["W1"][0, 0], true["W1"][0][0]) == near((-0.6237, -0.1916), 1e-3)
    wrong = {name for name in given if not np.allclose(given[name], true[name], rtol=1e-9)}
    assert wrong == {"W1", "b1"}
