"""The small changes of an expression, one by one: what may be left out, added or mistaken in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from msgspec.structs import replace

from gradtui.diagnosis.edits import Edit, Editable, EditKind, Pool
from gradtui.diagnosis.products import MAX_FACTORS, of_complements, of_products
from gradtui.diagnosis.renamings import more_alike, other_names, renamings
from gradtui.engine.ops import OPS
from gradtui.language.parser import Call, Name, Number, Tree, WholeNumbers
from gradtui.language.trees import NOWHERE, Path, call

MAX_PARTS = 80
"""Parts of an expression that are changed; a longer one is only changed near its root."""


def small_edits(expression: Editable, pool: Pool) -> Iterator[Edit]:
    """Yield the edits that take away or change what is there, or scale it."""
    yield from renamings(expression, pool)
    for path, part in _places(expression):
        if _is_additive(expression, path):
            yield from _rescaled(path, part, pool.numbers.values())
        match part:
            case Number(value):
                yield from _other_numbers(expression, path, part, value, pool.numbers)
                yield from _other_bounds(expression, path, part, pool)
            case Name():
                yield from other_names(expression, path, part, pool)
            case Call():
                if not _is_exponent(expression, path):
                    yield from _dropped(path, part)
                if part.function in ("shape", "len"):
                    yield from _other_counts(expression, path, part, pool)
                yield from _other_call(expression, path, part)
        if _is_exponent(expression, path):
            yield from _other_exponents(expression, path, part)
        if _is_value(expression, path, part):
            yield from _powers(expression, path, part)
            yield from _wrapped(expression, path, part)
            yield from _turned(expression, path, part)


def insertions(expression: Editable, pool: Pool) -> Iterator[Edit]:
    """Yield the edits that put a factor or a term in, or another factor in a factor's place."""
    yield from more_alike(expression, pool)
    for path, part in _places(expression):
        parent = _parent_of(expression, path)
        inner = parent is not None and parent.function in ("shape", "len", "**", "expand", "T")
        if inner or (isinstance(part, Call) and part.function in ("shape", "len")):
            continue
        if isinstance(part, Call) and part.function in _COMPARISONS:
            yield from _other_masks(path, part, pool.factors)
        for factor in pool.factors:
            one = isinstance(part, Number) and part.value == 1.0
            if one:
                yield Edit(EditKind.ADD_FACTOR, path, call("/", part, factor), None, factor)
            else:
                yield from _multiplied(path, part, factor)
            if one or _is_factor(expression, path):
                yield Edit(EditKind.REPLACE_FACTOR, path, factor, part, factor)
        for term in map(_unsigned, pool.terms):
            yield Edit(EditKind.ADD_TERM, path, _plus(part, term), None, term)
            yield Edit(EditKind.ADD_TERM, path, call("-", part, term), None, term)
            if isinstance(term, Number):
                yield Edit(EditKind.ADD_TERM, path, call("-", term, part), None, term)


def _places(expression: Editable) -> list[tuple[Path, Tree]]:
    """Return the parts to change, those near the root first."""
    paths = sorted(expression.parts, key=lambda path: (len(path), path))
    return [(path, expression.parts[path]) for path in paths[:MAX_PARTS]]


def _parent_of(expression: Editable, path: Path) -> Call | None:
    parent = expression.parts[path[:-1]] if path else None
    assert parent is None or isinstance(parent, Call)
    return parent


def _is_additive(expression: Editable, path: Path) -> bool:
    """Return whether a part is a term, or an operand whose sign and size are its own."""
    parent = _parent_of(expression, path)
    return parent is None or parent.function not in ("*", "/", "@", "neg", "T", "expand", "**",
                                                     "sum", "mean", "shape", "len")  # fmt: skip


def _is_factor(expression: Editable, path: Path) -> bool:
    parent = _parent_of(expression, path)
    return parent is not None and parent.function in ("*", "/", "@")


def _is_exponent(expression: Editable, path: Path) -> bool:
    parent = _parent_of(expression, path)
    return parent is not None and parent.function == "**" and path[-1] == 1


def _is_value(expression: Editable, path: Path, part: Tree) -> bool:
    """Return whether a part can be a matrix or a factor: not a number, a size or an exponent."""
    if isinstance(part, Number) or (isinstance(part, Call) and part.function in ("shape", "len")):
        return False
    parent = _parent_of(expression, path)
    return not _is_exponent(expression, path) and (
        parent is None or parent.function not in ("shape", "len")
    )


