"""Small changes of an expression, one by one: parts dropped, added or mistaken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from msgspec.structs import replace

from gradtui.diagnosis.edits import Editable, EditKind, Pool, Tweak
from gradtui.diagnosis.products import MAX_FACTORS, of_complements, of_products
from gradtui.diagnosis.renamings import more_alike, other_names, renamings
from gradtui.engine.ops import OPS
from gradtui.language.parser import Call, Name, Number, Tree, WholeNumbers
from gradtui.language.trees import NOWHERE, Path, call

MAX_PARTS = 80
"""Most parts of an expression that are changed; a longer one is changed near its root only."""


def small_edits(expression: Editable, pool: Pool) -> Iterator[Tweak]:
    """Yield the edits that drop, change or scale a part."""
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


def insertions(expression: Editable, pool: Pool, *, whole: bool = False) -> Iterator[Tweak]:
    """Yield the edits that insert a factor or a term, or replace a factor.

    With `whole`, they are inserted into the expression as a whole, not into its parts.
    """
    yield from more_alike(expression, pool)
    for path, part in _places(expression)[: 1 if whole else None]:
        parent = _parent_of(expression, path)
        inner = parent is not None and parent.function in ("shape", "len", "**", "expand", "T")
        if inner or (isinstance(part, Call) and part.function in ("shape", "len")):
            continue
        if isinstance(part, Call) and part.function in _COMPARISONS:
            yield from _other_masks(path, part, pool.factors)
        for factor in pool.factors:
            one = isinstance(part, Number) and part.value == 1.0
            if one:
                yield Tweak(path, call("/", part, factor), EditKind.ADD_FACTOR, None, factor)
            else:
                yield from _multiplied(path, part, factor)
            if one or _is_factor(expression, path):
                yield Tweak(path, factor, EditKind.REPLACE_FACTOR, part, factor)
        for term in map(_unsigned, pool.terms):
            yield Tweak(path, _plus(part, term), EditKind.ADD_TERM, None, term)
            yield Tweak(path, call("-", part, term), EditKind.ADD_TERM, None, term)
            if isinstance(term, Number):
                yield Tweak(path, call("-", term, part), EditKind.ADD_TERM, None, term)


def _places(expression: Editable) -> list[tuple[Path, Tree]]:
    """Return the parts to change, those near the root first."""
    paths = sorted(expression.parts, key=lambda path: (len(path), path))
    return [(path, expression.parts[path]) for path in paths[:MAX_PARTS]]


def _parent_of(expression: Editable, path: Path) -> Call | None:
    parent = expression.parts[path[:-1]] if path else None
    assert parent is None or isinstance(parent, Call)
    return parent


def _is_additive(expression: Editable, path: Path) -> bool:
    """Return whether a part is a term, or an operand with a sign and size of its own."""
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


def _rescaled(path: Path, part: Tree, numbers: Iterable[Tree]) -> Iterator[Tweak]:
    match part:
        case Call("-", (left, right)):
            yield Tweak(path, call("-", right, left), EditKind.NEGATE)
        case Call("neg", (operand,)):
            yield Tweak(path, operand, EditKind.NEGATE)
        case _:
            yield Tweak(path, call("neg", part), EditKind.NEGATE)
    if isinstance(part, Number):
        return
    for number in numbers:
        yield Tweak(path, call("*", number, part), EditKind.SCALE, None, number)
        yield Tweak(path, call("/", part, number), EditKind.SCALE, None, number)


def _wrapped(expression: Editable, path: Path, part: Tree) -> Iterator[Tweak]:
    """Yield a function of a part that is added or multiplied."""
    parent = _parent_of(expression, path)
    if parent is None or parent.function in ("*", "/", "+", "-", "neg", "@", "T"):
        for curve in _TRIED:
            if not (isinstance(part, Call) and part.function == curve):
                yield Tweak(path, call(curve, part), EditKind.FUNCTION, part)
        if not isinstance(part, Call) or part.function not in _OPERATORS:
            yield Tweak(path, call(">", part, Number(0.0, NOWHERE)), EditKind.FUNCTION, part)


def _powers(expression: Editable, path: Path, part: Tree) -> Iterator[Tweak]:
    parent = _parent_of(expression, path)
    if parent is not None and parent.function in ("*", "/", "@", "+", "-", "neg", "T"):
        two = Number(2.0, NOWHERE)
        yield Tweak(path, call("**", part, two), EditKind.POWER, None, part)


def _other_numbers(
    expression: Editable, path: Path, part: Tree, value: float, numbers: Mapping[float, Tree]
) -> Iterator[Tweak]:
    if _is_exponent(expression, path):
        return
    for other in (1.0, 2.0, 0.5, value + 1, value - 1):
        if other != value:
            yield Tweak(path, Number(other, NOWHERE), EditKind.SCALE, part, Number(other, NOWHERE))
    for size, written in numbers.items():
        if size != value:
            yield Tweak(path, written, EditKind.SCALE, part, written)


def _other_bounds(expression: Editable, path: Path, part: Number, pool: Pool) -> Iterator[Tweak]:
    """Yield names to replace a number in a comparison."""
    parent = _parent_of(expression, path)
    if parent is None or parent.function not in _COMPARISONS:
        return
    shape = expression.shape((*path[:-1], 1 - path[-1]))
    for name, id in pool.names.items():
        if expression.builder.nodes[id].shape == shape:
            new = Name(name, NOWHERE)
            yield Tweak(path, new, EditKind.FUNCTION, part, new)


def _other_masks(path: Path, part: Call, factors: Iterable[Tree]) -> Iterator[Tweak]:
    """Yield the model's masks to replace one, with and without the bound itself."""
    for mask in factors:
        if isinstance(mask, Call) and mask.function in _COMPARISONS:
            strict = mask.function.rstrip("=")
            for function in (strict, f"{strict}="):
                new = replace(mask, function=function)
                yield Tweak(path, new, EditKind.FUNCTION, part, new)


