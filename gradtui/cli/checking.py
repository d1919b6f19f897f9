"""`gradtui check`: verifies the claims of files, and prints the findings."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtui.base.source import InputError
from gradtui.base.streams import tell, working
from gradtui.base.text import clean
from gradtui.cli.checkpoint import Counted, goes_on
from gradtui.cli.files import load_file, print_notices
from gradtui.cli.output import FAILED, OK, UNUSABLE, print_json, prints_apart
from gradtui.cli.running import RaisedError, as_input_error, check_code, is_code, tell_raised

if TYPE_CHECKING:
    from gradtui.diagnosis.check import Check
    from gradtui.explain.remarks import Report
    from gradtui.scenario.problem import Problem

FORMATS = ("text", "json", "github", "sarif")


class _Found(NamedTuple):
    """The outcome of one file."""

    report: Report
    record: Mapping[str, Any]
    """The line of JSON."""
    failed: bool
    warned: bool


def check_files(arguments: argparse.Namespace) -> int:
    """Verify the claims of files and print the findings."""
    from gradtui.explain.remarks import report_of_error

    status = OK
    reports: list[Report] = []
    for file in arguments.files:
        try:
            with prints_apart(arguments):
                found = _check_code(file, arguments) if is_code(file) else _check(file, arguments)
        except RaisedError as raised:
            if arguments.format == "json":
                print_json({"file": file, "error": raised.text})
            tell_raised(raised)
            status = UNUSABLE
            error = as_input_error(raised, file.rpartition(":")[0])
            reports.append(report_of_error(file, error))
        except InputError as error:
            if arguments.format == "json":
                print_json({"file": file, "error": str(error)})
            tell(error)
            status = UNUSABLE
            reports.append(report_of_error(file, error))
        else:
            if found.failed or (arguments.strict and found.warned):
                status = max(status, FAILED)
            reports.append(found.report)
            if arguments.format == "json":
                print_json(_as_told(found))
        _print_report(reports[-1], arguments)
    if arguments.format == "sarif":
        _print_sarif(reports)
    return status


def _as_told(found: _Found) -> Mapping[str, Any]:
    """Return the line of JSON with the messages of the report."""
    rows = zip(found.record["findings"], found.report.remarks, strict=True)
    return {**found.record, "findings": [{**row, "message": one.message} for row, one in rows]}


def _print_report(report: Report, arguments: argparse.Namespace) -> None:
    """Print the report on a file, in a format that goes file by file."""
    from gradtui.explain.remarks import SEVERITIES, grave_ones

    grave = grave_ones(strict=arguments.strict)
    if arguments.format == "text" and report.usable:
        text = report.errors(strict=arguments.strict) if arguments.quiet else report.text()
        if text:
            print(text)
    elif arguments.format == "github":
        from gradtui.explain.annotations import github_rows

        for row in github_rows(report, _root(), grave=grave if arguments.quiet else SEVERITIES):
            print(row)
        if not arguments.quiet and report.usable:
            print(clean(f"gradtui: {report.summary}"))  # no line can be a workflow command


def _print_sarif(reports: list[Report]) -> None:
    from gradtui import __version__
    from gradtui.explain.annotations import sarif

    print_json(sarif(reports, _root(), __version__))


def _root() -> str:
    """Return the folder relative to which annotations name files."""
    return os.environ.get("GITHUB_WORKSPACE") or os.getcwd()


def _check(file: str, arguments: argparse.Namespace) -> _Found:
    """Check a scenario; raises InputError if it is unusable."""
    from gradtui.explain.outcome import report_of, unsaid

    problem = load_file(file, ascii=arguments.ascii, notices=False)
    with working(f"checking {file}"):
        outcome = _checked(problem)
    if not arguments.quiet:
        print_notices(problem, unsaid(problem.notices, outcome.findings))
    warned = outcome.warned or bool(problem.notices)
    return _Found(report_of(outcome), outcome.as_dict(), outcome.failed, warned)


def _check_code(file: str, arguments: argparse.Namespace) -> _Found:
    """Check a function of a file of Python; raises InputError and RaisedError."""
    from gradtui.diagnosis.recorded.progress import Progress
    from gradtui.explain.recorded import recorded_notices, report_of_code

    runs = Counted()
    crashed = goes_on(runs) if arguments.alone else None
    with working(f"running {file}"):
        outcome = check_code(file, crashed, Progress(runs.number, runs.crashing))
    if not arguments.quiet:
        for notice in recorded_notices(outcome):
            tell(notice)
    report = report_of_code(outcome, file)
    return _Found(report, outcome.as_dict(file), outcome.failed, outcome.warned)


def _checked(problem: Problem) -> Check:
    """Verify a scenario; a failure of gradtui itself becomes a finding."""
    from gradtui.diagnosis.check import Check, check_problem
    from gradtui.diagnosis.internal import internal

    try:
        return check_problem(problem)
    except (InputError, MemoryError):
        raise
    except Exception as error:
        return Check(problem, "not-compared", (internal("the scenario", error),))
