"""Changes of a product as a whole: two factors dropped, the slope of another unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import combinations

from gradtui.diagnosis.edits import EditKind, Tweak
from gradtui.language.parser import Call, Number, Tree
from gradtui.language.trees import NOWHERE, Path, call, operands_of, same

MAX_FACTORS = 6
"""Most factors of a product from which two are dropped."""
_ONE = Number(1.0, NOWHERE)


def of_products(path: Path, part: Call) -> Iterator[Tweak]:
    """Yield the edits of two factors of a product, and of the slope s*(1 - s) in it."""
    factors = operands_of(part, "*")
    yield from _two_dropped(path, factors)
    yield from _other_slopes(path, factors)


def of_complements(path: Path, part: Call) -> Iterator[Tweak]:
    """Yield x for 1 - x, and for tanh's slope, 1 - s**2, the sigmoid's and the value itself."""
    taken = _taken_from_one(part)
    if taken is not None:
        yield Tweak(path, taken, EditKind.REPLACE, part, taken)
    base = _squared(taken)
    if base is not None:
        slope = call("*", base, call("-", _ONE, base))
        yield Tweak(path, slope, EditKind.FUNCTION, part, slope)
        yield Tweak(path, base, EditKind.FUNCTION, part)


def product(factors: Sequence[Tree]) -> Tree:
    """Return the product of some factors."""
    return reduce(lambda left, right: call("*", left, right), factors)


def _two_dropped(path: Path, factors: Sequence[Tree]) -> Iterator[Tweak]:
    """Yield a product without two of its factors."""
    for first, second in combinations(range(min(len(factors), MAX_FACTORS)), 2):
        kept = [one for at, one in enumerate(factors) if at not in (first, second)]
        if kept:
            gone = call("*", factors[first], factors[second])
            yield Tweak(path, product(kept), EditKind.DROP_FACTOR, gone)


def _other_slopes(path: Path, factors: Sequence[Tree]) -> Iterator[Tweak]:
    """Yield other slopes for the sigmoid's in a product, s*(1 - s).

    They are the slope of tanh, 1 - s**2, and the whole vector-Jacobian products of softmax and its
    logarithm, in which every output depends on every input: s*(g - sum(g*s)) and g - s*sum(g).
    """
    for one in factors:
        base = _taken_from_one(one)
        if base is None or not any(same(base, other) for other in factors):
            continue
        rest = [other for other in factors if other is not one and not same(other, base)]
        slope = call("-", _ONE, call("**", base, Number(2.0, NOWHERE)))
        whole = product([*rest, slope])
        yield Tweak(path, whole, EditKind.FUNCTION, call("*", base, one), slope)
        if rest:
            flow = product(rest)
            through = call("*", base, call("-", flow, _summed(call("*", flow, base))))
            of_logarithm = call("-", flow, call("*", base, _summed(flow)))
            for tree in (through, of_logarithm):
                yield Tweak(path, tree, EditKind.FUNCTION, product(factors), tree)


def _summed(tree: Tree) -> Tree:
    return Call("sum", (tree,), (("axis", -1), ("keepdims", True)), NOWHERE)


def _taken_from_one(tree: Tree) -> Tree | None:
    """Return x of 1 - x."""
    match tree:
        case Call("-", (Number(1.0), taken)):
            return taken
    return None


def _squared(tree: Tree | None) -> Tree | None:
    """Return x of x**2 and of x*x."""
    match tree:
        case Call("**", (base, Number(2.0))):
            return base
        case Call("*", (left, right)) if same(left, right):
            return left
    return None
