"""The chain rule of one node, written out: symbols, local derivatives, numbers."""

from __future__ import annotations

from itertools import pairwise

from gradtui.base.text import DIGITS, SHORT, cell_width, number, shape_text
from gradtui.debugger.frame import Frame
from gradtui.debugger.structure import MANY_PATHS
from gradtui.engine.graph import Kind
from gradtui.explain.kinks import kink_rows
from gradtui.explain.residual import residual_rows, residual_text
from gradtui.explain.spans import Role, Span, TextRow, folded, line, line_width
from gradtui.explain.symbols import (
    gradient_of,
    in_names,
    label,
    local_text,
    partial,
    rule_text,
)
from gradtui.explain.values import UNKNOWN, Array, summary, table, table_height

LONG = 24
"""Longest path, in nodes, that is written whole."""
_FULL = 13
"""Cells of any number with all its digits, and a gap: `-1.23457e-5`."""
_ENDS = 3
"""Factors shown at either end of a long path."""
SHOWN_PATHS = 6
"""Most paths written out; the rest are counted."""


def chain_rows(frame: Frame, width: int = 96) -> list[TextRow]:
    """Return the chain-rule product of the selected node, a sum if several paths lead to the loss.

    Below a node on a kink stands the convention for its derivative.
    """
    return _chain_rows(frame, width) + kink_rows(frame, frame.selected, width)


def _chain_rows(frame: Frame, width: int) -> list[TextRow]:
    node = frame.selected
    if node not in frame.structure.nodes:
        return _given_rows(frame, node, width)
    if node == frame.graph.loss:
        return [
            line((f"{gradient_of(frame, node)} = 1", "gradient")),
            line(("where the backward pass starts: the loss changes as fast as itself", "dim")),
        ]
    if not frame.graph.nodes[node].name:
        return _operation_rows(frame, node)
    count = frame.count_paths(node)
    if count == 0:
        return [
            line((f"{gradient_of(frame, node)} = 0", "gradient"), ": no path leads to the loss")
        ]
    paths = frame.paths(node)
    if max(len(path) for path in paths) > LONG:
        return _long_rows(frame, paths[0], count)
    if any(frame.factors(path) is None for path in paths):
        return _tensor_rows(frame, min(paths, key=len), count, width)
    rows = _product_rows(frame, paths[0]) if count == 1 else _sum_rows(frame, paths, count)
    return rows + residual_rows(frame, node, cell_width(gradient_of(frame, node)), width)


def named_gradients(frame: Frame, width: int, room: int) -> list[TextRow]:
    """Return the gradients that an array's rules only name, those of them that fit a room."""
    rows = list[TextRow]()
    if room <= 1:
        return rows
    for node in _only_named(frame):
        if _numbers_beside(frame, node, _rule_rows(frame, node, width), width):
            continue
        head = f"{gradient_of(frame, node)} = "
        made = _table_rows(head, frame.gradient(node), "gradient", width)
        rows += made if len(rows) + len(made) < room else []
    return [(), *rows] if rows else []


def other_chains(frame: Frame, width: int, room: int) -> list[TextRow]:
    """Return the other parameters' chain rules, as many as fit a room."""
    rows = list[TextRow]()
    others = [one.id for one in frame.graph.parameters if one.id != frame.selected]
    which = "the parameters" if len(others) == len(frame.graph.parameters) else "other parameters"
    above: list[TextRow] = [(), line((which, "dim"))]
    for node in others:
        if len(rows) + _least_rows(frame, node) > room:
            break
        made = [*above, *_short_rows(frame, node, width)]
        if len(rows) + len(made) > room:
            break
        rows += made
        above = [()]
    return rows


def _least_rows(frame: Frame, node: int) -> int:
    """Return how many rows a parameter's chain rule takes at least, without making any.

    A table that had no room took longer than all other rows.
    """
    shown = _is_array(frame, node) and frame.computed(node)
    return table_height(frame.graph.nodes[node].shape) if shown else 1


def _only_named(frame: Frame) -> list[int]:
    """Return the arrays between the selected node and the loss whose gradients are known."""
    node = frame.selected
    if not _is_array(frame, node):
        return []
    path = min(frame.paths(node), key=len)
    return [id for id in path[1:-1] if frame.gradient_state(id) == "known"]


def _is_array(frame: Frame, node: int) -> bool:
    """Return whether a named node's chain rule is that of arrays, and not too long to be read."""
    if node not in frame.structure.readers or not frame.graph.nodes[node].name:
        return False
    paths = frame.paths(node)
    short = paths and max(map(len, paths)) <= LONG
    return bool(short) and any(frame.factors(path) is None for path in paths)


