"""Nodes -> text: a formula in the program's own names, or with numbers instead."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from msgspec import Struct

from gradtui.base.text import number
from gradtui.engine.graph import STRETCH, Kind, Node
from gradtui.engine.ops import OPS
from gradtui.engine.shapes import axes_of, negative_axes
from gradtui.language.operators import COMPARISON, FUNCTION, INFIX, POWER, PRODUCT, SIGN, SUM, Text

ATOM = FUNCTION + 1
LIMIT = 2_000
"""Longest formula, in characters, because thousands of terms cannot be read anyway."""
Show = Callable[[Node], str | None]
"""Node -> its text, or None to write out its expression."""


class Style(Struct, frozen=True):
    """The spelling of operators."""

    times: str = "*"
    matmul: str = "@"
    superscripts: bool = False


PROGRAM = Style()
"""As in a program: the text can be parsed again."""
PRETTY = Style(times="·", matmul=" @ ", superscripts=True)
"""As on paper."""
TYPED = Style(times="·", matmul=" @ ")
"""As on paper, without superscripts."""

_SUPERSCRIPTS = {2.0: "²", 3.0: "³"}


Texts = dict[int, Text]
"""Node -> its written expression."""


def formula(
    nodes: Sequence[Node],
    root: int,
    show: Show,
    style: Style = PROGRAM,
    known: Texts | None = None,
) -> str:
    """Return the expression of a node; nodes with a text from `show` are not written out.

    The root itself is always written out.  `known` caches the texts of other roots by the same
    `show` and in the same style, because thousands may share most of their parts.
    """
    texts: Texts = {} if known is None else known
    texts.pop(root, None)
    pending = [root]
    if nodes[root].op == STRETCH and nodes[root].kind is Kind.OPERATION and not nodes[root].name:
        return formula(nodes, nodes[root].inputs[0], show, style, known)
    while pending:
        id = pending[-1]
        node = nodes[id]
        if id in texts:
            pending.pop()
            continue
        shown = None if id == root and node.kind is Kind.OPERATION else _atom(node, show)
        if shown is not None:
            texts[id] = shown
            continue
        missing = [source for source in node.inputs if source not in texts]
        if missing:
            pending.extend(missing)
            continue
        texts[id] = _write(nodes, node, texts, style)
    return (texts[root] if _atom(nodes[root], show) is None else texts.pop(root)).text


def _atom(node: Node, show: Show) -> Text | None:
    text = show(node)
    if text is None and node.kind is Kind.CONSTANT:
        text = number(node.value, 17)
    elif text is None and node.kind is not Kind.OPERATION:
        text = node.name
    if text is None:
        return None
    return Text(text, SIGN if text.startswith("-") else ATOM)


def _write(nodes: Sequence[Node], node: Node, texts: dict[int, Text], style: Style) -> Text:
    parts = [texts[id] for id in node.inputs]
    operands = [nodes[id] for id in node.inputs]
    if any(len(part.text) > LIMIT for part in parts):
        return Text("…", ATOM)
    match node.op:
        case "**" if style.superscripts and operands[1].value in _SUPERSCRIPTS:
            base = parts[0].beside(POWER + 1)
            return Text(base + _SUPERSCRIPTS[operands[1].value], POWER)
        case "**":
            base, exponent = parts[0].beside(POWER + 1), parts[1].beside(POWER)
            return Text(f"{base}**{exponent}", POWER)
        case "neg":
            return Text("-" + parts[0].beside(SIGN + 1), SIGN)
        case "identity":
            return parts[0]
        case "T":
            operand = parts[0].beside(FUNCTION)
            # A point after a number would read as a decimal point.
            number_first = operands[0].kind is Kind.CONSTANT and operand[0] != "("
            return Text(f"({operand}).T" if number_first else f"{operand}.T", FUNCTION)
        case "mT" if len(node.shape) == 2:
            return Text(parts[0].beside(FUNCTION) + ".T", FUNCTION)
        case "mT":
            *stack, rows, columns = range(len(node.shape))
            return Text(f"transpose({parts[0].text}, {(*stack, columns, rows)})", FUNCTION)
        case "slice":
            return Text(parts[0].beside(FUNCTION) + _range_of(node, operands[0]), FUNCTION)
        case "expand":
            return Text(parts[0].beside(FUNCTION) + _brackets_of(node), FUNCTION)
        # After a derivative on paper, such as ∂L/∂e, another slash would be misread.
        case "*" if "∂" not in parts[0].text and _is_inverse(nodes, operands[1], parts[1], texts):
            inverse = operands[1].inputs[1]
            return _infix("/", parts[0], texts[inverse], style)
        case op if op in INFIX:
            return _infix(op, parts[0], parts[1], style)
        case "gather":
            return Text(parts[0].beside(FUNCTION) + (_shown(node) or "[…]"), FUNCTION)
        case "spread":
            return Text(f"spread({parts[0].text}, {_shown(node) or '[…]'})", FUNCTION)
        case "einsum" | "einsum3":
            given = [repr(dict(node.options)["subscripts"]), *(part.text for part in parts)]
            return Text(f"einsum({', '.join(given)})", FUNCTION)
        case "scatter":
            return _scattered(node, operands, parts, style)
        case "collect":
            return Text(_collected(node, parts[0].text, len(operands[0].shape)), FUNCTION)
        case _:
            inner = ", ".join([part.text for part in parts] + _options(node, operands[0]))
            return Text(f"{node.op}({inner})", FUNCTION)


def _shown(node: Node) -> str:
    """Return the brackets that choose the elements; empty if unknown."""
    return str(dict(node.options)["shown"])


def _is_inverse(nodes: Sequence[Node], node: Node, part: Text, texts: dict[int, Text]) -> bool:
    """Return whether a node is written out as 1/x of its own shape: a*(1/x) reads as a/x."""
    if node.op != "/" or part.precedence != PRODUCT:
        return False
    one, x = (nodes[id] for id in node.inputs)
    return one.value == 1.0 and one.kind is Kind.CONSTANT and not one.name and x.id in texts


def _scattered(node: Node, operands: Sequence[Node], parts: Sequence[Text], style: Style) -> Text:
    """Return a sum of rows by their number as the product with the numbers' one-hot matrix."""
    added, index = parts[0].beside(PRODUCT + 1), parts[1].text
    count, own = math.prod(operands[1].shape), node.shape[1:]
    if len(operands[1].shape) != 1:
        index = f"reshape({index}, ({count},))"
    flat = (count, math.prod(own)) if own else (count,)
    if operands[0].shape != flat:
        added = f"reshape({parts[0].text}, {flat})"
    product = f"one_hot({index}, {node.shape[0]}).T{style.matmul}{added}"
    if len(own) > 1:
        return Text(f"reshape({product}, {node.shape})", FUNCTION)
    return Text(product, PRODUCT)


