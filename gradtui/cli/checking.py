"""`gradtui check`: verifies what files claim, and prints what is wrong."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gradtui.base.source import InputError
from gradtui.base.streams import tell, working
from gradtui.cli.files import load_file, print_notices
from gradtui.cli.output import FAILED, OK, UNUSABLE
from gradtui.cli.running import RaisedError, is_code, report_code, tell_raised

if TYPE_CHECKING:
    from gradtui.diagnosis.check import Check
    from gradtui.scenario.problem import Problem


def check_files(arguments: argparse.Namespace) -> int:
    """Verify what files claim and print what is wrong."""
    from gradtui.explain.outcome import errors_text, outcome_text, unsaid
    from gradtui.explain.report import to_json

    status = OK
    for file in arguments.files:
        if is_code(file):
            status = max(status, _check_code(file, arguments))
            continue
        try:
            problem = load_file(file, ascii=arguments.ascii, notices=False)
            with working(f"checking {file}"):
                outcome = _checked(problem)
        except InputError as error:
            if arguments.json:
                print(to_json({"file": file, "error": str(error)}))
            tell(error)
            status = UNUSABLE
            continue
        if outcome.failed or (arguments.strict and outcome.warned):
            status = max(status, FAILED)
        if not arguments.quiet:
            print_notices(problem, unsaid(problem.notices, outcome.findings))
        if arguments.json:
            print(to_json(outcome.as_dict()))
        elif not arguments.quiet:
            print(outcome_text(outcome))
        elif text := errors_text(outcome, strict=arguments.strict):
            print(text)
    return status


def _check_code(file: str, arguments: argparse.Namespace) -> int:
    """Check a function of a file of Python and return the exit status."""
    from gradtui.explain.report import to_json

    try:
        with working(f"running {file}"):
            failed, warned = report_code(file, arguments)
    except RaisedError as error:
        if arguments.json:
            print(to_json({"file": file, "error": error.text}))
        tell_raised(error)
        return UNUSABLE
    except InputError as error:
        if arguments.json:
            print(to_json({"file": file, "error": str(error)}))
        tell(error)
        return UNUSABLE
    return FAILED if failed or (arguments.strict and warned) else OK


def _checked(problem: Problem) -> Check:
    """Verify a scenario; where gradtui itself fails at it, that is what is found."""
    from gradtui.diagnosis.check import Check, check_problem
    from gradtui.diagnosis.internal import internal

    try:
        return check_problem(problem)
    except (InputError, MemoryError):
        raise
    except Exception as error:
        return Check(problem, "not-compared", (internal("the scenario", error),))
