"""Programs written by hand -> nodes: a backward pass, an update. Knows nothing of what is right."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from msgspec import Struct

from gradtui.engine.expression import Assignment, Call, Name, Tree
from gradtui.engine.graph import Builder, Graph, Kind
from gradtui.engine.lowering import check_name, lower_tree
from gradtui.engine.ops import FUNCTIONS
from gradtui.engine.shapes import Shape, ShapeError, broadcast
from gradtui.source import InputError, did_you_mean
from gradtui.text import shape_text


class UpdateProgram(Struct, frozen=True):
    """How a parameter `w` is moved: an optimizer's program, or one written by hand."""

    lines: Sequence[Assignment]
    state: Mapping[str, Any]
    """Name of what is kept for each parameter -> its first value."""
    formula: str
    """In one line, for people."""


class BackwardProgram(Struct, frozen=True):
    """A backward pass written by hand."""

    lines: Sequence[Assignment]
    claims: Mapping[str, str]
    """Assigned name -> the name of the model whose gradient it claims to be."""
    state: Mapping[str, Any]
    """Name that may be read before it is assigned -> its first value."""


class Update(Struct, frozen=True):
    """How one step changes one parameter."""

    parameter: int
    """The node of its old value."""
    gradient: int
    """The node of the gradient that the program starts from, after clipping."""
    lines: tuple[tuple[str, int], ...]
    """(assigned name, node) for each line of the program."""
    state: tuple[tuple[int, int], ...]
    """(old value, new value), as nodes, of the parameter and of what is kept for it."""

    @property
    def result(self) -> int:
        """The node of the parameter's new value."""
        return self.state[0][1]


class HandPass(Struct, frozen=True):
    """The nodes of a backward pass written by hand."""

    lines: tuple[int, ...]
    """The node of each line, in the order of the program."""
    claims: Mapping[str, int]
    """Name of the model -> the node that claims to be its gradient, in a shape of its own."""
    state: tuple[tuple[int, int], ...]
    """(old value, new value), as nodes, of what it keeps from step to step."""
    initial: tuple[tuple[int, Any], ...]
    """(node, first value) of what it keeps."""


def names_in(tree: Tree) -> list[Name]:
    """Return the names that an expression reads."""
    found, pending = list[Name](), [tree]
    while pending:
        match pending.pop():
            case Name() as name:
                found.append(name)
            case Call() as call:
                pending.extend(reversed(call.arguments))
    return found


def lower_update(
    builder: Builder, names: Mapping[str, int], update: UpdateProgram, parameter: str
) -> tuple[Update, tuple[tuple[int, Any], ...]]:
    """Append the update of one parameter; return it, and the first values of what it keeps.

    `names` are the nodes of w, g and of the constants in scope.  w and the state read their old
    value until they are assigned.  Raises InputError at the first line that does not fit.
    """
    shape = builder.nodes[names["w"]].shape
    kept = {
        name: builder.leaf(Kind.STATE, f"{name} of {parameter}", shape) for name in update.state
    }
    scope = {**names, **kept}
    written = list[tuple[str, int]]()
    for line in update.lines:
        node = lower_tree(line.value, builder, _resolver(scope, update.lines, ""))
        if line.name == "w" or line.name in kept:
            node = _fitted(builder, node, shape, line, f"of the parameter '{parameter}'")
        scope[line.name] = node
        written.append((line.name, node))
    state = ((names["w"], scope["w"]), *((old, scope[name]) for name, old in kept.items()))
    initial = tuple((kept[name], value) for name, value in update.state.items())
    return Update(names["w"], names["g"], tuple(written), state), initial


def lower_backward(builder: Builder, graph: Graph, backward: BackwardProgram) -> HandPass:
    """Append a backward pass written by hand; raises InputError at the first line that is not one.

    What it keeps has the shape that its line gives it: the first value is broadcast to it.
    """
    shapes = _settled_shapes(builder, graph, backward)
    kept, scope = _lower_lines(builder, graph, backward, shapes)
    nodes = [scope[line.name] for line in backward.lines]
    state = []
    for line in backward.lines:
        if line.name in kept:
            shape = shapes[line.name]
            new = _fitted(builder, scope[line.name], shape, line, f"of the state '{line.name}'")
            state.append((kept[line.name], new))
    assigned = {old for old, _ in state}
    state += [(old, old) for old in kept.values() if old not in assigned]
    return HandPass(
        lines=tuple(nodes),
        claims=MappingProxyType({t: scope[name] for name, t in backward.claims.items()}),
        state=tuple(state),
        initial=tuple((kept[name], value) for name, value in backward.state.items()),
    )


