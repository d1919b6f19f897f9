"""The lens: the chain rule of one element, number by number."""

from __future__ import annotations

from gradtui.base.text import number, shape_text
from gradtui.debugger.frame import Frame
from gradtui.engine.lens import Link, Rows, Term, Trace
from gradtui.explain.elements import (
    element_name,
    element_value,
    factor,
    forward_formulas,
    local_formula,
    slope_of,
    whole_formula,
)
from gradtui.explain.residual import residual_sides
from gradtui.explain.spans import Span, TextRow, folded, line
from gradtui.explain.symbols import label

_LONG = 100
"""Longest formula of scalars, in characters; longer ones stay formulas of tensors."""
_NOT_YET = "not reached yet"
_ALL_ROWS = 8
"""Most rows whose contributions are all written; of more, the first ones and the last."""


def lens_rows(frame: Frame, width: int) -> list[TextRow]:
    """Return the lens's element: its path through the row, forward and back, and the rows' sum."""
    found = frame.trace
    assert found is not None
    rows = _head(frame, found, width)
    if not found.links[0].terms:
        return [*rows, line((slope_of(frame, found.links[0].element), "gradient"), " = ",
                            (number(found.gradient), "gradient"))]  # fmt: skip
    total = _sum(frame, found, width) + _residual(frame, found.links[0], width)
    if found.left:  # the end of a long path is out of sight
        rows += total
    rows += _forward(frame, found, width)
    if found.left:
        names = ", ".join(label(frame, node) for node in found.left)
        rows.append(line((f"beyond: {names}, of which only the gradients are shown; "
                          "u moves the lens on", "dim")))  # fmt: skip
    for link in sorted(found.links, key=lambda link: (-link.element[0], link.element[1])):
        rows += _backward(frame, link, width)
        rows += [] if link is found.links[0] else _residual(frame, link, width)
    rows += _product(frame, found, width)
    return rows if found.left else rows + total


def _head(frame: Frame, found: Trace, width: int) -> list[TextRow]:
    node, index = found.links[0].element
    shape = frame.graph.nodes[node].shape
    parts: list[Span] = []
    if shape:
        parts.append((f" [{shape_text(shape)}]", "dim"))
    if found.rows.axis is not None:
        word, count = _word(frame, found.rows), len(found.rows.contributions)
        parts += [(f"   {word} ", "plain"), (str(found.lens.row), "selected")]
        parts.append((f" of {label(frame, found.rows.reader)}, 0 to {count - 1:,}", "dim"))
    parts.append((f"   {_way(frame, found)}", "dim"))
    return folded((element_name(frame, (node, index)), "selected"), parts, width)


def _way(frame: Frame, found: Trace) -> str:
    """Return `L ← e[2] ← ŷ[2] ← w[1]`; for several elements of a node, how many are told.

    A comma means that a node acts not on its left neighbour, but on a node farther left.
    """
    by_node: dict[int, set[tuple[int, ...]]] = {}
    acts: set[tuple[int, int]] = set()
    more: set[int] = set()
    for link in found.links:
        by_node.setdefault(link.element[0], set()).add(link.element[1])
        for term in link.terms:
            by_node.setdefault(term.target[0], set()).add(term.target[1])
            more |= {term.target[0]} if link.others else set()
            acts.add((link.element[0], term.target[0]))
    way = "" if frame.graph.loss in by_node else f"{label(frame, frame.graph.loss)} ← …"
    before = -1
    for node in sorted(by_node, reverse=True):
        some = by_node[node]
        one = element_name(frame, (node, next(iter(some))))
        name = (
            one if len(some) == 1 else f"{element_name(frame, (node, ()))}[{len(some):,} elements]"
        )
        if node in more:
            name = f"{name.removesuffix(']')}; …]"
        if way:
            way += " ← " if before < 0 or (node, before) in acts else ", "
        way, before = way + name, node
    return way


def _word(frame: Frame, rows: Rows) -> str:
    """Return the word for the parts of a sum: rows along the first axis of the reader."""
    rank = len(frame.graph.nodes[rows.reader].shape)
    return "row" if rows.axis == 0 else "column" if rows.axis == rank - 1 else "part"


def _forward(frame: Frame, found: Trace, width: int) -> list[TextRow]:
    """Return the values on the path, each element as scalars."""
    steps = {term.target: term.statement for link in found.links for term in link.terms}
    followed = {link.element for link in found.links} | {(frame.graph.loss, ())}
    rows: list[TextRow] = []
    for element in sorted(followed & steps.keys()):
        formula, numbers = forward_formulas(frame, steps[element], element, followed)
        known = frame.computed(element[0])
        result = number(element_value(frame, element)) if known else _NOT_YET
        if not formula or len(formula) > _LONG:
            formula, numbers = whole_formula(frame, element), ""
        name = element_name(frame, element)
        texts = [t for t in (formula, numbers if known else "") if t not in ("", result, name)]
        parts: list[Span] = [(f"= {text} ", "plain") for text in dict.fromkeys(texts)]
        parts.append((f"= {result}", "value" if known else "dim"))
        rows += folded((f"{name} ", "name"), parts, width)
    return rows


