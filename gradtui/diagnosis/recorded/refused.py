"""Gradients that go no further than the function that returns them, so that no run is judged."""

from __future__ import annotations

from typing import Any

from gradtui.diagnosis.recorded.blame.ends import last_stored
from gradtui.diagnosis.recorded.exchanged import exchanged
from gradtui.diagnosis.recorded.notes import misshapen, note
from gradtui.diagnosis.recorded.outcome import Outcome
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.target import Misplaced, Misshapen


def refused(runs: Runs, error: Misplaced | Misshapen) -> Outcome:
    """Return the outcome for a gradient of a wrong shape, or in the place of another one."""
    target = runs.target
    place = last_stored(error.backward, error.at) or target.place
    if isinstance(error, Misplaced):
        if (found := exchanged(runs, tuple(runs.given), error.names)) is not None:
            return Outcome(target, "wrong", (found,))
        name, evidence = error.names[0], dict[str, Any](gradients=[*error.names])
        told = f"no gradient is returned for {', '.join(error.names)}, but one for {error.other}, "
        told += "which is no tensor of floats"
    else:
        name, evidence = error.name, dict[str, Any](misfit=[[*error.hand], [*error.true]])
        told = f"the gradient of {misshapen(error.name, error.hand, error.true)}"
        told += f", when {error.backward.__qualname__} returns it"
    return Outcome(target, "wrong", (note("no-gradient", "error", name, told, place, evidence),))
