"""One line of an update as a place for small changes. Knows no change."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from gradtui.diagnosis.updates.scope import (
    BIAS,
    DECAY,
    EPSILON,
    RATE,
    SIGN,
    TIME,
    Rules,
    Scope,
)
from gradtui.language.parser import Assignment, Call, Name, Number, Tree
from gradtui.language.trees import Path, expression, operands_of, part_at

_NEAR = 12
"""Most helpers above a line that are tried in it."""


class Proposal(Struct, frozen=True):
    """A possible replacement of a part of a line, with its rules."""

    part: Tree
    rules: Rules
    cost: float = 1.0
    slot: int | None = None
    """The wrong operand, if not the whole part is wrong."""


class Site:
    """A line, with the meaning of its parts in an update."""

    def __init__(self, lines: Sequence[Assignment], index: int, scope: Scope) -> None:
        self.line = lines[index]
        self.scope = scope
        self.lines = lines
        self.index = index
        self.keeps = self.line.name in scope.state
        self.above = [line.name for line in lines[:index]]
        self.near = list(dict.fromkeys(reversed(self.above)))[:_NEAR]
        self.unread = [n for n in self.near if n in scope.meaning and n not in scope.read]
        self.place = self.line.value.place
        self.moves = self.line.name == "w"

    def topic(self, tree: Tree) -> Rules:
        """Return the rules for a wrong factor or term."""
        names = self.scope.names(tree)
        if "weight_decay" in names and not names & {"g", *self.scope.state}:
            return (DECAY,)
        if self.scope.is_signal(names):
            return self.scope.form
        if "eps" in names:
            return (EPSILON,)
        if "t" in names and self.scope.timed and "lr" not in names:
            return (TIME,) if names == {"t"} else (BIAS,)
        if "lr" in names or "t" in names:
            weighed = BIAS if names & set(self.scope.means) else TIME
            return (RATE, weighed) if "t" in names else (RATE,)
        if names & set(self.scope.means) or self.keeps:
            return self.scope.form
        return (RATE,)

    def beside(self, path: Path) -> frozenset[str]:
        """Return what the gradient-independent factors of a part are made from."""
        found = frozenset[str]()
        while path:
            *above, slot = path
            path = tuple(above)
            parent = part_at(self.line.value, path)
            assert isinstance(parent, Call)
            if parent.function in ("*", "/"):
                factors = operands_of(parent.arguments[1 - slot], "*", "/", "neg")
                pure = (self.scope.names(one) for one in factors)
                found |= {
                    name for names in pure if not self.scope.is_signal(names) for name in names
                }
            elif parent.function not in ("neg", "**", "sqrt") or slot:
                break
        return found

    def within(self, path: Path, rules: Rules) -> Rules:
        """Return the rules of a change, as told by its neighbours in the product."""
        beside = self.beside(path)
        for name, rule in (("weight_decay", DECAY), ("eps", EPSILON)):
            if name in beside:
                return (rule, *(one for one in rules if one != rule))
        return rules

    def sign_rules(self, tree: Tree) -> Rules:
        """Return the rules for a wrong sign before `tree`."""
        first, *others = self.topic(tree)
        if first in (DECAY, EPSILON, BIAS, TIME):
            return (first, SIGN)
        return (SIGN, first, *others) if self.keeps else (SIGN,)

    def sign_cost(self, cost: float) -> float:
        """Return the cost of a sign: it is tried first where w moves."""
        return cost if self.moves else cost + 0.1

    def decay(self) -> Tree:
        """Return the term that coupled weight decay adds to a gradient."""
        return expression("*", self.name("weight_decay"), self.name("w"))

    def name(self, name: str) -> Name:
        """Return the replacement by a name."""
        return Name(name, self.place)

    def number(self, value: float) -> Number:
        """Return the replacement by a number."""
        return Number(float(value), self.place)
