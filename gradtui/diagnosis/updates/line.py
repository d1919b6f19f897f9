"""One line of an update, seen as a place for small changes. Knows no change."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from gradtui.diagnosis.updates.scope import BIAS, DECAY, EPSILON, MOMENTUM, RATE, SIGN, TIME, Scope
from gradtui.diagnosis.updates.trees import names_in
from gradtui.engine.expression import Assignment, Name, Number, Tree


class Change(Struct, frozen=True):
    """What could stand in the place of a part of a line, and the rule that says so."""

    part: Tree
    rule: str
    cost: float = 1.0
    also: tuple[str, ...] = ()


class Line:
    """A line, and what its parts mean in an update."""

    def __init__(self, lines: Sequence[Assignment], index: int, scope: Scope) -> None:
        self.line = lines[index]
        self.scope = scope
        self.lines = lines
        self.index = index
        self.keeps = self.line.name in scope.state
        self.above = [line.name for line in lines[:index]]
        read = {name for line in lines for name in names_in(line.value)}
        self.unread = [name for name in self.above if name in scope.meaning and name not in read]
        self.place = self.line.value.place

    def topic(self, tree: Tree) -> str:
        """Return the rule that a wrong factor or term falls under."""
        names = self.scope.names(tree)
        if "weight_decay" in names and not names & {"g", *self.scope.state}:
            return DECAY
        if self.is_signal(names):
            return MOMENTUM
        if "eps" in names:
            return EPSILON
        if "t" in names and self.scope.timed:
            return TIME if names == {"t"} else BIAS
        if "lr" in names:
            return RATE
        if names & set(self.scope.means):
            return MOMENTUM
        return MOMENTUM if self.keeps else RATE

    def is_signal(self, names: frozenset[str]) -> bool:
        """Whether some of these names change from step to step beside the time."""
        return bool(names & {"g", "w", *self.scope.state})

    def sign_rule(self, tree: Tree) -> tuple[str, tuple[str, ...]]:
        """Return the rule that a wrong sign before `tree` falls under, and others that may."""
        rule = self.topic(tree)
        if rule in (DECAY, EPSILON, BIAS, TIME):
            return rule, (SIGN,)
        return (MOMENTUM, (SIGN,)) if self.keeps else (SIGN, ())

    def sign_cost(self, cost: float) -> float:
        """Return the cost of a sign: it is looked for first where w moves."""
        return cost if self.line.name == "w" else cost + 0.1

    def name(self, name: str) -> Name:
        """Return a name that is put in."""
        return Name(name, self.place)

    def number(self, value: float) -> Number:
        """Return a number that is put in."""
        return Number(float(value), self.place)
