"""`[backward]` -> the program and what it claims. Knows nothing of whether it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradtui.engine.expression import Assignment, parse_program
from gradtui.engine.graph import Graph, Kind
from gradtui.scenario.positions import Positions
from gradtui.scenario.problem import Array, Handwritten
from gradtui.scenario.schema import Backward
from gradtui.source import InputError, did_you_mean


def read_backward(
    table: Backward, state: Mapping[str, Array], graph: Graph, positions: Positions, file: str
) -> Handwritten:
    """Return the hand-written backward pass of a scenario; raises InputError."""
    assert table.code is not None
    code = positions.string_lines(("backward", "code"))
    program = parse_program(table.code, code.place)
    claims = _claims(program, table.claims, graph, positions)
    return Handwritten(program, claims, state, {}, file, tuple(positions.lines))


def _claims(
    program: Sequence[Assignment], given: Mapping[str, str], graph: Graph, positions: Positions
) -> dict[str, str]:
    """Return what each assigned name claims, in the order of the program."""
    assigned = [line.name for line in program]
    for name, target in given.items():
        if name not in assigned:
            raise InputError(f"'{name}' is not assigned in [backward]"
                             + did_you_mean(name, assigned),
                             positions.key(("backward", "claims", name)))  # fmt: skip
        if target not in graph.names:
            raise InputError(f"'{target}' is not a name of the model"
                             + did_you_mean(target, graph.names),
                             positions.value(("backward", "claims", name)))  # fmt: skip
    found = {}
    for name in assigned:
        target = given.get(name) or (name[1:] if name.startswith("d") else "")
        if target in graph.names and graph.nodes[graph.names[target]].kind is not Kind.CONSTANT:
            found[name] = target
    return found
