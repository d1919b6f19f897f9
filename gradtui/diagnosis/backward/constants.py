"""Constant factors of an expression, written as people write them: x/n, by name where they can."""

from __future__ import annotations

import math
from collections.abc import Mapping

from msgspec.structs import replace

from gradtui.diagnosis.backward.trial import rounded
from gradtui.language.parser import Call, Number, Tree
from gradtui.language.trees import NOWHERE, call

_TINY = 1e-300
"""Constants up to this size are written as they are, not as an inverse."""


def scaled(tree: Tree, scale: float, numbers: Mapping[float, Tree]) -> Tree:
    """Return a tree times a constant, written as a quotient or by name if that fits."""
    if scale == 1.0:
        return tree
    if scale < 0:
        bare = tree.arguments[0] if isinstance(tree, Call) and tree.function == "neg" else None
        return scaled(bare, -scale, numbers) if bare else call("neg", scaled(tree, -scale, numbers))
    for value, written in numbers.items():
        if abs(value * scale - 1) < 1e-9:
            return call("/", tree, written)
        if abs(value - scale) < 1e-9 * value:
            return call("*", written, tree)
    match tree:
        case Call("/", (Number(1.0), divisor)):
            return call("/", scaled(Number(1.0, NOWHERE), scale, numbers), divisor)
    inverse = rounded(1 / scale) if abs(scale) > _TINY else 0.0
    if inverse and inverse == round(inverse):
        return call("/", tree, Number(inverse, NOWHERE))
    return call("*", Number(scale, NOWHERE), tree)


def tidied(tree: Tree, numbers: Mapping[float, Tree]) -> Tree:
    """Return a tree with its constant factors combined, as a person writes them: x/n."""
    if not isinstance(tree, Call):
        return tree
    factor, rest = _constant_of(tree)
    if rest is None or not math.isfinite(factor):
        return tree
    if isinstance(rest, Call):
        rest = replace(rest, arguments=tuple(tidied(one, numbers) for one in rest.arguments))
    match rest:
        case Call("*", (Call("/", (Number(1.0), divisor)), other)):
            rest = call("/", other, divisor)
    return scaled(rest, rounded(factor), numbers)


def opened(tree: Tree, numbers: Mapping[float, Tree]) -> Tree:
    """Return a sum times a constant as the sum of its terms times that constant, each tidied."""
    factor, rest = _constant_of(tree)
    if not isinstance(rest, Call) or rest.function not in ("+", "-"):
        return tidied(tree, numbers)
    terms = (call("*", Number(factor, NOWHERE), term) for term in rest.arguments)
    return replace(rest, arguments=tuple(opened(term, numbers) for term in terms))


def _constant_of(tree: Tree) -> tuple[float, Tree | None]:
    """Return the constant that a product starts or ends with, and the rest, if any."""
    match tree:
        case Number(value):
            return value, None
        case Call("neg", (operand,)):
            factor, rest = _constant_of(operand)
            return -factor, rest
        case Call("expand" | "T", (operand,)):
            factor, rest = _constant_of(operand)
            return factor, None if rest is None else replace(tree, arguments=(rest,))
        case Call("@", (left, right)):
            (one, before), (other, after) = _constant_of(left), _constant_of(right)
            if before is not None and after is not None:
                return one * other, replace(tree, arguments=(before, after))
        case Call("sum" | "mean", (operand,)):
            factor, rest = _constant_of(operand)
            if rest is not None and rest is not operand:
                return factor, replace(tree, arguments=(rest,))
        case Call("+" | "-", (left, right)):
            (one, before), (other, after) = _constant_of(left), _constant_of(right)
            if one == other != 1.0 and before is not None and after is not None:
                return one, replace(tree, arguments=(before, after))
        case Call("*", (left, right)):
            (one, before), (other, after) = _constant_of(left), _constant_of(right)
            if before is None or after is None:
                return one * other, before or after
            return one * other, replace(tree, arguments=(before, after))
        case Call("/", (left, right)):
            (one, before), (other, after) = _constant_of(left), _constant_of(right)
            if other and (after is None or before is not None):
                rest = before if after is None else replace(tree, arguments=(before, after))
                return one / other, rest
            if other and before is None and after is not None and one != 1.0:
                return one / other, call("/", Number(1.0, NOWHERE), after)
    return 1.0, tree
