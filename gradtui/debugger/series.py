"""Values followed over the steps of a run: their names and their numbers.

Knows no screen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import InputError, Place
from gradtui.base.text import element_text
from gradtui.debugger.branches import Branch
from gradtui.engine.columns import Columns
from gradtui.engine.indices import Index
from gradtui.engine.length import length
from gradtui.engine.observables import Observable, read_expression
from gradtui.scenario.problem import Problem
from gradtui.scenario.references import as_shown, read_references

_KEPT = 50_000
_AT_ONCE = 2_000_000
"""Limit on the numbers evaluated together."""
_QUICK = 1_000_000
"""Limit on the numbers computed on the way to a step while a key waits."""


class Series(Struct, frozen=True):
    """One value followed over the steps."""

    text: str
    """Its text, as `read_series` reads it."""
    kind: Literal["loss", "validation", "norm", "lr", "value", "gradient", "expression"]
    node: int = 0
    index: Index | None = None
    """One element; None for a scalar, or for the length of a whole array."""
    whole: bool = False
    """Whether it is the length of a whole array."""

    @property
    def shown(self) -> str:
        """Its text on screen."""
        return f"|{self.text}|" if self.whole else self.text


LOSS = Series("loss", "loss")
NORM = Series("|∇|", "norm")
RATE = Series("lr", "lr")
VALIDATION = Series("validation", "validation")
_WORDS: Mapping[str, Series] = {
    "loss": LOSS, "validation": VALIDATION,
    "norm": NORM, "grad_norm": NORM, "|∇|": NORM, "lr": RATE, "rate": RATE,
}  # fmt: skip


def read_series(text: str, problem: Problem) -> tuple[Series, ...]:
    """Return the values that a text names, such as `w[0] grad(w[0]) lr`; raises InputError."""
    graph = problem.graph
    nodes = as_shown(graph.names, problem)
    shapes = {name: graph.nodes[node].shape for name, node in nodes.items()}
    found = list[Series]()
    for one in read_references(text, shapes, _WORDS):
        if one.name in nodes:
            found.append(value_of(problem, nodes[one.name], one.index, gradient=one.gradient))
        else:
            found.append(_WORDS[one.name])
            if found[-1] == VALIDATION and problem.trainer.program.validation is None:
                raise InputError("there are no validation data here", one.place, source_line=text)
    if not found:
        raise InputError("say what to follow, such as w, grad(w), loss or lr", Place(1, 1),
                         source_line=text)  # fmt: skip
    return tuple(dict.fromkeys(found))


def value_of(
    problem: Problem, node: int, index: Index | None = None, *, gradient: bool = False
) -> Series:
    """Return the series of a node's value, of its gradient, or of one element of either."""
    found = problem.graph.nodes[node]
    text = element_text(problem.label(found.name) or found.op, index or ())
    whole = index is None and found.shape != ()
    if gradient:
        loss = problem.graph.nodes[problem.graph.loss].name
        return Series(f"∂{problem.label(loss)}/∂{text}", "gradient", node, index, whole)
    return Series(text, "value", node, index, whole)


def read_followed(text: str, problem: Problem) -> tuple[Series, ...]:
    """Return the values that a text names, or the single expression that it is.

    Raises InputError as `read_series`.
    """
    try:
        return read_series(text, problem)
    except InputError as error:
        try:
            return (Series(read_expression(text, problem.trainer.program).text, "expression"),)
        except InputError:
            raise error from None


class Evaluator:
    """Evaluates values at steps of branches, and remembers them."""

    def __init__(self) -> None:
        self._columns: dict[Branch, Columns] = {}
        self._known: dict[tuple[Branch, Series, int], float] = {}
        self._count = 0

    @property
    def count(self) -> int:
        """How many values were evaluated."""
        return self._count

    def knows(self, branch: Branch, series: Series, step: int) -> bool:
        """Return whether a value at a step of a branch is known."""
        return (branch.at(step), series, step) in self._known

    def at_hand(self, branch: Branch, series: Series, step: int) -> bool:
        """Return whether a value at a step is known, or needs few steps to be run."""
        numbers = branch.history.away(step) * branch.at(step).problem.trainer.numbers
        return numbers <= _QUICK or self.knows(branch, series, step)

    def values(self, branch: Branch, series: Series, steps: Sequence[int]) -> list[float]:
        """Return a value at given steps of a branch."""
        if len(self._known) > _KEPT:
            self._known.clear()
        missing: dict[Branch, list[int]] = {}
        for step in steps:
            owner = branch.at(step)
            if (owner, series, step) not in self._known:
                missing.setdefault(owner, []).append(step)
        for owner, wanted in missing.items():
            most = max(1, _AT_ONCE // max(1, owner.problem.trainer.numbers))
            for start in range(0, len(wanted), most):
                part = wanted[start : start + most]
                found = self._evaluate(owner, series, part)
                self._count += len(part)
                for step, value in zip(part, found, strict=True):
                    self._known[owner, series, step] = float(value)
        return [self._known[branch.at(step), series, step] for step in steps]

    def _evaluate(self, branch: Branch, series: Series, steps: Sequence[int]) -> Sequence[float]:
        program = branch.problem.trainer.program
        if series.kind == "expression":
            return self._observe(branch, read_expression(series.text, program), steps)
        nodes = _nodes(series, branch.problem)
        if not nodes:
            return [0.0] * len(steps)
        columns = self._at(branch, steps, nodes)
        shape = program.nodes[nodes[0]].shape
        if series.kind != "norm" and (shape == () or series.index is not None):
            return [float(each[series.index or ()]) for each in columns[0]]
        return [length(parts) for parts in zip(*columns, strict=True)]

    def _observe(
        self, branch: Branch, observable: Observable, steps: Sequence[int]
    ) -> Sequence[float]:
        """Return an expression's value at given steps, or its length if it is an array."""
        found = []
        for step in steps:
            first = step - observable.depth
            if first < branch.start:
                found.append(math.nan)
                continue
            columns = self._at(branch, range(first, step + 1), observable.needs)
            parts = [column.reshape(len(column), -1) for column in columns]
            rows = np.concatenate([np.empty((step + 1 - first, 0)), *parts], axis=1)
            value = observable.values(rows, first)[-1]
            found.append(float(value) if value.shape == () else length([value]))
        return found

    def _at(
        self, branch: Branch, steps: Sequence[int], nodes: Sequence[int]
    ) -> list[NDArray[np.float64]]:
        if not nodes:
            return []
        if branch not in self._columns:
            self._columns[branch] = Columns(branch.problem.trainer)
        rows = [branch.history.state(step) for step in steps]
        return self._columns[branch].at(rows, steps, nodes)


def _nodes(series: Series, problem: Problem) -> list[int]:
    """Return the nodes whose values a series needs; none if it is always 0."""
    program = problem.trainer.program
    match series.kind:
        case "loss":
            return [program.graph.loss]
        case "validation":
            return [] if program.validation is None else [program.validation.loss]
        case "norm":
            return [*program.gradients]
        case "lr":
            return [program.lr]
        case "value":
            return [series.node]
        case "gradient":
            adjoint = program.reverse.adjoint.get(series.node)
            return [] if adjoint is None else [adjoint]
        case "expression":
            raise AssertionError("an expression says itself what it needs")
