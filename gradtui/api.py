"""The public Python functions: load a scenario, check a scenario. Knows no screen."""

from __future__ import annotations

import os

from gradtui.diagnosis.check import check_problem
from gradtui.diagnosis.finding import Finding
from gradtui.scenario.bundled import find_scenario
from gradtui.scenario.load import load_problem
from gradtui.session import Session


def load(file: str | os.PathLike[str]) -> Session:
    """Return a session on a scenario, given as a path or a bundled name; raises InputError."""
    return Session(load_problem(find_scenario(os.fspath(file))))


def check(file: str | os.PathLike[str]) -> list[Finding]:
    """Return what is wrong with a scenario, a path or a bundled name; raises InputError."""
    return list(check_problem(load_problem(find_scenario(os.fspath(file)))).findings)