def _backward(frame: Frame, link: Link, width: int) -> list[TextRow]:
    """Return the gradient of one element in terms of those that it acts on."""
    head: Span = (slope_of(frame, link.element) + " ", "gradient")
    result = _result(frame, link.element[0], link.total)
    if len(link.terms) == 1 and not link.others:
        return folded(head, [*_factors(frame, link, link.terms[0]), *result], width)
    count = len(link.terms) + link.others
    rows = [line(head, f"= the sum of {count:,} ways")]
    for term in link.terms:
        way = f"  by {element_name(frame, term.target)} "
        own = _result(frame, link.element[0], term.product)
        rows += folded((way, "dim"), [*_factors(frame, link, term), *own], width)
    if link.others:
        rest = number(link.rest) if frame.gradient_state(link.element[0]) == "known" else _NOT_YET
        others = "another one" if link.others == 1 else f"{link.others:,} others"
        rows.append(line((f"  by {others} = {rest}", "dim")))
    return [*rows, line(head, *result)]


def _factors(frame: Frame, link: Link, term: Term) -> list[Span]:
    """Return one product: in names, with formulas, and in numbers."""
    shown = local_formula(frame, term.statement, term.target, link.element)
    own = number(term.local)
    last = term.target[0] == frame.graph.loss
    if last and (not shown or len(shown) > _LONG):
        return []
    if not shown or len(shown) > _LONG:
        shown = f"∂{element_name(frame, term.target)}/∂{element_name(frame, link.element)}"
    above = "" if last else f"{slope_of(frame, term.target)} · "
    parts: list[Span] = [(f"= {above}", "plain"), (f"{factor(shown, alone=last)} ", "local")]
    if not frame.computed(term.target[0]):
        return parts
    if frame.gradient_state(term.target[0]) == "known" and not last:
        parts.append((f"= {factor(number(term.adjoint))} · ", "plain"))
        parts.append((f"{factor(own)} ", "local"))
    return parts


def _residual(frame: Frame, link: Link, width: int) -> list[TextRow]:
    """Return the gradient of a score as the prediction less the truth, if it is that."""
    node = link.element[0]
    sides = residual_sides(frame, link.element)
    if not sides or frame.gradient_state(node) != "known":
        return []
    terms = [local_formula(frame, t.statement, t.target, link.element) for t in link.terms]
    shown = [side for side in sides if terms != [side]]
    parts: list[Span] = [(f"= {side} ", "plain") for side in shown]
    gradient = float(frame.tape.adjoint(node)[link.element[1]])
    head: Span = (slope_of(frame, link.element) + " ", "gradient")
    return folded(head, [*parts, (f"= {number(gradient)}", "gradient")], width)


def _result(frame: Frame, node: int, value: float) -> list[Span]:
    if frame.gradient_state(node) != "known":
        return [(f"= {_NOT_YET}", "dim")]
    return [(f"= {number(value)}", "gradient")]


def _product(frame: Frame, found: Trace, width: int) -> list[TextRow]:
    """Return the product of all local derivatives if a single path leads to the loss."""
    if not found.is_chain or len(found.links) < 2:
        return []
    if frame.gradient_state(found.links[0].element[0]) != "known":
        return []
    factors = [number(link.terms[0].local) for link in reversed(found.links)]
    own = found.links[0]
    head: Span = ("product ", "dim")
    parts: list[Span] = [(f"{' · '.join(map(factor, factors))} ", "local")]
    return folded(head, [*parts, *_result(frame, own.element[0], own.total)], width)


def _sum(frame: Frame, found: Trace, width: int) -> list[TextRow]:
    """Return the sum over all rows, and whether it equals the whole tensor's gradient."""
    rows, element = found.rows, found.links[0].element
    if rows.axis is None or frame.gradient_state(element[0]) != "known":
        return []
    sign: Span = ("✓", "good") if found.agrees else ("✗", "bad")
    result: list[Span] = [(f"= {number(found.total)} ", "gradient"), sign]
    count, word = len(rows.touched), _word(frame, rows)
    size = len(rows.contributions)
    plural = word if count == 1 else word + "s"
    some = "" if count == size else f" of {size}, the others do not change with it"
    head: Span = (f"Σ over {count:,} {plural}{some} ", "name")
    return folded(head, [*_summands(found), *result], width)


def _summands(found: Trace) -> list[Span]:
    rows = list(found.rows.touched)
    shown: list[int | None] = [*rows]
    if len(rows) > _ALL_ROWS:
        shown = [*rows[:3], None, rows[-1]]
        if found.lens.row not in shown and found.lens.row in rows:
            shown[4:4] = [found.lens.row, None]
    parts: list[Span] = [("=", "plain")]
    for place, row in enumerate(shown):
        value = 0.0 if row is None else float(found.rows.contributions[row])
        sign = (" - " if value < 0 else " + ") if place else (" -" if value < 0 else " ")
        text = "…" if row is None else number(abs(value))
        parts.append((sign, "plain"))
        parts.append((text, "selected" if row == found.lens.row else "plain"))
    return [*parts, (" ", "plain")]
