"""One training step as one list of nodes: forward pass, backward pass, update."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from gradtui.engine.builder import Builder
from gradtui.engine.classifier import Classifier, find_classifier
from gradtui.engine.graph import Graph, Kind, Node
from gradtui.engine.handwritten import (
    BackwardProgram,
    HandPass,
    Update,
    UpdateProgram,
    lower_backward,
    lower_update,
)
from gradtui.engine.lowering import lower_tree
from gradtui.engine.optimizers import OPTIMIZERS, Hyperparameters
from gradtui.engine.reverse import Reverse, differentiate
from gradtui.engine.schedules import WatchingSchedule
from gradtui.engine.stability import Dynamics
from gradtui.language.parser import parse_program
from gradtui.language.trees import names_read

Watching = tuple[WatchingSchedule, Mapping[str, float], float]
"""A schedule that watches the loss (the validation's, if any), its constants, the first rate."""


class ByHand(Struct, frozen=True):
    """The hand-written parts, and whether they move the weights."""

    backward: BackwardProgram | None = None
    update: UpdateProgram | None = None
    drives: bool = True


class Clip(Struct, frozen=True):
    """Clipping: how all gradients are scaled if their norm is above a limit."""

    norm: int
    """The node of the norm of the whole gradient vector."""
    scale: int
    """The node of min(1, clip_norm/(norm + 1e-6)), by which every gradient is multiplied."""


class Validation(Struct, frozen=True):
    """The model on other data, with the same parameters."""

    loss: int
    """The node of its loss."""
    data: tuple[tuple[int, str], ...]
    """(node, name) of the data that are not the training step's own."""
    nodes: range
    """The nodes for it alone."""
    classifier: Classifier | None
    """Its classifier, if it is one."""

    @property
    def shown(self) -> frozenset[int]:
        """Those of its nodes whose values a tape holds."""
        scored = self.classifier
        return frozenset({self.loss} if scored is None else {self.loss, *scored.nodes})


class Watch(Struct, frozen=True, eq=False):
    """A schedule that computes the next learning rate from this step's loss."""

    schedule: WatchingSchedule
    constants: Mapping[str, float]
    state: tuple[tuple[str, int, int], ...]
    """(name, old value, new value), as nodes, of the rate and of the schedule's states."""


class StepProgram(Struct, frozen=True, eq=False):
    """Everything one training step computes."""

    graph: Graph
    reverse: Reverse
    updates: tuple[Update, ...]
    """One for each parameter, in the order of the file."""
    nodes: tuple[Node, ...]
    """The graph's, the backward pass's and the updates' nodes."""
    gradients: tuple[int, ...]
    """The nodes of dLoss/dparameter, in the order of the parameters; 0 if nothing flows.

    They are the true ones, before clipping."""
    driving: tuple[int, ...]
    """The nodes of the gradients that move the weights, before clipping: the true ones, or those
    claimed by a hand-written pass that drives."""
    hand: HandPass | None
    """The hand-written backward pass."""
    clip: Clip | None
    lr: int
    """The node of the learning rate."""
    time: int | None
    """The node of t = 1, 2, …; None if the optimizer does not count its steps."""
    initial: tuple[tuple[int, Any], ...]
    """(node, initial value) of the states of the update and of a hand-written pass."""
    constants: tuple[tuple[int, float], ...]
    """(node, value) of the constants that the updates use."""
    formula: str
    """The update as in the optimizer's source."""
    optimizer: str
    """The optimizer's name in the registry."""
    hyperparameters: Mapping[str, float]
    """All its constants besides the rate."""
    moved_by_hand: bool = False
    """Whether the update is hand-written, so that optimizer and dynamics do not apply."""
    validation: Validation | None = None
    watch: Watch | None = None
    """None if the rate is a function of the step alone."""

    @property
    def dynamics(self) -> Dynamics:
        """The optimizer's dynamics along one direction of a quadratic loss."""
        return OPTIMIZERS[self.optimizer].dynamics(self.hyperparameters)

    @property
    def state(self) -> tuple[tuple[int, int], ...]:
        """(old node, new node) of everything a step carries over, parameters first.

        Then come the first state of each of them, and so on.
        """
        kept = zip(*(update.state for update in self.updates), strict=True)
        by_hand = () if self.hand is None else self.hand.state
        watched = () if self.watch is None else self.watch.state
        return (
            *(pair for each in kept for pair in each),
            *by_hand,
            *((old, new) for _, old, new in watched),
        )


def build_step(
    graph: Graph,
    optimizer: str,
    given: Mapping[str, float] = MappingProxyType({}),
    clip_norm: float | None = None,
    by_hand: ByHand | None = None,
    validation: tuple[Graph, Collection[str]] | None = None,
    watching: Watching | None = None,
) -> StepProgram:
    """Return the program of one training step of `graph` under an optimizer.

    `given` are hyperparameters that differ from the optimizer's defaults; `clip_norm` is the norm
    to which longer gradients are clipped.  `validation` is the model in the shapes of the
    validation data, and the names of the data that differ from those of training.
    Raises InputError if `by_hand` has a line that does not fit.
    """
    values = OPTIMIZERS[optimizer].complete(given)
    by_hand = by_hand or ByHand()
    own = by_hand.update if by_hand.drives else None
    update = own or update_of(optimizer, values)
    reverse = differentiate(graph)
    builder = Builder(reverse.nodes)
    lr = builder.leaf(Kind.STATE if watching else Kind.HYPERPARAMETER, "lr", ())
    inputs = {"lr": lr, **_hyperparameters(builder, update, ("t", *values))}
    gradients = _gradients(builder, graph, reverse)
    hand, driving = _by_hand(builder, graph, reverse, by_hand, gradients)
    clip, clipped = _clip(builder, driving, clip_norm)
    updates, initial = _moves(builder, graph, update, clipped, inputs)
    checked = None if validation is None else _validate(builder, *validation)
    watch, firsts = _watch(builder, lr, (checked or graph).loss, watching)
    return StepProgram(
        graph=graph,
        reverse=reverse,
        updates=updates,
        nodes=tuple(builder.nodes),
        gradients=gradients,
        driving=driving,
        hand=hand,
        clip=clip,
        lr=lr,
        time=inputs.get("t"),
        initial=(*initial, *(() if hand is None else hand.initial), *firsts),
        constants=tuple((inputs[n], value) for n, value in values.items() if n in inputs),
        formula=update.formula,
        optimizer=optimizer,
        hyperparameters=values,
        moved_by_hand=own is not None,
        validation=checked,
        watch=watch,
    )


def update_of(name: str, values: Hyperparameters) -> UpdateProgram:
    """Return the update of an optimizer, given all its constants."""
    entry = OPTIMIZERS[name]
    lines = parse_program(entry.program(values))
    return UpdateProgram(lines, dict(entry.state(values)), entry.formula(values))


def _moves(
    builder: Builder,
    graph: Graph,
    update: UpdateProgram,
    gradients: Sequence[int],
    inputs: Mapping[str, int],
) -> tuple[tuple[Update, ...], list[tuple[int, Any]]]:
    """Return the update of each parameter, then the initial values of its states."""
    updates, initial = list[Update](), list[tuple[int, Any]]()
    for parameter, gradient in zip(graph.parameters, gradients, strict=True):
        names = {"w": parameter.id, "g": gradient, **inputs}
        lowered, first = lower_update(builder, names, update, parameter.name)
        updates.append(lowered)
        initial += first
    return tuple(updates), initial


def _claimed(graph: Graph, hand: HandPass, gradients: Sequence[int]) -> tuple[int, ...]:
    """Return the claimed gradients, or the true ones without a claim in the right shape."""
    claimed = {line.target: line.node for line in hand.lines if not line.misfit}
    return tuple(
        claimed.get(parameter.id) or true
        for parameter, true in zip(graph.parameters, gradients, strict=True)
    )


def _hyperparameters(
    builder: Builder, update: UpdateProgram, names: Sequence[str]
) -> dict[str, int]:
    """Append leaves for the `names` that an update reads, and return them by name."""
    used = {name for line in update.lines for name in names_read(line.value)}
    return {name: builder.leaf(Kind.HYPERPARAMETER, name, ()) for name in names if name in used}


def _by_hand(
    builder: Builder, graph: Graph, reverse: Reverse, by_hand: ByHand, true: tuple[int, ...]
) -> tuple[HandPass | None, tuple[int, ...]]:
    """Append a hand-written pass; return it and the gradients that move the weights."""
    if by_hand.backward is None:
        return None, true
    hand = lower_backward(builder, graph, reverse.adjoint, by_hand.backward)
    return hand, _claimed(graph, hand, true) if by_hand.drives else true


def _gradients(builder: Builder, graph: Graph, reverse: Reverse) -> tuple[int, ...]:
    """Return the nodes of dLoss/dparameter, zeros if nothing flows."""
    return tuple(
        reverse.adjoint[parameter.id]
        if parameter.id in reverse.adjoint
        else builder.fit(builder.constant(0.0), parameter.shape)
        for parameter in graph.parameters
    )


def _clip(
    builder: Builder, gradients: tuple[int, ...], limit: float | None
) -> tuple[Clip | None, tuple[int, ...]]:
    """Append the nodes that scale all gradients together, if any; return the scaled ones.

    Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks (2013),
    algorithm 1; the 1e-6 is PyTorch's.
    """
    if limit is None or not gradients:
        return None, gradients

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


def _validate(builder: Builder, graph: Graph, own: Collection[str]) -> Validation:
    """Append the nodes of the model on the validation data; the parameters are the step's."""
    start, place, data = len(builder.nodes), dict[int, int](), list[tuple[int, str]]()
    shared = {node.name: node.id for node in builder.nodes[:start] if node.kind in _LEAVES}
    for node in graph.nodes:
        if node.kind is Kind.OPERATION:
            inputs = tuple(place[id] for id in node.inputs)
            place[node.id] = builder.apply(node.op, inputs, dict(node.options), node.place)
        elif node.kind is Kind.CONSTANT:
            place[node.id] = builder.constant(node.value, node.place)
        elif node.name in own:
            place[node.id] = builder.leaf(Kind.DATA, node.name, node.shape, node.place)
            data.append((place[node.id], node.name))
        else:
            place[node.id] = shared[node.name]
    nodes = range(start, len(builder.nodes))
    classifier = find_classifier(builder.nodes, nodes)
    return Validation(place[graph.loss], tuple(data), nodes, classifier)


def _watch(
    builder: Builder, lr: int, loss: int, watching: Watching | None
) -> tuple[Watch | None, list[tuple[int, Any]]]:
    """Append the nodes of the next step's rate and of the schedule's new states, if any.

    Return them, then the initial values of the rate and of the states.
    """
    if watching is None:
        return None, []
    schedule, given, rate = watching
    constants = schedule.complete(given)
    old = {"lr": lr}
    for name, _ in schedule.state:
        old[name] = builder.leaf(Kind.STATE, name, ())
    names = {"loss": loss, **old}
    for name, value in constants.items():
        names[name] = builder.constant(float(value))
    for line in parse_program(schedule.program):
        names[line.name] = lower_tree(line.value, builder, lambda name: names[name.name])
    state = tuple((name, id, names[name]) for name, id in old.items())
    firsts = {"lr": rate, **dict(schedule.state)}
    return Watch(schedule, constants, state), [(id, firsts[name]) for name, id in old.items()]


_LEAVES = (Kind.PARAMETER, Kind.DATA)
