"""What CI is told of a check: workflow commands as GitHub reads them, logs as SARIF has them."""

import re
from pathlib import Path

import pytest

from gradtui.base.source import InputError, Place
from gradtui.explain.annotations import github_rows, sarif
from gradtui.explain.remarks import SEVERITIES, Remark, Report, report_of_error

LINE = "dw = 2*e  # café"


def remark(root, name="a.toml", severity="error", rule="sign", **parts):
    given = {"message": "wrong", **parts}
    return Remark(str(root / name), Place(3, 6, 3), LINE, severity, rule, **given)


def unescaped(text):
    return re.sub("%([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), text)


@pytest.mark.parametrize(
    ("severity", "command"), [("error", "error"), ("warning", "warning"), ("info", "notice")]
)
def test_a_remark_is_a_command_at_its_line(tmp_path, severity, command):
    report = Report([remark(tmp_path / "b", severity=severity, fix="dw = e")], "said")
    (row,) = github_rows(report, str(tmp_path), grave=SEVERITIES)
    assert row == (
        f"::{command} file=b/a.toml,line=3,col=6,title=gradtui%3A sign::wrong%0Afix: dw = e"
    )


def test_what_github_reads_is_what_was_said(tmp_path):
    name, message = "a,b:c%2C.toml", "100% of\r\nx: 1, 2\x1b[1m"
    (row,) = github_rows(
        Report([remark(tmp_path, name, message=message)], ""), str(tmp_path), grave=SEVERITIES
    )
    assert "\n" not in row and "\r" not in row and "\x1b" not in row
    properties, text = re.fullmatch("::error (.*?)::(.*)", row).groups()
    found = dict(part.split("=", 1) for part in properties.split(","))
    assert found.keys() == {"file", "line", "col", "title"}
    assert not any(":" in part for part in found.values())
    assert unescaped(found["file"]) == name
    assert unescaped(text) == r"100% of\x0d\x0ax: 1, 2\x1b[1m"
    assert "100%25 of" in text and "x: 1, 2" in text, "colons and commas stay in the message"


def test_only_what_is_grave_is_a_command_if_so_wanted(tmp_path):
    report = Report([remark(tmp_path, severity="warning")], "")
    assert not [*github_rows(report, str(tmp_path), grave=("error",))]


def test_a_file_elsewhere_goes_by_its_whole_path(tmp_path):
    (row,) = github_rows(Report([remark(tmp_path)], ""), str(tmp_path / "other"), grave=SEVERITIES)
    assert f"file={(tmp_path / 'a.toml').as_posix()}," in row


def test_a_sarif_log_has_the_published_structure(tmp_path):
    reports = [
        Report([remark(tmp_path, "a b.toml"), remark(tmp_path, severity="info")], "2 compared"),
        Report([remark(tmp_path, rule="fact", severity="warning", fix="dw = e")], "1 failed"),
    ]
    log = sarif(reports, str(tmp_path), "1.2")
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("gradtui", "1.2")
    assert [rule["id"] for rule in driver["rules"]] == ["sign", "fact"]
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    assert run["columnKind"] == "unicodeCodePoints"
    assert [result["level"] for result in run["results"]] == ["error", "note", "warning"]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"].startswith("wrong")
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert region == {
            "startLine": 3, "startColumn": 6, "endColumn": 9, "snippet": {"text": LINE},
        }  # fmt: skip
    first, *_, last = run["results"]
    assert first["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "a%20b.toml"}
    assert last["message"]["text"] == "wrong\nfix: dw = e"
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True
    told = invocation["toolExecutionNotifications"]
    assert [(one["level"], one["message"]["text"]) for one in told] == [
        ("note", "2 compared"), ("note", "1 failed"),
    ]  # fmt: skip


def test_what_cannot_be_used_is_no_result_but_says_why(tmp_path):
    path = str(tmp_path / "a.toml")
    error = InputError("unknown key", Place(2, 1, 4), file=path, source_line="keyy = 1")
    (run,) = sarif([report_of_error("a.toml", error)], "/", "1")["runs"]
    assert run["results"] == run["tool"]["driver"]["rules"] == []
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (told,) = invocation["toolExecutionNotifications"]
    assert (told["level"], told["message"]["text"]) == ("error", "a.toml: unknown key")
    region = told["locations"][0]["physicalLocation"]["region"]
    assert (region["startLine"], region["startColumn"]) == (2, 1)


def test_a_file_outside_of_the_repository_has_an_absolute_uri(tmp_path):
    (run,) = sarif([Report([remark(tmp_path)], "")], str(tmp_path / "other"), "1")["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == Path(tmp_path, "a.toml").as_uri()


def test_a_remark_without_a_place_stands_in_the_first_line(tmp_path):
    placeless = Remark(str(tmp_path / "a.toml"), None, "", "error", "internal", "failed")
    (run,) = sarif([Report([placeless], "")], str(tmp_path), "1")["runs"]
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 1}
    (row,) = github_rows(Report([placeless], ""), str(tmp_path), grave=SEVERITIES)
    assert row == "::error file=a.toml,title=gradtui%3A internal::failed"
