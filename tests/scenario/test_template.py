"""What `gradtui new` writes: its comments, uncommented, hold too."""

import gradtui
from gradtui.diagnosis.check import check_problem
from gradtui.scenario.template import TEMPLATE


def uncommented(lines):
    return [line.removeprefix("# ") for line in lines]


def judged(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return check_problem(gradtui.load(path).problem)


def test_the_scenario_has_no_mistake(tmp_path):
    outcome = judged(tmp_path, TEMPLATE)
    assert (outcome.verdict, outcome.findings) == ("no-claim", ())


def test_the_suggested_facts_hold(tmp_path):
    at = TEMPLATE.index("# [[expect]]")
    outcome = judged(tmp_path, TEMPLATE[:at] + "\n".join(uncommented(TEMPLATE[at:].splitlines())))
    assert [fact.kind for fact in outcome.problem.facts] == ["loss", "gradients"]
    assert outcome.findings == ()


def test_the_hand_written_parts_are_right_once_uncommented(tmp_path):
    lines = TEMPLATE.splitlines()
    first, last = (
        next(i for i, line in enumerate(lines) if line.startswith(f"# {start}"))
        for start in ("[backward]", "state = { m")
    )
    other = ("# source", "# claims", "# state")
    taken = uncommented(line for line in lines[first:last] if not line.startswith(other))
    outcome = judged(tmp_path, "\n".join([*lines[:first], *taken, *lines[last:]]))
    assert (outcome.verdict, outcome.claims, outcome.findings) == ("correct", 4, ())
    assert outcome.compared.points == 12