def _settled_shapes(
    builder: Builder, graph: Graph, backward: BackwardProgram
) -> Mapping[str, Shape]:
    """Return the shape of each thing kept: large enough for what its line assigns to it."""
    shapes = {name: np.shape(value) for name, value in backward.state.items()}
    kept = [line for line in backward.lines if line.name in shapes]
    for _ in range(2 * len(kept) + 1):
        scratch = Builder(builder.nodes)
        _, scope = _lower_lines(scratch, graph, backward, shapes)
        larger = {}
        for line in kept:
            assigned = scratch.nodes[scope[line.name]].shape
            try:
                larger[line.name] = broadcast([shapes[line.name], assigned], {})
            except ShapeError:
                raise InputError(
                    f"'{line.name}' keeps shape {shape_text(shapes[line.name])} and is assigned "
                    f"shape {shape_text(assigned)}",
                    line.place,
                ) from None
        if shapes == {**shapes, **larger}:
            return shapes
        shapes |= larger
    raise InputError(f"the shape of '{kept[0].name}' grows from step to step", kept[0].place)


def _lower_lines(
    builder: Builder, graph: Graph, backward: BackwardProgram, shapes: Mapping[str, Shape]
) -> tuple[dict[str, int], dict[str, int]]:
    """Append the lines; return the nodes of what is kept, and of every name at the end."""
    kept = {name: builder.leaf(Kind.STATE, name, shape) for name, shape in shapes.items()}
    scope = {**graph.names, **kept}
    written = set[str]()
    for line in backward.lines:
        _check_target(line, graph.names, written)
        written.add(line.name)
        first = len(builder.nodes)
        hint = "if last step's value is meant, give it a first value in state = { %s = 0.0 }"
        node = lower_tree(line.value, builder, _resolver(scope, backward.lines, hint))
        if builder.nodes[node].name or node < first:
            node = builder.apply("identity", (node,), place=line.value.place)
        builder.rename(node, line.name, line.place)
        scope[line.name] = node
    return kept, scope


def _check_target(line: Assignment, model: Collection[str], written: Collection[str]) -> None:
    name = line.name
    check_name(name, line.place)
    if name in model:
        raise InputError(f"'{name}' is a name of the model and cannot be assigned again; its "
                         f"gradient is d{name}", line.place)  # fmt: skip
    if name in written:
        raise InputError(f"'{name}' is assigned twice: a name is assigned once; write "
                         f"{name}_2 = … and use {name}_2 from here on", line.place)  # fmt: skip


def _resolver(
    scope: Mapping[str, int], lines: Sequence[Assignment], hint: str
) -> Callable[[Name], int]:
    """Return what finds the node of a name that a line reads.

    `hint` is what to do about a name that only a later line assigns.
    """

    def resolve(name: Name) -> int:
        if name.name in scope:
            return scope[name.name]
        later = [line.place.line for line in lines if line.name == name.name]
        if later:
            message = f"'{name.name}' is read before it is assigned, on line {later[0]}"
            more = f"; {hint % name.name}" if hint else ""
            raise InputError(message + more, name.place)
        if name.name in FUNCTIONS:
            raise InputError(f"'{name.name}' is a function: write {name.name}(…)", name.place)
        raise InputError(f"'{name.name}' is not defined" + did_you_mean(name.name, scope),
                         name.place)  # fmt: skip

    return resolve


def _fitted(builder: Builder, node: int, shape: Shape, line: Assignment, what: str) -> int:
    """Return a node stretched to a shape; raises InputError where it does not broadcast to it."""
    own = builder.nodes[node].shape
    try:
        fits = broadcast([own, shape], {}) == shape
    except ShapeError:
        fits = False
    if not fits:
        raise InputError(f"'{line.name}' has shape {shape_text(own)} here, which does not fit the "
                         f"shape {shape_text(shape)} {what}", line.place)  # fmt: skip
    return builder.fit(node, shape)
