"""Small changes of one line of an update, each with the rules of the mistake it would repair.

Knows the forms that updates have (rates, running means, corrections, decay), not whether a change
helps.  Every change has its opposite in the list, so the same list makes an optimizer wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from gradtui.diagnosis.edits import Edit
from gradtui.diagnosis.updates.insertions import Insertions
from gradtui.diagnosis.updates.names import OtherNames
from gradtui.diagnosis.updates.scope import (
    BIAS,
    CONSTANT,
    DECAY,
    EPSILON,
    RATE,
    ROOT,
    SIGN,
    TIME,
    UNEXPLAINED,
    Rules,
    Scope,
    values_in,
)
from gradtui.diagnosis.updates.site import Proposal, Site
from gradtui.language.parser import Assignment, Call, Name, Number, Tree
from gradtui.language.trees import (
    Path,
    expression,
    is_call,
    is_name,
    mapped,
    names_read,
    part_at,
    parts_of,
    replaced,
    shape_of,
    substituted,
)

_COMPARED = {
    "<": ("<=", ">", ">="), "<=": ("<", ">=", ">"), ">": (">=", "<", "<="), ">=": (">", "<=", "<"),
    "minimum": ("maximum",), "maximum": ("minimum",),
}  # fmt: skip
_PARTS = 100
"""Most parts of a line that are changed; a longer one is changed near its root only."""


class LineEdit(Edit, frozen=True):
    """A small change of one line."""

    line: int
    """The line's index in the program."""
    rules: Rules
    """The rule of the mistake if this repairs it, then other possible rules."""
    cost: float
    """The cheapest of several that help is named."""
    name: str = ""
    """The name that the line assigns, if changed."""


def edits_of(lines: Sequence[Assignment], index: int, scope: Scope) -> list[LineEdit]:
    """Return all small changes of one line, cheapest first, without duplicates."""
    line = lines[index]
    kinds = [kind(lines, index, scope) for kind in (_Rewrites, OtherNames, Insertions)]
    found: dict[str, LineEdit] = {}
    parts = sorted(values_in(line.value), key=lambda one: len(one[0]))[:_PARTS]
    for path, part in parts:
        for change in chain.from_iterable(kind.changes(path, part) for kind in kinds):
            value = replaced(line.value, path, change.part)
            at = path if change.slot is None else (*path, change.slot)
            rules = kinds[0].within(at, change.rules)
            key = shape_of(value)
            if key not in found or found[key].cost > change.cost:
                found[key] = LineEdit(path, change.part, index, rules, change.cost)
    found.pop(shape_of(line.value), None)
    return sorted(found.values(), key=lambda edit: edit.cost)


