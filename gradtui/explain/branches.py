"""Branches and sweeps as tables: their differences, and their numbers at one step."""

from __future__ import annotations

import math

import numpy as np

from gradtui.base.text import clip, element_text, number
from gradtui.debugger.branches import Branch, Branches
from gradtui.debugger.sweeps import CONVERGES, SIGNS, Sweep
from gradtui.engine.length import length
from gradtui.engine.tape import Tape
from gradtui.explain.curves import MARKS
from gradtui.explain.spans import Role, Span, columns
from gradtui.explain.spans import TextRow as Row
from gradtui.scenario.problem import Problem

_WEIGHTS = 6
"""Most weights shown one by one; of more, each array's length."""
_NEAR = 2_000
"""Most steps computed for the table at once."""
_NAME, _CHANGE = 20, 28
_UNKNOWN = "…"


def branch_rows(branches: Branches, step: int, chosen: int) -> list[Row]:
    """Return a header and one row per branch, with its numbers at a step."""
    weights = _weights(branches.root.problem)
    names = [text for text, _ in weights]
    heads: list[Span] = [(head, "dim") for head in ("from", "loss", "|∇|", "lr", *names)]
    table: list[list[Span]] = [[("  branch", "name"), *heads, ("changed", "name")]]
    for at, branch in enumerate(branches):
        shown: Role = "selected" if at == chosen else "name"
        parent = "" if branch.parent is None else f"{clip(branch.parent.name, 10)} {branch.start}"
        table.append([
            (("▸" if at == chosen else " ") + sign(branch) + clip(branch.name, _NAME)
             + (" (here)" if branch is branches.current else ""), shown),
            (parent, "dim"),
            *_numbers(branch, step, branches.root.problem),
            (clip(branch.change or "as in the file", _CHANGE), "name"),
        ])  # fmt: skip
    return columns(table)


def sign(branch: Branch) -> str:
    """Return the marker of a branch's curve and a blank."""
    return f"{MARKS[branch.mark % len(MARKS)]} "


def _numbers(branch: Branch, step: int, problem: Problem) -> list[Span]:
    if step - branch.history.known > _NEAR:
        return [(_UNKNOWN, "dim")] * (3 + len(_weights(problem)))
    tape = branch.history.tape(step)
    loss = float(tape.value(tape.program.graph.loss))
    cells: list[Span] = [
        (number(loss), "value"),
        (number(tape.gradient_norm), "gradient"),
        (number(tape.rate), "dim"),
    ]
    return cells + [
        (number(_weight(tape, node, index)), "value") for node, index in _places(problem)
    ]


def _weights(problem: Problem) -> list[tuple[str, int]]:
    """Return the headers of the columns of weights."""
    heads = []
    for node, index in _places(problem):
        name = clip(problem.label(problem.graph.nodes[node].name), 8)
        if index is None:
            heads.append((f"|{name}|", node))
        else:
            heads.append((element_text(name, index), node))
    return heads


def _places(problem: Problem) -> list[tuple[int, tuple[int, ...] | None]]:
    """Return the (node, index) of the weights shown; None as the index for an array's length."""
    parameters = problem.graph.parameters
    if sum(math.prod(node.shape) for node in parameters) > _WEIGHTS:
        return [(n.id, None if n.shape else ()) for n in parameters[:_WEIGHTS]]
    return [(n.id, index) for n in parameters for index in np.ndindex(n.shape)]


def _weight(tape: Tape, node: int, index: tuple[int, ...] | None) -> float:
    value = tape.value(node)
    return length([value]) if index is None else float(value[index])


def sweep_rows(sweep: Sweep, step: int, chosen: int) -> list[Row]:
    """Return a header and one row per run of a sweep: how it ends, its losses."""
    heads = [("  run", "name"), ("how it ends", "name"), (f"loss at {step:,}", "dim"),
             ("lowest", "dim"), ("at step", "dim"), (f"loss at {sweep.last:,}", "dim")]  # fmt: skip
    table: list[list[Span]] = [[*heads]]  # type: ignore[list-item]
    drawn = list(sweep.drawn)
    for at, name in enumerate(sweep.names):
        losses = sweep.losses[at]
        mark = MARKS[drawn.index(at)] if at in drawn else " "
        here = at == chosen
        end = sweep.ends[at] if at < len(sweep.ends) else None
        finite = np.where(np.isfinite(losses), losses, np.inf)
        lowest = int(np.argmin(finite))
        inside = sweep.start <= step <= sweep.last
        table.append([
            (f"{'▸' if here else ' '}{mark} {name}", "selected" if here else "name"),
            (_UNKNOWN if end is None else f"{SIGNS[end]} {end}", "name"),
            (number(losses[step - sweep.start]) if inside else "", "value"),
            (number(losses[lowest]), "value"),
            (str(sweep.start + lowest), "dim"),
            (number(losses[-1]), "good" if end == CONVERGES else "value"),
        ])  # fmt: skip
    return columns(table)
