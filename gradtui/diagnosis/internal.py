"""The finding that gradtui itself failed to judge something: never silence."""

from __future__ import annotations

from gradtui.base.failures import report_failure
from gradtui.diagnosis.finding import Finding


def internal(what: str, error: Exception) -> Finding:
    """Return the finding that something could not be judged; its message names the log file."""
    message = report_failure(f"{what} could not be judged", error)
    return Finding("internal", "error", what, None, message, {"error": type(error).__name__})