class _Rewrites(Site):
    """The changes within a line."""

    def changes(self, path: Path, part: Tree) -> Iterator[Proposal]:
        """Yield the possible replacements of a part."""
        if isinstance(part, Call):
            yield from self.signs(part)
            yield from self.dropped(part)
            yield from self.operators(part)
            yield from self.powers(part)
            yield from self.epsilons(part)
            yield from self.regrouped(part)
        if not path:
            yield from self.whole(part)

    def signs(self, call: Call) -> Iterator[Proposal]:
        if call.function in ("+", "-"):
            left, right = call.arguments
            other = "-" if call.function == "+" else "+"
            rules = self.sign_rules(right)
            if isinstance(left, Number):
                rules = (self.topic(right)[0], SIGN)
            yield Proposal(expression(other, left, right), rules, self.sign_cost(1))
            rules, cost = self.sign_rules(left), 1.2 if call.function == "-" else 1.4
            yield Proposal(expression("-", right, left), rules, self.sign_cost(cost))
        if call.function == "neg":
            yield Proposal(call.arguments[0], self.sign_rules(call.arguments[0]), 0.9)

    def dropped(self, call: Call) -> Iterator[Proposal]:
        match call:
            case Call("+" | "*", (left, right)):
                yield self.without(left, right, 0)
                yield self.without(right, left, 1)
            case Call("-", (left, Number(lost))) if 0 < lost < 1:
                share = expression("*", left, self.number(self.scope.known(1 - lost)))
                yield Proposal(share, (RATE, TIME), 1.2)
                yield self.without(call.arguments[1], left, 1)
            case Call("-", (left, right)):
                yield self.without(right, left, 1)
                yield Proposal(expression("neg", right), self.topic(left), 1.5)
                if isinstance(left, Number):
                    yield Proposal(right, self.topic(right), 1.1)
            case Call("/", (left, right)):
                yield self.without(right, left, 1)
            case Call("sqrt", (inside,)):
                only_epsilon = self.topic(inside) == (EPSILON,)
                yield Proposal(inside, (EPSILON,) if only_epsilon else (ROOT,), 1)
            case Call("**", (base, exponent)):
                yield Proposal(base, self.power_rules(base, exponent), 1)
            case Call(_, (inside,)):
                yield Proposal(inside, self.made_of(inside), 1.2)
            case Call("where" | "minimum" | "maximum" | "clip", parts):
                for kept in parts:
                    yield Proposal(kept, self.made_of(kept), 1.15)

    def made_of(self, tree: Tree) -> Rules:
        """Return the rules for another function in place of a part."""
        names = self.scope.names(tree)
        if not self.scope.is_signal(names):
            return self.topic(tree)
        if "t" in names:
            return (BIAS, UNEXPLAINED)
        return (UNEXPLAINED, *(rule for rule in self.scope.form if rule != UNEXPLAINED))

    def without(self, lost: Tree, left: Tree, slot: int) -> Proposal:
        rule, *others = self.topic(lost)
        if isinstance(lost, Number):
            topic = self.topic(left)
            if topic[0] in (DECAY, EPSILON):
                return Proposal(left, (CONSTANT, *topic), 1.1)
            if not self.scope.is_signal(self.scope.names(left)):
                rule, *others = topic
        if rule == RATE and self.topic(left)[0] == DECAY:
            return Proposal(left, (DECAY, RATE), 1.1)
        if not self.moves and rule == RATE:
            others += self.scope.form
        return Proposal(left, (rule, *others), 1.1, slot)

    def power_rules(self, base: Tree, exponent: Tree) -> Rules:
        halved = isinstance(exponent, Number) and exponent.value == 0.5
        if halved and self.topic(base) != (EPSILON,):
            return (ROOT,)
        if self.scope.weighs(base):
            return (TIME,) if self.scope.timed else (*self.scope.form, CONSTANT)
        return self.raised(base)

    def raised(self, base: Tree) -> Rules:
        """Return the rules for a wrong power."""
        topic = self.topic(base)
        return self.scope.direction if topic == self.scope.form else topic

    def operators(self, call: Call) -> Iterator[Proposal]:
        others = {"*": ("/", "**", "+"), "/": ("*",), "+": ("*",), "**": ("*",)}
        for other in others.get(call.function, ()):
            left, right = call.arguments
            if other == "**":
                if self.scope.names(right) == {"t"}:
                    yield Proposal(expression("**", left, right), (TIME, BIAS))
                elif self.scope.names(left) == {"t"}:
                    yield Proposal(expression("**", right, left), (TIME, BIAS))
            elif call.function != "**":
                cost = 1.6 if "+" in (other, call.function) else 1.2
                yield Proposal(expression(other, left, right), self.topic(right), cost, 1)
        match call:
            case Call("/", (Call("*", (first, second)), right)):
                for kept, lost in ((first, second), (second, first)):
                    turned = expression("/", expression("*", kept, right), lost)
                    yield Proposal(turned, self.topic(right), 1.3)
        if call.function == "/":
            left, right = call.arguments
            yield Proposal(expression("/", right, left), self.topic(right), 2)
        for other in _COMPARED.get(call.function, ()):
            strict = other.strip("=") == call.function.strip("=")
            rules, cost = self.choice_rules(call, strict=strict), 1.0 if strict else 1.1
            yield Proposal(expression(other, *call.arguments), rules, cost)
        match call:
            case Call("where", (condition, left, right)):
                exchanged = expression("where", condition, right, left)
                yield Proposal(exchanged, self.choice_rules(call), 1.1)

    def choice_rules(self, call: Call, *, strict: bool = False) -> Rules:
        """Return the rules for a choice the wrong way round, or one step late."""
        if self.scope.is_signal(self.scope.names(call)):
            return (SIGN, *self.scope.form)
        return (TIME, RATE, CONSTANT) if strict else (RATE, TIME, CONSTANT)

    def powers(self, call: Call) -> Iterator[Proposal]:
        if call.function != "**":
            return
        base, exponent = call.arguments
        if self.scope.timed and self.scope.weighs(base) and not is_name(exponent, "t"):
            yield Proposal(expression("**", base, self.name("t")), (TIME,), 0.9)
        if isinstance(exponent, Number):
            for value in (0.5, 2.0):
                rules = (ROOT,) if 0.5 in (value, exponent.value) else self.raised(base)
                yield Proposal(expression("**", base, self.number(value)), rules, 1.2)
        if is_name(base, "t"):
            yield Proposal(expression("**", exponent, base), (TIME,))
        match base:
            case Call("-", (one, weight)) if self.scope.weighs(weight):
                power = expression("**", weight, exponent)
                yield Proposal(expression("-", one, power), (TIME, BIAS))

    def epsilons(self, call: Call) -> Iterator[Proposal]:
        match call:
            case Call("sqrt", (Call("+", (left, right)),)):
                yield from self.outside(left, right, lambda x: expression("sqrt", x))
            case Call("**", (Call("+", (left, right)), Number(0.5))):
                half = call.arguments[1]
                yield from self.outside(left, right, lambda x: expression("**", x, half))
            case Call("+", (Call("/", (above, below)), added)) if self.small(added):
                yield Proposal(expression("/", above, expression("+", below, added)), (EPSILON,))
            case Call("+", (Call("sqrt", (inside,)), added)) if self.small(added):
                yield Proposal(expression("sqrt", expression("+", inside, added)), (EPSILON,))
            case Call("maximum", (left, right)) if self.small(left) or self.small(right):
                yield Proposal(expression("+", left, right), (EPSILON,))

    def outside(self, left: Tree, right: Tree, root: Callable[[Tree], Tree]) -> Iterator[Proposal]:
        if self.small(right):
            yield Proposal(expression("+", root(left), right), (EPSILON,))
        elif self.small(left):
            yield Proposal(expression("+", root(right), left), (EPSILON,))

    def small(self, tree: Tree) -> bool:
        return isinstance(tree, Number) or self.topic(tree) == (EPSILON,)

    def regrouped(self, call: Call) -> Iterator[Proposal]:
        """Yield an operation that takes in more, or less: a*x + y for a*(x + y)."""
        for slot, inner in enumerate(call.arguments):
            if not isinstance(inner, Call):
                continue
            for path in _within(call, slot, inner):
                less = _with(inner, path, _with(call, (slot,), part_at(inner, path)))
                left_out = inner.arguments[1 - path[0]]
                yield Proposal(less, self.group_rules(call, left_out), 1.2)
            for path in _round(inner, call):
                more = _with(inner, path, _with(call, (slot,), part_at(inner, path)))
                rules = self.group_rules(part_at(inner, path[:-1]), call.arguments[1 - slot])
                yield Proposal(more, rules, 1.2)

    def group_rules(self, outer: Tree, operand: Tree) -> Rules:
        """Return the rules for an operand that is inside an operation, or outside, by mistake."""
        topic = self.topic(operand)
        if is_call(outer, "sqrt") and topic != (EPSILON,):
            return (ROOT, *topic)
        return self.scope.direction if is_call(outer, "**") else topic

    def whole(self, tree: Tree) -> Iterator[Proposal]:
        """Yield changes of the whole line."""
        scope = self.scope
        read = list(dict.fromkeys(names_read(tree)))
        fixed = ("lr", "t", *scope.constants)
        for mean in scope.means:
            if mean in read:
                yield Proposal(self.complement(tree, mean), (CONSTANT, *scope.form))
            for other in scope.means:
                if other != mean and mean in read:
                    yield Proposal(substituted(tree, {mean: self.name(other)}), (CONSTANT,), 0.9)
        for i, one in enumerate(read):
            for other in read[i + 1 :]:
                if {one, other} <= {*scope.means} or {one, other}.isdisjoint(fixed):
                    signal = scope.is_signal(scope.names(self.name(one)))
                    rules = scope.direction if signal else (CONSTANT, BIAS)
                    yield Proposal(
                        substituted(tree, {one: self.name(other), other: self.name(one)}),
                        rules,
                        1.3,
                    )
        yield from self.compared_everywhere(tree)
        for number in {p.value for _, p in parts_of(tree) if isinstance(p, Number)}:
            if 0 < number < 1:
                for mean in scope.means:
                    yield Proposal(self.literal(tree, number, mean), (CONSTANT,), 0.9)
        rules = scope.form if self.keeps else (SIGN,)
        cost = 1.5 if scope.is_signal(scope.names(tree)) else 1.6
        yield Proposal(expression("neg", tree), (*rules, SIGN), cost)
        if self.moves and "w" not in read:
            rules = (SIGN,) if "lr" in scope.names(tree) else (RATE,)
            yield Proposal(expression("-", self.name("w"), tree), rules, 2)
            yield Proposal(expression("+", self.name("w"), tree), rules, 2)

    def compared_everywhere(self, tree: Tree) -> Iterator[Proposal]:
        """Yield a line with another comparison in place of each."""
        calls = Counter(part.function for _, part in parts_of(tree) if isinstance(part, Call))
        for function in (one for one in _COMPARED if calls[one] > 1):
            for other in _COMPARED[function]:

                def change(part: Tree, one: str = function, other: str = other) -> Tree | None:
                    if isinstance(part, Call) and part.function == one:
                        return expression(other, *part.arguments)
                    return None

                yield Proposal(mapped(tree, change), (TIME, RATE, CONSTANT), 1.1)

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

    def literal(self, tree: Tree, number: float, mean: str) -> Tree:
        """Return a tree with a number, and 1 minus it, replaced by the name of a constant."""

        def change(part: Tree) -> Tree | None:
            if isinstance(part, Number) and part.value == number:
                return self.name(mean)
            if isinstance(part, Number) and abs(part.value - (1 - number)) < 1e-12:
                return expression("-", self.number(1), self.name(mean))
            return None

        return mapped(tree, change)


