"""The gradient of scores through softmax and cross-entropy as it is taught: (p - Y)/12."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gradtui.base.text import cell_width, element_text, number
from gradtui.debugger.frame import Frame
from gradtui.engine.elements import Element
from gradtui.engine.residual import Residual, find_residual
from gradtui.engine.tape import Tape
from gradtui.explain.spans import Span, TextRow, folded
from gradtui.explain.symbols import label

_STEPS = 4
"""Most steps whose nodes are remembered."""


def residual_text(frame: Frame, node: int) -> str:
    """Return `(p - Y)/12` for scores with that gradient, else nothing."""
    found = _found(frame, node)
    return "" if found is None else _quotient(*_names(frame, node, found), found.count)


def residual_sides(frame: Frame, element: Element) -> list[str]:
    """Return `(p[0,0] - Y[0,0])/12` and `(0.3 - 1)/12` for an element of such scores."""
    node, index = element
    found = _found(frame, node)
    if found is None:
        return []
    share = number(float(found.shares_of(np.asarray(frame.tape.value(node), np.float64))[index]))
    truth = number(float(found.truth_of(frame.tape)[index]))
    shares, truths = (element_text(name, index) for name in _names(frame, node, found))
    names = _quotient(shares, truth if found.classes else truths, found.count)
    return [names, _quotient(share, truth, found.count)]


def without_truth(frame: Frame, element: Element) -> float | None:
    """Return the share over the count, `p[0,0]/12`, for an element of such scores."""
    node, index = element
    found = _found(frame, node)
    if found is None:
        return None
    shares = found.shares_of(np.asarray(frame.tape.value(node), np.float64))
    return float(shares[index]) / found.count


def residual_rows(frame: Frame, node: int, indent: int, width: int) -> list[TextRow]:
    """Return `= (p - Y)/12` with its reason, below the rule of scores with that gradient.

    A scalar's has its numbers, too, where they are known.
    """
    found = _found(frame, node)
    if found is None:
        return []
    parts: list[Span] = [(f" = {residual_text(frame, node)} ", "local")]
    if not frame.graph.nodes[node].shape and frame.gradient_state(node) == "known":
        parts.append((f"= {residual_sides(frame, (node, ()))[1]} ", "plain"))
    why = f"  {found.squash} and cross-entropy in one"
    used = indent + sum(cell_width(text) for text, _ in parts)
    parts.append((why if used + cell_width(why) <= width else why[1:], "dim"))
    return folded((" " * indent, "plain"), parts, width)


def _found(frame: Frame, node: int) -> Residual | None:
    return _of_tape(frame.tape, node)


@lru_cache(_STEPS * 4)
def _of_tape(tape: Tape, node: int) -> Residual | None:
    return find_residual(tape, node)


def _names(frame: Frame, node: int, found: Residual) -> tuple[str, str]:
    share = label(frame, found.shares) if found.shares is not None else ""
    truth = label(frame, found.truth)
    if found.classes:
        truth = f"one_hot({truth}, {found.classes})"
    return share or f"{found.squash}({label(frame, node)})", truth


def _quotient(share: str, truth: str, count: int) -> str:
    return f"({share} - {truth})/{count:,}" if count > 1 else f"{share} - {truth}"
