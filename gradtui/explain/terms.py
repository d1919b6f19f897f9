"""The meaning of a gradient's finding in a learner's terms: the name of a slope, of a count."""

from __future__ import annotations

import math
import re

from gradtui.base.text import clean
from gradtui.diagnosis.finding import Finding, line_of
from gradtui.engine.graph import Kind
from gradtui.scenario.problem import Problem

_SLOPES = {
    "tanh": ("1-{out}**2", "1-{out}*{out}"),
    "sigmoid": ("{out}*(1-{out})", "(1-{out})*{out}"),
    "relu": ("{at}>0", "{out}>0"),
}
"""Activation -> its slope as written by hand, in terms of its value and of its argument."""
_IN_CODE = {
    "tanh": re.compile(r"\b1-(\w+)(\*\*2|\*\1)\b"),
    "sigmoid": re.compile(r"\b(\w+)\*\(1-\1\)|\(1-(\w+)\)\*\2\b"),
    "relu": re.compile(r"\w>0\b(?!\.?\d)"),
}
"""The same in code, where the values may have any names."""
_CLOSE = 1e-6


def in_terms(problem: Problem, finding: Finding) -> str:
    """Return a sentence that puts the mistake in other words; empty if none is known.

    It complements the message, which has the numbers.
    """
    if not finding.of_gradient:
        return ""
    if problem.call is not None:
        return in_terms_of_code(line_of(problem, finding), finding.fix)
    return _other_slope(problem, finding) or _count(problem, finding)


def in_terms_of_code(written: str, fix: str | None) -> str:
    """Return the activation whose slope a line of code has, if its fix has the slope of another."""
    old, new = (_slopes_in(text or "") for text in (written, fix))
    if len(old - new) != 1 or len(new - old) != 1:
        return ""
    return f"that is {min(old - new)}'s slope; this layer is a {min(new - old)}"


def _slopes_in(text: str) -> set[str]:
    bare = "".join(text.partition("#")[0].split())
    return {name for name, form in _IN_CODE.items() if form.search(bare)}


def _other_slope(problem: Problem, finding: Finding) -> str:
    """Return the activation whose slope a line uses, if it is not the model's own."""
    nodes = problem.graph.nodes
    written = "".join(_written(problem, finding).split())
    for node in nodes:
        if not node.name or node.op not in _SLOPES:
            continue
        at = nodes[node.inputs[0]].name
        for name, forms in _SLOPES.items():
            texts = [
                form.format(out=node.name, at=at) for form in forms if at or "{at}" not in form
            ]
            if name != node.op and any(_stands_in(written, text) for text in texts):
                said = f"that is {name}'s slope; {problem.label(node.name)} is a {node.op}"
                return clean(said)
    return ""


def _stands_in(written: str, form: str) -> bool:
    """Return whether a form is in a line as names of its own: `h*(1-h)` is not in `dh*(1-h)`."""
    return re.search(rf"(?<![\w.]){re.escape(form)}(?!\w)", written) is not None


def _written(problem: Problem, finding: Finding) -> str:
    """Return the hand-written line without its comment."""
    backward, number = problem.backward, finding.line or 0
    if backward is None or not 0 < number <= len(backward.lines):
        return ""
    return backward.lines[number - 1].partition("#")[0]


def _count(problem: Problem, finding: Finding) -> str:
    """Return what a constant counts: the rows or the numbers that the loss averages."""
    ratio = finding.evidence.get("ratio")
    if not isinstance(ratio, float) or not math.isfinite(ratio) or ratio == 0.0:
        return ""
    size = max(abs(ratio), 1 / abs(ratio))
    many = round(size) if math.isfinite(size) else 0
    if many < 2 or abs(size - many) > _CLOSE * many:
        return ""
    nodes = problem.graph.nodes
    means = [nodes[node.inputs[0]] for node in nodes if node.op == "mean"]
    for averaged in means:
        whole = math.prod(averaged.shape)
        if whole == many:
            rows = len(averaged.shape) == 1 or whole == averaged.shape[0]
            of = _rows_of(problem, many) if rows else ""
            return clean(f"{many:,} = {of or 'the numbers that are averaged'}: the loss is a mean")
        if averaged.shape and averaged.shape[0] == many:
            return clean(f"{many:,} = {_rows_of(problem, many)}: the loss is a mean over them")
    return ""


def _rows_of(problem: Problem, many: int) -> str:
    """Return the data with a given number of rows."""
    data = [node for node in problem.graph.data if node.kind is Kind.DATA and node.shape]
    named = [node.name for node in data if node.shape[0] == many]
    return f"the rows of {problem.label(named[0])}" if named else "the rows"