def _short_rows(frame: Frame, node: int, width: int) -> list[TextRow]:
    """Return a parameter's product, or the rule of an array with its numbers."""
    if _is_array(frame, node):
        return _own_rows(frame, node, width)
    return chain_rows(frame.selecting(node), width)


def _given_rows(frame: Frame, node: int, width: int) -> list[TextRow]:
    """Return an untrained value, data or computed from data alone: its numbers, and its readers."""
    found = frame.graph.nodes[node]
    what = "data" if found.kind is Kind.DATA else in_names(frame, node)
    readers = [label(frame, reader) for reader in frame.structure.readers.get(node, ())]
    read = f"read by {', '.join(readers)}" if readers else "the loss does not depend on it"
    shape = f" [{shape_text(found.shape)}]" if found.shape else ""
    head = line((label(frame, node), "name"), f"{shape}  {what}, ", (read, "dim"))
    own = f"{label(frame, node)} = "
    return [head, *_table_rows(own, frame.tape.value(node), "value", width)]


def _product_rows(frame: Frame, path: tuple[int, ...]) -> list[TextRow]:
    symbols, formulas, numbers, result = _product(frame, path)
    head = gradient_of(frame, path[0])
    indent = " " * len(head)
    single = len(path) == 2
    rows = [line((head, "gradient"), " = ", (formulas, "local") if single else symbols)]
    if not single:
        rows.append(line(indent, " = ", (formulas, "local")))
    shown = "" if numbers == result else numbers
    rows.append(line(indent, " = ", *_result(frame, path[0], shown, result)))
    return rows


def _long_rows(frame: Frame, path: tuple[int, ...], count: int) -> list[TextRow]:
    """Return both ends of a path too long to read, with its result."""
    node, edges = path[0], list(pairwise(path))[::-1]
    head = gradient_of(frame, node)
    first = [partial(frame, target, source) for source, target in edges[:_ENDS]]
    last = [partial(frame, target, source) for source, target in edges[-_ENDS:]]
    ways = "" if count == 1 else f", one of {_count(count)} paths"
    return [
        line((head, "gradient"), " = ", " · ".join([*first, "…", *last])),
        line((f"{' ' * len(head)}   {len(edges):,} factors{ways}", "dim")),
        line(
            (" " * len(head) if count == 1 else f"{head} over all paths"),
            " = ",
            *_result(frame, node, "", summary(frame.gradient(node), DIGITS)),
        ),
    ]


def _sum_rows(frame: Frame, paths: list[tuple[int, ...]], count: int) -> list[TextRow]:
    node = paths[0][0]
    head = gradient_of(frame, node)
    known = frame.gradient_state(node) == "known"
    rows = [line((head, "gradient"), f" = the sum over {_count(count)} paths")]
    parts: list[str] = []
    for path in paths[:SHOWN_PATHS]:
        symbols, _, numbers, result = _product(frame, path)
        way = " → ".join(label(frame, id) for id in path)
        rows.append(line(("  " + way, "dim")))
        parts.append(result)
        shown = numbers if numbers == result else f"{numbers} = {result}"
        # A single edge has the symbol of the sum itself, yet it holds the other names.
        held: Span = (", other names held" if len(path) == 2 else "", "dim")
        rows.append(line("    ", symbols, held, " = ", shown if known else UNKNOWN))
    if count > SHOWN_PATHS:
        rows.append(line((f"  … and {_count(count - SHOWN_PATHS)} more paths", "dim")))
        parts = []
    total = summary(frame.gradient(node), DIGITS)
    added = " + ".join(_factor(part) for part in parts)
    rows.append(line((head, "gradient"), " = ", *_result(frame, node, added, total)))
    return rows


def _count(paths: int) -> str:
    return f"more than {MANY_PATHS:,}" if paths > MANY_PATHS else f"{paths:,}"


def _product(frame: Frame, path: tuple[int, ...]) -> tuple[str, str, str, str]:
    """Return the product in symbols, formulas and numbers, and its result; the loss comes first."""
    edges = list(pairwise(path))[::-1]
    symbols = " · ".join(partial(frame, target, source) for source, target in edges)
    formulas = _joined([local_text(frame, *edge) or "?" for edge in edges])
    factors = (frame.factors(path) or [])[::-1]
    product = 1.0
    for factor in factors:
        product *= factor
    numbers = _joined([number(factor) for factor in factors])
    return symbols, formulas, numbers, number(product)


def _joined(factors: list[str]) -> str:
    return factors[0] if len(factors) == 1 else " · ".join(map(_factor, factors))


