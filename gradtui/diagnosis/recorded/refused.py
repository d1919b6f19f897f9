"""Gradients that go no further than the function that returns them, so that no run is judged."""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from gradtui.diagnosis.recorded.blame.ends import last_stored
from gradtui.diagnosis.recorded.exchanged import exchanged
from gradtui.diagnosis.recorded.notes import misshapen, note
from gradtui.diagnosis.recorded.outcome import Outcome
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.target import Misplaced, Misshapen

_TRUE = re.compile(r".*?the true one is \S+(?: \(also wrong: [^)]*\))?: ")
"""What a message begins with, before the mistake."""


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


def repaired(outcome: Outcome, mended: Outcome) -> Outcome:
    """Return the outcome for a gradient of a wrong shape, with the edit that repairs all.

    `mended` is that of the code where such a gradient counts as none.  What is returned by its name
    is wrong where that is stored, unless the name itself is.
    """
    errors = [one for one in mended.findings if one.severity == "error"]
    if len(errors) != 1 or errors[0].fix is None:
        return outcome
    (own,), found = outcome.findings, errors[0]
    named = found.rule == "wrong-variable" or not errors[0].fix.startswith("return ")
    if not named and own.line != found.line:
        return outcome
    told = _TRUE.sub("", found.message)
    others = {name: one for name, one in found.evidence.items() if name == "elsewhere"}
    return replace(outcome, findings=(
        replace(own, message=f"{own.message}: {told}", fix=found.fix, place=found.place,
                line=found.line, replaces=found.replaces,
                evidence={**own.evidence, **others}),
    ))  # fmt: skip
