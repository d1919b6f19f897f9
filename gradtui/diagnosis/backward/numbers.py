"""Gradients given as numbers: compared at step 0, and explained by what would give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.backward.material import as_tree
from gradtui.diagnosis.backward.trial import TOLERANCE, magnitude
from gradtui.diagnosis.changes import small_edits
from gradtui.diagnosis.edits import NOWHERE, Change, Edit, Editable, Pool
from gradtui.diagnosis.finding import Finding
from gradtui.engine.expression import Number, Tree
from gradtui.engine.graph import Builder, Graph, Node
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.reverse import Reverse
from gradtui.scenario.problem import Problem
from gradtui.text import number, shape_text

Array = NDArray[np.float64]

FLOAT32 = 1e-3
"""Relative difference that counts where all numbers are those of float32."""
_RULES: Mapping[Change, str] = {
    Change.DROP_FACTOR: "missing-factor",
    Change.DROP_TERM: "missing-path",
    Change.DROP_CALL: "wrong-point",
    Change.REPLACE: "wrong-variable",
    Change.TRANSPOSE: "transposed",
    Change.AXIS: "wrong-axis",
    Change.POWER: "missing-factor",
    Change.FUNCTION: "wrong-point",
    Change.OPERATOR: "sign",
    Change.NEGATE: "sign",
    Change.SCALE: "constant-factor",
}
"""What was done to the true expression -> the rule that the mistake goes by."""


def judge_numbers(problem: Problem) -> tuple[int, list[Finding]]:
    """Return how many gradients were compared, and a finding for each that is wrong."""
    hand = problem.backward
    assert hand is not None
    given = {name: np.asarray(value, dtype=np.float64) for name, value in hand.numbers.items()}
    program = problem.trainer.program
    graph, reverse = program.graph, program.reverse
    leaves = {
        node.id: np.asarray(problem.values[node.name], dtype=np.float64)[None]
        for node in (*graph.parameters, *graph.data)
    }
    builder = Builder(reverse.nodes, simplify=True)
    world = Interpreter(builder.nodes, leaves, 1)
    tolerance = FLOAT32 if _are_float32(given) else TOLERANCE
    found = []
    for name, value in given.items():
        target = graph.names[name]
        adjoint = reverse.adjoint.get(target)
        root = builder.fit(builder.constant(0.0), value.shape) if adjoint is None else adjoint
        true = np.broadcast_to(world.value(root)[0], graph.nodes[target].shape)
        size = world.value(magnitude(builder, graph, root))[0]
        size = tolerance * np.maximum(np.abs(true), size)
        with np.errstate(invalid="ignore"):
            right = value.shape == true.shape and bool(np.all(np.abs(value - true) <= size))
        if not right:
            finding = _finding(name, value, true)
            rules = _rules(graph, reverse, world, root, value, size)
            found.append(_named(finding, list(dict.fromkeys(rules)), value.size))
    return len(given), found


def _are_float32(given: Mapping[str, Array]) -> bool:
    with np.errstate(over="ignore"):
        return all(np.array_equal(v, v.astype(np.float32), equal_nan=True) for v in given.values())


def _finding(name: str, value: Array, true: Array) -> Finding:
    evidence: dict[str, object]
    if value.shape != true.shape:
        text = f"its shape is {shape_text(value.shape)}, not {shape_text(true.shape)}"
        evidence = {"misfit": text}
    else:
        distance = np.nan_to_num(np.abs(value - true), nan=np.inf)
        at = np.unravel_index(int(np.argmax(distance)), true.shape)
        got, wanted = float(value[at]), float(true[at])
        evidence = {"claimed": got, "true": wanted, "element": [int(one) for one in at]}
        where = f"[{', '.join(map(str, at))}]" if at else ""
        text = (
            f"at step 0 the gradient of {name}{where} is given as {number(got)}, the true one "
            f"is {number(wanted)}"
        )
    return Finding("unexplained", "error", name, None, text, evidence)


def _named(finding: Finding, rules: Sequence[str], size: int) -> Finding:
    """Return a finding with the rules that would give its numbers."""
    if not rules:
        return finding
    message = finding.message
    if len(rules) > 1 and size == 1:
        message += "; one number fits several mistakes: give the program, or another step's numbers"
    return Finding(rules[0], "error", finding.target, None, message, finding.evidence,
                   alternatives=tuple(rules[1:]))  # fmt: skip


def _rules(
    graph: Graph, reverse: Reverse, world: Interpreter, root: int, value: Array, size: Array
) -> Iterator[str]:
    """Yield the rules by which the true expression becomes the given numbers."""
    ratio = _ratio(value, world.value(root)[0], size)
    constant = "sign" if ratio == -1 else "constant-factor"
    usual = ratio is not None and (value.size > 1 or _is_usual(ratio, graph.nodes))
    if usual:
        yield constant
    tree = as_tree(reverse.nodes, root, graph.names, written=True)
    if tree is None:
        return
    builder = Builder(world.nodes, simplify=True)
    expression = Editable(tree, builder, graph.names)
    at = world.extended(builder.nodes)
    for edit in small_edits(expression, Pool(graph.names, numbers=_sizes(graph.nodes))):
        id = expression.lower(edit)
        if id is None or builder.nodes[id].shape != value.shape or edit.change not in _RULES:
            continue
        limit = np.broadcast_to(size, value.shape) if size.shape == value.shape else TOLERANCE
        if np.all(np.abs(at.value(id)[0] - value) <= limit):
            yield _rule(edit)
    if ratio is not None and not usual:
        yield constant


def _ratio(value: Array, true: Array, size: Array) -> float | None:
    """Return c where the numbers are c times the true ones."""
    if value.shape != true.shape:
        return None
    with np.errstate(all="ignore"):
        ratio = float(np.sum(value * true) / np.sum(true * true))
        if not np.isfinite(ratio):
            return None
        ratio = float(round(ratio)) if abs(ratio - round(ratio)) < TOLERANCE else ratio
        fits = np.all(np.abs(value - ratio * true) <= size * max(1, abs(ratio)))
    return ratio if fits else None


def _is_usual(ratio: float, nodes: Sequence[Node]) -> bool:
    """Return whether a constant is one that gradients are often wrong by."""
    sizes = [1.0, *_sizes(nodes)]
    return any(abs(abs(ratio) - one) < 1e-9 or abs(abs(ratio) * one - 1) < 1e-9 for one in sizes)


def _rule(edit: Edit) -> str:
    if edit.change is Change.DROP_FACTOR and isinstance(edit.old, Number):
        return "constant-factor"
    return _RULES[edit.change]


def _sizes(nodes: Sequence[Node]) -> dict[float, Tree]:
    sizes = sorted({float(size) for node in nodes for size in node.shape if size > 1} | {2.0})
    return {size: Number(size, NOWHERE) for size in sizes}
