"""The small changes of an expression, one by one: what may be left out, added or mistaken in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from itertools import combinations, product

from msgspec.structs import replace

from gradtui.diagnosis.edits import NOWHERE, Change, Edit, Editable, Path, Pool, call
from gradtui.engine.expression import Call, Name, Number, Tree
from gradtui.engine.handwritten import names_in
from gradtui.engine.shapes import Shape

MAX_PARTS, MAX_FACTORS = 80, 6
"""Parts of an expression that are changed, and factors of a product of which two are dropped; a
longer one is only changed near its root."""
MOST_ALIKE = 12
"""Names that are tried in the place of each that a term reads."""


def small_edits(expression: Editable, pool: Pool) -> Iterator[Edit]:
    """Yield the edits that take away or change what is there, or scale it."""
    yield from _renamings(expression, pool)
    for path, part in _places(expression):
        if _is_additive(expression, path):
            yield from _rescaled(path, part, pool.numbers.values())
        match part:
            case Number(value):
                yield from _other_numbers(expression, path, part, value, pool.numbers)
                yield from _other_bounds(expression, path, part, pool)
            case Name():
                yield from _other_names(expression, path, part, pool)
            case Call():
                if not _is_exponent(expression, path):
                    yield from _dropped(path, part)
                yield from _other_call(expression, path, part)
        if _is_exponent(expression, path):
            yield from _other_exponents(expression, path, part)
        if _is_value(expression, path, part):
            yield from _powers(expression, path, part)
            yield from _wrapped(expression, path, part)
            yield from _turned(expression, path, part)


def insertions(expression: Editable, pool: Pool) -> Iterator[Edit]:
    """Yield the edits that put a factor or a term in, or another factor in a factor's place."""
    yield from _more_alike(expression, pool)
    for path, part in _places(expression):
        parent = _parent_of(expression, path)
        inner = parent is not None and parent.function in ("shape", "len", "**", "expand", "T")
        if inner or (isinstance(part, Call) and part.function in ("shape", "len")):
            continue
        for factor in pool.factors:
            yield from _multiplied(path, part, factor)
            if _is_factor(expression, path):
                yield Edit(Change.REPLACE_FACTOR, path, factor, part, factor)
        for term in map(_unsigned, pool.terms):
            yield Edit(Change.ADD_TERM, path, call("+", part, term), None, term)
            yield Edit(Change.ADD_TERM, path, call("-", part, term), None, term)
            if isinstance(term, Number):
                yield Edit(Change.ADD_TERM, path, call("-", term, part), None, term)


def _more_alike(expression: Editable, pool: Pool) -> Iterator[Edit]:
    """Yield one more term like one that is there, in other names: that of another step or path."""
    nodes = expression.builder.nodes
    for term in _terms(expression.tree):
        read = list(dict.fromkeys(name.name for name in names_in(term)))
        own = [expression.names[name] for name in read if name in expression.names]
        if not 0 < len(own) == len(read) <= 2 or any(nodes[id].shape == () for id in own):
            continue
        others = (
            [name for name, id in pool.names.items() if id != at and nodes[id].shape == shape]
            for at, shape in zip(own, (nodes[id].shape for id in own), strict=True)
        )
        for names in product(*(one[-MOST_ALIKE:] for one in others)):
            new = _renamed(term, dict(zip(read, names, strict=True)))
            for sign in "+-":
                yield Edit(Change.ADD_TERM, (), call(sign, expression.tree, new), None, new)


def _renamings(expression: Editable, pool: Pool) -> Iterator[Edit]:
    """Yield another name in all the places of one: a slope at another point, p*(1 - p)."""
    nodes, read = expression.builder.nodes, Counter(one.name for one in names_in(expression.tree))
    for name in (one for one, times in read.items() if times > 1 and one in expression.names):
        own = expression.names[name]
        for other, id in pool.names.items():
            if id != own and _stretches(nodes[id].shape, nodes[own].shape):
                tree = _renamed(expression.tree, {name: other})
                yield Edit(Change.REPLACE, (), tree, Name(name, NOWHERE), Name(other, NOWHERE))


def _stretches(shape: Shape, other: Shape) -> bool:
    """Return whether a value of a shape fits wherever one of another does."""
    return shape == other or (shape == other[len(other) - len(shape) :] and shape != ())


def _terms(tree: Tree) -> list[Tree]:
    """Return what is added up at the root of a tree."""
    if isinstance(tree, Call) and tree.function in ("+", "-"):
        return [term for one in tree.arguments for term in _terms(one)]
    return [tree]