def _other_exponents(expression: Editable, path: Path, part: Tree) -> Iterator[Tweak]:
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
    yield Tweak(path, less, EditKind.POWER, base, None)
    yield Tweak(path, more, EditKind.POWER, None, base)


def _other_counts(expression: Editable, path: Path, part: Call, pool: Pool) -> Iterator[Tweak]:
    """Yield what may replace a size: the sum of the weights for len(y), or a matrix's whole size.

    All elements are counted where the model averages a matrix of the same shape.
    """
    (array,) = part.arguments
    if expression.shape((*path, 0)) in pool.averaged:
        rows, columns = (Call("shape", (array,), (("axis", at),), NOWHERE) for at in (0, 1))
        whole = call("*", rows, columns)
        yield Tweak(path, whole, EditKind.SCALE, part, whole)
    for name, id in pool.names.items():
        if expression.builder.nodes[id].shape == ():
            new = Name(name, NOWHERE)
            yield Tweak(path, new, EditKind.REPLACE, part, new)


def _dropped(path: Path, part: Call) -> Iterator[Tweak]:
    function, arguments = part.function, part.arguments
    match function, arguments:
        case (("*" | "@"), (left, right)):
            yield Tweak(path, left, EditKind.DROP_FACTOR, right)
            yield Tweak(path, right, EditKind.DROP_FACTOR, left)
        case "/", (left, right):
            yield Tweak(path, left, EditKind.DROP_FACTOR, right)
            one = Number(1.0, NOWHERE)
            yield Tweak(path, call("/", one, right), EditKind.DROP_FACTOR, left)
        case (("+" | "-"), (left, right)):
            yield Tweak(path, left, EditKind.DROP_TERM, right)
            kept = right if function == "+" else call("neg", right)
            yield Tweak(path, kept, EditKind.DROP_TERM, left)
        case "**", (base, _):
            yield Tweak(path, base, EditKind.POWER, base)
        case _ if len(arguments) == 1 and function not in ("neg", "shape", "len"):
            yield Tweak(path, arguments[0], EditKind.DROP_CALL, part)
        case _:
            pass


