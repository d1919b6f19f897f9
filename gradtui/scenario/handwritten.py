"""`[backward]`, `[update]` -> programs and their claims. Does not know whether they are right."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from msgspec.structs import replace

from gradtui.base.source import InputError, Place, did_you_mean
from gradtui.base.text import clip, shape_text
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Graph, Kind
from gradtui.engine.handwritten import BackwardProgram, UpdateProgram, lower_backward
from gradtui.engine.lowering import check_name
from gradtui.engine.program import ByHand
from gradtui.engine.shapes import Shape
from gradtui.language.parser import Assignment, Call, Name, Tree
from gradtui.language.several import Bundle, Known
from gradtui.language.trees import is_name, names_read, same
from gradtui.scenario import schema
from gradtui.scenario.arrays import check_count, read_array
from gradtui.scenario.arrays import check_name as check_array_name
from gradtui.scenario.code import Code, Sources, check_one_of, check_parameters, read_code
from gradtui.scenario.positions import Positions
from gradtui.scenario.problem import Array, Drive, HandUpdate, Handwritten, Notice
from gradtui.scenario.reading import ARRAYS_LIMIT, read_beside


def read_backward(
    table: schema.Backward,
    graph: Graph,
    model: Sequence[Assignment],
    unclaimed: Collection[str],
    sources: Sources,
    bundles: Mapping[str, Bundle] = MappingProxyType({}),
) -> tuple[Handwritten, tuple[Notice, ...]]:
    """Return the hand-written backward pass of a scenario, and notices; raises InputError.

    `model` are the lines of the model: a line that repeats one of them is left out, since a Python
    function must repeat what it does not take as an argument.  `unclaimed` are the names of data
    without a gradient, such as labels: `d<name>` of one is a helper.  `bundles` are the names
    under which the model keeps several values.
    """
    positions = sources.positions
    given = {"code": table.code, "source": table.source, "file": table.file}
    check_one_of("backward", given, positions)
    claimable = [
        name
        for name, id in graph.names.items()
        if graph.nodes[id].kind is not Kind.CONSTANT and name not in unclaimed
    ]
    if table.file is not None:
        return _read_numbers(table, table.file, graph, sources)
    state = _read_state("backward", table.state, positions)
    _check_kept("backward", state, graph.names, positions)
    known = Known(bundles, graph.names)
    code = read_code("backward", table.code, table.source, sources, state, known)
    upstream = _upstream(code, graph, state)
    check_parameters(code, {**graph.names, **state, **code.bundles, **upstream})
    code = replace(code, program=tuple(_own_lines(code.program, model, graph, state)))
    from gradtui.scenario.claims import find_claims

    found = find_claims(code, table.claims, claimable, positions, graph.names)
    file = code.file or sources.scenario
    lines = sources.lines(file)
    handwritten = Handwritten(
        code.program, found.claims, state, {}, file, lines, found.intermediate, upstream
    )
    unused = _unused_state("backward", code.program, state, positions)
    return handwritten, (*found.notices, *unused)


def _upstream(code: Code, graph: Graph, state: Collection[str]) -> Mapping[str, str]:
    """Return the parameters of a function that are gradients of computed values: `dout`."""
    computed = {graph.nodes[statement.root].name for statement in graph.statements}
    parameters = [] if code.function is None else [name for name, _ in code.function.parameters]
    return {
        name: name[1:]
        for name in parameters
        if name[:1] == "d" and name[1:] in computed and name not in {*graph.names, *state}
    }


def _own_lines(
    program: Sequence[Assignment],
    model: Sequence[Assignment],
    graph: Graph,
    state: Mapping[str, Any],
) -> list[Assignment]:
    """Return the lines that do not repeat what the model says.

    A size may be that of another argument, or of an array of the program itself.
    """
    said, found = {line.name: line for line in model}, list[Assignment]()
    for line in program:
        own = said.get(line.name)
        if own is None:
            found.append(line)
        elif not same(line.value, own.value) and not _names_it(line, said):
            here, there = (
                _size_in(line.value, graph, found, state),
                _size_in(own.value, graph, (), {}),
            )
            if here is None or here != there:
                found.append(line)
            if None not in (here, there) and here != there:
                raise InputError(f"'{line.name}' is {here} here and {there} in the model, on line "
                                 f"{own.place.line}: a name of the model cannot be assigned "
                                 "again", line.place)  # fmt: skip
    return found


def _names_it(line: Assignment, said: Mapping[str, Assignment]) -> bool:
    """Return whether a line `x = cache` takes back what the model's `cache = x` keeps."""
    kept = said.get(line.value.name) if isinstance(line.value, Name) else None
    return kept is not None and is_name(kept.value, line.name)


def _size_in(
    tree: Tree,
    graph: Graph,
    lines: Sequence[Assignment] = (),
    state: Mapping[str, Any] = MappingProxyType({}),
) -> int | None:
    """Return the value of `x.shape[0]` or `len(x)`; a gradient has the shape of its value.

    `lines` are those of a hand-written program before it.
    """
    match tree:
        case Call("shape" | "len", (Name(name),), options):
            axis = dict(options).get("axis", 0)
        case _:
            return None
    shape = _shape_of(name, graph, lines, state)
    inside = isinstance(axis, int) and -len(shape) <= axis < len(shape)
    return shape[axis] if isinstance(axis, int) and inside else None


def _shape_of(
    name: str, graph: Graph, lines: Sequence[Assignment], state: Mapping[str, Any]
) -> Shape:
    """Return the shape of a name; empty if nothing has it."""
    known = [one for one in (name, name.removeprefix("d")) if one in graph.names]
    if known:
        return graph.nodes[graph.names[known[0]]].shape
    if all(line.name != name for line in lines):
        return ()
    builder = Builder(graph.nodes)
    done = lower_backward(builder, graph, {}, BackwardProgram(lines, {}, state))
    node = next(one.node for one in done.lines if one.line.name == name)
    return () if node is None else builder.nodes[node].shape


