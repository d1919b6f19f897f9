"""Hand-written programs -> nodes: a backward pass, an update. Judges nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import InputError, did_you_mean
from gradtui.base.text import shape_said, shape_text
from gradtui.engine.builder import Builder, MisfitError
from gradtui.engine.graph import Graph, Kind
from gradtui.engine.lowering import check_name, lower_tree
from gradtui.engine.ops import FUNCTIONS
from gradtui.engine.shapes import Shape, ShapeError, broadcast, stretches
from gradtui.language.parser import Assignment, Name
from gradtui.language.refusals import another_name
from gradtui.language.trees import names_read


class UpdateProgram(Struct, frozen=True):
    """The update of a parameter `w`: an optimizer's program, or a hand-written one."""

    lines: Sequence[Assignment]
    state: Mapping[str, Any]
    """Name of a state kept for each parameter -> its initial value."""
    formula: str
    """One line, for people."""


class BackwardProgram(Struct, frozen=True):
    """A hand-written backward pass."""

    lines: Sequence[Assignment]
    claims: Mapping[str, str]
    """Assigned name -> the name of the model whose gradient it claims to be."""
    state: Mapping[str, Any]
    """Name that may be read before it is assigned -> its initial value."""
    given: Mapping[str, str] = {}
    """Name that is read without being assigned -> the value whose true gradient it is."""


class Update(Struct, frozen=True):
    """How one step changes one parameter."""

    parameter: int
    """The node of its old value."""
    gradient: int
    """The node of the gradient that the program starts from, after clipping."""
    lines: tuple[tuple[str, int], ...]
    """(assigned name, node) for each line of the program."""
    state: tuple[tuple[int, int], ...]
    """(old value, new value), as nodes, of the parameter and of its states."""

    @property
    def result(self) -> int:
        """The node of the parameter's new value."""
        return self.state[0][1]


class HandLine(Struct, frozen=True, eq=False):
    """One line of a hand-written backward pass."""

    line: Assignment
    target: int | None
    """The node of the model whose gradient it claims to be; None for a helper."""
    scope: Mapping[str, int]
    """The names that it can read -> their nodes."""
    node: int | None
    """The node that later lines read: its value, or the true gradient if the shapes of a claim do
    not fit; None if those of a helper do not."""
    written: int | None
    """Its value as written; None if shapes leave it none."""
    misfit: str = ""
    """The error in the shapes, if any."""


class HandPass(Struct, frozen=True, eq=False):
    """The nodes of a hand-written backward pass."""

    lines: tuple[HandLine, ...]
    """In the order of the program."""
    kept: Mapping[str, int]
    """Name that may be read before it is assigned -> the node of last step's value."""
    state: tuple[tuple[int, int], ...]
    """(old value, new value), as nodes, of the states it keeps from step to step."""
    initial: tuple[tuple[int, Any], ...]
    """(node, initial value) of its states."""


def lower_update(
    builder: Builder, names: Mapping[str, int], update: UpdateProgram, parameter: str
) -> tuple[Update, tuple[tuple[int, Any], ...]]:
    """Append the update of one parameter; return it, and the initial values of its states.

    `names` are the nodes of w, g and of the constants in scope.  w and the state have their old
    values until they are assigned.  Raises InputError at the first line that does not fit.
    """
    shape = builder.nodes[names["w"]].shape
    kept = {
        name: builder.leaf(Kind.STATE, f"{name} of {parameter}", shape) for name in update.state
    }
    scope = {**names, **kept}
    written = list[tuple[str, int]]()
    for line in update.lines:
        node = lower_tree(line.value, builder, resolver(scope, update.lines, unknown=_READ))
        if line.name == "w" or line.name in kept:
            node = fitted_to(builder, node, shape, line, f"of the parameter '{parameter}'")
        scope[line.name] = node
        written.append((line.name, node))
    state = ((names["w"], scope["w"]), *((old, scope[name]) for name, old in kept.items()))
    initial = tuple((kept[name], value) for name, value in update.state.items())
    return Update(names["w"], names["g"], tuple(written), state), initial


def lower_backward(
    builder: Builder,
    graph: Graph,
    adjoint: Mapping[int, int],
    backward: BackwardProgram,
    exact: Collection[str] = (),
) -> HandPass:
    """Append a hand-written backward pass.

    `adjoint` are the true gradients: node of the model -> node.  The claims named in `exact` must
    have exactly the shape of their target, as those of parameters must.  A state has the shape
    that its line gives it, to which the initial value is broadcast.  Raises InputError at the
    first invalid line; a line whose shapes do not fit is kept, with its error.
    """
    shapes = _settled_shapes(builder, graph, adjoint, backward, exact)
    kept, lines = _lower_lines(builder, graph, adjoint, backward, exact, shapes)
    state = []
    for line in lines:
        name = line.line.name
        if name in kept and line.node is not None:
            what = f"of the state '{name}'"
            new = fitted_to(builder, line.node, shapes[name], line.line, what)
            state.append((kept[name], new))
    assigned = {old for old, _ in state}
    state += [(old, old) for old in kept.values() if old not in assigned]
    return HandPass(
        lines=tuple(lines),
        kept=MappingProxyType(kept),
        state=tuple(state),
        initial=tuple((kept[name], value) for name, value in backward.state.items()),
    )


