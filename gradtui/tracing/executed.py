"""The executed lines of a run, for display: their values, rounds and roles."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.base.text import clean
from gradtui.engine.tape import Tape as Step
from gradtui.engine.trainer import Trainer
from gradtui.recording.tape import Leaf, Tape
from gradtui.scenario.problem import Executed, Given
from gradtui.tracing.lowering import Lowered
from gradtui.tracing.syntax import syntax_of
from gradtui.tracing.visits import Bound, Round, Visit, Visits

Array = NDArray[Any]
_ALIKE = 1e-6
"""Relative tolerance for recognising a value as a gradient."""


def executed_lines(
    tape: Tape, visits: Visits, lowered: Lowered, trainer: Trainer, returned: Mapping[str, int]
) -> tuple[Executed, ...]:
    """Return the lines that computed, assigned or called something, in the order they ended.

    Of functions without any that are given arrays, such as one that only returns them, all are
    there.
    `returned` maps arguments to the tape's nodes of their returned gradients.
    """
    ahead = frozenset(tape.sources(lowered.root))
    back = frozenset(tape.sources(*returned.values())) - ahead
    computed = _by_visit(visits, lowered.statements)
    own = _by_visit(visits, {id: id for id in back if not isinstance(tape.nodes[id], Leaf)})
    claims = Claims(trainer.record(trainer.initial, 0))
    parameters = {node: lowered.graph.names[name] for name, node in returned.items()}
    assigned = [_named(tape, visit) for visit in visits.visits]
    found, silent = [], _given_arrays(visits) - {
        (visit.file, visit.scope) for at, visit in enumerate(visits.visits)
        if at in computed or own.get(at) or visit.calls or assigned[at]
    }  # fmt: skip
    last = max((place for place, at in enumerate(visits.finished) if at in computed), default=-1)
    for place, at in enumerate(visits.finished):
        visit = visits.visits[at]
        nodes = tuple(computed.get(at, ()))
        named = assigned[at]
        latest = own[at][-1] if own.get(at) else None
        # What a line on the way to the loss computes for the gradients alone is not its value.
        if latest is not None and not named and (not nodes or latest in parameters):
            named = [("", tape.value(latest))]
        computes = bool(nodes or own.get(at))
        if not (computes or named or visit.calls or (visit.file, visit.scope) in silent):
            continue
        bound = {one.node for one in visit.bound if one.node is not None}
        backward = not nodes and (place > last or bool(own.get(at)) or bool(bound & back))
        found.append(
            Executed(
                Place(visit.first, file=visit.file), visit.last, visit.function, visit.scope,
                tuple(_told(one, visits.totals) for one in visit.rounds), nodes,
                tuple(named),
                computes, backward, at, visit.calls and not computes,
                _claimed([*bound, *own.get(at, ())], parameters, claims, named)
                if backward else None,
                tuple((one.line, one.last) for one in syntax_of(visit.file).at(visit.first).loops),
            )
        )  # fmt: skip
    return tuple(found)


def given_values(tape: Tape, visits: Visits, lines: Sequence[Executed]) -> tuple[Given, ...]:
    """Return the arrays that the functions were called with, in the order of the calls."""
    began = sorted((line.began, at) for at, line in enumerate(lines))
    found = []
    for visit, one in visits.given:
        at = bisect_left(began, (visit, 0))
        if at < len(began):
            found.append(Given(one.target, _value(tape, one), began[at][1]))
    return tuple(found)


def _by_visit(visits: Visits, nodes: Mapping[int, int]) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = {}
    for id in sorted(nodes):
        found.setdefault(visits.of(id), []).append(nodes[id])
    return found


def _given_arrays(visits: Visits) -> set[tuple[str, tuple[int, int]]]:
    """Return the functions that are given arrays, by file and lines."""
    first = (visits.visits[at] for at, _ in visits.given if at < len(visits.visits))
    return {(one.file, one.scope) for one in first}


def _named(tape: Tape, visit: Visit) -> list[tuple[str, Any]]:
    """Return what a visit assigned, by name."""
    return [(one.target, _value(tape, one)) for one in visit.bound if one.target.strip("_")]


def _value(tape: Tape, bound: Bound) -> Any:
    return bound.value if bound.node is None else tape.value(bound.node)


def _told(one: Round, totals: Mapping[int, int]) -> str:
    """Return a round of a loop: `t = 3 of 25`, or `round 4 of 25` without a telling variable."""
    total = totals[one.entry]
    told = ", ".join(f"{name} = {value}" for name, value in one.variables)
    return clean(f"{told or f'round {one.number}'} of {total}")


def _claimed(
    nodes: Iterable[int], parameters: Mapping[int, int], claims: Claims,
    named: Sequence[tuple[str, Any]],
) -> int | None:  # fmt: skip
    """Return the node whose gradient a line of the backward pass computes, if known."""
    returned = [parameters[node] for node in nodes if node in parameters]
    if returned:
        return returned[0]
    found = (claims.find(value) for _, value in named if isinstance(value, np.ndarray))
    return next((node for node in found if node is not None), None)


class Claims:
    """Finds which node a number is the gradient of, by its value."""

    def __init__(self, step: Step) -> None:
        graph = step.program.graph
        self._nodes: dict[tuple[int, ...], list[int]] = {}
        self._values: dict[tuple[int, ...], tuple[Array, Array]] = {}
        """Shape -> the gradients of all values of that shape, and their tolerances."""
        for statement in graph.statements:
            node = statement.root
            if np.any(step.adjoint(node)):
                self._nodes.setdefault(graph.nodes[node].shape, []).append(node)
        for shape, nodes in self._nodes.items():
            true = np.abs(whole := np.stack([step.adjoint(node).reshape(-1) for node in nodes]))
            room = _ALIKE * np.maximum(true, np.max(true, axis=1, keepdims=True, initial=0.0))
            self._values[shape] = whole, room

    def find(self, value: Array) -> int | None:
        """Return the last value of the model, other than a number, with this gradient."""
        if not value.shape or value.shape not in self._nodes or value.dtype.kind != "f":
            return None
        (true, room), own = self._values[value.shape], value.reshape(-1)
        with np.errstate(all="ignore"):
            # The first number alone rules most of them out.
            near = np.flatnonzero(np.all(np.abs(true[:, :1] - own[:1]) <= room[:, :1], axis=1))
            alike = near[np.all(np.abs(true[near] - own) <= room[near], axis=1)]
        return self._nodes[value.shape][int(alike[-1])] if alike.size else None
