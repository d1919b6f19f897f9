"""What names tell: which are confused with one another, and which operands they are made of."""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.roles import is_gradient_of
from gradtui.diagnosis.recorded.blame.trees import target_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit

_OPPOSITES = (
    {"add", "sub"}, {"add", "subtract"}, {"plus", "minus"}, {"mul", "div"}, {"sum", "mean"},
    {"min", "max"}, {"sin", "cos"}, {"rows", "columns"},
)  # fmt: skip
_BETWEEN = r"_?(dot|cross|by|times|minus|[xX])?_?"
"""What stands between the names of two operands in that of their product."""
_GRADIENT = re.compile(r"grad|delta|^_?d([A-Z_0-9]|[a-z]?$)|^_?g([A-Z_0-9]|[a-z]?$)|_bar$|_g$")
_VALUE = re.compile(r"\b[^\W\d]\w*\b(?!\()")
"""A name of what is no function."""
_FUNCTIONS = 256
"""Most functions of which is known how they make their names."""
_LABEL = re.compile(
    r"(?:dL_?d_?|dloss_?d_?|d_?|grad_|delta_|g_)(?P<of>[^\W\d]\w*)|(?P<before>\w+)_(?:grad|bar)"
)
_NO_GRADIENT = re.compile("diff|dist|den|data|dev|dot|dir|dim")
"""What names begin with that are of no gradients, though they begin with a d."""
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"(?<=[^\W\d])\d+")
_NEXT = re.compile(r"(?:(?<=\[)|^)([^\W\d]\w*)(?=\]|$)")
"""An index, of which the next one is a number more."""
_NAME = re.compile(r"[^\W\d]\w*")
_PATH = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
"""A name with its attributes."""
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
"""A word of a name such as `grad_main` or `gradMain`."""
_POWERS = {"2": r"squared?|(?<![a-z])sq(?![a-z])", "3": r"cubed?"}
"""What the name of a power tells of its exponent."""
_AGREEING = 2
"""How many names have to have the same word, for it to be what a line is about."""


def apart(one: str, two: str) -> int:
    """Return how unlikely it is that two names of functions are confused.

    Such as vec_add and vec_sub: they differ in one word, and mean the opposite. Or one is that of
    the other's derivative.
    """
    if is_gradient_of(one, two) or is_gradient_of(two, one):
        return 0
    own, other = one.split("_"), two.split("_")
    differ = [pair for pair in zip(own, other, strict=False) if pair[0] != pair[1]]
    if len(own) != len(other) or len(differ) != 1:
        return 2
    if {*differ[0]} in _OPPOSITES:
        return 0
    return 1 if len(own) > 1 else 2


def difference(one: str, other: str) -> tuple[str, str]:
    """Return the parts in which two names differ, such as `k` and `v` in `grad_k` and `grad_v`."""
    head = 0
    while head < min(len(one), len(other)) and one[head] == other[head]:
        head += 1
    own, theirs = one[head:], other[head:]
    while own and theirs and own[-1] == theirs[-1]:
        own, theirs = own[:-1], theirs[:-1]
    return own, theirs


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Return a text with names replaced, all at once."""
    if not names:
        return text
    form = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<![\w.])({form})(?!\w)", lambda found: names[found[0]], text)


def is_numbered(one: str, other: str) -> bool:
    """Return whether two names differ in a number alone, such as `self.z1` and `self.z2`."""
    return one != other and _NUMBER.sub("", one) == _NUMBER.sub("", other)


def numbering(s: Statement, edits: Sequence[Edit]) -> int:
    """Return whether two that differ in a number come into its order (1), or out of it (-1)."""
    if len(edits) != 2:
        return 0
    first, last = (s.unit.between(one.start, one.end) for one in edits)
    swapped = [one.text.decode() for one in edits] == [last, first]
    first, last = (_NEXT.sub(r"\1 + 0", one) for one in (first, last))
    numbers = [[int(digits) for digits in _DIGITS.findall(one)] for one in (first, last)]
    bare = [_DIGITS.sub("", one).replace(" ", "") for one in (first, last)]
    if not swapped or bare[0] != bare[1]:
        return 0
    return 1 if numbers[1] < numbers[0] else -1


def agreement(s: Statement, edits: Sequence[Edit]) -> int:
    """Return whether another name makes a line speak of one thing (1), or of two (-1); else 0.

    In `b_main -= grad_context / root_context`, both others say that `main` must be `context`, and
    in `eps = self.var_save` the name itself says that of `eps`.
    """
    if len(edits) != 1 or not isinstance(s.node, ast.Assign | ast.AugAssign):
        return 0
    (edit,), unit = edits, s.unit
    names = unit.between(edit.start, edit.end), edit.text.decode()
    if not all(map(_PATH.fullmatch, names)):
        raised = unit.between(unit.start(s.node), edit.start).rstrip().endswith("**")
        powers = [raised and _tells_power(s.node, name) for name in names]
        return powers[1] - powers[0]
    before, after = ({*_PART.findall(name)} for name in names)
    own, new = before - after, after - before
    if len(own) != 1 or len(new) != 1:
        return 0
    start, end = unit.start(s.node), unit.end(s.node)
    beside = unit.between(start, edit.start) + " " + unit.between(edit.end, end)
    words = Counter(word for name in {*_NAME.findall(beside)} for word in {*_PART.findall(name)})
    told = [words[word] for (word,) in (own, new)]
    renamed = isinstance(s.node, ast.Assign) and _PATH.fullmatch(s.text(s.node.value))
    enough = 1 if renamed and s.text(target_of(s.node)) in own | new else _AGREEING
    return 0 if min(told) or max(told) < enough else 1 if told[1] else -1


def _tells_power(node: ast.Assign | ast.AugAssign, power: str) -> bool:
    """Return whether a stored value's name tells that it is a power, such as `var_cubed`."""
    target = target_of(node)
    return power in _POWERS and bool(re.search(_POWERS[power], ast.unparse(target)))


