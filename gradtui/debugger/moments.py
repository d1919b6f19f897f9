"""The node of the graph that a moment of a step is about. Knows no numbers."""

from __future__ import annotations

from gradtui.debugger.steps import Compute, Flow, Moment, Move, Seed, Written
from gradtui.debugger.structure import Structure
from gradtui.engine.graph import Kind
from gradtui.scenario.problem import Problem


def node_of(moment: Moment | None, problem: Problem) -> int | None:
    """Return the node that a moment is about; None for a line that claims nothing."""
    match moment:
        case Compute(node) | Seed(node) | Flow(node, _):
            return node
        case Written(index):
            return claimed_by(index, problem)
        case Move(position):
            return problem.trainer.program.updates[position].parameter
    return None


def last_node(structure: Structure, position: int, problem: Problem) -> int:
    """Return the node of the last moment before a position whose node has a value on the screen.

    If there is none, return the first parameter.
    """
    moments, nodes = structure.order.moments, problem.graph.nodes
    for at in range(position - 1, -1, -1):
        node = node_of(moments[at], problem)
        if node is not None and (node in structure.value_at or nodes[node].kind is Kind.PARAMETER):
            return node
    return problem.graph.parameters[0].id


def claimed_by(index: int, problem: Problem) -> int | None:
    """Return the node whose gradient a hand-written line computes; None for a helper.

    A name that a function assigns but does not return is no claim, yet its name tells which.
    """
    if problem.call is not None:
        return problem.call.lines[index].claims
    hand, backward = problem.trainer.program.hand, problem.backward
    assert hand is not None
    own = hand.lines[index]
    if own.target is not None or backward is None:
        return own.target
    named = backward.intermediate.get(own.line.name)
    return None if named is None else problem.graph.names[named]
