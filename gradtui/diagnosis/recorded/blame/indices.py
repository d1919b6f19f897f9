"""Edits of indices: one off by one, another, two swapped ones, other bounds."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, swapped
from gradtui.diagnosis.recorded.blame.exchanges import atoms_of, of_pairs
from gradtui.diagnosis.recorded.blame.roles import is_gradient_of
from gradtui.diagnosis.recorded.blame.scope import Held
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit

_MOST = 12
"""Most indices of each kind tried."""


def of_index(s: Statement, node: ast.Subscript) -> Iterator[Candidate]:
    """Yield indices and bounds off by one, and two swapped indices."""
    index = node.slice
    parts = list(index.elts) if isinstance(index, ast.Tuple) else [index]
    for part in parts:
        yield from _of_slice(s, node, part) if isinstance(part, ast.Slice) else _of_part(s, part)
    for part in parts:
        yield from _throughout(s, part)
        yield from _offset(s, part, parts)
    yield from _others(s, node, parts)
    yield from of_pairs(s, node, parts)
    if isinstance(node.ctx, ast.Load) and isinstance(index, ast.Slice):
        edit, told = s.replaced(node, s.text(node.value)), f"all of {s.text(node.value)} is needed"
        yield Candidate((edit,), "wrong-variable", told, 2, None, node)


def _of_slice(s: Statement, node: ast.Subscript, part: ast.Slice) -> Iterator[Candidate]:
    """Yield the bounds of a slice off by one, from the other side, or slid."""
    for bound in (part.lower, part.upper, part.step):
        if bound is not None:
            yield from shifted(s, bound, 2)
            yield from _from_other_side(s, bound)
    if part.lower is None and part.step is not None:
        edit = Edit(s.unit.start(part), s.unit.start(part), "1")
        told = f"the index must be 1{s.text(part)}"
        yield Candidate((edit,), "wrong-variable", told, 2, None, node)
    yield from _slid(s, part)


def _of_part(s: Statement, part: ast.expr) -> Iterator[Candidate]:
    """Yield other indices in the place of one."""
    yield from shifted(s, part, 1)
    yield from _onwards(s, part)
    yield from _listed(s, part)
    if isinstance(part, ast.UnaryOp):
        yield from _from_other_side(s, part)
    for inner in walked(part) if isinstance(part, ast.BinOp) else ():
        above = s.parents.get(inner)
        shifts = isinstance(above, ast.BinOp) and _written(above.right) is not None
        if isinstance(inner, ast.Name) and not shifts:
            yield from shifted(s, inner, 2)


def _listed(s: Statement, part: ast.expr) -> Iterator[Candidate]:
    """Yield as many places as an index lists that the function lists elsewhere."""
    if not isinstance(part, ast.List):
        return
    others = dict.fromkeys(s.text(one) for one in s.unit.of(ast.List)
                           if len(one.elts) == len(part.elts))  # fmt: skip
    for text in [one for one in others if one != s.text(part)][:_MOST]:
        told, edit = f"the index must be {text}", s.replaced(part, text)
        yield Candidate((edit,), "wrong-variable", told, 1, text, part)


def _onwards(s: Statement, part: ast.expr) -> Iterator[Candidate]:
    """Yield all that come from an index on, or before it, instead of one."""
    written = isinstance(part, ast.Constant) and type(part.value) is int
    if written or (isinstance(part, ast.Name | ast.BinOp) and _is_whole(s.held(part))):
        for text in (f"{s.text(part)}:", f":{s.text(part)}"):
            edit = Edit(s.unit.start(part), s.unit.end(part), text)
            told = f"the index must be {text}"
            yield Candidate((edit,), "wrong-variable", told, 3, None, part)


def _slid(s: Statement, part: ast.Slice) -> Iterator[Candidate]:
    """Yield the slice of as many entries that begins one later, or one earlier."""
    bounds = [one for one in (part.lower, part.upper) if one is not None]
    whole = [one for one in map(_written, bounds) if one is not None]
    if len(whole) < 2:
        return
    for step in (1, -1):
        if all((one < 0) == (one + step < 0) for one in whole):
            texts = [str(one + step) for one in whole]
            told = f"the index must be {':'.join(texts)}"
            edits = tuple(s.replaced(*one) for one in zip(bounds, texts, strict=True))
            yield Candidate(edits, "wrong-variable", told, 1, None, part)


def strided(s: Statement) -> Iterator[Candidate]:
    """Yield the places that several arrays are picked at in steps, all of them begun elsewhere."""
    alike: dict[str, list[ast.Slice]] = {}
    for one in s.nodes:
        if isinstance(one, ast.Subscript) and isinstance(one.slice, ast.Slice) and one.slice.step:
            alike.setdefault(s.text(one.slice), []).append(one.slice)
    for text, parts in alike.items():
        other = {":": f"1{text}", "0": f"1{text[1:]}", "1": text[1:]}.get(text[0])
        if len(parts) > 1 and other is not None:
            edits = tuple(Edit(s.unit.start(one), s.unit.end(one), other) for one in parts)
            told = f"the index must be {other}"
            yield Candidate(edits, "wrong-variable", told, 1, None, parts[0])


def _written(node: ast.expr) -> int | None:
    """Return the whole number that a bound is written as; None if it is none."""
    minus = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    inner = node.operand if isinstance(node, ast.UnaryOp) and minus else node
    value = inner.value if isinstance(inner, ast.Constant) else None
    return None if type(value) is not int else -value if minus else value


def moved(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield what is padded moved the other way: `pad(x[1:], (0, 1))` for `pad(x[:-1], (1, 0))`."""
    called = node.func
    if getattr(called, "attr", getattr(called, "id", "")) != "pad" or len(node.args) < 2:
        return
    given, widths = node.args[:2]
    if not isinstance(given, ast.Subscript) or not isinstance(widths, ast.Tuple | ast.List):
        return
    ends, parts = widths.elts, given.slice
    cuts = [one for one in (parts.elts if isinstance(parts, ast.Tuple) else [parts])
            if isinstance(one, ast.Slice) and one.step is None]  # fmt: skip
    turned = [(one, text) for one in cuts if (text := _from_other_end(s, one))]
    texts = [s.text(one) for one in ends]
    swaps = [at for at in range(0, len(texts) - 1, 2) if texts[at] != texts[at + 1]]
    if len(turned) != 1 or len(swaps) != 1:
        return
    (cut, text), (at,) = turned[0], swaps
    edits = (
        Edit(s.unit.start(cut), s.unit.end(cut), text),
        *swapped(s, ends[at], ends[at + 1]),
    )
    yield Candidate(edits, "wrong-axis", "it must be moved the other way", 1, None, node)