def _rescaled(path: Path, part: Tree, numbers: Iterable[Tree]) -> Iterator[Edit]:
    match part:
        case Call("-", (left, right)):
            yield Edit(EditKind.NEGATE, path, call("-", right, left))
        case Call("neg", (operand,)):
            yield Edit(EditKind.NEGATE, path, operand)
        case _:
            yield Edit(EditKind.NEGATE, path, call("neg", part))
    if isinstance(part, Number):
        return
    for number in numbers:
        yield Edit(EditKind.SCALE, path, call("*", number, part), None, number)
        yield Edit(EditKind.SCALE, path, call("/", part, number), None, number)


def _wrapped(expression: Editable, path: Path, part: Tree) -> Iterator[Edit]:
    """Yield a function of a part that is added or multiplied."""
    parent = _parent_of(expression, path)
    if parent is None or parent.function in ("*", "/", "+", "-", "neg", "@", "T"):
        for curve in _TRIED:
            if not (isinstance(part, Call) and part.function == curve):
                yield Edit(EditKind.FUNCTION, path, call(curve, part), part)
        if not isinstance(part, Call) or part.function not in _OPERATORS:
            yield Edit(EditKind.FUNCTION, path, call(">", part, Number(0.0, NOWHERE)), part)


def _powers(expression: Editable, path: Path, part: Tree) -> Iterator[Edit]:
    parent = _parent_of(expression, path)
    if parent is not None and parent.function in ("*", "/", "@", "+", "-", "neg", "T"):
        two = Number(2.0, NOWHERE)
        yield Edit(EditKind.POWER, path, call("**", part, two), None, part)


def _other_numbers(
    expression: Editable, path: Path, part: Tree, value: float, numbers: Mapping[float, Tree]
) -> Iterator[Edit]:
    if _is_exponent(expression, path):
        return
    for other in (1.0, 2.0, 0.5, value + 1, value - 1):
        if other != value:
            yield Edit(EditKind.SCALE, path, Number(other, NOWHERE), part, Number(other, NOWHERE))
    for size, written in numbers.items():
        if size != value:
            yield Edit(EditKind.SCALE, path, written, part, written)


def _other_bounds(expression: Editable, path: Path, part: Number, pool: Pool) -> Iterator[Edit]:
    """Yield names in the place of a number that something is compared with."""
    parent = _parent_of(expression, path)
    if parent is None or parent.function not in _COMPARISONS:
        return
    shape = expression.shape((*path[:-1], 1 - path[-1]))
    for name, id in pool.names.items():
        if expression.builder.nodes[id].shape == shape:
            new = Name(name, NOWHERE)
            yield Edit(EditKind.FUNCTION, path, new, part, new)


def _other_masks(path: Path, part: Call, factors: Iterable[Tree]) -> Iterator[Edit]:
    """Yield the masks of a model in the place of one, with and without the bound itself."""
    for mask in factors:
        if isinstance(mask, Call) and mask.function in _COMPARISONS:
            strict = mask.function.rstrip("=")
            for function in (strict, f"{strict}="):
                new = replace(mask, function=function)
                yield Edit(EditKind.FUNCTION, path, new, part, new)


def _other_exponents(expression: Editable, path: Path, part: Tree) -> Iterator[Edit]:
    """Yield the powers with one factor less and one more."""
    base, one = expression.parts[(*path[:-1], 0)], Number(1.0, NOWHERE)
    match part:
        case Number(value):
            less: Tree = Number(value - 1, NOWHERE)
            more: Tree = Number(value + 1, NOWHERE)
        case Call("-", (whole, Number(1.0))):
            less, more = call("-", whole, Number(2.0, NOWHERE)), whole
        case Call("+", (whole, Number(1.0))):
            less, more = whole, call("+", whole, Number(2.0, NOWHERE))
        case _:
            less, more = call("-", part, one), call("+", part, one)
    yield Edit(EditKind.POWER, path, less, base, None)
    yield Edit(EditKind.POWER, path, more, None, base)


