"""The text to copy from a frame: the selected value with its gradient, or a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtui.base.source import report
from gradtui.base.text import EXACT, clean, number
from gradtui.debugger.frame import Frame
from gradtui.explain.elements import element_name, slope_of
from gradtui.explain.outcome import finding_place
from gradtui.explain.symbols import gradient_of, label
from gradtui.scenario.problem import Problem

if TYPE_CHECKING:
    from gradtui.diagnosis.finding import Finding


def selected_text(frame: Frame) -> str:
    """Return value and gradient of the selected node, or of the element under the lens.

    With all digits; arrays as nested lists.  Values not computed at the cursor are left out.
    """
    node = frame.selected
    index: tuple[int, ...] = ()
    name, slope = label(frame, node), gradient_of(frame, node)
    if frame.looked.lens is not None:
        node, index = frame.looked.lens.node, frame.looked.lens.index
        name, slope = element_name(frame, (node, index)), slope_of(frame, (node, index))
    rows = []
    if frame.computed(node):
        rows.append(f"{name} = {_exact(frame.tape.value(node)[index])}")
    if node in frame.structure.nodes and frame.gradient_state(node) == "known":
        rows.append(f"{slope} = {_exact(frame.tape.adjoint(node)[index])}")
    return "\n".join(clean(row) for row in rows)


def finding_text(problem: Problem, finding: Finding) -> str:
    """Return a finding in the form of a compiler's report, with the whole corrected line."""
    place = finding_place(problem, finding)
    text = report(
        problem.file_of(place), place, finding.severity, f"{finding.message} [{finding.rule}]",
        "" if finding.line is None else problem.line_at(place),
    )  # fmt: skip
    fixes = [] if finding.fix is None else finding.fix.split("\n")
    return "\n".join([text, *(clean(f"  fix: {fix}") for fix in fixes)])


def _exact(value: Any) -> str:
    array = np.asarray(value)
    if array.shape == ():
        return number(float(array), EXACT)
    return "[" + ", ".join(map(_exact, array)) + "]"