def _from_other_end(s: Statement, cut: ast.Slice) -> str:
    """Return a slice that leaves out as many elements at the other end; empty if unknown."""
    if isinstance(cut.lower, ast.UnaryOp) and cut.upper is None:
        return f":{s.text(cut.lower.operand)}"
    if cut.lower is not None and cut.upper is None:
        return f":-{s.text(cut.lower)}"
    if cut.lower is None and isinstance(cut.upper, ast.UnaryOp):
        return f"{s.text(cut.upper.operand)}:"
    return ""


def _elsewhere(s: Statement, cut: ast.Slice) -> list[str]:
    """Return the slices that take what another leaves out, or leave out as much elsewhere."""
    texts = [_from_other_end(s, cut)]
    if cut.lower is not None and cut.upper is None:
        texts.append(f":{s.text(cut.lower)}")
    elif cut.lower is None and cut.upper is not None:
        texts.append(f"{s.text(cut.upper)}:")
    return [one for one in texts if one]


def _from_other_side(s: Statement, bound: ast.expr) -> Iterator[Candidate]:
    """Yield a bound that counts from the end, or from the beginning."""
    if isinstance(bound, ast.UnaryOp):
        text = s.text(bound.operand)
    elif _is_whole(s.held(bound)) or s.text(bound).isdigit():
        text = f"-{s.text(bound)}"
    else:
        return
    told = f"the index must be {text}"
    yield Candidate((s.replaced(bound, text, 3),), "wrong-variable", told, 2, text, bound)


