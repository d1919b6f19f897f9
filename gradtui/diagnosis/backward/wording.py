"""An explained mistake -> a finding in words, with the numbers that prove it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.backward.explain import Explanation
from gradtui.diagnosis.backward.hypotheses import Hit
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.rules import Context, rules_of
from gradtui.diagnosis.backward.trial import Trial
from gradtui.diagnosis.edits import Edit
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.spelling import spell
from gradtui.scenario.problem import Problem
from gradtui.text import number

Array = NDArray[np.float64]


def describe(
    problem: Problem, trial: Trial, explanation: Explanation, fix: str | None
) -> list[Finding]:
    """Return the findings of one blamed line: one, or two where it holds two mistakes."""
    line = explanation.line
    evidence = evidence_of(trial, line)
    rules = explanation.rules
    first = explanation.hits[0] if explanation.hits else None
    own = list(dict.fromkeys(rules_of(first, explanation.context))) if first else []
    found = []
    for at, rule in enumerate(own or ["unexplained"]):
        edit = first.edits[at] if first and at < len(first.edits) else None
        found.append(
            Finding(
                rule=rule,
                severity="error",
                target=line.name,
                line=line.place.line,
                message=_message(problem, explanation, rule, first, edit, evidence),
                evidence=evidence,
                edge=_edge(trial, explanation),
                within=tuple(_within(trial, explanation.context, edit)),
                factor=_factor(edit),
                fix=fix,
                alternatives=tuple(one for one in rules if one not in own and one != rule),
            )
        )
    return found


def evidence_of(trial: Trial, line: Line) -> dict[str, Any]:
    """Return what a line holds and what it should hold, where they differ most."""
    if line.target is None:
        return {}
    if line.misfit:
        return {"misfit": line.misfit}
    value, true = trial.held(line), trial.truth(line.target)
    here = trial.is_right_here(line)
    at = 0 if not here else 1
    with np.errstate(all="ignore"):
        distance = np.abs(value[at] - true[at]) / np.maximum(trial.size(line.target)[at], 1e-300)
    distance = np.where(np.isnan(distance), np.inf, distance)
    element = np.unravel_index(int(np.argmax(distance)), distance.shape)
    got, wanted = float(value[at][element]), float(true[at][element])
    found: dict[str, Any] = {"claimed": got, "true": wanted}
    if wanted:
        found["ratio"] = got / wanted
    if element:
        found["element"] = [int(one) for one in element]
    if here:
        found["coincidence"] = True
    return found


def _edge(trial: Trial, explanation: Explanation) -> tuple[str, str] | None:
    """Return the nearest claim that a line starts from, or the loss, and what it is about."""
    target, nodes = explanation.target, trial.graph.nodes
    if target is None:
        return None
    starts = []
    for name in explanation.context.readings.upstream(explanation.line):
        line = trial.program.line(name)
        assert line is not None
        (source,) = explanation.context.readings.of(line).targets
        if source > target and nodes[source].name:
            starts.append(source)
    start = min(starts, default=trial.graph.loss)
    return nodes[start].name, nodes[target].name or explanation.line.name


def _within(trial: Trial, context: Context, edit: Edit | None) -> list[tuple[str, str]]:
    """Return the named edges that a change touches."""
    if edit is None:
        return []
    part = edit.new if edit.new is not None else edit.old
    edges = context.edges_of(part) or context.contribution_edges(part)
    nodes = trial.graph.nodes
    return [(nodes[root].name, nodes[source].name) for root, source in edges]


def _factor(edit: Edit | None) -> str | None:
    part = None if edit is None else edit.new if edit.new is not None else edit.old
    return None if part is None else spell(part)


def _message(
    problem: Problem,
    explanation: Explanation,
    rule: str,
    hit: Hit | None,
    edit: Edit | None,
    evidence: dict[str, Any],
) -> str:
    line, context = explanation.line, explanation.context
    what = _what(problem, context, rule, hit, edit)
    if "misfit" in evidence:
        return f"{what}; {evidence['misfit']}"
    if not evidence:
        return what
    at = f"[{', '.join(map(str, evidence['element']))}]" if "element" in evidence else ""
    numbers = (
        f"{line.name}{at} is {number(evidence['claimed'])}, the true gradient "
        f"{number(evidence['true'])}"
    )
    if evidence.get("coincidence"):
        return f"{what}; it is right at step 0 only by coincidence: elsewhere {numbers}"
    return f"{what}; at step 0 {numbers}"


def _what(problem: Problem, context: Context, rule: str, hit: Hit | None, edit: Edit | None) -> str:
    """Return the mistake in a few words."""
    part = _factor(edit)
    if edit is None:
        if hit is not None and hit.scale not in (1.0, -1.0):
            return f"a constant is wrong: it must be multiplied by {number(hit.scale)}"
        if rule == "sign":
            return "the sign is wrong"
        return "it is wrong, and no single mistake explains it"
    old = None if edit.old is None else spell(edit.old)
    new = None if edit.new is None else spell(edit.new)
    match rule:
        case "sign":
            where = "" if edit.path == () else f" of {spell(edit.tree)}"
            return "the sign is wrong" if not where else f"a sign is wrong: read{where[3:]}"
        case "constant-factor":
            return f"a constant factor is wrong: {part}"
        case "missing-factor":
            return f"the factor {_partial(problem, context, edit)}{new} is missing"
        case "extra-factor":
            return f"the factor {_partial(problem, context, edit)}{old or part} is too many"
        case "wrong-variable" | "wrong-point" | "stale" if old and new:
            words = {"stale": "last step's ", "wrong-point": "", "wrong-variable": ""}[rule]
            kind = "the derivative is taken at" if rule == "wrong-point" else "it uses"
            return f"{kind} {words}{old} where {new} belongs"
        case "missing-path":
            return f"what flows back along an edge is missing: {new}"
        case "missing-term":
            return f"the term {new} is missing"
        case "double-counted-path":
            return f"the term {old} is counted twice"
        case "accumulated":
            return f"{old} still holds last step's gradient: it was not set to zero"
        case "transposed":
            return "a matrix is transposed, or two are in the wrong order"
        case "unreduced-broadcast":
            return "it is not summed over an axis along which a value was broadcast"
        case "wrong-axis":
            return "the sum is over the wrong axis, or is a mean"
        case _:
            return f"{old or part} does not belong there"


def _partial(problem: Problem, context: Context, edit: Edit) -> str:
    """Return `∂ŷ/∂w2 = ` where a factor is a local derivative."""
    nodes = context.trial.graph.nodes
    edges = context.edges_of(edit.new if edit.new is not None else edit.old)
    if not edges:
        return ""
    root, source = edges[0]
    return f"∂{problem.label(nodes[root].name)}/∂{problem.label(nodes[source].name)} = "
