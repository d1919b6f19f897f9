"""Comments silence findings of scenarios, and of the Python files they name."""

from gradtui.diagnosis.check import check_problem
from gradtui.explain.outcome import report_of
from gradtui.scenario.load import load_problem

SCENARIO = """
title = "One weight"
[data]
x = 3.0
[parameters]
w = 2.0
[model]
code = '''
L = (w*x - 1)**2
'''
[optimizer]
name = "sgd"
lr = 0.01
[run]
steps = 3
[backward]
"""


def test_a_line_of_a_scenario(tmp_path):
    file = tmp_path / "net.toml"
    file.write_text(
        SCENARIO + "code = '''\ndw = 2*(w*x - 1)  # gradtui: ignore[missing-factor]\n'''"
    )

    outcome = check_problem(load_problem(file))

    assert (outcome.findings, outcome.failed, outcome.silenced) == ((), False, 1)
    assert outcome.verdict == "correct"
    assert ": ok, one claim compared at " in report_of(outcome).text()
    assert "1 silenced" in report_of(outcome).text()
    assert outcome.as_dict()["silenced"] == 1


def test_a_line_of_a_python_file(tmp_path):
    (tmp_path / "net.py").write_text(
        "def backward(w, x):\n    dw = 2*(w*x - 1)  # gradtui: ignore[missing-factor, sgn]\n"
        "    return dw\n"
    )
    file = tmp_path / "net.toml"
    file.write_text(SCENARIO + 'source = "net.py:backward"')

    problem = load_problem(file)

    (notice,) = problem.notices
    assert "net.py:2:57: warning: no rule has the name 'sgn'; did you mean 'sign'?" in (
        problem.describe(notice)
    )
    assert check_problem(problem).silenced == 1


def test_another_rule_is_not_silenced(tmp_path):
    file = tmp_path / "net.toml"
    file.write_text(SCENARIO + "code = '''\ndw = 2*(w*x - 1)  # gradtui: ignore[sign]\n'''")

    outcome = check_problem(load_problem(file))

    assert (outcome.failed, outcome.silenced) == (True, 0)
    assert "silenced" not in outcome.as_dict()