def _factor(text: str) -> str:
    """Return a factor, in parentheses if it could be misread inside a product.

    Only sums and comparisons put spaces around an operator; those inside brackets are harmless.
    """
    depth, loose = 0, text.startswith("-")
    for before, char in pairwise(text):
        depth += (before in "([") - (before in ")]")
        loose = loose or (depth == 0 and before == " " and char in "+-<>=!")
    return f"({text})" if loose else text


def _result(frame: Frame, node: int, numbers: str, result: str) -> tuple[str | Span, ...]:
    match frame.gradient_state(node):
        case "known" if numbers:
            return (numbers, " = ", (result, "gradient"))
        case "known":
            return ((result, "gradient"),)
        case "partial":
            return ((summary(frame.gradient(node), DIGITS), "gradient"), (" so far", "dim"))
        case _:
            return (("not reached yet", "dim"),)


def _tensor_rows(frame: Frame, path: tuple[int, ...], count: int, width: int) -> list[TextRow]:
    """Return the node's rule with its shape, its numbers, then the rules up to the loss.

    A node with several readers gets the sum of their contributions.
    """
    rows = _own_rows(frame, path[0], width)
    for source in path[1:-1]:
        rule = _rule_rows(frame, source, width)
        rows += [*rule[:-1], (*rule[-1], *_numbers_beside(frame, source, rule, width))]
    if count > 1:
        rows.append(line((f"these are the nodes on one of {_count(count)} paths", "dim")))
    return rows


def _own_rows(frame: Frame, node: int, width: int) -> list[TextRow]:
    """Return an array's rule, and the numbers of its gradient and of itself."""
    rows = _rule_rows(frame, node, width)
    state = frame.gradient_state(node)
    if state == "unknown":
        rows.append(line(("not reached yet", "dim")))
    else:
        head = f"{gradient_of(frame, node)}{' so far' if state == 'partial' else ''} = "
        rows += _table_rows(head, frame.gradient(node), "gradient", width)
    if frame.computed(node):
        rows += _table_rows(f"{label(frame, node)} = ", frame.tape.value(node), "value", width)
    return rows


def _rule_rows(frame: Frame, source: int, width: int) -> list[TextRow]:
    """Return the rule that gives a node's gradient from its readers' gradients."""
    statements = [frame.structure.statement_of[r] for r in frame.structure.readers[source]]
    rule = " + ".join(rule_text(frame, source, statement) for statement in statements)
    shape = shape_text(frame.graph.nodes[source].shape)
    shape = shape if shape == "scalar" else f"[{shape}]"
    head: Span = (gradient_of(frame, source), "gradient")
    parts: list[Span] = [(" = ", "plain"), (rule, "local"), (f"   {shape}", "dim")]
    rows = folded(head, parts, width)
    if residual_text(frame, source) not in ("", rule):
        rows += residual_rows(frame, source, cell_width(head[0]), width)
    return rows


def _numbers_beside(frame: Frame, node: int, rule: list[TextRow], width: int) -> TextRow:
    """Return the numbers of a gradient that fit behind its rule, if they are one row."""
    if frame.gradient_state(node) != "known" or frame.graph.nodes[node].shape[1:]:
        return ()
    numbers = _table_rows("   = ", frame.gradient(node), "gradient", width - line_width(rule[-1]))
    fits = line_width(rule[-1]) + line_width(numbers[0]) <= width
    return numbers[0] if fits and len(numbers) == 1 else ()


def _table_rows(head: str, value: Array, role: Role, width: int) -> list[TextRow]:
    """Return an array as a table, short if its numbers might not fit otherwise."""
    across = value.shape[-1] if value.shape else 1
    texts = table(value, DIGITS if len(head) + _FULL * across <= width else SHORT)
    rows = [line(head, (texts[0], role))]
    return rows + [line(" " * len(head), (text, role)) for text in texts[1:]]


def _operation_rows(frame: Frame, node: int) -> list[TextRow]:
    """Return the chain rule of an unnamed operation: one step, from its readers."""
    rows = [line(("the operation ", "dim"), in_names(frame, node))]
    head = gradient_of(frame, node)
    for target in frame.structure.consumers.get(node, ()):
        local, flow = frame.edge_local(node, target), frame.edge_contribution(node, target)
        arriving = gradient_of(frame, target)
        factor = f" · {partial(frame, target, node)}" if local is not None else ""
        rows.append(line((head, "gradient"), " = ", arriving, factor))
        parts: list[str | Span] = [" " * len(head), " = "]
        if not frame.flowed(node, target):
            parts.append(("not reached yet", "dim"))
        else:
            if local is not None:
                above = frame.tape.adjoint(target)
                parts += [summary(above, DIGITS), " · ", (summary(local, DIGITS), "local"), " = "]
            parts.append((summary(flow, DIGITS), "gradient"))
        rows.append(line(*parts))
    return rows