def _settled_shapes(
    builder: Builder,
    graph: Graph,
    adjoint: Mapping[int, int],
    backward: BackwardProgram,
    exact: Collection[str],
) -> Mapping[str, Shape]:
    """Return the shape of each state: large enough for the value that its line assigns."""
    shapes = {name: np.shape(value) for name, value in backward.state.items()}
    kept = [line for line in backward.lines if line.name in shapes]
    if not kept:
        return shapes
    for _ in range(2 * len(kept) + 1):
        scratch = Builder(builder.nodes)
        _, lowered = _lower_lines(scratch, graph, adjoint, backward, exact, shapes)
        nodes = {one.line.name: one.node for one in lowered}
        larger = {}
        for line in kept:
            node = nodes[line.name]
            assigned = shapes[line.name] if node is None else scratch.nodes[node].shape
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
    builder: Builder,
    graph: Graph,
    adjoint: Mapping[int, int],
    backward: BackwardProgram,
    exact: Collection[str],
    shapes: Mapping[str, Shape],
) -> tuple[dict[str, int], list[HandLine]]:
    """Append the lines; return the nodes of the states, and the lines."""
    kept = {name: builder.leaf(Kind.STATE, name, shape) for name, shape in shapes.items()}
    given = {
        name: _true(builder, adjoint, graph.names[target])
        for name, target in backward.given.items()
    }
    for name, node in given.items():
        builder.rename(node, name, graph.nodes[graph.names[backward.given[name]]].place)
    scope: dict[str, int] = {**graph.names, **given, **kept}
    lost, written, lowered = set[str](), set[str](), list[HandLine]()
    for line in backward.lines:
        _check_target(line, graph.names, written)
        written.add(line.name)
        claim = backward.claims.get(line.name)
        target = None if claim is None else graph.names[claim]
        one = _lower_line(builder, backward, line, target, dict(scope), lost)
        one = _checked(builder, one, exact=line.name in exact)
        if one.misfit and target is not None:
            one = replace(one, node=_true(builder, adjoint, target))
        if one.node is None:
            lost.add(line.name)
            scope.pop(line.name, None)
        else:
            lost.discard(line.name)
            builder.rename(one.node, line.name, line.place)
            scope[line.name] = one.node
        lowered.append(one)
    return kept, lowered


def _lower_line(
    builder: Builder,
    backward: BackwardProgram,
    line: Assignment,
    target: int | None,
    scope: Mapping[str, int],
    lost: Collection[str],
) -> HandLine:
    """Append a line; the node is None if its shapes do not fit, or if an input has none."""
    read = [name for name in names_read(line.value) if name in lost]
    if read:
        return HandLine(line, target, scope, None, None, f"it reads {read[0]}, whose shapes do "
                        "not fit")  # fmt: skip
    first = len(builder.nodes)
    hint = "if last step's value is meant, give it a first value in state = { %s = 0.0 }"
    try:
        node = lower_tree(line.value, builder, resolver(scope, backward.lines, hint))
    except MisfitError as error:
        return HandLine(line, target, scope, None, None, error.message)
    if builder.nodes[node].name or node < first:
        node = builder.apply("identity", (node,), place=line.value.place)
    return HandLine(line, target, scope, node, node)


def _checked(builder: Builder, line: HandLine, *, exact: bool) -> HandLine:
    """Return a line, with an error if its value cannot be the claimed gradient."""
    node, target = line.node, line.target
    if node is None or target is None or _can_hold(builder, node, target, exact=exact):
        return line
    own, wanted = builder.nodes[node].shape, builder.nodes[target].shape
    message = shape_said("it", own, wanted)
    return replace(line, node=None, misfit=message)


def _can_hold(builder: Builder, node: int, target: int, *, exact: bool) -> bool:
    """Return whether a value can be the gradient of `target`.

    The gradient of an intermediate may have another shape: a column, or one number for many.
    """
    own, wanted = builder.nodes[node].shape, builder.nodes[target]
    return own == wanted.shape or not (exact or wanted.kind is Kind.PARAMETER)


def _true(builder: Builder, adjoint: Mapping[int, int], target: int) -> int:
    """Append another name for the true gradient of a node, zeros if nothing flows."""
    if target in adjoint:
        return builder.apply("identity", (adjoint[target],))
    zero = builder.fit(builder.constant(0.0), builder.nodes[target].shape)
    return builder.apply("identity", (zero,))


def _check_target(line: Assignment, model: Collection[str], written: Collection[str]) -> None:
    name = line.name
    check_name(name, line.place)
    if name in model:
        raise InputError(f"'{name}' is a name of the model and cannot be assigned again: leave "
                         "the line out, or choose another name; its gradient is "
                         f"d{name}", line.place)  # fmt: skip
    if name in written:
        raise InputError(f"'{name}' is assigned twice: a name is assigned once; call the one "
                         f"above {another_name(name, written)}, and read that here",
                         line.place)  # fmt: skip


_READ = ": an update reads w, g, t, lr, the optimizer's constants and its own state"


def resolver(
    scope: Mapping[str, int], lines: Sequence[Assignment], hint: str = "", unknown: str = ""
) -> Callable[[Name], int]:
    """Return a function that finds the node of a name that a line reads.

    `hint` is the advice for a name that only a later line assigns, `unknown` the message for one
    that no line assigns.
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
        near = did_you_mean(name.name, scope) or unknown
        raise InputError(f"'{name.name}' is not defined{near}", name.place)

    return resolve


def fitted_to(builder: Builder, node: int, shape: Shape, line: Assignment, what: str) -> int:
    """Return a node broadcast to a shape; raises InputError if it does not broadcast."""
    own = builder.nodes[node].shape
    if not stretches(own, shape):
        raise InputError(f"'{line.name}' has shape {shape_text(own)} here, which does not fit the "
                         f"shape {shape_text(shape)} {what}", line.place)  # fmt: skip
    return builder.fit(node, shape)
