"""Small changes of one line of an update, each with the rule that it would be the repair of.

Knows the forms that updates have (rates, running means, corrections, decay), not whether a change
helps.  Every change is also the opposite of one, so the same list makes an optimizer wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from gradtui.engine.expression import Assignment, Call, Name, Number, Tree, WholeNumbers
from gradtui.source import Place

SIGN, RATE, BIAS, TIME = "update-sign", "update-rate", "missing-bias-correction", "wrong-time-index"
EPSILON, ROOT, DECAY = "epsilon-placement", "missing-root", "decay-coupling"
MOMENTUM, CONSTANT = "momentum-form", "wrong-hyperparameter"
UNEXPLAINED = "unexplained-update"
_NOWHERE = Place(1)
_SMALL = 0.2
"""Numbers below may stand for an eps or a decay."""

Path = tuple[int, ...]
"""The slot taken at each operation on the way from the root."""


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


class Scope(Struct, frozen=True):
    """What a program may name, and what that is made of."""

    constants: Mapping[str, float]
    """The optimizer's."""
    state: tuple[str, ...]
    meaning: Mapping[str, frozenset[str]]
    """Name of a helper -> the names that it is computed from in the same step."""
    timed: bool
    """Whether the optimizer counts its steps."""

    @property
    def means(self) -> tuple[str, ...]:
        """The constants that weigh a running mean or a velocity."""
        return tuple(n for n in ("momentum", "beta1", "beta2", "alpha") if n in self.constants)

    @property
    def has_epsilon(self) -> bool:
        """Whether the optimizer has an eps."""
        return "eps" in self.constants

    @property
    def decays(self) -> bool:
        """Whether the optimizer decays weights."""
        return bool(self.constants.get("weight_decay"))

    def names(self, tree: Tree) -> frozenset[str]:
        """Return the names that a tree is made of, helpers looked through."""
        found = set[str]()
        for name in names_in(tree):
            found |= self.meaning.get(name, frozenset()) | {name}
        return frozenset(found)


def scope_of(
    lines: Sequence[Assignment],
    state: Sequence[str],
    constants: Mapping[str, float],
    *,
    timed: bool,
) -> Scope:
    """Return the scope of a program; constants that are 0, and choices, do nothing."""
    constants = {name: c for name, c in constants.items() if c and name != "nesterov"}
    meaning: dict[str, frozenset[str]] = {}
    for line in lines:
        if line.name != "w" and line.name not in state:
            below = [meaning.get(name, frozenset({name})) for name in names_in(line.value)]
            meaning[line.name] = frozenset().union(*below)
    return Scope(constants, tuple(state), meaning, timed)


def names_in(tree: Tree) -> Iterator[str]:
    """Yield the names that a tree reads."""
    for _, part in parts_of(tree):
        if isinstance(part, Name):
            yield part.name


def parts_of(tree: Tree) -> Iterator[tuple[Path, Tree]]:
    """Yield every part of a tree with the way to it."""
    pending: list[tuple[Path, Tree]] = [((), tree)]
    while pending:
        path, part = pending.pop()
        yield path, part
        if isinstance(part, Call):
            pending.extend(((*path, i), a) for i, a in enumerate(part.arguments))


def part_at(tree: Tree, path: Path) -> Tree:
    """Return the part that a way leads to."""
    for slot in path:
        assert isinstance(tree, Call)
        tree = tree.arguments[slot]
    return tree


def replaced(tree: Tree, path: Path, part: Tree) -> Tree:
    """Return a tree with another part at the end of a way; all else is shared with it."""
    above = list[Call]()
    for slot in path:
        assert isinstance(tree, Call)
        above.append(tree)
        tree = tree.arguments[slot]
    for call, slot in zip(reversed(above), reversed(path), strict=True):
        arguments = (*call.arguments[:slot], part, *call.arguments[slot + 1 :])
        part = Call(call.function, arguments, call.options, call.place)
    return part