def _infix(op: str, left: Text, right: Text, style: Style) -> Text:
    symbols = {"*": style.times, "/": "/", "@": style.matmul}
    symbol, precedence = symbols.get(op, f" {op} "), INFIX[op]
    loose = op in ("+", "*") and right.precedence == precedence and not right.text.startswith("-")
    if op == "*" and ("/" in right.text or "@" in right.text):
        loose = False
    floor = precedence if loose else precedence + 1
    after = right.beside(floor)
    if after.startswith("-") and precedence >= SUM:
        after = f"({after})"
    before = left.beside(precedence + (precedence == COMPARISON))
    if before.startswith("-") and precedence >= PRODUCT and left.precedence < PRODUCT:
        before = f"({before})"
    return Text(f"{before}{symbol}{after}", precedence)


def _brackets_of(node: Node) -> str:
    axes = axes_of(dict(node.options)["axis"])
    rank = len(node.shape)
    entries = ["None" if axis in axes else ":" for axis in range(-rank, 0)]
    return f"[{', '.join(entries)}]"


def _range_of(node: Node, operand: Node) -> str:
    options, rank = dict(node.options), len(operand.shape)
    (axis,) = axes_of(options["axis"])
    start = options["start"] or ""
    stop = "" if options["stop"] == operand.shape[axis] else options["stop"]
    return f"[{':, ' * (axis + rank)}{start}:{stop}]"


def _collected(node: Node, text: str, rank: int) -> str:
    """Return a sum over the axes that broadcasting had stretched, then those that it had added."""
    drop, keep = (axes_of(dict(node.options)[key]) for key in ("drop", "keep"))
    if keep:
        text = f"sum({text}, axis={_axes(keep, rank)}, keepdims=True)"
    return f"sum({text}, axis={_axes(drop, rank)})" if drop else text


def _options(node: Node, operand: Node) -> list[str]:
    """Return the options that differ from their defaults, axes counted from the start."""
    entry, options, rank = OPS[node.op], dict(node.options), len(operand.shape)
    if entry.positional:
        given = options[entry.positional]
        if node.op == "transpose":
            order = tuple(axis + rank for axis in axes_of(given))
            given = None if order == tuple(range(rank))[::-1] else order
        return [] if given is None else [repr(given)]
    if "axis" not in options:
        return []
    axes = axes_of(options["axis"])
    usual = negative_axes(dict(entry.options)["axis"], rank)
    texts = [] if axes == usual else [f"axis={_axes(axes, rank)}"]
    return [*texts, "keepdims=True"] if options.get("keepdims") else texts


def _axes(axes: Sequence[int], rank: int) -> str:
    positive = [axis + rank for axis in axes]
    return str(positive[0]) if len(positive) == 1 else str(tuple(positive))
