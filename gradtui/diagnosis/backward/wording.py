"""An explained mistake -> a finding in words, with the numbers that prove it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.base.text import element_text, number
from gradtui.diagnosis.backward.explain import Explanation
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.repair import Repair
from gradtui.diagnosis.backward.rules import Context, part_at, rules_of
from gradtui.diagnosis.backward.trial import TOLERANCE, Trial
from gradtui.diagnosis.edits import EditKind, Tweak
from gradtui.diagnosis.finding import Finding
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.printer import spell
from gradtui.language.parser import Call, Name, Number, Tree
from gradtui.scenario.problem import Problem

Array = NDArray[np.float64]

LONGEST = 100
"""Longest expression in a message, in characters."""
TINY = 1e-300
"""The least scale of a difference."""


def describe(
    problem: Problem,
    trial: Trial,
    explanation: Explanation,
    fix: str | None,
    others: Sequence[Repair] = (),
) -> list[Finding]:
    """Return the findings of one blamed line: one, or two if it contains two mistakes.

    Its numbers are those that are wrong with the `others` repaired.
    """
    line = explanation.line
    evidence = _evidence(trial, line, others)
    rules = explanation.rules
    first = explanation.hits[0] if explanation.hits else None
    own = list(dict.fromkeys(rules_of(first, explanation.context))) if first else []
    found = []
    alone = ""
    if line.shared and fix is not None:
        alone, fix = f"; on a line of its own it would be right as {fix}", None
    for at, rule in enumerate(own or ["unexplained"]):
        edit = first.edits[at] if first and at < len(first.edits) else None
        found.append(
            Finding(
                rule=rule,
                severity="error",
                target=line.name,
                line=line.place.line,
                message=_what(problem, explanation, rule, edit)
                + _numbers(rule, line, evidence, explanation.scale)
                + alone,
                evidence=evidence,
                edge=_edge(trial, explanation),
                within=tuple(_within(trial, explanation.context, edit)),
                factor=_factor(edit),
                fix=fix,
                place=None if edit is None else part_at(line.tree, edit.path).place,
                alternatives=tuple(one for one in rules if one not in (*own, rule, "unexplained")),
            )
        )
    return found


def evidence_of(trial: Trial, line: Line, world: Interpreter | None = None) -> dict[str, Any]:
    """Return the claimed and the true value where they differ most."""
    if line.misfit:
        return {"misfit": line.misfit}
    value, true = trial.held(line, world), trial.truth(line.target or 0)
    here = trial.is_right_here(line, world)
    with np.errstate(all="ignore"):
        distance = np.abs(value - true) / np.maximum(trial.size(line.target or 0), TINY)
    distance = np.where(np.isnan(distance), np.inf, distance)
    at = _clearest(distance) if here else 0
    distance = distance[at]
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


def _clearest(distance: Array) -> int:
    """Return the point of the largest difference, a finite one if possible."""
    largest = distance.reshape(len(distance), -1).max(axis=1)
    finite = np.where(np.isfinite(largest), largest, 0.0)
    return int(np.argmax(finite if finite.max() > TOLERANCE else largest))


def _evidence(trial: Trial, line: Line, others: Sequence[Repair]) -> dict[str, Any]:
    """Return the numbers of a blamed line, or of the first claim that is wrong because of it.

    What is wrong because of `others` is no evidence against it, unless there is no other.
    """
    mended = trial.world.replacing({one.line.node: one.value for one in others})
    found = _wrong_in(trial, line, mended)
    if found is None:
        alone = _wrong_in(trial, line, trial.world)
        return {} if alone is None else alone[1]
    judged, evidence = found
    reaching = [one for one in others if judged.name in trial.program.dependents([one.line.name])]
    if reaching and evidence != (_wrong_in(trial, line, trial.world) or found)[1]:
        evidence["mended"] = sorted({one.line.place.line for one in reaching})
    return evidence


def _wrong_in(trial: Trial, line: Line, world: Interpreter) -> tuple[Line, dict[str, Any]] | None:
    """Return the claim that shows a line wrong in a world, with its numbers."""
    if line.target is not None and (line.misfit or not trial.is_right(line, world)):
        return line, evidence_of(trial, line, world)
    reached = trial.program.dependents([line.name])
    for other in trial.lines:
        through = other.name in reached and other.claimed and not other.misfit
        if through and not trial.is_right(other, world):
            return other, {"through": other.name, **evidence_of(trial, other, world)}
    return None


def _numbers(rule: str, line: Line, evidence: dict[str, Any], scale: float) -> str:
    """Return the end of a message: the numbers that prove it.

    `scale` is the constant by which a repaired line exceeds the true gradient.
    """
    if not evidence:
        return ""
    if "misfit" in evidence:
        return f"; {evidence['misfit']}"
    name = element_text(evidence.get("through", line.name), evidence.get("element", ()))
    numbers = f"{name} is {number(evidence['claimed'])}"
    if "through" in evidence or abs(scale - 1.0) <= TOLERANCE:
        numbers += f", the true gradient {number(evidence['true'])}"
    else:
        wanted = number(scale * evidence["true"])
        numbers += f" and should be {wanted}, {number(scale)} times the true gradient"
    if evidence.get("coincidence"):
        why = "because nothing has accumulated yet" if rule == "accumulated" else "by coincidence"
        return f"; {name} is right at step 0 only {why}: at another point {numbers}"
    lines = " and ".join(map(str, evidence.get("mended", ())))
    mended = f"with line{'s' * (' ' in lines)} {lines} corrected, " if lines else ""
    return f"; {mended}at step 0 {numbers}"


def _edge(trial: Trial, explanation: Explanation) -> tuple[str, str] | None:
    """Return the nearest claim that a line starts from, or the loss, with its target."""
    target, nodes = explanation.target, trial.graph.nodes
    if target is None:
        return None
    starts = []
    for name in explanation.context.readings.steps.upstream(explanation.line):
        line = trial.program.line(name)
        assert line is not None
        (source,) = explanation.context.readings.of(line).targets
        if source > target and nodes[source].name:
            starts.append(source)
    start = min(starts, default=trial.graph.loss)
    return nodes[start].name, nodes[target].name or explanation.line.name


def _within(trial: Trial, context: Context, edit: Tweak | None) -> list[tuple[str, str]]:
    """Return the named edges that a change touches."""
    if edit is None:
        return []
    part = edit.new if edit.new is not None else edit.old
    edges = context.edges_of(part) or context.contribution_edges(part)
    nodes = trial.graph.nodes
    return [(nodes[root].name, nodes[source].name) for root, source in edges]


def _factor(edit: Tweak | None) -> str | None:
    part = None if edit is None else edit.new if edit.new is not None else edit.old
    return None if part is None else spell(part)


def _what(problem: Problem, explanation: Explanation, rule: str, edit: Tweak | None) -> str:
    """Return the mistake in a few words."""
    ratio = explanation.ratio
    counted = edit is not None and edit.counts_all
    if rule == "constant-factor" and ratio is not None and ratio > 0 and not counted:
        times = number(ratio if ratio > 1 else 1 / ratio, 6)
        by = _divisor(edit)
        return f"it is {times} times too {'large' if ratio > 1 else 'small'}{by}"
    if edit is None:
        words = {"sign": "the sign is wrong", "constant-factor": "a constant factor is wrong"}
        return words.get(rule, "it is wrong, and no single mistake explains it")
    return _changed(problem, explanation.context, rule, edit)


def _changed(problem: Problem, context: Context, rule: str, edit: Tweak) -> str:
    """Return, in a few words, the mistake that a change repairs."""
    was, now = _shown(part_at(context.line.tree, edit.path)), _shown(edit.tree)
    old = None if edit.old is None else _shown(edit.old)
    new = None if edit.new is None else _shown(edit.new)
    if edit.kind is EditKind.POWER:
        what = "exponent" if isinstance(edit.tree, Number) else "power"
        return f"the {what} is wrong: {was} where {now} belongs"
    match rule:
        case "sign":
            return "the sign is wrong" + ("" if edit.path == () else f": {was} where {now} belongs")
        case "missing-factor" if _divides(edit.tree, edit.new):
            return f"a division by {new} is missing"
        case "missing-factor":
            return f"the factor {_partial(problem, context, edit)}{new or now} is missing"
        case "extra-factor" if _divides(part_at(context.line.tree, edit.path), edit.old):
            return f"there is an extra division by {old}"
        case "extra-factor":
            return f"there is an extra factor {_partial(problem, context, edit)}{old or was}"
        case "wrong-variable":
            return f"it uses {old or was} where {new or now} belongs"
        case "wrong-point":
            return f"the derivative is taken at {old or was} where {new or now} belongs"
        case "stale":
            late = f"{old} still holds last step's value here"
            return (
                f"{late}: this step's belongs there"
                if old == new
                else f"{late}; it should be {new}"
            )
        case "missing-path":
            return f"the contribution along {_path(problem, context, edit)} is missing: {new}"
        case "missing-term":
            return f"the term {new or now} is missing"
        case "double-counted-path":
            return f"the term {old} is counted twice"
        case "accumulated":
            return f"{old} still holds last step's gradient: it was not set to zero"
        case "transposed":
            return f"{was} is transposed: {now} belongs there"
        case "unreduced-broadcast":
            return f"{was} is not summed over an axis along which a value was broadcast"
        case "wrong-axis":
            wrong = _reduction(part_at(context.line.tree, edit.path), edit.tree)
            return f"{was} {wrong}: {now} belongs there"
        case "constant-factor":
            return f"a constant factor is wrong: {was} where {now} belongs"
        case _:
            return f"{old or was} does not belong there"


def _shown(tree: Tree) -> str:
    """Return an expression, a long one without its middle, because the fix has the whole."""
    text = spell(tree)
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]} … {text[-half:]}"


def _divides(whole: Tree, part: Tree | None) -> bool:
    """Whether an expression is a quotient by a part of it."""
    match whole:
        case Call(function="/", arguments=(_, divisor)):
            return divisor is part
    return False


def _reduction(old: Tree, new: Tree) -> str:
    """Return the mistake in a sum or a mean, in words."""
    match old, new:
        case Call(function="sum"), Call(function="mean"):
            return "is a sum that should be a mean"
        case Call(function="mean"), Call(function="sum"):
            return "is a mean that should be a sum"
        case Call(function=was, options=own), Call(function=now, options=others) if was == now:
            if dict(own).get("axis") == dict(others).get("axis"):
                return "leaves the wrong shape"
            return "goes over the wrong axis"
        case _:
            return "reduces a value that should keep its shape"


def _divisor(edit: Tweak | None) -> str:
    """Return ` (n)` if a constant has a name in the program."""
    return f" ({edit.new.name})" if edit is not None and isinstance(edit.new, Name) else ""


def _partial(problem: Problem, context: Context, edit: Tweak) -> str:
    """Return `∂ŷ/∂w2 = ` if a factor is a local derivative."""
    edges = context.edges_of(edit.new if edit.new is not None else edit.old)
    if not edges:
        return ""
    root, source = (problem.label(context.trial.graph.nodes[id].name) for id in edges[0])
    return f"∂{root}/∂{source} = "


def _path(problem: Problem, context: Context, edit: Tweak) -> str:
    edges = context.contribution_edges(edit.new)
    if not edges:
        return "an edge"
    root, source = (problem.label(context.trial.graph.nodes[id].name) for id in edges[0])
    return f"{root} → {source}"
