"""Hand-written code beside the truth: its marks and its values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from gradtui.base.source import Place
from gradtui.debugger.frame import Frame
from gradtui.debugger.moments import claimed_by
from gradtui.debugger.steps import Written
from gradtui.debugger.structure import DrawnEdge
from gradtui.engine.handwritten import HandLine
from gradtui.explain.spans import Span
from gradtui.explain.values import Array
from gradtui.language.trees import names_read
from gradtui.scenario.problem import Handwritten

if TYPE_CHECKING:
    from gradtui.diagnosis.finding import Finding

Mark = Literal["right", "wrong", "inherited", "noted", "unknown", "none"]
SIGNS: dict[Mark, Span] = {
    "right": ("✓", "good"),
    "wrong": ("✗", "bad"),
    "inherited": ("↳", "bad"),
    "noted": ("i", "dim"),
    "unknown": ("?", "dim"),
    "none": (" ", "dim"),
}
"""Mark -> its sign; ↳: wrong only because of another line; ?: nothing finite to compare with."""
BLAMED = SIGNS["wrong"][0] + " "
"""The sign before a local derivative that a line gets wrong."""
_PROGRAMS = 4
"""Most hand-written programs whose claims are remembered by the lines that they come from."""
_TOLERANCES = {"float64": 1e-6, "float32": 1e-3}


def hand_line(frame: Frame, index: int) -> HandLine:
    """Return a line of the hand-written backward pass."""
    hand = frame.tape.program.hand
    assert hand is not None
    return hand.lines[index]


def claimed_node(frame: Frame, index: int) -> int | None:
    """Return the node whose gradient a hand-written line computes; None for a helper."""
    return claimed_by(index, frame.problem)


def hand_line_mark(frame: Frame, index: int) -> Mark:
    """Return the mark of a hand-written line: of its claim, or of those that a helper serves."""
    own = hand_line(frame, index)
    if own.target is not None:
        return claim_mark(frame, own.line.name, frame.graph.nodes[own.target].name)
    mark = line_mark(frame, own.line.place.line, update=False)
    return "right" if mark == "none" and _serves_right(frame, own.line.name) else mark


def _serves_right(frame: Frame, helper: str) -> bool:
    """Return whether right claims are computed from a helper, and no claim is wrong through it."""
    backward = frame.problem.backward
    if frame.known.judgement is None or backward is None:
        return False
    served = _served(backward).get(helper, frozenset())
    marks = {claim_mark(frame, name, backward.claims[name]) for name in served}
    return "right" in marks and marks <= {"right", "wrong"}


@lru_cache(_PROGRAMS)
def _served(backward: Handwritten) -> Mapping[str, frozenset[str]]:
    """Return which claims are computed from each line, directly or through other lines."""
    readers = dict[str, set[str]]()
    for line in backward.program:
        for name in names_read(line.value):
            readers.setdefault(name, set()).add(line.name)
    served = dict[str, frozenset[str]]()
    for line in backward.program:
        reached, pending = set[str](), [line.name]
        while pending:
            new = readers.get(pending.pop(), set()) - reached
            reached |= new
            pending += new
        served[line.name] = frozenset(reached & backward.claims.keys())
    return served


def blamed_edges(frame: Frame) -> frozenset[DrawnEdge]:
    """Return the edges whose local derivative a hand-written line gets wrong, at any level."""
    judgement = frame.known.judgement
    return frozenset() if judgement is None else _drawn_edges(frame, judgement.findings)


def blamed_now(frame: Frame) -> frozenset[DrawnEdge]:
    """Return those that the line at the cursor gets wrong."""
    if not isinstance(frame.now, Written) or frame.known.judgement is None:
        return frozenset()
    place = written_place(frame, frame.now.index)
    here = [one for one in frame.known.judgement.findings if one.line == place.line]
    return _drawn_edges(frame, [one for one in here if _is_in(one, place, frame)])


def written_place(frame: Frame, index: int) -> Place:
    """Return where a line of the backward pass, or of code that was run, stands."""
    call = frame.problem.call
    return hand_line(frame, index).line.place if call is None else call.lines[index].place


def _is_in(finding: Finding, place: Place, frame: Frame) -> bool:
    """Return whether a finding is in the file of a place."""
    found = finding.place
    return frame.problem.call is None or found is None or found.file == place.file


def _drawn_edges(frame: Frame, findings: Iterable[Finding]) -> frozenset[DrawnEdge]:
    graph = frame.graph
    named = {
        (graph.names[source], graph.names[target])
        for finding in findings
        if finding.severity == "error"
        for target, source in finding.within or filter(None, [finding.edge])
        if source in graph.names and target in graph.names
    }
    return frozenset(
        (source, id)
        for source, target in named
        if target in frame.structure.statement_of
        for id in (target, *frame.structure.statement_of[target].operations)
    )


def claim_mark(frame: Frame, name: str, target: str) -> Mark:
    """Return whether the claim `name` of the gradient of `target` holds.

    The diagnosis, which tries many points, decides; until it is done, this step's numbers do.
    """
    judgement = frame.known.judgement
    if judgement is not None and name in judgement.uncompared:
        return "none"
    if judgement is None or not judgement.claims:
        if not measurable(frame, frame.graph.names[target]):
            return "unknown"
        return "right" if _agrees(frame, target) else "wrong"
    if name in judgement.inherited:
        return "inherited"
    if name in judgement.wrong:
        return "inherited" if _from_elsewhere(frame, target) else "wrong"
    return "noted" if name in judgement.noted else "right"


def _from_elsewhere(frame: Frame, target: str) -> bool:
    """Return whether the mistakes found in a gradient are all in lines other than its own.

    For code that was run: elsewhere the diagnosis itself says so.
    """
    call, node = frame.problem.call, frame.graph.names.get(target)
    if call is None:
        return False
    own = {(line.place.file, line.place.line) for line in call.lines if line.claims == node}
    found = {
        (one.place.file, one.place.line)
        for one in frame.known.findings
        if one.severity == "error"
        and one.place is not None
        and target in one.evidence.get("gradients", ())
    }
    return bool(own and found) and not own & found


def parameter_mark(frame: Frame, parameter: str) -> Mark:
    """Return whether the claim of a parameter's gradient holds."""
    if parameter not in frame.claims:
        return "none"
    backward = frame.problem.backward
    assert backward is not None
    names = [name for name, target in backward.claims.items() if target == parameter]
    return claim_mark(frame, names[0] if names else parameter, parameter)


