import pytest

from gradtui.diagnosis.check import check_problem, judge, judge_run

CODE, DATA = "e = w*x - y\nL = e**2", "x = 3.0\ny = 5.0"
"""At w = 2: e = 1, L = 1, dL/dw = 6."""
RIGHT = "[backward]\ncode = '''\nde = 2*e\ndw = de*x\n'''"
WRONG = RIGHT.replace("de*x", "de")
FACT = "\n[[expect]]\nstep = 0\nloss = 1.0\n"
UPDATE = "\n[update]\ncode = 'w = w - lr*g'\n"


@pytest.fixture
def problem(session_of):
    return lambda more="", lr=0.02: session_of(CODE, data=DATA, more=more, lr=lr).problem


@pytest.mark.parametrize(
    ("more", "verdict", "claims"),
    [
        ("", "no-claim", 0),
        (RIGHT, "correct", 2),
        (WRONG, "wrong", 2),
        (UPDATE, "correct", 1),
        (UPDATE.replace("- lr", "+ lr"), "wrong", 1),
        (RIGHT + UPDATE, "correct", 3),
        (RIGHT + UPDATE.replace("- lr", "+ lr"), "wrong", 3),
    ],
)
def test_gradients_and_updates_make_one_verdict(problem, more, verdict, claims):
    judged = judge(problem(more))
    assert (judged.verdict, judged.claims) == (verdict, claims)
    assert bool(judged.findings) == (verdict == "wrong")


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        (FACT, "no-claim"),
        (FACT.replace("1.0", "1.5"), "facts-failed"),
        (RIGHT + FACT.replace("1.0", "1.5"), "facts-failed"),
        (WRONG + FACT.replace("1.0", "1.5"), "wrong"),
    ],
)
def test_a_fact_that_fails_is_told_unless_worse_is(problem, more, verdict):
    outcome = check_problem(problem(more))
    assert outcome.verdict == verdict
    assert outcome.failed == ("1.5" in more)


def test_what_a_comment_silences_is_counted_and_fails_nothing(problem):
    silenced = WRONG.replace("dw = de", "dw = de  # gradtui: ignore[missing-factor]")
    outcome = check_problem(problem(silenced))
    assert (outcome.verdict, outcome.findings, outcome.silenced) == ("correct", (), 1)
    assert outcome.as_dict()["silenced"] == 1


def test_the_findings_of_a_run_that_wrong_lines_drive_are_left_out(problem):
    # 1 - 2·9·0.2 = -2.6: the run diverges by its rate
    one = problem(WRONG, lr=0.2)
    assert judge_run(one, judge(one).findings) == ()
    sound = problem(RIGHT, lr=0.2)
    assert [finding.rule for finding in judge_run(sound, judge(sound).findings)] == ["diverging"]


def test_the_outcome_has_the_form_of_the_json(problem):
    outcome = check_problem(problem(WRONG))
    told = outcome.as_dict()
    assert {"file", "verdict", "claims", "findings", "inherited"} == told.keys()
    (finding,) = told["findings"]
    assert (told["file"], finding["file"], finding["target"]) == (outcome.problem.path, None, "dw")