def _renamed(tree: Tree, names: Mapping[str, str]) -> Tree:
    """Return a tree with other names in the place of some."""
    match tree:
        case Name(name):
            return Name(names.get(name, name), NOWHERE)
        case Call():
            return replace(tree, arguments=tuple(_renamed(one, names) for one in tree.arguments))
    return tree


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
            yield Edit(Change.NEGATE, path, call("-", right, left))
        case Call("neg", (operand,)):
            yield Edit(Change.NEGATE, path, operand)
        case _:
            yield Edit(Change.NEGATE, path, call("neg", part))
    if isinstance(part, Number):
        return
    for number in numbers:
        yield Edit(Change.SCALE, path, call("*", number, part), None, number)
        yield Edit(Change.SCALE, path, call("/", part, number), None, number)


def _wrapped(expression: Editable, path: Path, part: Tree) -> Iterator[Edit]:
    """Yield a function of a part that is added or multiplied."""
    parent = _parent_of(expression, path)
    if parent is None or parent.function in ("*", "/", "+", "-", "neg", "@", "T"):
        for curve in (*_CURVES, "softmax", "log_softmax"):
            if not (isinstance(part, Call) and part.function == curve):
                yield Edit(Change.FUNCTION, path, call(curve, part), part)
        if not isinstance(part, Call) or part.function not in _OPERATORS:
            yield Edit(Change.FUNCTION, path, call(">", part, Number(0.0, NOWHERE)), part)


def _powers(expression: Editable, path: Path, part: Tree) -> Iterator[Edit]:
    parent = _parent_of(expression, path)
    if parent is not None and parent.function in ("*", "/", "@", "+", "-", "neg", "T"):
        two = Number(2.0, NOWHERE)
        yield Edit(Change.POWER, path, call("**", part, two), None, part)


def _other_numbers(
    expression: Editable, path: Path, part: Tree, value: float, numbers: Mapping[float, Tree]
) -> Iterator[Edit]:
    if _is_exponent(expression, path):
        return
    for other in (1.0, 2.0, 0.5, value + 1, value - 1):
        if other != value:
            yield Edit(Change.SCALE, path, Number(other, NOWHERE), part, Number(other, NOWHERE))
    for size, written in numbers.items():
        if size != value:
            yield Edit(Change.SCALE, path, written, part, written)


def _other_bounds(expression: Editable, path: Path, part: Number, pool: Pool) -> Iterator[Edit]:
    """Yield names in the place of a number that something is compared with."""
    parent = _parent_of(expression, path)
    if parent is None or parent.function not in _COMPARISONS:
        return
    shape = expression.shape((*path[:-1], 1 - path[-1]))
    for name, id in pool.names.items():
        if expression.builder.nodes[id].shape == shape:
            new = Name(name, NOWHERE)
            yield Edit(Change.FUNCTION, path, new, part, new)


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
    yield Edit(Change.POWER, path, less, base, None)
    yield Edit(Change.POWER, path, more, None, base)


def _other_names(expression: Editable, path: Path, part: Name, pool: Pool) -> Iterator[Edit]:
    nodes, own = expression.builder.nodes, expression.names.get(part.name)
    if own is None:
        return
    for name, id in pool.names.items():
        if id != own and nodes[id].shape == nodes[own].shape:
            yield Edit(Change.REPLACE, path, Name(name, NOWHERE), part, Name(name, NOWHERE))


def _dropped(path: Path, part: Call) -> Iterator[Edit]:
    function, arguments = part.function, part.arguments
    match function, arguments:
        case (("*" | "@"), (left, right)):
            yield Edit(Change.DROP_FACTOR, path, left, right)
            yield Edit(Change.DROP_FACTOR, path, right, left)
        case "/", (left, right):
            yield Edit(Change.DROP_FACTOR, path, left, right)
            one = Number(1.0, NOWHERE)
            yield Edit(Change.DROP_FACTOR, path, call("/", one, right), left)
        case (("+" | "-"), (left, right)):
            yield Edit(Change.DROP_TERM, path, left, right)
            kept = right if function == "+" else call("neg", right)
            yield Edit(Change.DROP_TERM, path, kept, left)
        case "**", (base, _):
            yield Edit(Change.POWER, path, base, base)
        case _ if len(arguments) == 1 and function not in ("neg", "shape", "len"):
            yield Edit(Change.DROP_CALL, path, arguments[0], part)
        case _:
            pass