def repairs_of(lines: Sequence[Assignment], index: int, scope: Scope) -> list[Repair]:
    """Return all small changes of one line, cheapest first, none twice."""
    line = lines[index]
    here = _Line(lines, index, scope)
    found: dict[str, Repair] = {}
    for path, part in parts_of(line.value):
        for change in here.changes(path, part):
            value = replaced(line.value, path, change.part)
            made = Repair(index, value, change.rule, change.cost, path, change.part, change.also)
            key = shape_of(value)
            if key not in found or found[key].cost > made.cost:
                found[key] = made
    found.pop(shape_of(line.value), None)
    return sorted(found.values(), key=lambda repair: repair.cost)


def shape_of(tree: Tree) -> str:
    """Return a text that two trees share only if they compute the same in the same way."""
    texts: list[str] = []
    pending = [tree]
    while pending:
        part = pending.pop()
        match part:
            case Call(function, arguments, options):
                texts.append(f"{function}{options or ''}/{len(arguments)}")
                pending.extend(reversed(arguments))
            case Name(name):
                texts.append(name)
            case Number(value):
                texts.append(repr(value))
            case WholeNumbers(values):
                texts.append(repr(values))
    return " ".join(texts)


class _Change(Struct, frozen=True):
    part: Tree
    rule: str
    cost: float = 1.0
    also: tuple[str, ...] = ()