def remoteness(one: str, other: str) -> tuple[bool, int]:
    """Return the sort key that puts names next that differ in a number alone, near ones first."""
    if not is_numbered(one, other):
        return True, 0
    pairs = zip(_NUMBER.findall(one), _NUMBER.findall(other), strict=False)
    return False, sum(abs(int(own) - int(theirs)) for own, theirs in pairs)


def is_of_gradient(name: str) -> bool:
    """Return whether a name tells of a gradient, such as `grad_x`, `dW`, `dy`, `gx` or `delta`."""
    return bool(_GRADIENT.search(name))


def value_of(name: str) -> str | None:
    """Return the name of the value whose gradient has a name, such as `var` of `dvar`."""
    found = _LABEL.fullmatch(name)
    return None if found is None else found["of"] or found["before"]


def may_be_of_gradient(name: str) -> bool:
    """Return whether a name may tell of a gradient, as that of another value behind a `d` does."""
    return is_of_gradient(name) or (value_of(name) is not None and not _NO_GRADIENT.match(name))


def is_spelled(s: Statement, operands: Sequence[str]) -> bool:
    """Return whether the name of a stored value is made of its operands' names in their order.

    Such as `uxv` for `cross(u, v)`, and `uv_diff` for `u - v`.
    """
    target = s.node.targets[0] if isinstance(s.node, ast.Assign) else None
    if not isinstance(target, ast.Name) or not all(map(str.isidentifier, operands)):
        return False
    here, there = (
        rf"(d_?|grad_|diff_)?{_BETWEEN.join(some)}(_?diff)?" for some in (operands, operands[::-1])
    )
    return bool(re.fullmatch(here, target.id)) and not re.fullmatch(there, target.id)


def made_alike(node: ast.expr | None, unit: Unit) -> set[str]:
    """Return the other names to which a function gives what it makes in the way of a name."""
    if not isinstance(node, ast.Name):
        return set()
    made = _ways(unit.node)
    own = made.get(node.id)
    return {name for name, form in made.items() if form == own and name != node.id}


@lru_cache(_FUNCTIONS)
def _ways(function: ast.AST) -> Mapping[str, str]:
    """Return the way in which a function makes each of its names last."""
    return {
        one.targets[0].id: _VALUE.sub("", ast.unparse(one.value)) for one in walked(function)
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
        and not isinstance(one.value, ast.Name | ast.Constant)
    }  # fmt: skip


def own_names(s: Statement, names: Iterable[str]) -> Mapping[str, str] | None:
    """Return other names for those that mean nothing beside a statement; None if some have none.

    What one function has in a name of its own, another may have kept by its object or context.
    """
    kept = {
        one: f"{s.unit.given}.{one}" for one in names
        if one not in s.scope and one not in s.locals and one not in s.unit.globals
        and not hasattr(builtins, one)
    }  # fmt: skip
    return kept if all(one in s.scope for one in kept.values()) else None
