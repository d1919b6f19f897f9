"""One training step as one list of nodes: forward pass, backward pass, update."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gradtui.engine.expression import Assignment, Name, parse_program
from gradtui.engine.graph import Builder, Graph, Kind, Node
from gradtui.engine.lowering import lower_tree
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.reverse import Reverse, differentiate


@dataclass(frozen=True, slots=True)
class Update:
    """How one step changes one parameter."""

    parameter: int
    """The node of its old value."""
    lines: tuple[tuple[str, int], ...]
    """(assigned name, node) for each line of the optimizer's program."""
    state: tuple[tuple[int, int], ...]
    """(old value, new value), as nodes, of the parameter and of what the optimizer keeps."""

    @property
    def result(self) -> int:
        """The node of the parameter's new value."""
        return self.state[0][1]


@dataclass(frozen=True, slots=True, eq=False)
class StepProgram:
    """Everything one training step computes."""

    graph: Graph
    reverse: Reverse
    updates: tuple[Update, ...]
    """One for each parameter, in the order of the file."""
    nodes: tuple[Node, ...]
    """The graph's, the backward pass's and the updates' nodes."""
    gradients: tuple[int, ...]
    """The nodes of dLoss/dparameter, in the order of the parameters; 0 where nothing flows."""
    lr: int
    """The node of the learning rate."""
    initial: tuple[tuple[int, float], ...]
    """(node, first value) of what the optimizer keeps."""
    constants: tuple[tuple[int, float], ...]
    """(node, value) of the optimizer's constants."""

    @property
    def state(self) -> tuple[tuple[int, int], ...]:
        """(old node, new node) of everything a step carries over, parameters first."""
        pairs = [update.state for update in self.updates]
        return tuple(p[0] for p in pairs) + tuple(pair for p in pairs for pair in p[1:])


def build_step(graph: Graph, optimizer: str, hyperparameters: Mapping[str, float]) -> StepProgram:
    """Return the program of one training step of `graph` under an optimizer."""
    entry = OPTIMIZERS[optimizer]
    reverse = differentiate(graph)
    builder = Builder(reverse.nodes)
    lr = builder.leaf(Kind.HYPERPARAMETER, "lr", ())
    constants = {
        name: builder.leaf(Kind.HYPERPARAMETER, name, ()) for name, _ in entry.hyperparameters
    }
    adjoint = dict(reverse.adjoint)
    lines = parse_program(entry.program(hyperparameters))
    updates, initial = [], list[tuple[int, float]]()
    for parameter in graph.parameters:
        if parameter.id not in adjoint:
            adjoint[parameter.id] = builder.fit(builder.constant(0.0), parameter.shape)
        names = {"w": parameter.id, "g": adjoint[parameter.id], "lr": lr, **constants}
        for name, value in entry.state(hyperparameters):
            names[name] = builder.leaf(Kind.STATE, f"{name} of {parameter.name}", parameter.shape)
            initial.append((names[name], value))
        updates.append(_lower_update(builder, parameter.id, names, lines))
    nodes = tuple(builder.nodes)
    values = tuple((constants[n], hyperparameters.get(n, v)) for n, v in entry.hyperparameters)
    gradients = tuple(adjoint[parameter.id] for parameter in graph.parameters)
    return StepProgram(graph, reverse, tuple(updates), nodes, gradients, lr, tuple(initial), values)


def _lower_update(
    builder: Builder, parameter: int, names: dict[str, int], lines: tuple[Assignment, ...]
) -> Update:
    """Append one parameter's update; a name reads its old value until it is assigned."""
    old, written = dict(names), list[tuple[str, int]]()

    def resolve(name: Name) -> int:
        return names[name.name]

    for line in lines:
        names[line.name] = lower_tree(line.value, builder, resolve)
        written.append((line.name, names[line.name]))
    kept = ["w", *(name for name in old if builder.nodes[old[name]].kind is Kind.STATE)]
    return Update(parameter, tuple(written), tuple((old[n], names[n]) for n in kept))
