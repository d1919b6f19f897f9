"""`gradtui check`: what is wrong, in each format, and the exit status."""

from pathlib import Path

import pytest

from cli.shell import rows_of
from gradtui.scenario.bundled import find_scenario


@pytest.fixture
def wrong(write):
    return write("L = (w*x)**2", more="[[expect]]\nloss = 36.0\n[[expect]]\nloss = 37.0")


def test_a_failed_fact_is_shown_with_file_line_and_caret(run, wrong):
    status, out, err = run("check", wrong)
    assert (status, err) == (1, "")
    line = Path(wrong).read_text().splitlines().index("loss = 37.0") + 1
    assert out.splitlines() == [
        f"{wrong}:{line}:8: error: loss at step 0 is 36, the file expects 37 within 1e-6 relative",
        "  loss = 37.0",
        "         ^^^^",
        f"{wrong}: failed, 1 of 2 stated facts do not hold",
    ]


def test_two_failed_facts_of_one_line_have_their_own_carets(run, write):
    more = "[[expect]]\ngradients = {w = 1.0, v = 2.0}"
    _, out, _ = run("check", write("L = w**2 + v**2", "w = 1.0\nv = 2.0", more=more))
    assert [line.split(":")[2] for line in out.splitlines() if "error" in line] == ["18", "27"]


def test_check_as_json_is_a_line_a_file(run, wrong):
    status, out, err = run("check", "two_weights", wrong, "/nowhere.toml", "--json")
    good, bad, unread = rows_of(out)
    assert status == 2
    assert list(good) == ["file", "verdict", "claims", "findings", "inherited"]
    assert (good["verdict"], good["claims"], good["findings"]) == ("no-claim", 0, [])
    assert bad["verdict"] == "facts-failed"
    assert bad["findings"][0]["rule"] == "fact"
    assert unread == {"file": "/nowhere.toml", "error": "/nowhere.toml:1:1: error: no such file"}
    assert err == "/nowhere.toml:1:1: error: no such file\n"


def test_json_has_the_message_of_the_report(run):
    (row,) = rows_of(run("check", "grad_constant_factor", "--json")[1])
    message = row["findings"][0]["message"]
    assert message.endswith("; 5 = the rows of X: the loss is a mean")
    assert f"error: {message} [constant-factor]" in run("check", "grad_constant_factor")[1]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["two_weights"], 0),
        (["two_weights", "WRONG"], 1),
        (["WRONG", "two_weights"], 1),
        (["/nowhere.toml", "WRONG", "two_weights"], 2),
    ],
)
def test_the_highest_exit_status_wins(run, wrong, files, expected):
    status, out, _ = run("check", *(wrong if file == "WRONG" else file for file in files))
    assert status == expected
    assert ("two_weights.toml: ok" in out) == ("two_weights" in files)


def test_quiet_prints_nothing_but_errors(run, wrong):
    assert run("check", "two_weights", "--quiet") == (0, "", "")
    status, out, _ = run("check", "two_weights", wrong, "--quiet")
    assert status == 1
    assert out.startswith(f"{wrong}:")
    assert "two_weights" not in out


def test_quiet_prints_no_warning(run):
    assert run("check", "dead_relu", "disconnected", "--quiet") == (0, "", "")


def test_quiet_prints_neither_the_warnings_nor_the_outcome_of_a_file_with_errors(run, tmp_path):
    file = tmp_path / "both.toml"
    text = Path(find_scenario("disconnected")).read_text()
    file.write_text(f"{text}\n[[expect]]\nloss = -1.0\n")
    status, out, _ = run("check", str(file))
    assert (status, out.count("error: "), out.count("warning: ")) == (1, 1, 1)
    status, out, err = run("check", str(file), "--quiet")
    assert (status, err, out.splitlines()[1:]) == (1, "", ["  loss = -1.0", "         ^^^^"])
    status, out, _ = run("check", "adam_eps_in_root", "--quiet")
    assert status == 1
    assert out.splitlines()[-1] == "  fix: w = w - lr*mhat/(sqrt(vhat) + eps)"


