"""`[backward]`, `[update]` -> programs and what they claim. Knows nothing of what is right."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from gradtui.engine.expression import Assignment, parse_program
from gradtui.engine.graph import Graph, Kind
from gradtui.engine.handwritten import BackwardProgram, UpdateProgram, names_in
from gradtui.engine.lowering import check_name
from gradtui.engine.program import ByHand
from gradtui.scenario.positions import Positions
from gradtui.scenario.problem import Array, Drive, HandUpdate, Handwritten, Notice
from gradtui.scenario.schema import Backward, Update
from gradtui.source import InputError, Place, did_you_mean
from gradtui.text import shape_text


def read_backward(
    table: Backward, state: Mapping[str, Array], graph: Graph, positions: Positions, file: str
) -> Handwritten:
    """Return the hand-written backward pass of a scenario; raises InputError."""
    assert table.code is not None
    code = positions.string_lines(("backward", "code"))
    program = parse_program(table.code, code.place)
    if not program:
        raise InputError("the code of [backward] is empty: expected lines `name = expression`",
                         positions.value(("backward", "code")))  # fmt: skip
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


def read_update(
    table: Update,
    state: Mapping[str, Array],
    constants: Mapping[str, float],
    parameters: Mapping[str, Array],
    positions: Positions,
    file: str,
) -> HandUpdate:
    """Return the hand-written update of a scenario; raises InputError.

    `constants` are the optimizer's; whether the lines fit shows when they are lowered.
    """
    program = parse_program(table.code, positions.string_lines(("update", "code")).place)
    given = ("w", "g", "t", "lr", *constants)
    for name, value in state.items():
        path = ("update", "state", name)
        if name in given:
            raise InputError(f"'{name}' has a meaning in [update] already: choose another name",
                             positions.key(path))  # fmt: skip
        check_name(name, positions.key(path))
        _check_kept(name, value, parameters, positions.value(path))
    written = set[str]()
    for line in program:
        if line.name in ("t", "lr", *constants):
            raise InputError(f"'{line.name}' is given and cannot be assigned: choose another name",
                             line.place)  # fmt: skip
        check_name(line.name, line.place)
        if line.name in written and line.name not in ("w", "g", *state):
            raise InputError(f"'{line.name}' is assigned twice: a name is assigned once",
                             line.place)  # fmt: skip
        written.add(line.name)
    if "w" not in written:
        raise InputError("the update never assigns w: expected a line w = …, the new parameter",
                         positions.value(("update", "code")))  # fmt: skip
    places = {name: positions.value(("update", "state", name)) for name in state}
    return HandUpdate(program, state, places, constants, file, tuple(positions.lines))


def _check_kept(name: str, value: Array, parameters: Mapping[str, Array], place: Place) -> None:
    """Refuse the first value of something kept that does not broadcast to every parameter."""
    for parameter, own in parameters.items():
        try:
            np.broadcast_to(value, own.shape)
        except ValueError:
            raise InputError(f"the state '{name}' has shape {shape_text(value.shape)}, which does "
                             f"not fit the parameter '{parameter}' of {shape_text(own.shape)}",
                             place) from None  # fmt: skip


def unused_state(
    table: str, program: Sequence[Assignment], state: Collection[str], positions: Positions
) -> list[Notice]:
    """Return a notice for each thing kept that the program does not read."""
    read = {name.name for line in program for name in names_in(line.value)}
    return [
        Notice(f"[{table}] never reads '{name}', which its state keeps",
               positions.key((table, "state", name)))
        for name in state
        if name not in read
    ]  # fmt: skip


def by_hand(backward: Handwritten | None, update: HandUpdate | None, drive: Drive) -> ByHand:
    """Return what was written by hand as the engine takes it."""
    program = None
    if backward is not None and backward.program:
        program = BackwardProgram(backward.program, backward.claims, backward.state)
    moving = None
    if update is not None:
        moving = UpdateProgram(update.program, update.state, "written by hand")
    return ByHand(program, moving, drive == "hand")