def _two_dropped(path: Path, part: Call) -> Iterator[Edit]:
    """Yield a product without two of its factors."""
    factors, pending = list[Tree](), list[Tree]([part])
    while pending:
        one = pending.pop()
        if isinstance(one, Call) and one.function == "*":
            pending += [one.arguments[1], one.arguments[0]]
        else:
            factors.append(one)
    for first, second in combinations(range(min(len(factors), MAX_FACTORS)), 2):
        kept = [one for at, one in enumerate(factors) if at not in (first, second)]
        if kept:
            rest = reduce(lambda left, right: call("*", left, right), kept)
            gone = call("*", factors[first], factors[second])
            yield Edit(Change.DROP_FACTOR, path, rest, gone)


_COMPARISONS = ("<", ">", "<=", ">=")
_OPERATORS = {"+": "-", "-": "+", "*": "/", "/": "*", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_CURVES = ("exp", "log", "sqrt", "tanh", "sigmoid", "relu", "sin", "cos")


def _other_call(expression: Editable, path: Path, part: Call) -> Iterator[Edit]:
    function, arguments = part.function, part.arguments
    if function in _OPERATORS:
        other = _OPERATORS[function]
        change = Change.NEGATE if function in "+-" else Change.OPERATOR
        yield Edit(change, path, replace(part, function=other), part)
    if function == "-":
        yield Edit(Change.NEGATE, path, replace(part, arguments=arguments[::-1]), part)
    if function == "neg":
        yield Edit(Change.NEGATE, path, arguments[0], part)
    parent = _parent_of(expression, path)
    if function == "*" and (parent is None or parent.function != "*"):
        yield from _two_dropped(path, part)
    if function == "@":
        yield Edit(Change.TRANSPOSE, path, call("@", arguments[1], arguments[0]), part)
    if function in _CURVES:
        for curve in (*_CURVES, *(("softmax",) if function == "exp" else ())):
            if curve != function:
                yield Edit(Change.FUNCTION, path, replace(part, function=curve), part)
    if function == "shape":
        for axis in range(len(expression.shape((*path, 0)))):
            counted = replace(part, options=(("axis", axis),))
            yield Edit(Change.SCALE, path, counted, part, counted)
    if function in ("sum", "mean"):
        yield from _other_reductions(expression, path, part)


def _other_reductions(expression: Editable, path: Path, part: Call) -> Iterator[Edit]:
    given = dict(part.options)
    rank = len(expression.shape((*path, 0)))
    axes = [None, *range(rank)] if rank > 1 else [given.get("axis")]
    for function in ("sum", "mean"):
        for axis in axes:
            for keepdims in (False, True):
                options = {"axis": axis} if axis is not None else {}
                options |= {"keepdims": True} if keepdims else {}
                changed = Call(function, part.arguments, tuple(options.items()), NOWHERE)
                yield Edit(Change.AXIS, path, changed, part)


def _turned(expression: Editable, path: Path, part: Tree) -> Iterator[Edit]:
    """Yield transposes and sums of a part that is an array."""
    rank = len(expression.shape(path))
    parent = _parent_of(expression, path)
    if rank == 2:
        if isinstance(part, Call) and part.function == "T":
            yield Edit(Change.TRANSPOSE, path, part.arguments[0], part)
        elif parent is None or parent.function != "T":
            yield Edit(Change.TRANSPOSE, path, call("T", part), part)
    if rank and (path == () or parent is None or parent.function in ("*", "/", "+", "-", "neg")):
        yield Edit(Change.REDUCE, path, call("sum", part), None, part)
        for axis in range(rank) if rank > 1 else ():
            yield Edit(Change.REDUCE, path, call("sum", part, axis=axis), None, part)
            kept = (("axis", axis), ("keepdims", True))
            yield Edit(Change.REDUCE, path, Call("sum", (part,), kept, NOWHERE), None, part)


def _unsigned(tree: Tree) -> Tree:
    return tree.arguments[0] if isinstance(tree, Call) and tree.function == "neg" else tree


def _multiplied(path: Path, part: Tree, factor: Tree) -> Iterator[Edit]:
    yield Edit(Change.ADD_FACTOR, path, call("*", part, factor), None, factor)
    yield Edit(Change.ADD_FACTOR, path, call("/", part, factor), None, factor)
    if path == () or isinstance(factor, Name):
        turned = _turned_back(factor)
        for one in (factor, turned):
            yield Edit(Change.ADD_FACTOR, path, call("@", part, one), None, one)
            yield Edit(Change.ADD_FACTOR, path, call("@", one, part), None, one)


def _turned_back(tree: Tree) -> Tree:
    if isinstance(tree, Call) and tree.function == "T":
        return tree.arguments[0]
    return call("T", tree)