def test_facts_are_counted_in_words(run, write):
    for more, words in (
        (
            "",
            "the run alone was examined: no gradient is written by hand, and no [[expect]] states "
            "a fact",
        ),
        ("[[expect]]\nloss = 36.0", "the one stated fact holds"),
        ("[[expect]]\nloss = 36.0\n[expect.values]\nx = 3.0", "all 2 stated facts hold"),
    ):
        path = write("L = (w*x)**2", more=more)
        assert run("check", path)[1] == f"{path}: ok, {words}\n"


def test_a_parameter_that_is_not_used_is_a_warning_and_no_failure(run, write):
    path = write("L = w**2", "w = 1.0\nb = 2.0")
    warned = [
        f"{path}:8:1: warning: the loss does not use the parameter 'b'",
        "  b = 2.0",
        "  ^",
    ]
    status, out, err = run("run", path)
    assert (status, err.splitlines()) == (0, warned)
    status, out, err = run("check", path)
    assert (status, err) == (0, ""), "it is said once, as a finding"
    assert out.startswith(f"{path}:8:1: warning: the loss does not depend on b. Its gradient is 0")


def test_check_for_github_annotates_the_lines_of_the_repository(run, wrong, monkeypatch):
    monkeypatch.setenv("GITHUB_WORKSPACE", str(Path(wrong).parent.parent))
    name = f"{Path(wrong).parent.name}/{Path(wrong).name}"
    status, out, err = run("check", wrong, "two_weights", "--format", "github")
    rows = out.splitlines()
    assert (status, err) == (1, "")
    assert rows[0].startswith(f"::error file={name},line=23,col=8,title=gradtui%3A fact::")
    assert rows[1] == f"gradtui: {wrong}: failed, 1 of 2 stated facts do not hold"
    assert len(rows) == 3 and rows[2].endswith("stated facts hold"), "what was compared is told"
    assert run("check", wrong, "two_weights", "--format", "github", "--quiet")[1] == f"{rows[0]}\n"


def test_check_as_sarif_is_one_log_of_all_files(run, wrong, tmp_path):
    (tmp_path / "bad.py").write_text("1/0\n", encoding="utf-8")
    files = [wrong, "grad_sign", "nowhere.toml", f"{tmp_path / 'bad.py'}:case"]
    status, out, err = run("check", *files, "--format", "sarif")
    (log,) = rows_of(out)
    (ran,) = log["runs"]
    assert status == 2 and "nowhere.toml" in err and "ZeroDivisionError" in err
    assert [result["ruleId"] for result in ran["results"]] == ["fact", "sign"]
    (invocation,) = ran["invocations"]
    told = [one["message"]["text"] for one in invocation["toolExecutionNotifications"]]
    assert "4 claims compared at 12 points" in told[1]
    assert told[2:] == [
        "nowhere.toml: no such file",
        f"{files[3]}: ZeroDivisionError: division by zero",
    ]


def test_json_is_a_format_and_the_two_are_not_asked_for_together(run, wrong):
    json_lines = run("check", wrong, "nowhere.toml", "--json")
    assert run("check", wrong, "nowhere.toml", "--format", "json") == json_lines
    assert len(rows_of(json_lines[1])) == 2
    assert run("check", wrong, "--json", "--format", "sarif")[0] == 2


def hand_written(line):
    return f'[backward]\ncode = """\n{line}\n"""'


def test_a_pass_by_hand_that_claims_no_gradient_is_no_success_of_a_strict_check(run, write):
    file = write("L = (w*x)**2", more=hand_written("g_w = 3*w"))
    assert run("check", file)[0] == 0
    status, out, err = run("check", "--strict", file)
    assert status == 1
    assert "'g_w' claims nothing" in err
    assert "nothing was compared: no line of [backward] claims a gradient" in out


def test_parameters_without_a_gradient_by_hand_are_named(run, write):
    hand = hand_written("dw = 2*w*x**2")
    _, out, _ = run("check", write("L = (w*x)**2 + v**2", "w = 1.0\nv = 2.0", more=hand))
    assert "; not compared: v; " in out
    _, out, _ = run("check", write("L = (w*x)**2", more=hand))
    assert "not compared" not in out
