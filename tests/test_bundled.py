"""Every bundled scenario opens, holds what it says, and has the gradients that it has."""

import json

import numpy as np
import pytest

import gradtui
from gradtui.cli.arguments import main
from gradtui.diagnosis.runs.registry import RUN_RULES, is_lost
from gradtui.scenario.bundled import bundled_folder, list_bundled

ENTRIES = list_bundled()
NAMES = [entry.name for entry in ENTRIES]


def test_the_list_has_every_file_in_the_lesson_s_order():
    assert sorted(NAMES) == sorted(path.stem for path in bundled_folder().glob("*.toml"))
    assert NAMES[:2] == ["one_weight", "two_weights"]
    assert len(set(NAMES)) == len(NAMES) >= 10


def test_the_figures_of_the_lesson_are_all_there():
    assert set(NAMES) >= {
        "one_weight", "two_weights", "two_weights_rate_3", "five_parcels", "bias_weight",
        "five_parcels_rate_1_5", "five_parcels_rate_0_001", "illustration", "practice",
        "practice_rate_2",
    }  # fmt: skip


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_an_entry_has_a_title_a_line_about_it_and_notes(entry):
    assert entry.title
    assert entry.about
    assert "\n" not in entry.about
    assert gradtui.load(entry.name).problem.notes.strip()


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_check_finds_nothing_but_what_a_scenario_is_there_to_show(entry, capsys):
    expected = 1 if "pitfall" in entry.tags else 0
    assert main(["check", entry.name, "--json"]) == expected
    out, err = capsys.readouterr()
    outcome = json.loads(out)
    assert err == ""
    assert outcome["file"] == entry.path
    if not expected:
        assert outcome["verdict"] in ("correct", "no-claim")
    announced = {expected.rule for expected in gradtui.load(entry.name).problem.expected}
    grave = {f["rule"] for f in outcome["findings"] if f["severity"] != "info"}
    assert grave <= announced
    assert ("warning" in entry.tags) == (bool(grave) and not expected), "found by its tag"


@pytest.mark.parametrize("name", ["two_weights", "grad_sign", "ravine"])
def test_check_says_what_it_returns(name, capsys):
    main(["check", name, "--json"])
    told = [finding["message"] for finding in json.loads(capsys.readouterr().out)["findings"]]
    assert [finding.message for finding in gradtui.check(name)] == told


SOUND = {
    "diverging": {
        "five_parcels_rate_1_5": ["five_parcels"],
        "five_parcels_unclipped": ["five_parcels_clipped"],
        "two_weights_rate_3": ["two_weights", "two_weights_schedule"],
    },
    "oscillating": {"absolute_error": ["absolute_error_cosine"]},
    "crawling": {"five_parcels_rate_0_001": ["five_parcels", "five_parcels_adam"]},
    "plateau": {"flat_start": ["random_start"], "warmup_none": ["warmup"]},
    "rate-too-large-later": {"rate_deadly_later": ["rate_lowered_later"]},
    "exploding-gradient": {"chain_exploding": ["chain_steady", "chain_clipped"]},
    "vanishing-gradient": {"sigmoids_deep": ["tanhs_deep", "sigmoids_deep_adam"]},
    "non-finite": {"late_nan": ["late_stable"]},
    "dead-relu": {"dead_relu": ["living_relu"]},
    "saturated": {"saturated": ["saturated_standardised"]},
    "masked": {"masked": ["unmasked"]},
    "constant-feature": {"empty_column": ["five_parcels"]},
    "disconnected": {"disconnected": ["connected"]},
    "scale-mismatch": {"scales": ["scales_standardised"], "kilometres": ["kilometres_adam"]},
    "ill-conditioned": {"ravine": ["ravine_momentum", "ravine_adam"]},
    "clipping": {"clipped": ["clipped_loosely"]},
}
"""Rule -> each run that it finds, with its sound twins and cures."""
BROKEN = [(rule, broken) for rule, runs in SOUND.items() for broken in runs]


def test_every_rule_over_runs_has_a_broken_run_and_a_sound_twin():
    assert SOUND.keys() == RUN_RULES.keys()
    assert all(twins for runs in SOUND.values() for twins in runs.values())


@pytest.mark.parametrize(("rule", "broken"), BROKEN)
def test_a_broken_run_is_announced_with_its_rule_and_its_twins_are_sound(rule, broken):
    assert [e.rule for e in gradtui.load(broken).problem.expected] == [rule]
    assert rule in {finding.rule for finding in gradtui.check(broken)}
    for twin in SOUND[rule][broken]:
        assert {finding.severity for finding in gradtui.check(twin)} <= {"info"}


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_states_facts(name):
    facts = gradtui.load(name).problem.facts
    assert {fact.kind for fact in facts} >= {"loss", "gradients", "parameters"}


@pytest.mark.parametrize("name", NAMES)
def test_every_gradient_agrees_with_the_central_difference(name):
    session = gradtui.load(name)
    for step in (0, 1, 3):
        session.seek(step)
        frame = session.frame
        if not np.isfinite(frame.loss):
            continue
        for position, node in enumerate(frame.graph.parameters):
            gradient = np.asarray(frame.gradients[node.name])
            found = frame.central(position, list(np.ndindex(gradient.shape)))
            assert found is not None
            central = found.reshape(gradient.shape)
            rounding = np.finfo(float).eps ** (2 / 3) * abs(frame.loss)
            scale = max(1e-6 * max(1.0, abs(frame.loss) ** 0.5), rounding)
            assert np.allclose(gradient, central, rtol=1e-5, atol=scale), (step, node.name)


SHOW = [("show", *more) for more in ((), ("--level", "operations"), ("--json",))]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", [*SHOW, ("run",)], ids=" ".join)
def test_show_and_run_print_no_error(name, command, capsys):
    problem = gradtui.load(name).problem
    lost = is_lost(problem, problem.steps) if command == ("run",) else ""
    assert main([*command, name]) == (1 if lost else 0)
    warned = {line.partition(": ")[2] for line in capsys.readouterr().err.splitlines()}
    told = {f"{lost}; `gradtui check` says why"} if lost else set()
    notices = {f"warning: {notice.message}" for notice in problem.notices}
    assert warned - {""} == notices | told


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_can_be_walked_from_end_to_end(name):
    session = gradtui.load(name)
    session.position = 0
    for _ in range(3 * session.order.end):
        session.into()
    session.last()
    assert session.step == session.problem.steps
    assert session.frame.loss is not None