def _other_counts(expression: Editable, path: Path, part: Call, pool: Pool) -> Iterator[Edit]:
    """Yield names of one number in the place of a size: the sum of the weights for len(y)."""
    for name, id in pool.names.items():
        if expression.builder.nodes[id].shape == ():
            new = Name(name, NOWHERE)
            yield Edit(EditKind.REPLACE, path, new, part, new)


def _dropped(path: Path, part: Call) -> Iterator[Edit]:
    function, arguments = part.function, part.arguments
    match function, arguments:
        case (("*" | "@"), (left, right)):
            yield Edit(EditKind.DROP_FACTOR, path, left, right)
            yield Edit(EditKind.DROP_FACTOR, path, right, left)
        case "/", (left, right):
            yield Edit(EditKind.DROP_FACTOR, path, left, right)
            one = Number(1.0, NOWHERE)
            yield Edit(EditKind.DROP_FACTOR, path, call("/", one, right), left)
        case (("+" | "-"), (left, right)):
            yield Edit(EditKind.DROP_TERM, path, left, right)
            kept = right if function == "+" else call("neg", right)
            yield Edit(EditKind.DROP_TERM, path, kept, left)
        case "**", (base, _):
            yield Edit(EditKind.POWER, path, base, base)
        case _ if len(arguments) == 1 and function not in ("neg", "shape", "len"):
            yield Edit(EditKind.DROP_CALL, path, arguments[0], part)
        case _:
            pass