def shifted(s: Statement, node: ast.expr, cost: int) -> Iterator[Candidate]:
    """Yield an index off by one."""
    held = s.held(node)
    if isinstance(node, ast.Constant) and type(node.value) is int:
        texts = [str(node.value + 1), str(node.value - 1)]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        if type(node.operand.value) is not int or not isinstance(node.op, ast.USub):
            return
        texts = [str(1 - node.operand.value), str(-1 - node.operand.value)]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        own, other = ("+", "-") if isinstance(node.op, ast.Add) else ("-", "+")
        texts = [s.left(node), f"{s.left(node)} {other} {s.right(node)}"]
        count = _written(node.right)
        for value in (count - 1, count + 1) if count is not None else ():
            texts += [f"{s.left(node)} {own} {value}"] if value else []
    elif isinstance(node, ast.Call | ast.Attribute) or _is_whole(held) or _is_turned(s, node):
        texts = [f"{s.text(node)} - 1", f"{s.text(node)} + 1"]
    else:
        return
    if _is_whole(held) and isinstance(node, ast.Name):
        for other, one in s.scope.items():
            if _is_whole(one) and other not in s.loops and other != node.id:
                yield Candidate(
                    (s.replaced(node, f"{node.id} * {other}", 2),),
                    "wrong-variable",
                    f"the index must be {node.id} * {other}",
                    cost + 1,
                    f"{node.id} * {other}",
                    node,
                )
    for text in texts:
        yield Candidate(
            (s.replaced(node, text, 1),),
            "wrong-variable",
            f"the index must be {text}",
            cost,
            text,
            node,
        )


def _throughout(s: Statement, part: ast.expr) -> Iterator[Candidate]:
    """Yield other bounds for a slice that repeats a name, such as `t:t + n`."""
    named: dict[str, list[ast.expr]] = {}
    for one in walked(part) if isinstance(part, ast.Slice) else ():
        if isinstance(one, ast.Name | ast.Constant | ast.Subscript):
            named.setdefault(s.text(one), []).append(one)
    whole = [text for text, held in s.scope.items() if _is_whole(held)]
    for own, nodes in named.items():
        if len(nodes) < 2:
            continue
        others = sorted(whole, key=lambda text: text not in s.loops)[: 2 * _MOST]
        if isinstance(nodes[0], ast.Constant) and type(nodes[0].value) is int:
            others += [str(nodes[0].value + 1), str(nodes[0].value - 1)]
        for text in others:
            if text != own:
                told = f"the index must be {text}"
                edits = tuple(s.replaced(node, s.spelled(text)) for node in nodes)
                yield Candidate(edits, "wrong-variable", told, 1, text, part)


def _offset(s: Statement, part: ast.expr, parts: Sequence[ast.expr]) -> Iterator[Candidate]:
    """Yield the slice of the same length that begins later, such as inside a padding."""
    if not isinstance(part, ast.Slice) or part.upper is None or part.step is not None:
        return
    if part.lower is not None and s.text(part.lower) != "0":
        return
    whole = [text for text, held in s.scope.items() if _is_whole(held) and text.strip("_")]
    whole.sort(key=lambda text: text in s.loops)
    for text in dict.fromkeys([*_entries_near(s, parts), *whole[:_MOST]]):
        if text != s.text(part.upper):
            begin = s.spelled(text)
            found = f"{begin}:{begin} + {s.inside(part.upper, 1)}"
            edit = Edit(s.unit.start(part), s.unit.end(part), found)
            told = f"the index must be {found}"
            yield Candidate((edit,), "wrong-variable", told, 2, found, part)


def _entries_near(s: Statement, parts: Sequence[ast.expr]) -> Iterator[str]:
    """Yield entries such as `pad[1]` in an index, and those before and after them."""
    for one in [atom for part in parts for atom in atoms_of(part)]:
        entry = isinstance(one, ast.Subscript) and isinstance(one.slice, ast.Constant)
        number = one.slice.value if entry else None  # type: ignore[attr-defined]
        if isinstance(one, ast.Subscript) and type(number) is int:
            for value in (number, number - 1, number + 1):
                if value >= 0:
                    yield f"{s.text(one.value)}[{value}]"


def _is_turned(s: Statement, node: ast.expr) -> bool:
    """Return whether an index counts from the end: -l."""
    return isinstance(node, ast.UnaryOp) and _is_whole(s.held(node.operand))


def _is_whole(held: Held | None) -> bool:
    return held is not None and held.kind == "i" and held.shape == ()


def _unpacked_with(s: Statement, name: str) -> Iterator[str]:
    """Yield the indices that are stored at once with another one, such as by a loop over pairs."""
    for node in s.unit.nodes:
        if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store):
            names = [one.id for one in node.elts if isinstance(one, ast.Name)]
            for other in names if name in names else ():
                held = s.scope.get(other)
                if other != name and held is not None and held.kind in ("i", ":list", ":tuple"):
                    yield other


