"""A name of hand-written code beside the truth: where its value comes from, and what is right."""

from __future__ import annotations

import os
from collections.abc import Iterator

from gradtui.base.text import clean
from gradtui.debugger.assigned import Assigned, OwnNames
from gradtui.debugger.frame import Frame
from gradtui.debugger.steps import Written
from gradtui.explain.byhand import SIGNS, Mark, claim_mark, claimed_node, hand_line_mark
from gradtui.explain.called import line_mark
from gradtui.explain.values import extent
from gradtui.scenario.problem import Executed
from gradtui.scenario.references import as_shown

_FEW = 3
"""Most gradients named where any of several may be meant."""


def assigned_note(text: str, frame: Frame) -> str:
    """Return what is known of a hand-written name's value: `line 21, dz#2 of 2  true: grad(z) 3`.

    It is empty for a value of the model that no line assigns, and for an expression.
    """
    text, names = text.strip(), as_shown(frame.graph.names, frame.problem)
    own = OwnNames(frame.problem, frame.structure, frame.position)
    if text in names and not own.assigns(text):
        return ""
    if frame.problem.call is None:
        return _of_line(text, frame)
    found = own.find(text)
    if found is None:
        # What the code calls so has no value that was recorded.
        meant = text[1:] if text.startswith("d") else ""
        return f"the true gradient: grad({clean(meant)})" if meant in names else ""
    return "  ".join(filter(None, [_origin(found, frame), _beside(found, frame)]))


def name_at_cursor(frame: Frame) -> str:
    """Return the name that the line at the cursor assigned in the user's code; empty for none."""
    if frame.problem.call is None or not isinstance(frame.now, Written):
        return ""
    line = frame.problem.call.lines[frame.now.index]
    return line.name or (f"line {line.place.line}" if line.assigned else "")


def _of_line(text: str, frame: Frame) -> str:
    """Return the truth beside a line of a scenario's backward pass."""
    hand = frame.tape.program.hand
    lines = () if hand is None else hand.lines
    at = next((at for at, one in enumerate(lines) if one.line.name == text), None)
    target = None if at is None else claimed_node(frame, at)
    if at is None or target is None:
        return ""
    return f"line {lines[at].line.place.line}  {_truth(frame, target, hand_line_mark(frame, at))}"


def _origin(found: Assigned, frame: Frame) -> str:
    line = _line(found, frame)
    if line is None:
        return "as returned"
    file = line.place.file
    where = f" of {os.path.basename(file)}" if file != frame.problem.path else ""
    said = [f"given to {line.function}" if found.given else f"line {line.place.line}{where}"]
    said += line.rounds
    if found.many > 1 and not line.rounds:
        said.append(f"{found.name}#{found.number} of {found.many}")
    return clean(", ".join(said))


def _beside(found: Assigned, frame: Frame) -> str:
    line, claimed = _line(found, frame), found.name.removeprefix("d")
    if line is None:
        node = frame.graph.names[claimed]
        return _truth(frame, node, claim_mark(frame, claimed, claimed))
    if line.nodes and not found.given:
        return ""  # a value of the model, though it may be called dx
    if line.claims is not None and not found.given:
        at = found.line
        assert at is not None
        return _truth(frame, line.claims, line_mark(frame, at))
    meant = [*_meant(claimed, found, frame)] if claimed != found.name else []
    told = ", ".join(_true(frame, node) for node in meant[:_FEW])
    return f"true: {told}{', …' if len(meant) > _FEW else ''}" if told else ""


def _line(found: Assigned, frame: Frame) -> Executed | None:
    call = frame.problem.call
    return None if call is None or found.line is None else call.lines[found.line]


def _meant(name: str, found: Assigned, frame: Frame) -> Iterator[int]:
    """Yield the nodes whose gradient a line may mean by `d` and their name: z, z#2, z(t=3)."""
    for own, node in frame.graph.names.items():
        base = own.partition("#")[0].partition("(")[0]
        if base == name and frame.graph.nodes[node].shape == found.value.shape:
            yield node


def _truth(frame: Frame, node: int, mark: Mark) -> str:
    sign = SIGNS[mark][0]
    right = mark in ("right", "none")
    true = f"grad({_name(frame, node)})" if right else f"true: {_true(frame, node)}"
    return f"{sign} {true}"


def _true(frame: Frame, node: int) -> str:
    return f"grad({_name(frame, node)}) {extent(frame.tape.adjoint(node), 6)}"


def _name(frame: Frame, node: int) -> str:
    return clean(frame.problem.label(frame.graph.nodes[node].name))