def measurable(frame: Frame, node: int) -> bool:
    """Return whether a node's gradient can be compared: it and the loss are finite at this step."""
    return bool(np.isfinite(frame.loss) and np.all(np.isfinite(frame.tape.adjoint(node))))


def _agrees(frame: Frame, target: str) -> bool:
    """Return whether a claim has the true gradient's shape and, at this step, its numbers."""
    if target not in frame.claims:
        return False
    claim, true = (np.asarray(found[target]) for found in (frame.claims, frame.gradients))
    if claim.shape != true.shape:
        return False
    tolerance = _TOLERANCES[frame.problem.trainer.dtype]
    with np.errstate(all="ignore"):
        scale = float(np.max(np.abs(true), initial=0.0))
        return bool(np.all(np.abs(claim - true) <= tolerance * scale))


def claimed(frame: Frame, parameter: str) -> Array | None:
    """Return the claimed gradient of a parameter; None without a claim in its shape."""
    found = frame.claims.get(parameter)
    if found is None or np.shape(found) != np.shape(frame.parameters[parameter]):
        return None
    return np.asarray(found)


def claim_done(frame: Frame, parameter: str) -> bool:
    """Return whether the line that claims a parameter's gradient has been done at the cursor."""
    if frame.problem.call is not None:
        node = frame.graph.names[parameter]
        at = [at for at, line in enumerate(frame.problem.call.lines) if line.claims == node]
        return frame.written(at[-1]) if at else frame.position >= frame.order.backward
    backward = frame.problem.backward
    lines = enumerate(backward.program if backward else ())
    claims = backward.claims if backward else {}
    at = [index for index, one in lines if claims.get(one.name) == parameter]
    return frame.written(at[0]) if at else frame.position >= frame.order.backward


def findings_at(frame: Frame, line_number: int, *, update: bool) -> list[Finding]:
    """Return the findings of one hand-written line of an update or of a backward pass."""
    findings = frame.known.judgement.findings if frame.known.judgement else ()
    return [
        finding
        for finding in findings
        if finding.line == line_number and (finding.of_update if update else finding.of_gradient)
    ]


def line_mark(frame: Frame, line_number: int, *, update: bool) -> Mark:
    """Return the mark of a line without a claim: wrong if it is blamed."""
    if any(f.severity == "error" for f in findings_at(frame, line_number, update=update)):
        return "wrong"
    if not update or frame.known.judgement is None:
        return "none"
    blamed = any(f.of_update and f.severity == "error" for f in frame.known.judgement.findings)
    return "none" if blamed else "right"
