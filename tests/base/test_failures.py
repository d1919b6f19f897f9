"""What gradtui itself fails at is said, logged, and nobody else's loss."""

import json
from pathlib import Path

import pytest

import gradtui
import gradtui.base.failures
import gradtui.debugger.investigation
import gradtui.debugger.sweeps
import gradtui.diagnosis.check
from gradtui.base.failures import report_failure
from gradtui.cli.arguments import main
from gradtui.diagnosis.runs.registry import diagnose_run
from gradtui.explain.branches import sweep_rows
from gradtui.explain.findings import findings_rows, notes_rows
from gradtui.explain.gauge import gauge_rows
from gradtui.explain.spans import line_text
from gradtui.scenario.bundled import find_scenario
from gradtui.scenario.load import load_problem

LOGGED = gradtui.base.failures._logged


def fail(*arguments, **options):
    raise TypeError("no such thing\x1b[2J")


def told(rows):
    return " ".join(line_text(row).strip() for row in rows)


@pytest.fixture
def log(monkeypatch, tmp_path):
    """Have failures logged, in a folder of the test's own."""
    monkeypatch.setattr(gradtui.base.failures, "_logged", LOGGED)
    monkeypatch.setattr(gradtui.base.failures, "state_folder", lambda: tmp_path)
    return tmp_path / "failures.log"


def test_the_sentence_names_the_log_and_the_log_has_the_traceback(log):
    for _ in range(2):
        try:
            fail()
        except TypeError as error:
            said = report_failure("the run could not be judged", error)
    start = "the run could not be judged: TypeError: no such thing\\x1b[2J; please report this: "
    assert said == f"{start}the details are in {log}"
    logged = log.read_text()
    assert logged.count("in fail") == logged.count("the run could not be judged") == 2
    assert "\x1b" not in logged


def test_the_log_stays_small(log, monkeypatch):
    monkeypatch.setattr(gradtui.base.failures, "_KEPT", 100)
    log.write_text("x" * 5_000)
    report_failure("something failed", ValueError("why"))
    assert log.stat().st_size < 500 and "why" in log.read_text()


def test_a_log_that_cannot_be_written_is_said(log, monkeypatch):
    def refuse(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gradtui.base.failures, "write_file", refuse)
    said = report_failure("something failed", ValueError("why"))
    assert said.endswith("the details cannot be written: no space left on device")


def test_a_file_that_cannot_be_judged_is_an_error_and_the_others_are_judged(
    monkeypatch, capsys, log
):
    judge = gradtui.diagnosis.check.diagnose_run
    monkeypatch.setattr(
        gradtui.diagnosis.check, "diagnose_run",
        lambda problem, *rest: fail() if "practice" in problem.path else judge(problem, *rest),
    )  # fmt: skip
    assert main(["check", "two_weights", "practice", "one_weight", "--json"]) == 1
    before, failed, after = map(json.loads, capsys.readouterr().out.splitlines())
    assert before["verdict"] == after["verdict"] == "no-claim"
    (finding,) = failed["findings"]
    assert (finding["rule"], finding["severity"], failed["verdict"]) == (
        "internal", "error", "not-compared",
    )  # fmt: skip
    assert main(["check", "practice"]) == 1
    out = capsys.readouterr().out
    assert "practice.toml:1:1: error: the scenario could not be judged: TypeError: no such" in out
    assert f"the details are in {log} [internal]" in out


def test_a_run_that_cannot_be_judged_has_no_clean_bill(monkeypatch, failures):
    monkeypatch.setattr(gradtui.diagnosis.check, "diagnose_run", fail)
    session = gradtui.load("two_weights")
    session.investigation.look()
    text = told(notes_rows(session.frame, 60))
    assert "✗ step 0  internal the run could not be judged: TypeError" in text
    assert "no findings" not in text and session.investigation.unknown == ""
    assert [str(error) for error in failures] == ["no such thing\x1b[2J"]
    failures.clear()


def test_what_is_written_by_hand_and_cannot_be_judged_is_not_called_right(monkeypatch, failures):
    monkeypatch.setattr(gradtui.diagnosis.check, "judge", fail)
    session = gradtui.load("grad_two_weights")
    session.investigation.look()
    text = told(findings_rows(session.frame, 60))
    assert "what is written by hand could not be judged" in text
    assert "right" not in text
    failures.clear()


def test_a_curvature_that_cannot_be_measured_is_said_where_it_would_stand(monkeypatch, failures):
    monkeypatch.setattr(gradtui.debugger.investigation, "gauge", fail)
    rows = gauge_rows(gradtui.load("two_weights").frame, 40)
    assert "lr·λmax the curvature could not be measured: TypeError" in told(rows)
    failures.clear()


def test_a_row_of_a_sweep_that_cannot_be_judged_spoils_no_other(monkeypatch, failures):
    session = gradtui.load("two_weights")
    session.try_all("lr 0.01 0.05 3")
    sweep, judge = session.branches.sweep, gradtui.debugger.sweeps.Sweep._end
    monkeypatch.setattr(
        gradtui.debugger.sweeps.Sweep, "_end",
        lambda self, one: fail() if one.change == "lr 0.05" else judge(self, one),
    )  # fmt: skip
    sweep.judge()
    assert sweep.ends == ("converges", "could not be judged", "diverges")
    assert "? could not be judged" in told(sweep_rows(sweep, 0, 0))
    assert sweep.failed.startswith("the run with lr 0.05 could not be judged: TypeError")
    failures.clear()


@pytest.mark.parametrize("rate", ["1e4", "1e8", "1e150", "1e308"])
def test_a_run_whose_validation_is_lost_first_is_judged(rate):
    path = find_scenario("plateau_schedule")
    text = Path(path).read_text().replace("lr = 0.02", f"lr = {rate}")
    (finding,) = diagnose_run(load_problem(path, texts={str(path): text}))
    assert finding.severity == "error"