_SUMS, _ALL = frozenset("+-"), frozenset("+-*/")
_TAKE_IN = {"*": _SUMS, "/": _SUMS, "neg": _SUMS, "sqrt": _ALL, "**": _ALL}
"""Operation -> the operations from which it may take only one operand although both belong."""


def _within(outer: Call, slot: int, inner: Call) -> Iterator[Path]:
    """Yield the paths to operands that an operation may belong to alone.

    In a chain of sums these are any of its terms, and any of its beginnings.
    """
    path: Path = ()
    part: Tree = inner
    while isinstance(part, Call) and _takes(outer, slot, part):
        yield from ((*path, 0), (*path, 1))
        path, part = (*path, 0), part.arguments[0]


def _round(inner: Call, outer: Call) -> Iterator[Path]:
    """Yield the paths to the operands that may belong together with another one of `outer`."""
    for at, operand in enumerate(inner.arguments):
        if _takes(inner, at, outer):
            yield (at,)
        if at and inner.function in _SUMS and isinstance(operand, Call):
            slots = range(len(operand.arguments))
            yield from ((at, slot) for slot in slots if _takes(operand, slot, outer))


def _takes(outer: Call, slot: int, inner: Call) -> bool:
    """Whether an operation may take in an operand of another, or both, by mistake."""
    exponent = outer.function == "**" and slot == 1
    return not exponent and inner.function in _TAKE_IN.get(outer.function, ())


def _with(call: Call, path: Path, part: Tree) -> Call:
    """Return an operation with another part, as if newly written."""
    slot, *further = path
    operand = call.arguments[slot]
    if further:
        assert isinstance(operand, Call)
        part = _with(operand, tuple(further), part)
    return expression(call.function, *call.arguments[:slot], part, *call.arguments[slot + 1 :])