_COMPARISONS = ("<", ">", "<=", ">=")
_OPERATORS = {"+": "-", "-": "+", "*": "/", "/": "*", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_TRIED = tuple(name for name, entry in OPS.items() if entry.tried)
_CURVES = tuple(name for name in _TRIED if OPS[name].elementwise)


def _other_call(expression: Editable, path: Path, part: Call) -> Iterator[Edit]:
    function, arguments = part.function, part.arguments
    if function in _OPERATORS:
        other = _OPERATORS[function]
        change = EditKind.NEGATE if function in "+-" else EditKind.OPERATOR
        yield Edit(change, path, replace(part, function=other), part)
    if function == "-":
        yield Edit(EditKind.NEGATE, path, replace(part, arguments=arguments[::-1]), part)
    if function == "neg":
        yield Edit(EditKind.NEGATE, path, arguments[0], part)
    if function in _COMPARISONS:
        for other in (*_COMPARISONS, "=="):
            if other not in (function, _OPERATORS[function]):
                yield Edit(EditKind.OPERATOR, path, replace(part, function=other), part)
    if function in _ALONG:
        for axis in range(len(expression.shape((*path, 0)))):
            along = replace(part, options=(("axis", axis),))
            yield Edit(EditKind.AXIS, path, along, part)
    parent = _parent_of(expression, path)
    yield from of_complements(path, part)
    if function == "*" and (parent is None or parent.function != "*"):
        yield from of_products(path, part)
    if function == "*":
        yield from _reduced_late(path, part)
    if function == "@":
        yield Edit(EditKind.TRANSPOSE, path, call("@", arguments[1], arguments[0]), part)
    if function in _CURVES:
        for curve in (*_CURVES, *(("softmax",) if function == "exp" else ())):
            if curve != function:
                yield Edit(EditKind.FUNCTION, path, replace(part, function=curve), part)
    if function == "shape":
        for axis in range(len(expression.shape((*path, 0)))):
            counted = replace(part, options=(("axis", axis),))
            yield Edit(EditKind.SCALE, path, counted, part, counted)
            yield Edit(EditKind.ADD_FACTOR, path, call("*", part, counted), None, counted)
    if function == "concat":
        yield from _exchanged(path, part)
    if function in _REDUCTIONS:
        yield from _other_reductions(expression, path, part)


_REDUCTIONS = tuple(name for name, entry in OPS.items() if entry.reduction and entry.linear)
_ALONG = tuple(name for name, entry in OPS.items() if ("axis", -1) in entry.options)


def _exchanged(path: Path, part: Call) -> Iterator[Edit]:
    """Yield a call with two of its operands exchanged, of many two of the first."""
    for one, other in combinations(range(min(len(part.arguments), MAX_FACTORS)), 2):
        operands = list(part.arguments)
        operands[one], operands[other] = operands[other], operands[one]
        new = replace(part, arguments=tuple(operands))
        yield Edit(EditKind.REPLACE, path, new, part.arguments[one], part.arguments[other])


def _reduced_late(path: Path, part: Call) -> Iterator[Edit]:
    """Yield the sum of a product in the place of a product with a sum: sum(a*b), not sum(a)*b."""
    for at, one in enumerate(part.arguments):
        if not _is_reduction(_unsigned(one)):
            continue
        operands = list(part.arguments)
        for place, other in enumerate(operands):
            inner = _unsigned(other)
            if isinstance(inner, Call) and (place == at or _is_reduction(inner)):
                (summed,) = inner.arguments
                operands[place] = summed if inner is other else call("neg", summed)
        whole = _unsigned(one)
        assert isinstance(whole, Call)
        yield Edit(EditKind.AXIS, path, replace(whole, arguments=(call("*", *operands),)), part)


def _is_reduction(tree: Tree) -> bool:
    return isinstance(tree, Call) and tree.function in _REDUCTIONS


def _other_reductions(expression: Editable, path: Path, part: Call) -> Iterator[Edit]:
    given = dict(part.options)
    rank = len(expression.shape((*path, 0)))
    own = given.get("axis")
    axes = dict.fromkeys([own, None, *range(rank)]) if rank > 1 else [own]
    for function in _REDUCTIONS:
        for axis in axes:
            for keepdims in (False, True):
                options = {"axis": axis} if axis is not None else {}
                options |= {"keepdims": True} if keepdims else {}
                changed = Call(function, part.arguments, tuple(options.items()), NOWHERE)
                yield Edit(EditKind.AXIS, path, changed, part)


def _turned(expression: Editable, path: Path, part: Tree) -> Iterator[Edit]:
    """Yield transposes and sums of a part that is an array."""
    rank = len(expression.shape(path))
    parent = _parent_of(expression, path)
    if rank == 2:
        if isinstance(part, Call) and part.function == "T":
            yield Edit(EditKind.TRANSPOSE, path, part.arguments[0], part)
        elif isinstance(part, Call) and part.function == "@":
            left, right = map(_turned_back, part.arguments)
            yield Edit(EditKind.TRANSPOSE, path, call("@", right, left), part)
        elif parent is None or parent.function != "T":
            yield Edit(EditKind.TRANSPOSE, path, call("T", part), part)
    elif rank > 2 and (parent is None or parent.function != "transpose"):
        if isinstance(part, Call) and part.function == "transpose":
            yield Edit(EditKind.TRANSPOSE, path, part.arguments[0], part)
        else:
            last = WholeNumbers((*range(rank - 2), rank - 1, rank - 2), NOWHERE)
            yield Edit(EditKind.TRANSPOSE, path, call("transpose", part, last), part)
    if rank and (path == () or parent is None or parent.function in ("*", "/", "+", "-", "neg")):
        yield Edit(EditKind.REDUCE, path, call("sum", part), None, part)
        for axis in range(rank) if rank > 1 else ():
            yield Edit(EditKind.REDUCE, path, call("sum", part, axis=axis), None, part)
            kept = (("axis", axis), ("keepdims", True))
            yield Edit(EditKind.REDUCE, path, Call("sum", (part,), kept, NOWHERE), None, part)


def _plus(part: Tree, term: Tree) -> Tree:
    """Return a part and a term added up, a negative part taken away: 1 - x for -x."""
    match part:
        case Call("neg", (operand,)):
            return call("-", term, operand)
    return call("+", part, term)


def _unsigned(tree: Tree) -> Tree:
    return tree.arguments[0] if isinstance(tree, Call) and tree.function == "neg" else tree


def _multiplied(path: Path, part: Tree, factor: Tree) -> Iterator[Edit]:
    yield Edit(EditKind.ADD_FACTOR, path, call("*", part, factor), None, factor)
    yield Edit(EditKind.ADD_FACTOR, path, call("/", part, factor), None, factor)
    if path == () or isinstance(factor, Name):
        turned = _turned_back(factor)
        for one in (factor, turned):
            yield Edit(EditKind.ADD_FACTOR, path, call("@", part, one), None, one)
            yield Edit(EditKind.ADD_FACTOR, path, call("@", one, part), None, one)


def _turned_back(tree: Tree) -> Tree:
    if isinstance(tree, Call) and tree.function == "T":
        return tree.arguments[0]
    return call("T", tree)
