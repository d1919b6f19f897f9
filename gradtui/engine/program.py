"""One training step as one list of nodes: forward pass, backward pass, update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from gradtui.engine.expression import parse_program
from gradtui.engine.graph import Builder, Graph, Kind, Node
from gradtui.engine.handwritten import (
    BackwardProgram,
    HandPass,
    Update,
    UpdateProgram,
    lower_backward,
    lower_update,
    names_in,
)
from gradtui.engine.lowering import lower_tree
from gradtui.engine.optimizers import OPTIMIZERS, Hyperparameters
from gradtui.engine.reverse import Reverse, differentiate
from gradtui.engine.stability import Dynamics


class ByHand(Struct, frozen=True):
    """What somebody wrote by hand, and whether it moves the weights."""

    backward: BackwardProgram | None = None
    update: UpdateProgram | None = None
    drives: bool = True


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
    driving: tuple[int, ...]
    """The nodes of the gradients that move the weights, before clipping: the true ones, or those
    claimed by a pass written by hand where it drives."""
    hand: HandPass | None
    """The backward pass written by hand."""
    clip: Clip | None
    lr: int
    """The node of the learning rate."""
    time: int | None
    """The node of t = 1, 2, …; None where the optimizer does not count its steps."""
    initial: tuple[tuple[int, Any], ...]
    """(node, first value) of what the update and a pass written by hand keep."""
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
        by_hand = () if self.hand is None else self.hand.state
        return (*(p[0] for p in pairs), *(pair for p in pairs for pair in p[1:]), *by_hand)


def build_step(
    graph: Graph,
    optimizer: str,
    given: Mapping[str, float] = MappingProxyType({}),
    clip_norm: float | None = None,
    by_hand: ByHand | None = None,
) -> StepProgram:
    """Return the program of one training step of `graph` under an optimizer.

    `given` are hyperparameters that differ from the optimizer's defaults; `clip_norm` is the
    length to which longer gradient vectors are cut.  Raises InputError where `by_hand` has a line
    that does not fit.
    """
    values = OPTIMIZERS[optimizer].complete(given)
    by_hand = by_hand or ByHand()
    update = by_hand.update if by_hand.update and by_hand.drives else _optimizer(optimizer, values)
    used = {name.name for line in update.lines for name in names_in(line.value)}
    reverse = differentiate(graph)
    builder = Builder(reverse.nodes)
    lr = builder.leaf(Kind.HYPERPARAMETER, "lr", ())
    inputs = {"lr": lr}
    for name in ("t", *values):
        if name in used:
            inputs[name] = builder.leaf(Kind.HYPERPARAMETER, name, ())
    gradients = driving = _gradients(builder, graph, reverse)
    hand = None
    if by_hand.backward is not None:
        hand = lower_backward(builder, graph, by_hand.backward)
        if by_hand.drives:
            driving = _claimed(builder, graph, hand, gradients)
    clip, clipped = None, driving
    if clip_norm is not None and gradients:
        clip, clipped = _clip(builder, driving, clip_norm)
    updates, initial = list[Update](), list[tuple[int, Any]]()
    for parameter, gradient in zip(graph.parameters, clipped, strict=True):
        names = {"w": parameter.id, "g": gradient, **inputs}
        lowered, first = lower_update(builder, names, update, parameter.name)
        updates.append(lowered)
        initial += first
    initial += () if hand is None else hand.initial
    return StepProgram(
        graph=graph,
        reverse=reverse,
        updates=tuple(updates),
        nodes=tuple(builder.nodes),
        gradients=gradients,
        driving=driving,
        hand=hand,
        clip=clip,
        lr=lr,
        time=inputs.get("t"),
        initial=tuple(initial),
        constants=tuple((inputs[n], value) for n, value in values.items() if n in inputs),
        formula=update.formula,
        dynamics=OPTIMIZERS[optimizer].dynamics(values),
    )


def _optimizer(name: str, values: Hyperparameters) -> UpdateProgram:
    entry = OPTIMIZERS[name]
    lines = parse_program(entry.program(values))
    return UpdateProgram(lines, dict(entry.state(values)), entry.formula(values))


def _claimed(
    builder: Builder, graph: Graph, hand: HandPass, gradients: Sequence[int]
) -> tuple[int, ...]:
    """Return the claimed gradients, the true ones where none is claimed in the right shape."""
    claimed = (hand.claims.get(parameter.name) for parameter in graph.parameters)
    return tuple(
        true if claim is None or builder.nodes[claim].shape != parameter.shape else claim
        for parameter, claim, true in zip(graph.parameters, claimed, gradients, strict=True)
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
