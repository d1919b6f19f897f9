"""Other names and numbers that may belong in a line of an update."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import chain, combinations_with_replacement, islice, product

from gradtui.diagnosis.updates.scope import BIAS, CONSTANT, DECAY, EPSILON, RATE, TIME, Rules
from gradtui.diagnosis.updates.site import Proposal, Site
from gradtui.language.parser import Call, Name, Number, Tree
from gradtui.language.trees import Path, expression, is_call, names_read, part_at, substituted

_TINY = 0.01
"""Numbers below this may be an eps."""
_INLINED = 16
"""Most names in an expression that replaces a name."""
_WHOLE = 1000
"""Whole numbers up to this may be off by one."""
_MULTIPLES = (2, 3, 4)
"""Multiples of a stage's length at which a later stage may begin."""


class OtherNames(Site):
    """The changes that replace a name or a number by another."""

    def changes(self, path: Path, part: Tree) -> Iterator[Proposal]:
        """Yield the possible replacements of a part."""
        if isinstance(part, Number):
            yield from self._numbers(path, part)
        elif self._is_rate(part) and not (path and self._is_rate(self._parent(path))):
            yield Proposal(self.name("lr"), self._rate_rules(part), self._rate_cost(part))
        if isinstance(part, Name):
            if part.name in ("lr", *self.scope.constants):
                yield from self._constants(part)
            else:
                yield from self._names(part)
            yield from self._kept(part)
        if isinstance(part, Call) and part.function in ("**", "*"):
            yield from self._squares(part)
        if not path:
            yield from self._everywhere(part)

    def _everywhere(self, line: Tree) -> Iterator[Proposal]:
        """Yield a line with another name in all places of one: g*g."""
        counts = Counter(names_read(line))
        signals = ("g", "w", *self.scope.state, *self.near)
        for name in (one for one, times in counts.items() if times > 1 and self._may_fall(one)):
            for number in self._shares():
                before = expression("/", self.name(name), number)
                yield Proposal(substituted(line, {name: before}), (TIME, RATE), 1.05)
        for name in (one for one, times in counts.items() if times > 1 and one in signals):
            for other in dict.fromkeys(signals):
                rules = self._name_rules(self.name(name), self.name(other))
                yield Proposal(substituted(line, {name: self.name(other)}), rules, 1.3)
            if name == "g" and self.scope.decays:
                decayed = expression("+", self.name("g"), self.decay())
                yield Proposal(substituted(line, {"g": decayed}), (DECAY,), 1.1)

    def _squares(self, part: Call) -> Iterator[Proposal]:
        """Yield a state to replace a power, or a product, of a state."""
        read = set(names_read(part))
        if len(read) == 1 and self.scope.is_signal(frozenset(read)):
            others = (name for name in self.scope.state if name not in read)
            yield from (Proposal(self.name(one), self.scope.direction, 1.4) for one in others)

    def _may_fall(self, name: str) -> bool:
        """Whether a name is a rate that the program computes itself."""
        return "lr" in self.scope.meaning.get(name, ()) and name in self.scope.kept

    def _parent(self, path: Path) -> Tree:
        return part_at(self.line.value, path[:-1])

    def _is_rate(self, part: Tree) -> bool:
        """Whether a part may be a rate: made from numbers, the time and the rate alone."""
        return self.scope.names(part) <= {"lr", "t"}

    def _rate_cost(self, part: Tree) -> float:
        """Return the cost of replacing a part by the rate; a written-out schedule is kept."""
        written_out = self.scope.scheduled and "t" in self.scope.names(part)
        cost = 1.2 if isinstance(part, Name) else 1.1
        return cost + 0.5 if written_out else cost

    def _rate_rules(self, part: Tree) -> Rules:
        return (RATE, TIME) if "t" in self.scope.names(part) else (RATE,)

    def _constants(self, part: Name) -> Iterator[Proposal]:
        scope = self.scope
        for name in ("lr", *scope.constants):
            if "eps" not in (name, part.name):
                rules = (RATE, CONSTANT) if "lr" in (name, part.name) else (CONSTANT,)
                yield Proposal(self.name(name), rules)
        if part.name == "lr":
            for helper in self.near:
                if "lr" in scope.meaning.get(helper, ()):
                    yield Proposal(self.name(helper), (BIAS, RATE) if scope.timed else (RATE,), 1)
        if part.name in scope.means:
            rest = expression("-", self.number(1), part)
            yield Proposal(rest, (CONSTANT, *scope.form), 1.1)
            if part.name == "momentum":
                ahead = expression("+", self.number(1), part)
                yield Proposal(ahead, scope.form, 1.2)

    def _names(self, part: Name) -> Iterator[Proposal]:
        for other in dict.fromkeys(("g", "w", *self.scope.kept, *self.near)):
            yield Proposal(self.name(other), self._name_rules(part, self.name(other)), 1.3)
        if "lr" in self.scope.names(part) and not self.scope.is_signal(self.scope.names(part)):
            yield Proposal(self.name("lr"), self._name_rules(part, self.name("lr")), 1.2)
            for number in self._shares():
                yield Proposal(expression("/", part, number), (TIME, RATE), 1.05)
        if part.name in self.scope.meaning:
            for mean in self.scope.means:
                yield Proposal(self.name(mean), (CONSTANT, BIAS), 1.2)
        if self.scope.names(part) == {"t"}:
            yield Proposal(self.name("t"), (TIME,), 1)
            for function in ("+", "-"):
                shifted = expression(function, part, self.number(1))
                yield Proposal(shifted, self._time_rules(), 1.0 if part.name == "t" else 1.3)

    def _shares(self) -> Iterator[Tree]:
        """Yield the factors of a rate that decays by a share of itself."""
        yield from (self.number(one) for one in self.scope.numbers if 0 < one < 1)

    def _time_rules(self) -> Rules:
        return (TIME,) if self.scope.timed else (TIME, RATE)

    def _name_rules(self, part: Name, other: Name) -> Rules:
        scope = self.scope
        before, after = scope.names(part), scope.names(other)
        if not scope.is_signal(before | after):
            if before == {"t"} or after == {"t"}:
                return (TIME, BIAS)
            rules = (BIAS, CONSTANT) if ("t" in before) != ("t" in after) else (CONSTANT, BIAS)
            return (RATE, *rules) if "lr" in before | after else rules
        if (before ^ after) & {*scope.state}:
            return scope.direction
        if ("weight_decay" in before) != ("weight_decay" in after):
            return (DECAY,)
        both = before & {"g", "w"} == after & {"g", "w"}
        return (BIAS,) if both and ("t" in before) != ("t" in after) else scope.direction

    def _kept(self, part: Name) -> Iterator[Proposal]:
        """Yield a state's value after one more step of its line."""
        if part.name not in self.scope.state:
            return
        for at, line in enumerate(self.lines):
            if line.name == part.name and at != self.index:
                tree = self._inlined(line.value)
                if tree is not None:
                    yield Proposal(tree, self.scope.form, 1.1)

    def _inlined(self, tree: Tree) -> Tree | None:
        """Return a tree without the names of helpers assigned here or below.

        None if it would be long.
        """
        below = {
            line.name: line.value
            for line in self.lines[self.index :]
            if line.name in self.scope.meaning and line.name not in self.above
        }

        for _ in range(_INLINED):
            read = list(islice(names_read(tree), _INLINED + 1))
            if len(read) > _INLINED:
                break
            if not below.keys() & set(read):
                return tree
            tree = substituted(tree, below)
        return None

    def _numbers(self, path: Path, part: Number) -> Iterator[Proposal]:
        scope, value = self.scope, part.value
        timely = "t" in scope.names(self._widest_rate(path))
        if not timely:
            yield Proposal(self.name("lr"), (CONSTANT, RATE))
        for number in map(self.number, scope.numbers):
            yield Proposal(number, (CONSTANT, RATE), 0.9)
        for pair in combinations_with_replacement(scope.numbers, 2):
            yield Proposal(self.number(math.prod(pair)), (CONSTANT, RATE), 1.0)
        if timely or not scope.is_signal(scope.names(self.line.value)):
            yield from self._other_numbers(part)
        yield from self._branches(path)
        if scope.has_epsilon and path and is_call(self._parent(path), "+"):
            yield Proposal(self.name("eps"), (EPSILON, CONSTANT), 1.1)
        if value not in (0, 1):
            correction = bool(path) and self.topic(self._parent(path)) == (BIAS,)
            yield Proposal(self.number(1), (CONSTANT, BIAS) if correction else (CONSTANT,), 1.5)
        if value in (1, 2) and path:
            return
        for misplaced in (value * 10, value / 10):
            yield Proposal(self.number(float(f"{misplaced:.15g}")), (CONSTANT,), 1.4)
        for other in scope.constants:
            if other != "eps" or abs(value) <= _TINY:
                yield Proposal(self.name(other), (CONSTANT,))
        for mean in scope.means:
            weight = self.name(mean)
            yield Proposal(expression("-", self.number(1), weight), (CONSTANT, *scope.form), 1.1)
            if scope.timed:
                power = expression("**", weight, self.name("t"))
                yield Proposal(expression("-", self.number(1), power), (BIAS, TIME), 1.2)

    def _branches(self, path: Path) -> Iterator[Proposal]:
        """Yield the changing values to replace a number that is one of two choices."""
        if path and path[-1] and is_call(self._parent(path), "where"):
            for name in ("w", "g", *self.scope.state):
                yield Proposal(self.name(name), self.scope.form, 1.3)

    def _other_numbers(self, part: Number) -> Iterator[Proposal]:
        """Yield possible replacements of a number in a rate's formula or a count of time."""
        scope, value = self.scope, part.value
        fixed: Iterator[Tree] = (
            self.name(name) for name in self.near if not scope.meaning.get(name, {name})
        )
        alike = (one for one in scope.numbers if one.is_integer() == value.is_integer())
        for taken in chain(fixed, map(self.number, alike)):
            yield Proposal(expression("-", part, taken), (RATE, CONSTANT), 1.15)
        counts = scope.names(self.line.value) <= {"t"}
        rules = (TIME, CONSTANT) if counts else (CONSTANT, RATE)
        if value.is_integer() and abs(value) <= _WHOLE:
            cost = 1.15 if value in scope.known_numbers else 0.95
            for one in (value - 1, value + 1):
                yield Proposal(self.number(one), rules, cost)
            wholes = (one for one in scope.numbers if one.is_integer() and one > 1)
            for one, times in product(wholes, _MULTIPLES):
                yield Proposal(self.number(one * times), rules, 1.0)
        yield Proposal(self.number(1), rules, 0.8 if counts else 1.1)

    def _widest_rate(self, path: Path) -> Tree:
        """Return the largest part around a number made from numbers, time and rate alone."""
        while path and self._is_rate(self._parent(path)):
            path = path[:-1]
        return part_at(self.line.value, path)