def _others(s: Statement, node: ast.Subscript, parts: Sequence[ast.expr]) -> Iterator[Candidate]:
    """Yield other picks: by the round of a loop, backward, or as elsewhere."""
    whole = [text for text, held in s.scope.items() if _is_whole(held) and text.isidentifier()]
    for part in parts:
        texts = list[str]()
        if isinstance(part, ast.Constant) and type(part.value) is int:
            texts = sorted(whole, key=lambda text: text not in s.loops)[:_MOST]
        elif isinstance(part, ast.Slice) and part.step is None:
            own = s.text(part) if part.lower or part.upper else ":"
            texts = [f"{own}:-1", *_elsewhere(s, part)]
            if part.lower is None and part.upper is not None and own != ":-1":
                texts.append("1:")
        elif isinstance(part, ast.Slice) and s.text(part) == "::-1":
            texts = [":"]
        elif isinstance(part, ast.Name):
            texts = [*_unpacked_with(s, part.id)]
            if s.held(part) is None:  # such as None, which adds an axis
                texts += [text for text in whole if text in s.loops]
        for text in texts:
            edit = Edit(s.unit.start(part), s.unit.end(part), text)
            told = f"the index must be {text}"
            yield Candidate((edit,), "wrong-variable", told, 1, text, node)
    index = s.text(node.slice)
    beside = [one for text, one in s.indices.items() if text != index]
    for text, array in _mirrored(s, node.value).items() if isinstance(node.ctx, ast.Store) else ():
        told = f"the index must be {text}, at which {array} is read"
        edit = Edit(s.unit.start(node.slice), s.unit.end(node.slice), text)
        yield Candidate((edit,), "wrong-variable", told, 1, text, node, named=True)
    for likewise in beside[:_MOST]:
        text = ", ".join(likewise)
        edit = Edit(s.unit.start(node.slice), s.unit.end(node.slice), text)
        yield Candidate((edit,), "wrong-variable", f"the index must be {text}", 2, text, node)
    alone = {texts[0] for texts in s.indices.values() if len(texts) == 1 and ":" not in texts[0]}
    for at, part in enumerate(parts) if len(parts) > 1 else ():
        own = s.text(part)
        same = {texts[at] for texts in beside if len(texts) == len(parts)} - {own}
        # What an entry is computed with may have its index: `s[y[i]]` and `W[:, y[i]]`.
        same |= {text for text in alone if text != own and not isinstance(part, ast.Slice)}
        for text in sorted(same)[:_MOST]:
            edit = Edit(s.unit.start(part), s.unit.end(part), text)
            yield Candidate((edit,), "wrong-variable", f"the index must be {text}", 2, text, node)


def _mirrored(s: Statement, array: ast.expr) -> Mapping[str, str]:
    """Return where the function reads what an array is the gradient of: index -> that."""
    name = s.text(array)
    return {
        s.text(one.slice): s.text(one.value) for one in s.unit.of(ast.Subscript)
        if isinstance(one.ctx, ast.Load) and isinstance(one.slice, ast.Slice | ast.Tuple)
        and is_gradient_of(name, s.text(one.value))
    }  # fmt: skip


def counted(s: Statement, node: ast.Name | ast.Attribute) -> Iterator[Candidate]:
    """Yield a whole number in an expression off by one."""
    held, parent = s.held(node), s.parents.get(node)
    if held is None or held.shape or not isinstance(parent, ast.BinOp):
        return
    if held.kind != "i" and not (held.value is not None and held.value.is_integer()):
        return
    times = parent.left if parent.right is node else parent.right
    if isinstance(parent.op, ast.Mult) and isinstance(times, ast.Constant):
        own = times.value if type(times.value) is int else None
        for value in (own + 1, own - 1) if own is not None else ():
            told, edit = f"{own} must be {value}", s.replaced(times, str(value))
            yield Candidate((edit,), "wrong-variable", told, 1, str(value), times)
    for text in (f"{s.text(node)} + 1", f"{s.text(node)} - 1"):
        told = f"{s.text(node)} must be {text}"
        cost = 2 if held.kind == "i" else 4  # a float is seldom a count
        yield Candidate((s.replaced(node, text, 1),), "wrong-variable", told, cost, text, node)
