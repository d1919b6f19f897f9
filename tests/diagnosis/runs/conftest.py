import pytest

from gradtui.diagnosis.runs.registry import diagnose_run
from gradtui.scenario.load import load_problem


@pytest.fixture
def diagnosed(write):
    """Diagnose the run of a model given as its code."""
    return lambda code, *args, **parts: diagnose_run(load_problem(write(code, *args, **parts)))
