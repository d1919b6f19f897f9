import pytest

from gradtui.diagnosis.recorded.blame.gradients import Blamed


@pytest.fixture
def unsearched(monkeypatch):
    """Search for no line at fault, which takes far longer than the verdict that a test is about."""
    monkeypatch.setattr(
        "gradtui.diagnosis.recorded.faults.blamed_on_fewer", lambda *given: Blamed()
    )


@pytest.fixture
def briefly(monkeypatch):
    """Let a search end after a number of runs, where otherwise its time alone would end it.

    So it does the same on every machine.
    """
    monkeypatch.setattr("gradtui.diagnosis.recorded.blame.gradients._MOST", 1000)
