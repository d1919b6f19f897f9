"""Other masks: with the other bound too, as that of a clip, of sizes, or the opposite ones."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import permutations

from msgspec import Struct

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit

_LIMITING = frozenset({"clip", "clamp", "clip_", "clamp_", "hardtanh", "minimum", "maximum",
                       "min", "max", "where"})  # fmt: skip
"""Functions that keep values within bounds, or choose by them."""
_TIGHT = 9
_MOST = 6
"""Most bounds from elsewhere in the file."""
_SMALL = 0.1
"""Bounds up to this one may be those of what counts as nothing."""
_FUNCTIONS = 32
"""Most functions around which the calls and comparisons are kept."""
_OPPOSITE: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: (">", ">="), ast.LtE: (">=", ">"), ast.Gt: ("<", "<="), ast.GtE: ("<=", "<"),
}  # fmt: skip
"""How the value may compare with the other bound: as strictly, or else."""
_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE,
}  # fmt: skip


class _Mask(Struct, frozen=True, eq=False):
    """A comparison of a value with a single bound."""

    node: ast.Compare
    value: ast.expr
    op: type[ast.cmpop]
    """How the value compares with the bound."""
    bound: ast.expr

    @property
    def below(self) -> bool:
        """Whether the value is to be below the bound."""
        return self.op in (ast.Lt, ast.LtE)


def bounds(s: Statement) -> Iterator[Candidate]:
    """Yield each mask with the bound on its other side as well, which the forward half tells."""
    masks = [one for one in (_mask(s, node) for node in s.nodes) if one is not None]
    seen = set[str]()
    for mask in masks:
        same = [one.node for one in masks if _is_same(one.node, mask.node)]
        if (text := s.text(mask.node)) in seen or _has_both(masks, mask):
            continue
        seen.add(text)
        yield from _sizes(s, mask, [one.value for one in masks if _is_same(one.value, mask.value)])
        for bound, cost in _others(s, mask.bound):
            within = _is_between(s, mask, bound)
            for more, sign in enumerate(_OPPOSITE[mask.op]):
                part = f"{s.inside(mask.value, 1)} {sign} {bound}"
                edits = tuple(_widened(s, one, part, within) for one in same)
                told, factor = f"({part}) is missing", f"({part})"
                yield Candidate(edits, "missing-factor", told, cost + more, factor, mask.node)


def thresholds(s: Statement) -> Iterator[Candidate]:
    """Yield the size of what a mask takes for nothing, or not, without its sign.

    Such as a difference of eigenvalues by which another is divided.
    """
    for node in s.nodes:
        if not isinstance(node, ast.Compare) or type(node.ops[0]) not in _TURNED:
            continue
        for value, bound in permutations((node.left, *node.comparators), 2):
            if s.shape(value) and not s.shape(bound) and _may_be_small(s, bound):
                text = s.sized(value)
                told = f"{s.text(value)} must be {text}"
                yield Candidate((s.replaced(value, text),), "wrong-variable", told, 0, text, value)


def _may_be_small(s: Statement, bound: ast.expr) -> bool:
    """Return whether a bound is a small number, or one that is looked up."""
    text = _known(s, bound)
    number = None if text is None else _number(s, text)
    return isinstance(bound, ast.Subscript) if number is None else 0 < number <= _SMALL


def opposites(s: Statement) -> Iterator[Candidate]:
    """Yield the opposites of masks that pick elements, or that a function is given."""
    for node in s.nodes:
        match node:
            case ast.Subscript(slice=ast.Tuple(parts)):
                pass
            case ast.Subscript(slice=part):
                parts = [part]
            case ast.Call(args=parts):
                pass
            case _:
                continue
        for part in parts:
            held = s.held(_not_inverted(part))
            if held is not None and held.kind == "b" and held.shape:
                yield from opposite(s, part)


def opposite(s: Statement, mask: ast.expr) -> Iterator[Candidate]:
    """Yield the opposite of a mask."""
    if isinstance(mask, ast.Compare):
        return
    own = _not_inverted(mask)
    text = f"~{s.inside(mask, _TIGHT)}" if own is mask else s.text(own)
    told = f"the mask must be {text}"
    yield Candidate((s.replaced(mask, text),), "wrong-variable", told, 0, text, mask)


def _not_inverted(mask: ast.expr) -> ast.expr:
    """Return what a mask is the opposite of; the mask itself if it is of none."""
    match mask:
        case ast.UnaryOp(ast.Invert(), operand):
            return operand
        case _:
            return mask


def _mask(s: Statement, node: ast.AST) -> _Mask | None:
    """Return the mask that a comparison is; None if it is another one."""
    if not isinstance(node, ast.Compare) or len(node.ops) > 1 or type(node.ops[0]) not in _TURNED:
        return None
    left, op, right = node.left, type(node.ops[0]), node.comparators[0]
    if _known(s, right) is not None:
        return _Mask(node, left, op, right)
    return _Mask(node, right, _TURNED[op], left) if _known(s, left) is not None else None


def _is_same(one: ast.expr, other: ast.expr) -> bool:
    return ast.dump(one) == ast.dump(other)


def _has_both(masks: Sequence[_Mask], mask: _Mask) -> bool:
    """Return whether the statement compares the value from the other side, too."""
    return any(
        _is_same(one.value, mask.value) and one.below != mask.below
        and not _is_same(one.bound, mask.bound) for one in masks
    )  # fmt: skip


def _sizes(s: Statement, mask: _Mask, places: Sequence[ast.expr]) -> Iterator[Candidate]:
    """Yield a mask of the size of its value, in all its places, as the code around takes it."""
    own = ast.unparse(mask.value)
    for node, distance in _around(s.unit):
        if not isinstance(node, ast.Call) or _name(node) not in ("abs", "absolute", "fabs"):
            continue
        of = node.args[0] if node.args else getattr(node.func, "value", node)
        if ast.unparse(of) == own:
            text, cost = ast.unparse(node), int(distance > 1)
            told = f"{s.text(mask.value)} must be {text}"
            edits = tuple(s.replaced(one, text) for one in places)
            yield Candidate(edits, "wrong-variable", told, cost, text, mask.node)
            return


def _others(s: Statement, own: ast.expr) -> Iterator[tuple[str, int]]:
    """Yield the bounds that may be the other one, each with how far-fetched it is.

    One that limits the same values is the likeliest, then the same with a minus.
    """
    text, found = _known(s, own) or "", dict[str, tuple[int, int]]()
    for node, distance in _around(s.unit):
        limits = isinstance(node, ast.Call) and _name(node) in _LIMITING
        if limits or isinstance(node, ast.Compare):
            near = [*_singles(s, node)]
            cost = int(distance > 0 and text not in near)
            for one in near:
                found[one] = min(found.get(one, (cost, distance)), (cost, distance))
    found.pop(text, None)
    if _number(s, text):
        found.setdefault(_negative(text), (1, 0))
    ranked = sorted(found.items(), key=lambda pair: pair[1])
    yield from [(one, cost) for one, (cost, _) in ranked[:_MOST]]


@lru_cache(_FUNCTIONS)
def _around(unit: Unit) -> Sequence[tuple[ast.Call | ast.Compare, int]]:
    """Return the calls and comparisons of a function, of its class and of its file.

    Each comes at each distance at which it is.
    """
    places: list[Iterable[ast.AST]] = [unit.nodes, (), walked(unit.tree)]
    if unit.owner is not None:
        places[1] = walked(unit.owner)
    return [(node, distance) for distance, nodes in enumerate(places) for node in nodes
            if isinstance(node, ast.Call | ast.Compare)]  # fmt: skip


def _singles(s: Statement, node: ast.AST) -> Iterator[str]:
    """Yield the single numbers in an expression, as they are spelled in the statement."""
    text = _known(s, node)
    if text is not None:
        yield text
        return
    for one in ast.iter_child_nodes(node):
        yield from _singles(s, one)


def _known(s: Statement, node: ast.AST) -> str | None:
    """Return how a single number is spelled in the statement; None for anything else."""
    match node:
        case ast.Constant(value) if type(value) in (int, float):
            return ast.unparse(node)
        case ast.UnaryOp(ast.USub(), operand):
            inner = _known(s, operand)
            return None if inner is None else _negative(inner)
        case ast.Name() | ast.Attribute():
            own = ast.unparse(node)
            # The forward half may be given what the backward half finds in an object.
            kept = [one for one in s.scope if one.endswith(f".{own}")]
            return next((one for one in (own, *kept) if _number(s, one) is not None), None)
        case _:
            return None


def _negative(text: str) -> str:
    return text[1:] if text[0] == "-" else f"-{text}"


def _number(s: Statement, text: str) -> float | None:
    """Return the value of a single number by its text; None if it is none."""
    with suppress(ValueError):
        return float(text)
    if text[0] == "-":
        own = _number(s, text[1:])
        return None if own is None else -own
    held, known = s.scope.get(text), s.unit.globals.get(text)
    if held is not None:
        return held.value if not held.shape and held.kind in "if" else None
    return float(known) if isinstance(known, int | float) else None


def _is_between(s: Statement, mask: _Mask, bound: str) -> bool:
    """Return whether values between both bounds are meant, not those beyond them."""
    one, two = _number(s, _known(s, mask.bound) or ""), _number(s, bound)
    assert one is not None and two is not None
    return one > two if mask.below else one < two


def _widened(s: Statement, node: ast.Compare, part: str, within: bool) -> Edit:
    """Return the edit that adds a comparison to a mask, in the way of the code around it."""
    parent, own = s.parents.get(node), s.text(node)
    if getattr(parent, "test", None) is node:
        return s.replaced(node, f"{own} {'and' if within else 'or'} {part}", 0)
    if isinstance(parent, ast.BoolOp):
        return s.replaced(node, f"({own} {'and' if within else 'or'} {part})")
    if within and isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult):
        at, start = s.unit.source.index(b")", s.unit.end(node)) + 1, s.operator(parent)[0]
        sign = " * " if s.unit.source[start - 1 : start] == b" " else "*"
        return Edit(at, at, f"{sign}({part})")
    if s.numpy and b"logical_" in s.unit.source:
        called = f"{s.numpy}logical_{'and' if within else 'or'}"
        return s.replaced(node, f"{called}({own}, {part})")
    return s.replaced(node, f"({own}) {'&' if within else '|'} ({part})", 0)


def _name(node: ast.Call) -> str:
    return ast.unparse(node.func).rpartition(".")[2]
