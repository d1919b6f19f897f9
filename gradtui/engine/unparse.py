"""Nodes -> text: a formula in the program's own names, or the same with numbers put in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from gradtui.engine.graph import Kind, Node
from gradtui.engine.operation import COMPARISON, FUNCTION, POWER, PRODUCT, SIGN, SUM
from gradtui.engine.ops import OPS
from gradtui.engine.shapes import axes_of, negative_axes
from gradtui.text import number

ATOM = FUNCTION + 1
LIMIT = 2_000
"""Characters after which a formula is cut; one of thousands of terms cannot be read anyway."""
Show = Callable[[Node], str | None]
"""Node -> the text it stands for, or None to write out what it is computed from."""


class Style(Struct, frozen=True):
    """How operators are written."""

    times: str = "*"
    matmul: str = "@"
    superscripts: bool = False


PROGRAM = Style()
"""As in a program: what comes out can be parsed again."""
PRETTY = Style(times="·", matmul=" @ ", superscripts=True)
"""As on paper."""

_SUPERSCRIPTS = {2.0: "²", 3.0: "³"}


class _Text(Struct, frozen=True):
    text: str
    precedence: int


def formula(nodes: Sequence[Node], root: int, show: Show, style: Style = PROGRAM) -> str:
    """Return the expression of a node; whatever `show` gives a text for is not written out further.

    The root itself is always written out.
    """
    texts: dict[int, _Text] = {}
    pending = [root]
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
        texts[id] = _write(node, [nodes[i] for i in node.inputs], texts, style)
    return texts[root].text


def _atom(node: Node, show: Show) -> _Text | None:
    text = show(node)
    if text is None and node.kind is Kind.CONSTANT:
        text = number(node.value, 17)
    elif text is None and node.kind is not Kind.OPERATION:
        text = node.name
    if text is None:
        return None
    return _Text(text, SIGN if text.startswith("-") else ATOM)


def _write(node: Node, operands: Sequence[Node], texts: dict[int, _Text], style: Style) -> _Text:
    entry, parts = OPS[node.op], [texts[id] for id in node.inputs]
    if any(len(part.text) > LIMIT for part in parts):
        return _Text("…", ATOM)
    match node.op:
        case "**" if style.superscripts and operands[1].value in _SUPERSCRIPTS:
            base = _bracket(parts[0], POWER + 1)
            return _Text(base + _SUPERSCRIPTS[operands[1].value], POWER)
        case "**":
            base, exponent = _bracket(parts[0], POWER + 1), _bracket(parts[1], POWER)
            return _Text(f"{base}**{exponent}", POWER)
        case "neg":
            return _Text("-" + _bracket(parts[0], SIGN + 1), SIGN)
        case "identity" | "stretch":
            return parts[0]
        case "T":
            return _Text(_bracket(parts[0], FUNCTION) + ".T", FUNCTION)
        case "expand":
            return _Text(_bracket(parts[0], FUNCTION) + _brackets_of(node), FUNCTION)
        case _ if entry.infix:
            left, right = parts
            return _Text(_infix(node.op, entry.precedence, left, right, style), entry.precedence)
        case "scatter" if len(operands[1].shape) == 1 and len(operands[0].shape) <= 2:
            rows, index = node.shape[0], parts[1].text
            added = _bracket(parts[0], PRODUCT + 1)
            return _Text(f"one_hot({index}, {rows}).T{style.matmul}{added}", PRODUCT)
        case "collect":
            return _Text(_collected(node, parts[0].text, len(operands[0].shape)), FUNCTION)
        case _:
            inner = ", ".join([part.text for part in parts] + _options(node, operands[0]))
            return _Text(f"{node.op}({inner})", FUNCTION)


def _infix(op: str, precedence: int, left: _Text, right: _Text, style: Style) -> str:
    symbols = {"*": style.times, "/": "/", "@": style.matmul}
    symbol = symbols.get(op, f" {op} ")
    loose = op in ("+", "*") and right.precedence == precedence and not right.text.startswith("-")
    if op == "*" and ("/" in right.text or "@" in right.text):
        loose = False
    floor = precedence if loose else precedence + 1
    after = _bracket(right, floor)
    if after.startswith("-") and precedence >= SUM:
        after = f"({after})"
    before = _bracket(left, precedence + (precedence == COMPARISON))
    if before.startswith("-") and precedence >= PRODUCT and left.precedence < PRODUCT:
        before = f"({before})"
    return f"{before}{symbol}{after}"


def _bracket(part: _Text, floor: int) -> str:
    return part.text if part.precedence >= floor else f"({part.text})"


def _brackets_of(node: Node) -> str:
    axes = axes_of(dict(node.options)["axis"])
    rank = len(node.shape)
    entries = ["None" if axis in axes else ":" for axis in range(-rank, 0)]
    return f"[{', '.join(entries)}]"


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
