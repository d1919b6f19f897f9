"""One training step as one list of nodes: forward pass, backward pass, update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from gradtui.engine.expression import Assignment, Call, Name, Tree, parse_program
from gradtui.engine.graph import Builder, Graph, Kind, Node
from gradtui.engine.lowering import lower_tree
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.reverse import Reverse, differentiate
from gradtui.engine.stability import Dynamics


class Update(Struct, frozen=True):
    """How one step changes one parameter."""

    parameter: int
    """The node of its old value."""
    gradient: int
    """The node of the gradient that the program starts from, after clipping."""
    lines: tuple[tuple[str, int], ...]
    """(assigned name, node) for each line of the optimizer's program."""
    state: tuple[tuple[int, int], ...]
    """(old value, new value), as nodes, of the parameter and of what the optimizer keeps."""

    @property
    def result(self) -> int:
        """The node of the parameter's new value."""
        return self.state[0][1]


class Clip(Struct, frozen=True):
    """How the gradients are scaled together where their length is above a limit."""

    norm: int
    """The node of the length of the whole gradient vector."""
    scale: int
    """The node of min(1, clip_norm/(norm + 1e-6)), by which every gradient is multiplied."""


class StepProgram(Struct, frozen=True, eq=False):
    """Everything one training step computes."""

    graph: Graph
    reverse: Reverse
    updates: tuple[Update, ...]
    """One for each parameter, in the order of the file."""
    nodes: tuple[Node, ...]
    """The graph's, the backward pass's and the updates' nodes."""
    gradients: tuple[int, ...]
    """The nodes of dLoss/dparameter, in the order of the parameters; 0 where nothing flows.

    They are the true ones, before clipping."""
    clip: Clip | None
    lr: int
    """The node of the learning rate."""
    time: int | None
    """The node of t = 1, 2, …; None where the optimizer does not count its steps."""
    initial: tuple[tuple[int, float], ...]
    """(node, first value) of what the optimizer keeps."""
    constants: tuple[tuple[int, float], ...]
    """(node, value) of the constants that the updates use."""
    formula: str
    """The update as the optimizer's source writes it."""
    dynamics: Dynamics
    """How the optimizer moves along one direction of a quadratic loss."""

    @property
    def state(self) -> tuple[tuple[int, int], ...]:
        """(old node, new node) of everything a step carries over, parameters first."""
        pairs = [update.state for update in self.updates]
        return tuple(p[0] for p in pairs) + tuple(pair for p in pairs for pair in p[1:])


def build_step(
    graph: Graph,
    optimizer: str,
    given: Mapping[str, float] = MappingProxyType({}),
    clip_norm: float | None = None,
) -> StepProgram:
    """Return the program of one training step of `graph` under an optimizer.

    `given` are hyperparameters that differ from the optimizer's defaults; `clip_norm` is the
    length to which longer gradient vectors are cut.
    """
    entry = OPTIMIZERS[optimizer]
    values = entry.complete(given)
    lines = parse_program(entry.program(values))
    used = _names_in(lines)
    reverse = differentiate(graph)
    builder = Builder(reverse.nodes)
    lr = builder.leaf(Kind.HYPERPARAMETER, "lr", ())
    inputs = {"lr": lr}
    for name in ("t", *values):
        if name in used:
            inputs[name] = builder.leaf(Kind.HYPERPARAMETER, name, ())
    gradients = driving = _gradients(builder, graph, reverse)
    clip = None
    if clip_norm is not None and gradients:
        clip, driving = _clip(builder, gradients, clip_norm)
    updates, initial = [], list[tuple[int, float]]()
    for parameter, gradient in zip(graph.parameters, driving, strict=True):
        names = {"w": parameter.id, "g": gradient, **inputs}
        for name, value in entry.state(values):
            names[name] = builder.leaf(Kind.STATE, f"{name} of {parameter.name}", parameter.shape)
            initial.append((names[name], value))
        updates.append(_lower_update(builder, names, lines))
    return StepProgram(
        graph=graph,
        reverse=reverse,
        updates=tuple(updates),
        nodes=tuple(builder.nodes),
        gradients=gradients,
        clip=clip,
        lr=lr,
        time=inputs.get("t"),
        initial=tuple(initial),
        constants=tuple((inputs[n], value) for n, value in values.items() if n in inputs),
        formula=entry.formula(values),
        dynamics=entry.dynamics(values),
    )


def _gradients(builder: Builder, graph: Graph, reverse: Reverse) -> tuple[int, ...]:
    """Return the nodes of dLoss/dparameter, zeros where nothing flows."""
    return tuple(
        reverse.adjoint[parameter.id]
        if parameter.id in reverse.adjoint
        else builder.fit(builder.constant(0.0), parameter.shape)
        for parameter in graph.parameters
    )


def _clip(builder: Builder, gradients: Sequence[int], limit: float) -> tuple[Clip, tuple[int, ...]]:
    """Append the nodes that scale all gradients together, and return the scaled ones.

    Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks (2013),
    algorithm 1; the 1e-6 is PyTorch's.
    """

    def append(code: str, **names: int) -> int:
        (line,) = parse_program(f"value = {code}")
        return lower_tree(line.value, builder, lambda name: names[name.name])

    squares = append("sum(g*g)", g=gradients[0])
    for gradient in gradients[1:]:
        squares = append("a + sum(g*g)", a=squares, g=gradient)
    norm = append("sqrt(a)", a=squares)
    clip_norm = builder.constant(limit)
    scale = append("minimum(1, clip_norm/(norm + 1e-6))", clip_norm=clip_norm, norm=norm)
    scaled = tuple(append("g*scale", g=gradient, scale=scale) for gradient in gradients)
    return Clip(norm, scale), scaled


def _names_in(lines: Sequence[Assignment]) -> frozenset[str]:
    """Return the names that an optimizer's program reads."""
    found, pending = set[str](), list[Tree](line.value for line in lines)
    while pending:
        match pending.pop():
            case Name(name):
                found.add(name)
            case Call() as call:
                pending.extend(call.arguments)
    return frozenset(found)


def _lower_update(builder: Builder, names: dict[str, int], lines: Sequence[Assignment]) -> Update:
    """Append one parameter's update; a name reads its old value until it is assigned."""
    old, written = dict(names), list[tuple[str, int]]()

    def resolve(name: Name) -> int:
        return names[name.name]

    for line in lines:
        names[line.name] = lower_tree(line.value, builder, resolve)
        written.append((line.name, names[line.name]))
    kept = ["w", *(name for name in old if builder.nodes[old[name]].kind is Kind.STATE)]
    state = tuple((old[name], names[name]) for name in kept)
    return Update(old["w"], old["g"], tuple(written), state)
