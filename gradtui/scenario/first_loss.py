"""What must hold at step 0: the loss is a finite number."""

from __future__ import annotations

import numpy as np

from gradtui.engine.graph import needed_for
from gradtui.engine.tape import Tape
from gradtui.engine.unparse import formula
from gradtui.source import InputError
from gradtui.text import clip, number, shape_text


def check_first_loss(tape: Tape, dtype: str) -> None:
    """Refuse a loss that is not finite at step 0, at the operation that made it so."""
    graph = tape.program.graph
    if np.isfinite(tape.value(graph.loss)):
        return
    needed = needed_for(graph.nodes, [graph.loss])
    for node in graph.nodes:
        if node.id in needed and not np.all(np.isfinite(tape.value(node.id))):
            if not node.inputs:
                raise InputError(f"'{node.name}' does not fit into {dtype}", node.place)
            operands = [_operand(tape, node.id, id) for id in dict.fromkeys(node.inputs)]
            bad = tape.value(node.id)
            raise InputError(
                f"the loss is not finite at step 0: '{node.op}' gives "
                f"{number(bad[~np.isfinite(bad)][0])} for {' and '.join(operands)}",
                node.place,
            )


def _operand(tape: Tape, result: int, operand: int) -> str:
    """Return `x - 2 = 0`: an operand and its number where the result is not finite."""
    nodes = tape.program.nodes
    text, value = nodes[operand].name, _worst(tape, result, operand)
    if not text:
        text = clip(formula(nodes, operand, lambda node: node.name or None), 60)
    return value if text == value else f"{text} = {value}"


def _worst(tape: Tape, result: int, operand: int) -> str:
    """Return the operand's number at the first place where the result is not finite."""
    bad = ~np.isfinite(tape.value(result))
    values = tape.value(operand)
    if values.shape == bad.shape:
        return number(values[bad][0])
    if values.shape == ():
        return number(float(values))
    return f"an array of shape {shape_text(values.shape)}"
