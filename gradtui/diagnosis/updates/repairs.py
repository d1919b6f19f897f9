"""Small changes of one line of an update, each with the rule that it would be the repair of.

Knows the forms that updates have (rates, running means, corrections, decay), not whether a change
helps.  Every change is also the opposite of one, so the same list makes an optimizer wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

from msgspec import Struct

from gradtui.diagnosis.updates.insertions import Insertions
from gradtui.diagnosis.updates.line import Change, Line
from gradtui.diagnosis.updates.scope import (
    BIAS,
    CONSTANT,
    DECAY,
    EPSILON,
    MOMENTUM,
    RATE,
    ROOT,
    SIGN,
    TIME,
    Scope,
)
from gradtui.diagnosis.updates.trees import (
    Path,
    expression,
    is_name,
    mapped,
    names_in,
    parts_of,
    replaced,
    shape_of,
)
from gradtui.engine.expression import Assignment, Call, Name, Number, Tree

_SMALL = 0.2
"""Numbers below may stand for an eps or a decay."""


class Repair(Struct, frozen=True):
    """One line with a small change in it."""

    line: int
    """The line's index in the program."""
    value: Tree
    """Its new right-hand side."""
    rule: str
    """What is wrong if this makes it right."""
    cost: float
    """Of several that help the cheapest is named."""
    path: Path
    """Where the change is."""
    part: Tree
    """What stands there after the change."""
    also: tuple[str, ...] = ()
    """Other rules that this might be seen as."""


def repairs_of(lines: Sequence[Assignment], index: int, scope: Scope) -> list[Repair]:
    """Return all small changes of one line, cheapest first, none twice."""
    line = lines[index]
    kinds = _Rewrites(lines, index, scope), Insertions(lines, index, scope)
    found: dict[str, Repair] = {}
    for path, part in parts_of(line.value):
        for change in chain.from_iterable(kind.changes(path, part) for kind in kinds):
            value = replaced(line.value, path, change.part)
            made = Repair(index, value, change.rule, change.cost, path, change.part, change.also)
            key = shape_of(value)
            if key not in found or found[key].cost > made.cost:
                found[key] = made
    found.pop(shape_of(line.value), None)
    return sorted(found.values(), key=lambda repair: repair.cost)


