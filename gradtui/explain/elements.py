"""Single elements as text: their names, their formulas in names and in numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.base.text import element_text, number
from gradtui.debugger.frame import Frame
from gradtui.engine.elements import Element, Scalars, write_out
from gradtui.engine.formula import Style, formula
from gradtui.engine.graph import Kind, Node, Statement
from gradtui.engine.indices import aligned
from gradtui.engine.ops import OPS
from gradtui.explain.symbols import in_names, label, paper
from gradtui.language.operators import PRECEDENCE

CUT = "…"
"""The sign for omitted terms of a sum."""


def element_name(frame: Frame, element: Element) -> str:
    """Return `w[1]`, `W1[3,1]`, `L`, `(X @ w)[2]`, or `exp(z)[2]`."""
    node, index = element
    found = frame.graph.nodes[node]
    if found.kind is Kind.CONSTANT:
        return in_names(frame, node)
    text = label(frame, node) if found.name else in_names(frame, node)
    if not found.name and found.op in PRECEDENCE:
        text = f"({text})"
    return element_text(text, index)


def whole_formula(frame: Frame, element: Element) -> str:
    """Return an element by the formula of its whole tensor: `softmax(Z)[2,1]`."""
    node, index = element
    text = in_names(frame, node)
    if not index:
        return text
    simple = frame.graph.nodes[node].op not in PRECEDENCE
    return f"{text if simple else f'({text})'}[{','.join(map(str, index))}]"


def slope_of(frame: Frame, element: Element) -> str:
    """Return `∂L/∂w[1]`."""
    return f"∂{label(frame, frame.graph.loss)}/∂{element_name(frame, element)}"


def element_value(frame: Frame, element: Element) -> float:
    """Return the value of one element at this step."""
    return float(frame.tape.value(element[0])[element[1]])


def forward_formulas(
    frame: Frame, statement: Statement, element: Element, followed: Collection[Element] = ()
) -> tuple[str, str]:
    """Return one element of a statement's result as scalars: in names, and in numbers.

    Of a long sum, the term of an element that is `followed` is written, too.
    """
    own = frozenset(statement.operations)

    def is_leaf(node: Node) -> bool:
        return node.id not in own

    found = write_out(frame.graph.nodes, element, is_leaf, frame.tape.value, {}, followed)
    if found is None:
        return "", ""
    style = paper(frame)
    numbers = _text(found, lambda e: number(element_value(frame, e)), style)
    return _text(found, lambda e: element_name(frame, e), style), numbers


def local_formula(frame: Frame, statement: Statement, target: Element, source: Element) -> str:
    """Return ∂target/∂source of one statement as scalars; empty if it is too long."""
    return local_formulas(frame, statement, target, source)[0]


def local_formulas(
    frame: Frame, statement: Statement, target: Element, source: Element
) -> tuple[str, str]:
    """Return ∂target/∂source of one statement as scalars, in names and in numbers.

    Empty if it is too long; without numbers if a part of it is no value of the forward pass.
    """
    nodes, flow = frame.jacobians.rule(statement, source[0])
    count = len(frame.graph.nodes)
    seed: NDArray[Any] = np.zeros(frame.graph.nodes[target[0]].shape)
    seed[target[1]] = 1.0

    def is_leaf(node: Node) -> bool:
        if node.id < count:
            return bool(node.name) or not OPS[node.op].elementwise
        return bool(OPS[node.op].meaning)

    place = aligned(source[1], nodes[flow].shape)
    found = write_out(nodes, (flow, place), is_leaf, frame.tape.value, {count: seed})
    style = paper(frame)

    def name(element: Element) -> str:
        node, index = element
        if node < count:
            return element_name(frame, element)
        text = formula(nodes, node, lambda part: frame.problem.label(part.name) or None, style)
        return f"{text}[{','.join(map(str, index))}]"

    if found is None or (text := _text(found, name, style)) == CUT:
        return "", ""
    parts = [element for element in found.stands_for.values() if element is not None]
    if any(node >= count for node, _ in parts):
        return text, ""
    return text, _text(found, lambda element: number(element_value(frame, element)), style)


def _text(scalars: Scalars, show: Callable[[Element], str], style: Style) -> str:
    def text_of(node: Node) -> str | None:
        if node.kind is Kind.CONSTANT:
            return number(node.value, 10)
        if node.id not in scalars.stands_for:
            return None
        element = scalars.stands_for[node.id]
        return CUT if element is None else show(element)

    return formula(scalars.nodes, scalars.root, text_of, style)


def factor(text: str, *, alone: bool = False) -> str:
    """Return a factor, in parentheses if it could be misread in a product."""
    loose = text.startswith("-") or any(f" {sign} " in text for sign in "+-<>=")
    return f"({text})" if loose and not alone else text
