"""The public Python functions: load, check and assert a scenario. Knows no screen."""

from __future__ import annotations

import os

from gradtui.debugger.session import Session
from gradtui.diagnosis.check import check_problem
from gradtui.diagnosis.finding import Finding
from gradtui.explain.outcome import outcome_text
from gradtui.scenario.bundled import find_scenario
from gradtui.scenario.load import load_problem


def load(file: str | os.PathLike[str]) -> Session:
    """Return a session on a scenario, given as a path or a bundled name; raises InputError."""
    return Session(load_problem(find_scenario(os.fspath(file))))


def check(file: str | os.PathLike[str]) -> list[Finding]:
    """Return what is wrong with a scenario, a path or a bundled name; raises InputError."""
    return list(check_problem(load_problem(find_scenario(os.fspath(file)))).findings)


def assert_gradients(file: str | os.PathLike[str]) -> None:
    """Raise AssertionError, with what `gradtui check` prints, if a scenario is not all right.

    Raises InputError if it cannot be read.
    """
    __tracebackhide__ = True  # pytest shows the line of the test, not this one
    outcome = check_problem(load_problem(find_scenario(os.fspath(file))))
    if outcome.failed:
        raise AssertionError(outcome_text(outcome))