class _Rewrites(Line):
    """The changes of what stands in a line."""

    def changes(self, path: Path, part: Tree) -> Iterator[Change]:
        """Yield what could stand in the place of a part."""
        if isinstance(part, Call):
            yield from self.signs(part)
            yield from self.dropped(part)
            yield from self.operators(part)
            yield from self.powers(part)
            yield from self.epsilons(part)
        if isinstance(part, Name):
            yield from self.other_names(part)
        if isinstance(part, Number):
            yield from self.other_numbers(part)
        if not path:
            yield from self.whole(part)

    def signs(self, call: Call) -> Iterator[Change]:
        if call.function in ("+", "-"):
            left, right = call.arguments
            other = "-" if call.function == "+" else "+"
            rule, also = self.sign_rule(right)
            if isinstance(left, Number):
                rule, also = self.topic(right), (SIGN,)
            yield Change(expression(other, left, right), rule, self.sign_cost(1), also)
            rule, also = self.sign_rule(left)
            if call.function == "-":
                yield Change(expression("-", right, left), rule, self.sign_cost(1.2), also)
            else:
                yield Change(expression("-", right, left), rule, self.sign_cost(1.4), also)
        if call.function == "neg":
            rule, also = self.sign_rule(call.arguments[0])
            yield Change(call.arguments[0], rule, 1, also)

    def dropped(self, call: Call) -> Iterator[Change]:
        match call:
            case Call("+" | "*", (left, right)):
                yield self.without(left, right)
                yield self.without(right, left)
            case Call("-", (left, right)):
                yield self.without(right, left)
                yield Change(expression("neg", right), self.topic(left), 1.5)
            case Call("/", (left, right)):
                yield self.without(right, left)
            case Call("sqrt", (inside,)):
                only_epsilon = self.topic(inside) == EPSILON
                yield Change(inside, EPSILON if only_epsilon else ROOT, 1)
            case Call("**", (base, exponent)):
                yield Change(base, self.power_rule(base, exponent), 1)
            case Call(_, (inside,)):
                yield Change(inside, self.topic(inside), 1.2)

    def without(self, lost: Tree, left: Tree) -> Change:
        if isinstance(lost, Number):
            rule = self.topic(left)
            if rule in (DECAY, EPSILON):
                return Change(left, CONSTANT, 1.1, (rule,))
        rule = self.topic(lost)
        if rule == RATE and self.topic(left) == DECAY:
            return Change(left, DECAY, 1.1, (RATE,))
        return Change(left, rule, 1.1, (MOMENTUM,) if self.keeps and rule == RATE else ())

    def power_rule(self, base: Tree, exponent: Tree) -> str:
        topic = self.topic(base)
        if isinstance(exponent, Number) and exponent.value == 0.5 and topic != EPSILON:
            return ROOT
        if self.scope.weighs(base):
            return TIME
        return topic

    def operators(self, call: Call) -> Iterator[Change]:
        others = {"*": ("/", "**", "+"), "/": ("*",), "+": ("*",), "**": ("*",)}
        for other in others.get(call.function, ()):
            left, right = call.arguments
            if other == "**":
                if self.scope.names(right) == {"t"}:
                    yield Change(expression("**", left, right), TIME, 1, (BIAS,))
                elif self.scope.names(left) == {"t"}:
                    yield Change(expression("**", right, left), TIME, 1, (BIAS,))
            elif call.function != "**":
                yield Change(expression(other, left, right), self.topic(right), 1.6)
        if call.function == "/":
            left, right = call.arguments
            yield Change(expression("/", right, left), self.topic(right), 2)

    def powers(self, call: Call) -> Iterator[Change]:
        if call.function != "**":
            return
        base, exponent = call.arguments
        if self.scope.timed and self.scope.weighs(base) and not is_name(exponent, "t"):
            yield Change(expression("**", base, self.name("t")), TIME, 0.9)
        if isinstance(exponent, Number):
            for value in (0.5, 2.0):
                rule = ROOT if 0.5 in (value, exponent.value) else self.topic(base)
                yield Change(expression("**", base, self.number(value)), rule, 1.2)
        if is_name(base, "t"):
            yield Change(expression("**", exponent, base), TIME, 1)

    def epsilons(self, call: Call) -> Iterator[Change]:
        match call:
            case Call("sqrt", (Call("+", (left, right)),)):
                yield from self.outside(left, right, lambda x: expression("sqrt", x))
            case Call("**", (Call("+", (left, right)), Number(0.5))):
                half = call.arguments[1]
                yield from self.outside(left, right, lambda x: expression("**", x, half))
            case Call("+", (Call("/", (above, below)), added)) if self.small(added):
                yield Change(expression("/", above, expression("+", below, added)), EPSILON, 1)
            case Call("+", (Call("-", (start, Call("/", (above, below)))), added)) if self.small(
                added
            ):
                step = expression("/", above, expression("+", below, added))
                yield Change(expression("-", start, step), EPSILON, 1)
            case Call("+", (Call("sqrt", (inside,)), added)) if self.small(added):
                yield Change(expression("sqrt", expression("+", inside, added)), EPSILON, 1)
            case Call("maximum", (left, right)) if self.small(left) or self.small(right):
                yield Change(expression("+", left, right), EPSILON, 1)

    def outside(self, left: Tree, right: Tree, root: Callable[[Tree], Tree]) -> Iterator[Change]:
        if self.small(right):
            yield Change(expression("+", root(left), right), EPSILON, 1)
        elif self.small(left):
            yield Change(expression("+", root(right), left), EPSILON, 1)

    def small(self, tree: Tree) -> bool:
        return isinstance(tree, Number) or self.topic(tree) == EPSILON

    def other_names(self, part: Name) -> Iterator[Change]:
        scope = self.scope
        fixed = ("lr", *scope.constants)
        if part.name in fixed:
            for name in fixed:
                if "lr" in (name, part.name):
                    yield Change(self.name(name), RATE, 1, (CONSTANT,))
                else:
                    yield Change(self.name(name), CONSTANT, 1)
            if part.name in scope.means:
                rest = expression("-", self.number(1), part)
                yield Change(rest, CONSTANT, 1.1, (MOMENTUM,))
            return
        signals = dict.fromkeys(("g", "w", *scope.state, *self.above))
        for other in signals:
            if other != part.name:
                rule, also = self.name_rule(part, other)
                yield Change(self.name(other), rule, 1.3, also)
        if part.name in scope.state and part.name not in self.above:
            for line in self.lines[self.index + 1 :]:
                if line.name == part.name:
                    yield Change(line.value, MOMENTUM, 1.1)

    def name_rule(self, part: Name, other: str) -> tuple[str, tuple[str, ...]]:
        before, after = self.scope.names(part), self.scope.names(self.name(other))
        if not self.is_signal(before | after):
            return CONSTANT, (BIAS,) if "t" in before | after else ()
        if ("t" in before) != ("t" in after):
            return BIAS, ()
        decay = ("weight_decay" in before) != ("weight_decay" in after)
        return (DECAY if decay else MOMENTUM), ()

    def other_numbers(self, part: Number) -> Iterator[Change]:
        yield Change(self.name("lr"), RATE, 1, (CONSTANT,))
        if part.value in (1, 2):
            return
        for other in self.scope.constants:
            if other in self.scope.means or abs(part.value) < _SMALL:
                yield Change(self.name(other), CONSTANT, 1)
        for mean in self.scope.means:
            rest = expression("-", self.number(1), self.name(mean))
            yield Change(rest, CONSTANT, 1.1, (MOMENTUM,))
        if part.value not in (0, 1):
            yield Change(self.number(1), CONSTANT, 1.5)

    def whole(self, tree: Tree) -> Iterator[Change]:
        """Yield changes of the line as a whole."""
        scope = self.scope
        read = [name for name in dict.fromkeys(names_in(tree))]
        for mean in scope.means:
            if mean in read:
                yield Change(self.complement(tree, mean), CONSTANT, 1, (MOMENTUM,))
            for other in scope.means:
                if other != mean and mean in read:
                    yield Change(self.renamed(tree, mean, other), CONSTANT, 0.9)
        signals = [name for name in read if self.is_signal(scope.names(self.name(name)))]
        for i, one in enumerate(signals):
            for other in signals[i + 1 :]:
                swapped = {one: other, other: one}
                yield Change(self.swapped(tree, swapped), MOMENTUM, 1.3)
        for number in {p.value for _, p in parts_of(tree) if isinstance(p, Number)}:
            if 0 < number < 1:
                for mean in scope.means:
                    yield Change(self.literal(tree, number, mean), CONSTANT, 0.9)
        yield Change(expression("neg", tree), MOMENTUM if self.keeps else SIGN, 1.5, (SIGN,))
        if self.line.name == "w" and "w" not in read:
            rule = SIGN if "lr" in scope.names(tree) else RATE
            yield Change(expression("-", self.name("w"), tree), rule, 2)
            yield Change(expression("+", self.name("w"), tree), rule, 2)

    def complement(self, tree: Tree, mean: str) -> Tree:
        """Return a tree with β and 1 - β exchanged."""

        def change(part: Tree) -> Tree | None:
            match part:
                case Name(name) if name == mean:
                    return expression("-", self.number(1), part)
                case Call("-", (Number(1.0), Name(name))) if name == mean:
                    return part.arguments[1]
            return None

        return mapped(tree, change)

    def renamed(self, tree: Tree, old: str, new: str) -> Tree:
        return self.swapped(tree, {old: new})

    def swapped(self, tree: Tree, names: Mapping[str, str]) -> Tree:
        def change(part: Tree) -> Tree | None:
            known = isinstance(part, Name) and names.get(part.name)
            return self.name(known) if known else None

        return mapped(tree, change)

    def literal(self, tree: Tree, number: float, mean: str) -> Tree:
        """Return a tree with a number, and 1 minus it, written by the name of a constant."""

        def change(part: Tree) -> Tree | None:
            if isinstance(part, Number) and part.value == number:
                return self.name(mean)
            if isinstance(part, Number) and abs(part.value - (1 - number)) < 1e-12:
                return expression("-", self.number(1), self.name(mean))
            return None

        return mapped(tree, change)
