"""The finding that gradtui itself failed at judging: never silence, and nobody else's loss."""

from __future__ import annotations

from gradtui.diagnosis.check import Check, check_problem
from gradtui.diagnosis.finding import Finding
from gradtui.failures import report_failure
from gradtui.scenario.problem import Problem
from gradtui.source import InputError


def internal(what: str, error: Exception) -> Finding:
    """Return the finding that something could not be judged; its message names the log file."""
    message = report_failure(f"{what} could not be judged", error)
    return Finding("internal", "error", what, None, message, {"error": type(error).__name__})


def check_in_any_case(problem: Problem) -> Check:
    """Verify a scenario; where gradtui fails at it, that is what is found."""
    try:
        return check_problem(problem)
    except (InputError, MemoryError):
        raise
    except Exception as error:
        return Check(problem, "not-compared", (internal("the scenario", error),))