class _Line:
    """The changes of one line."""

    def __init__(self, lines: Sequence[Assignment], index: int, scope: Scope) -> None:
        self.line = lines[index]
        self.scope = scope
        self.lines = lines
        self.index = index
        self.keeps = self.line.name in scope.state
        self.above = [line.name for line in lines[:index]]
        self.place = self.line.value.place

    def changes(self, path: Path, part: Tree) -> Iterator[_Change]:
        """Yield what could stand in the place of a part."""
        if isinstance(part, Call):
            yield from self.signs(part)
            yield from self.dropped(part)
            yield from self.operators(part)
            yield from self.powers(part)
            yield from self.epsilons(part)
        if isinstance(part, Name):
            yield from self.other_names(part)
            yield from self.decayed(part)
        if isinstance(part, Number):
            yield from self.other_numbers(part)
        if not isinstance(part, WholeNumbers):
            yield from self.inserted(part)
        if not path:
            yield from self.whole(part)

    def topic(self, tree: Tree) -> str:
        """Return the rule that a wrong factor or term falls under."""
        names = self.scope.names(tree)
        if "weight_decay" in names and not names & {"g", *self.scope.state}:
            return DECAY
        if self.is_signal(names):
            return MOMENTUM
        if "eps" in names:
            return EPSILON
        if "t" in names:
            return TIME if names == {"t"} else BIAS
        if "lr" in names:
            return RATE
        if names & set(self.scope.means):
            return MOMENTUM
        return MOMENTUM if self.keeps else RATE

    def is_signal(self, names: frozenset[str]) -> bool:
        return bool(names & {"g", "w", *self.scope.state})

    def sign_rule(self, tree: Tree) -> tuple[str, tuple[str, ...]]:
        rule = self.topic(tree)
        if rule in (DECAY, EPSILON, BIAS, TIME):
            return rule, (SIGN,)
        return (MOMENTUM, (SIGN,)) if self.keeps else (SIGN, ())

    def sign_cost(self, cost: float) -> float:
        return cost if self.line.name == "w" else cost + 0.1

    def signs(self, call: Call) -> Iterator[_Change]:
        if call.function in ("+", "-"):
            left, right = call.arguments
            other = "-" if call.function == "+" else "+"
            rule, also = self.sign_rule(right)
            if isinstance(left, Number):
                rule, also = self.topic(right), (SIGN,)
            yield _Change(_call(other, left, right), rule, self.sign_cost(1), also)
            rule, also = self.sign_rule(left)
            if call.function == "-":
                yield _Change(_call("-", right, left), rule, self.sign_cost(1.2), also)
            else:
                yield _Change(_call("-", right, left), rule, self.sign_cost(1.4), also)
        if call.function == "neg":
            rule, also = self.sign_rule(call.arguments[0])
            yield _Change(call.arguments[0], rule, 1, also)

    def dropped(self, call: Call) -> Iterator[_Change]:
        match call:
            case Call("+" | "*", (left, right)):
                yield self.without(left, right)
                yield self.without(right, left)
            case Call("-", (left, right)):
                yield self.without(right, left)
                yield _Change(_call("neg", right), self.topic(left), 1.5)
            case Call("/", (left, right)):
                yield self.without(right, left)
            case Call("sqrt", (inside,)):
                only_epsilon = self.topic(inside) == EPSILON
                yield _Change(inside, EPSILON if only_epsilon else ROOT, 1)
            case Call("**", (base, exponent)):
                yield _Change(base, self.power_rule(base, exponent), 1)
            case Call(_, (inside,)):
                yield _Change(inside, self.topic(inside), 1.2)

    def without(self, lost: Tree, left: Tree) -> _Change:
        rule = self.topic(lost)
        return _Change(left, rule, 1.1, (MOMENTUM,) if self.keeps and rule == RATE else ())

    def power_rule(self, base: Tree, exponent: Tree) -> str:
        topic = self.topic(base)
        if isinstance(exponent, Number) and exponent.value == 0.5 and topic != EPSILON:
            return ROOT
        names = self.scope.names(base)
        if names and names <= set(self.scope.means):
            return TIME
        return topic

    def operators(self, call: Call) -> Iterator[_Change]:
        others = {"*": ("/", "**", "+"), "/": ("*",), "+": ("*",), "**": ("*",)}
        for other in others.get(call.function, ()):
            left, right = call.arguments
            if other == "**":
                if self.scope.names(right) == {"t"}:
                    yield _Change(_call("**", left, right), TIME, 1, (BIAS,))
                elif self.scope.names(left) == {"t"}:
                    yield _Change(_call("**", right, left), TIME, 1, (BIAS,))
            elif call.function != "**":
                yield _Change(_call(other, left, right), self.topic(right), 1.6)
        if call.function == "/":
            left, right = call.arguments
            yield _Change(_call("/", right, left), self.topic(right), 2)

    def powers(self, call: Call) -> Iterator[_Change]:
        if call.function != "**":
            return
        base, exponent = call.arguments
        names = self.scope.names(base)
        if self.scope.timed and names and names <= set(self.scope.means) and not _is(exponent, "t"):
            yield _Change(_call("**", base, self.name("t")), TIME, 0.9)
        if isinstance(exponent, Number):
            for value in (0.5, 2.0):
                rule = ROOT if 0.5 in (value, exponent.value) else self.topic(base)
                yield _Change(_call("**", base, self.number(value)), rule, 1.2)
        if _is(base, "t"):
            yield _Change(_call("**", exponent, base), TIME, 1)

    def epsilons(self, call: Call) -> Iterator[_Change]:
        match call:
            case Call("sqrt", (Call("+", (left, right)),)):
                yield from self.outside(left, right, lambda x: _call("sqrt", x))
            case Call("**", (Call("+", (left, right)), Number(0.5))):
                half = call.arguments[1]
                yield from self.outside(left, right, lambda x: _call("**", x, half))
            case Call("+", (Call("/", (above, below)), added)) if self.small(added):
                yield _Change(_call("/", above, _call("+", below, added)), EPSILON, 1)
            case Call("+", (Call("sqrt", (inside,)), added)) if self.small(added):
                yield _Change(_call("sqrt", _call("+", inside, added)), EPSILON, 1)
            case Call("maximum", (left, right)) if self.small(left) or self.small(right):
                yield _Change(_call("+", left, right), EPSILON, 1)

    def outside(self, left: Tree, right: Tree, root: Callable[[Tree], Tree]) -> Iterator[_Change]:
        if self.small(right):
            yield _Change(_call("+", root(left), right), EPSILON, 1)
        elif self.small(left):
            yield _Change(_call("+", root(right), left), EPSILON, 1)

    def small(self, tree: Tree) -> bool:
        return isinstance(tree, Number) or self.topic(tree) == EPSILON

    def inserted(self, part: Tree) -> Iterator[_Change]:
        names = self.scope.names(part)
        if names and not self.is_signal(names) and not isinstance(part, Name):
            return
        scope = self.scope
        decay = "weight_decay" in names
        if self.is_signal(names):
            yield _Change(_call("*", self.name("lr"), part), DECAY if decay else RATE, 1.2)
            yield _Change(_call("sqrt", part), ROOT, 1.2)
            yield _Change(_call("**", part, self.number(2)), MOMENTUM, 1.5)
            yield from self.weighed(part)
            if scope.has_epsilon:
                yield _Change(_call("+", part, self.name("eps")), EPSILON, 1.2)
            if "w" in names and scope.decays:
                yield _Change(_call("*", self.name("weight_decay"), part), DECAY, 1.2)
        if isinstance(part, Name) and part.name in scope.means and scope.timed:
            yield _Change(_call("**", part, self.name("t")), TIME, 1.2, (BIAS,))
        if isinstance(part, Name) and part.name == "eps" and "beta2" in scope.means:
            correction = self.correction("beta2")
            yield _Change(_call("*", part, _call("sqrt", correction)), EPSILON, 1.2)

    def weighed(self, part: Tree) -> Iterator[_Change]:
        scope = self.scope
        for mean in scope.means:
            weight = self.name(mean)
            rest = _call("-", self.number(1), weight)
            yield _Change(_call("*", weight, part), MOMENTUM, 1.3)
            yield _Change(_call("*", rest, part), MOMENTUM, 1.3)
            if scope.timed:
                yield _Change(_call("/", part, self.correction(mean)), BIAS, 1.2)
                root = _call("sqrt", self.correction(mean))
                yield _Change(_call("*", part, root), BIAS, 1.6)
            if mean == "momentum" and isinstance(part, Name):
                for gradient in ("g", *(n for n in self.above if n in scope.meaning)):
                    ahead = _call("+", self.name(gradient), _call("*", weight, part))
                    yield _Change(ahead, MOMENTUM, 1.3)
        if self.keeps:
            kept = self.name(self.line.name)
            yield _Change(_call("+", kept, part), MOMENTUM, 1.5)
            for mean in scope.means:
                yield _Change(_call("+", _call("*", self.name(mean), kept), part), MOMENTUM, 1.6)

    def correction(self, mean: str) -> Tree:
        power = _call("**", self.name(mean), self.name("t"))
        return _call("-", self.number(1), power)

    def decayed(self, part: Name) -> Iterator[_Change]:
        if not self.scope.decays:
            return
        decay = self.name("weight_decay")
        if part.name == "g":
            term = _call("*", decay, self.name("w"))
            yield _Change(_call("+", part, term), DECAY, 1)
        if part.name == "w":
            shrink = _call("*", self.name("lr"), decay)
            yield _Change(_call("-", part, _call("*", shrink, part)), DECAY, 1)

    def other_names(self, part: Name) -> Iterator[_Change]:
        scope = self.scope
        fixed = ("lr", *scope.constants)
        if part.name in fixed:
            for other in fixed:
                rate = "lr" in (other, part.name)
                rule, also = (RATE, (CONSTANT,)) if rate else (CONSTANT, ())
                yield _Change(self.name(other), rule, 1, also)
            if part.name in scope.means:
                rest = _call("-", self.number(1), part)
                yield _Change(rest, CONSTANT, 1.1, (MOMENTUM,))
            return
        signals = dict.fromkeys(("g", "w", *scope.state, *self.above))
        for other in signals:
            if other != part.name:
                yield _Change(self.name(other), self.name_rule(part, other), 1.3)
        if part.name in scope.state and part.name not in self.above:
            for line in self.lines[self.index + 1 :]:
                if line.name == part.name:
                    yield _Change(line.value, MOMENTUM, 1.1)

    def name_rule(self, part: Name, other: str) -> str:
        before, after = self.scope.names(part), self.scope.names(self.name(other))
        if ("t" in before) != ("t" in after):
            return BIAS
        return DECAY if ("weight_decay" in before) != ("weight_decay" in after) else MOMENTUM

    def other_numbers(self, part: Number) -> Iterator[_Change]:
        yield _Change(self.name("lr"), RATE, 1, (CONSTANT,))
        if part.value in (1, 2):
            return
        for other in self.scope.constants:
            if other in self.scope.means or abs(part.value) < _SMALL:
                yield _Change(self.name(other), CONSTANT, 1)
        for mean in self.scope.means:
            rest = _call("-", self.number(1), self.name(mean))
            yield _Change(rest, CONSTANT, 1.1, (MOMENTUM,))
        if part.value not in (0, 1):
            yield _Change(self.number(1), CONSTANT, 1.5)

    def whole(self, tree: Tree) -> Iterator[_Change]:
        """Yield changes of the line as a whole."""
        scope = self.scope
        read = [name for name in dict.fromkeys(names_in(tree))]
        for mean in scope.means:
            if mean in read:
                yield _Change(self.complement(tree, mean), CONSTANT, 1, (MOMENTUM,))
            for other in scope.means:
                if other != mean and mean in read:
                    yield _Change(self.renamed(tree, mean, other), CONSTANT, 0.9)
        signals = [name for name in read if self.is_signal(scope.names(self.name(name)))]
        for i, one in enumerate(signals):
            for other in signals[i + 1 :]:
                swapped = {one: other, other: one}
                yield _Change(self.swapped(tree, swapped), MOMENTUM, 1.5)
        for number in {p.value for _, p in parts_of(tree) if isinstance(p, Number)}:
            if 0 < number < 1:
                for mean in scope.means:
                    yield _Change(self.literal(tree, number, mean), CONSTANT, 0.9)
        yield _Change(_call("neg", tree), MOMENTUM if self.keeps else SIGN, 1.5, (SIGN,))
        if self.line.name == "w" and "w" not in read:
            rule = SIGN if "lr" in scope.names(tree) else RATE
            yield _Change(_call("-", self.name("w"), tree), rule, 2)
            yield _Change(_call("+", self.name("w"), tree), rule, 2)

    def complement(self, tree: Tree, mean: str) -> Tree:
        """Return a tree with β and 1 - β exchanged."""

        def change(part: Tree) -> Tree | None:
            match part:
                case Name(name) if name == mean:
                    return _call("-", self.number(1), part)
                case Call("-", (Number(1.0), Name(name))) if name == mean:
                    return part.arguments[1]
            return None

        return _mapped(tree, change)

    def renamed(self, tree: Tree, old: str, new: str) -> Tree:
        return self.swapped(tree, {old: new})

    def swapped(self, tree: Tree, names: Mapping[str, str]) -> Tree:
        def change(part: Tree) -> Tree | None:
            known = isinstance(part, Name) and names.get(part.name)
            return self.name(known) if known else None

        return _mapped(tree, change)

    def literal(self, tree: Tree, number: float, mean: str) -> Tree:
        """Return a tree with a number, and 1 minus it, written by the name of a constant."""

        def change(part: Tree) -> Tree | None:
            if isinstance(part, Number) and part.value == number:
                return self.name(mean)
            if isinstance(part, Number) and abs(part.value - (1 - number)) < 1e-12:
                return _call("-", self.number(1), self.name(mean))
            return None

        return _mapped(tree, change)

    def name(self, name: str) -> Name:
        return Name(name, self.place)

    def number(self, value: float) -> Number:
        return Number(float(value), self.place)


def _call(function: str, *arguments: Tree) -> Call:
    """Return an operation; its operands lose the parentheses that the user gave them."""
    bare = [
        Call(a.function, a.arguments, a.options, _NOWHERE)
        if isinstance(a, Call) and a.function in "+-*/**"
        else a
        for a in arguments
    ]
    return Call(function, tuple(bare), (), _NOWHERE)


def _is(tree: Tree, name: str) -> bool:
    return isinstance(tree, Name) and tree.name == name


def _mapped(tree: Tree, change: Callable[[Tree], Tree | None]) -> Tree:
    """Return a tree with the parts replaced for which `change` gives another."""
    done: list[Tree] = []
    pending: list[Tree | tuple[Call]] = [tree]
    while pending:
        part = pending.pop()
        if isinstance(part, tuple):
            (call,) = part
            arity = len(call.arguments)
            arguments = tuple(done[len(done) - arity :])
            del done[len(done) - arity :]
            done.append(Call(call.function, arguments, call.options, call.place))
            continue
        new = change(part)
        if new is not None:
            done.append(new)
        elif isinstance(part, Call) and part.arguments:
            pending.append((part,))
            pending.extend(reversed(part.arguments))
        else:
            done.append(part)
    return done[0]