def _read_numbers(
    table: schema.Backward, name: str, graph: Graph, sources: Sources
) -> tuple[Handwritten, tuple[Notice, ...]]:
    """Return the gradients at step 0 in an NPZ file, one array for each parameter."""
    from gradtui.scenario.npz import read_npz

    positions, place = sources.positions, sources.positions.value(("backward", "file"))
    for key in ("claims", "state"):
        if getattr(table, key):
            raise InputError(f"[backward] has '{key}', which does not apply to numbers in a file",
                             positions.key(("backward", key)))  # fmt: skip
    if not name.lower().endswith(".npz"):
        raise InputError("backward.file: expected a .npz file", place)
    file = read_npz(read_beside(sources.scenario, name, ARRAYS_LIMIT, place), name)
    parameters = [node.name for node in graph.parameters]
    for parameter in parameters:
        file.check_name(parameter, place)
    notices = tuple(
        Notice(f"'{clip(other, 40)}' in {name} is not a parameter and is not compared"
               + did_you_mean(other, parameters), place)
        for other in file.names
        if other not in parameters
    )  # fmt: skip
    numbers = file.arrays(parameters, finite=False)
    digits = min((file.digits(name) for name in parameters), default=53)
    given = Handwritten(
        (), {}, {}, numbers, sources.scenario, sources.lines(), place=place, digits=digits
    )
    return given, notices


def read_update(
    table: schema.Update,
    constants: Mapping[str, float],
    parameters: Mapping[str, Array],
    sources: Sources,
) -> tuple[HandUpdate, tuple[Notice, ...]]:
    """Return the hand-written update of a scenario, and notices; raises InputError.

    `constants` are the optimizer's; whether the lines fit shows when they are lowered.
    """
    positions = sources.positions
    check_one_of("update", {"code": table.code, "source": table.source}, positions)
    code = read_code("update", table.code, table.source, sources, ("w", "g", *table.state))
    state = _read_state("update", table.state, positions)
    taken = ("w", "g", "t", "lr", *constants)
    check_parameters(code, (*taken, *state))
    _check_kept("update", state, taken, positions)
    _check_broadcast(state, parameters, positions)
    written = set[str]()
    for line in code.program:
        if line.name in ("t", "lr", *constants):
            raise InputError(f"'{line.name}' is given and cannot be assigned: choose another name",
                             line.place)  # fmt: skip
        check_name(line.name, line.place)
        if line.name in written and line.name not in ("w", "g", *state):
            raise InputError(f"'{line.name}' is assigned twice: a name is assigned once",
                             line.place)  # fmt: skip
        written.add(line.name)
    if "w" not in written:
        place = positions.value(("update", "code")) if code.function is None else (
            code.function.place)  # fmt: skip
        raise InputError("the update never assigns w: expected a line w = …, the new parameter "
                         "(w is any parameter, g its gradient)", place)  # fmt: skip
    unused = _unused_state("update", code.program, state, positions)
    file = code.file or sources.scenario
    places = {name: positions.value(("update", "state", name)) for name in state}
    others = dict[str, Place]()
    if code.file:
        others = {name: place._replace(file=sources.scenario) for name, place in places.items()}
        places = {}
    lines = sources.lines(file)
    return HandUpdate(code.program, state, places, constants, file, lines, others), unused


def _read_state(table: str, state: Mapping[str, Any], positions: Positions) -> Mapping[str, Array]:
    """Return the first values of a program's state."""
    check_count((table, "state"), state, positions)
    found = {}
    for name, value in state.items():
        check_array_name((table, "state", name), positions)
        found[name] = read_array((table, "state", name), value, positions)
    return MappingProxyType(found)


def _check_kept(
    table: str, state: Collection[str], taken: Collection[str], positions: Positions
) -> None:
    """Refuse names in a state that are `taken`, or that no program can have."""
    for name in state:
        place = positions.key((table, "state", name))
        if name in taken:
            raise InputError(f"'{name}' has a meaning in [{table}] already: choose another name",
                             place)  # fmt: skip
        check_name(name, place)


def _check_broadcast(
    state: Mapping[str, Array], parameters: Mapping[str, Array], positions: Positions
) -> None:
    """Refuse a first value in a state that does not broadcast to every parameter."""
    for name, value in state.items():
        for parameter, own in parameters.items():
            try:
                np.broadcast_to(value, own.shape)
            except ValueError:
                raise InputError(f"the state '{name}' has shape {shape_text(value.shape)}, which "
                                 f"does not fit the parameter '{parameter}' of "
                                 f"{shape_text(own.shape)}",
                                 positions.value(("update", "state", name))) from None  # fmt: skip


def _unused_state(
    table: str, program: Sequence[Assignment], state: Collection[str], positions: Positions
) -> tuple[Notice, ...]:
    """Return a notice for each name in the state that the program does not read."""
    read = {name for line in program for name in names_read(line.value)}
    return tuple(
        Notice(f"[{table}] never reads '{name}', which its state keeps",
               positions.key((table, "state", name)))
        for name in state
        if name not in read
    )  # fmt: skip


def by_hand(backward: Handwritten | None, update: HandUpdate | None, drive: Drive) -> ByHand:
    """Return the hand-written programs in the engine's form."""
    program = None
    if backward is not None and backward.program:
        program = BackwardProgram(backward.program, backward.claims, backward.state, backward.given)
    moving = None
    if update is not None:
        moving = UpdateProgram(update.program, update.state, "written by hand")
    return ByHand(program, moving, drive == "hand")