_COMPARISONS = ("<", ">", "<=", ">=")
_OPERATORS = {"+": "-", "-": "+", "*": "/", "/": "*", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_TRIED = tuple(name for name, entry in OPS.items() if entry.tried)
_CURVES = tuple(name for name in _TRIED if OPS[name].elementwise)


def _other_call(expression: Editable, path: Path, part: Call) -> Iterator[Tweak]:
    function, arguments = part.function, part.arguments
    if function in _OPERATORS:
        other = _OPERATORS[function]
        change = EditKind.NEGATE if function in "+-" else EditKind.OPERATOR
        yield Tweak(path, replace(part, function=other), change, part)
    if function == "-":
        yield Tweak(path, replace(part, arguments=arguments[::-1]), EditKind.NEGATE, part)
    if function == "neg":
        yield Tweak(path, arguments[0], EditKind.NEGATE, part)
    if function in _COMPARISONS:
        for other in (*_COMPARISONS, "=="):
            if other not in (function, _OPERATORS[function]):
                yield Tweak(path, replace(part, function=other), EditKind.OPERATOR, part)
    if function in _ALONG:
        for axis in range(len(expression.shape((*path, 0)))):
            along = replace(part, options=(("axis", axis),))
            yield Tweak(path, along, EditKind.AXIS, part)
    parent = _parent_of(expression, path)
    yield from of_complements(path, part)
    if function == "*" and (parent is None or parent.function != "*"):
        yield from of_products(path, part)
    if function == "*":
        yield from _reduced_late(path, part)
    if function == "@":
        yield Tweak(path, call("@", arguments[1], arguments[0]), EditKind.TRANSPOSE, part)
    if function in _CURVES:
        for curve in (*_CURVES, *(("softmax",) if function == "exp" else ())):
            if curve != function:
                yield Tweak(path, replace(part, function=curve), EditKind.FUNCTION, part)
    if function == "shape":
        for axis in range(len(expression.shape((*path, 0)))):
            counted = replace(part, options=(("axis", axis),))
            yield Tweak(path, counted, EditKind.SCALE, part, counted)
            yield Tweak(path, call("*", part, counted), EditKind.ADD_FACTOR, None, counted)
    if function == "concat":
        yield from _exchanged(path, part)
    if function in _REDUCTIONS:
        yield from _other_reductions(expression, path, part)


_REDUCTIONS = tuple(name for name, entry in OPS.items() if entry.reduction and entry.linear)
_ALONG = tuple(name for name, entry in OPS.items() if ("axis", -1) in entry.options)


def _exchanged(path: Path, part: Call) -> Iterator[Tweak]:
    """Yield a call with two operands exchanged; of many operands, two of the first."""
    for one, other in combinations(range(min(len(part.arguments), MAX_FACTORS)), 2):
        operands = list(part.arguments)
        operands[one], operands[other] = operands[other], operands[one]
        new = replace(part, arguments=tuple(operands))
        yield Tweak(path, new, EditKind.REPLACE, part.arguments[one], part.arguments[other])


def _reduced_late(path: Path, part: Call) -> Iterator[Tweak]:
    """Yield the sum of a product to replace a product with a sum: sum(a*b), not sum(a)*b."""
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
        yield Tweak(path, replace(whole, arguments=(call("*", *operands),)), EditKind.AXIS, part)


def _is_reduction(tree: Tree) -> bool:
    return isinstance(tree, Call) and tree.function in _REDUCTIONS


def _other_reductions(expression: Editable, path: Path, part: Call) -> Iterator[Tweak]:
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
                yield Tweak(path, changed, EditKind.AXIS, part)


def _turned(expression: Editable, path: Path, part: Tree) -> Iterator[Tweak]:
    """Yield transposes and sums of a part that is an array."""
    rank = len(expression.shape(path))
    parent = _parent_of(expression, path)
    if rank == 2:
        if isinstance(part, Call) and part.function == "T":
            yield Tweak(path, part.arguments[0], EditKind.TRANSPOSE, part)
        elif isinstance(part, Call) and part.function == "@":
            left, right = map(_turned_back, part.arguments)
            yield Tweak(path, call("@", right, left), EditKind.TRANSPOSE, part)
        elif parent is None or parent.function != "T":
            yield Tweak(path, call("T", part), EditKind.TRANSPOSE, part)
    elif rank > 2 and (parent is None or parent.function != "transpose"):
        if isinstance(part, Call) and part.function == "transpose":
            yield Tweak(path, part.arguments[0], EditKind.TRANSPOSE, part)
        else:
            last = WholeNumbers((*range(rank - 2), rank - 1, rank - 2), NOWHERE)
            yield Tweak(path, call("transpose", part, last), EditKind.TRANSPOSE, part)
    if rank and (path == () or parent is None or parent.function in ("*", "/", "+", "-", "neg")):
        yield Tweak(path, call("sum", part), EditKind.REDUCE, None, part)
        for axis in range(rank) if rank > 1 else ():
            yield Tweak(path, call("sum", part, axis=axis), EditKind.REDUCE, None, part)
            kept = (("axis", axis), ("keepdims", True))
            yield Tweak(path, Call("sum", (part,), kept, NOWHERE), EditKind.REDUCE, None, part)


def _plus(part: Tree, term: Tree) -> Tree:
    """Return the sum of a part and a term, with a negative part subtracted: 1 - x for -x."""
    match part:
        case Call("neg", (operand,)):
            return call("-", term, operand)
    return call("+", part, term)


def _unsigned(tree: Tree) -> Tree:
    return tree.arguments[0] if isinstance(tree, Call) and tree.function == "neg" else tree


def _multiplied(path: Path, part: Tree, factor: Tree) -> Iterator[Tweak]:
    yield Tweak(path, call("*", part, factor), EditKind.ADD_FACTOR, None, factor)
    yield Tweak(path, call("/", part, factor), EditKind.ADD_FACTOR, None, factor)
    if path == () or isinstance(factor, Name):
        turned = _turned_back(factor)
        for one in (factor, turned):
            yield Tweak(path, call("@", part, one), EditKind.ADD_FACTOR, None, one)
            yield Tweak(path, call("@", one, part), EditKind.ADD_FACTOR, None, one)


def _turned_back(tree: Tree) -> Tree:
    if isinstance(tree, Call) and tree.function == "T":
        return tree.arguments[0]
    return call("T", tree)
