"""Possible missing parts of an update's line: factors, corrections, roots, terms."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.diagnosis.updates.scope import (
    BIAS,
    CONSTANT,
    DECAY,
    EPSILON,
    RATE,
    ROOT,
    TIME,
    UNEXPLAINED,
)
from gradtui.diagnosis.updates.site import Proposal, Site
from gradtui.language.parser import Name, Number, Tree
from gradtui.language.trees import Path, expression, names_read


class Insertions(Site):
    """The changes that insert something into a line."""

    def changes(self, path: Path, part: Tree) -> Iterator[Proposal]:
        """Yield the possible replacements of a part."""
        if isinstance(part, Name):
            yield from self._decayed(part)
        yield from self._inserted(part, root=not path)

    def _inserted(self, part: Tree, *, root: bool) -> Iterator[Proposal]:
        scope, names = self.scope, self.scope.names(part)
        if scope.is_signal(names):
            yield from self._inserted_in_signal(part, names, root=root)
            return
        if root and names:
            yield from self._inserted_in_helper(part, names)
        if root and self.line.name in scope.kept:
            kept = expression("*", self.name(self.line.name), part)
            yield Proposal(kept, (RATE, BIAS, TIME), 1.1)
        if names and not names <= {"lr"} and not names <= {"t"}:
            rest = expression("-", self.number(1), part)
            yield Proposal(rest, self.topic(part), 1.1 if root else 1.2)
        if isinstance(part, Name | Number) and self.scope.timed and self.scope.weighs(part):
            yield Proposal(expression("**", part, self.name("t")), (TIME, BIAS), 1.2)
        if isinstance(part, Name) and part.name in self.scope.kept:
            for mean in map(self.name, self.scope.means):
                yield Proposal(expression("*", mean, part), (CONSTANT, BIAS, TIME), 1.2)
        if isinstance(part, Name):
            yield from self._inserted_at_name(part)
        elif "t" in names:
            yield Proposal(expression("sqrt", part), (ROOT, BIAS), 1.1)

    def _inserted_in_signal(
        self, part: Tree, names: frozenset[str], *, root: bool
    ) -> Iterator[Proposal]:
        scope = self.scope
        rules = (DECAY, RATE) if self.topic(part) == (DECAY,) else (RATE,)
        cost = 1.1 if self.moves else 1.2
        if "t" in scope.read:
            yield Proposal(expression("*", self.name("t"), part), (TIME, RATE), 1.3)
        for rate in self._rates():
            yield Proposal(expression("*", rate, part), rules, cost)
        if root:
            yield from self._inserted_in_line(part)
        yield Proposal(expression("sqrt", part), (ROOT,), 1.2)
        yield Proposal(expression("**", part, self.number(2)), scope.direction, 1.5)
        yield Proposal(expression("abs", part), scope.direction, 1.3)
        yield from self._weighed(part)
        if scope.has_epsilon:
            yield Proposal(expression("+", part, self.name("eps")), (EPSILON,), 1.2)
        if "w" in names and scope.decays:
            yield Proposal(expression("*", self.name("weight_decay"), part), (DECAY,), 1.2)
        for number in map(self.number, scope.numbers):
            for function in ("maximum", "minimum"):
                bounded = expression(function, part, number)
                yield Proposal(bounded, (UNEXPLAINED, RATE, CONSTANT), 1.4)
        yield from self._unread(part)
        yield from self._scaled(part)

    def _inserted_in_line(self, part: Tree) -> Iterator[Proposal]:
        """Yield what may be missing in a whole direction, or in a whole step."""
        scope = self.scope
        for term in self._terms():
            rules = (DECAY,) if self.topic(term) == (DECAY,) else scope.form
            for sign in ("+", "-"):
                yield Proposal(expression(sign, part, term), rules, 1.35)
        if not self.moves:
            later = expression(">", self.name("t"), self.number(1))
            first = expression("where", later, part, self.number(0))
            yield Proposal(first, (*scope.form, TIME), 1.4)
            started = expression("where", later, part, self.name("w"))
            yield Proposal(started, (*scope.form, TIME), 1.45)

    def _rates(self) -> Iterator[Tree]:
        """Yield the rate, and the numbers that a program may compute it from."""
        yield self.name("lr")
        yield from map(self.number, self.scope.numbers)

    def _terms(self) -> Iterator[Tree]:
        """Yield terms that a line may lack: the gradient's own step, states, other lines' terms."""
        scope, gradient = self.scope, self.name("g")
        if "g" not in names_read(self.line.value):
            yield from (expression("*", self.name("lr"), gradient), gradient)
        if self.moves and "momentum" in scope.means:
            for name in dict.fromkeys((*scope.state, *self.near)):
                yield expression("*", self.name("momentum"), self.name(name))
        if self.moves and scope.decays:
            yield expression("*", self.name("lr"), self.decay())

    def _unread(self, part: Tree) -> Iterator[Proposal]:
        """Yield a part times, and divided by, an unused helper."""
        for helper in map(self.name, self.unread):
            signal = self.scope.is_signal(self.scope.names(helper))
            turned = signal and not self.scope.is_signal(self.scope.names(part))
            cost = 1.2 if turned else 1.1 if self.moves else 1.0
            for function in ("/", "*"):
                yield Proposal(expression(function, part, helper), self.topic(helper), cost)
            for function in ("+", "-"):
                yield Proposal(expression(function, part, helper), self.topic(helper), 1.2)
                for mean in map(self.name, self.scope.means):
                    term = expression("*", mean, helper)
                    yield Proposal(expression(function, part, term), self.scope.form, 1.3)

    def _scaled(self, part: Tree) -> Iterator[Proposal]:
        """Yield a part divided by, and times, the scales of other lines."""
        read = {*names_read(self.line.value), *self.unread}
        for name in (one for one in self.near if one in self.scope.meaning and one not in read):
            helper = self.name(name)
            if not self.scope.is_signal(self.scope.names(helper)):
                for function in ("/", "*"):
                    yield Proposal(expression(function, part, helper), self.topic(helper), 1.55)

    def _inserted_in_helper(self, part: Tree, names: frozenset[str]) -> Iterator[Proposal]:
        for rate in self._rates():
            yield Proposal(expression("*", rate, part), (RATE,), 1.1)
        if self.scope.has_epsilon:
            yield Proposal(expression("*", self.name("eps"), part), (EPSILON,), 1.2)
        yield from self._unread(part)
        yield Proposal(expression("/", self.number(1), part), self.topic(part), 1.3)
        rules = (EPSILON, BIAS) if "eps" in names else (BIAS,)
        for mean in self.scope.means:
            rest = expression("-", self.number(1), self.name(mean))
            yield Proposal(expression("/", part, rest), self.scope.form, 1.2)
            if self.scope.timed:
                correction = self._correction(mean)
                yield Proposal(expression("/", part, correction), rules, 1.1)
                yield Proposal(expression("*", part, expression("sqrt", correction)), rules, 1.2)

    def _inserted_at_name(self, part: Name) -> Iterator[Proposal]:
        if part.name == "eps" and "beta2" in self.scope.means:
            correction = expression("sqrt", self._correction("beta2"))
            yield Proposal(expression("*", part, correction), (EPSILON,), 1.2)
        if part.name == "weight_decay":
            yield Proposal(expression("*", self.name("lr"), part), (DECAY, RATE), 1.1)
            yield Proposal(self.decay(), (DECAY,), 1.1)

    def _weighed(self, part: Tree) -> Iterator[Proposal]:
        scope = self.scope
        for mean in scope.means:
            weight = self.name(mean)
            rest = expression("-", self.number(1), weight)
            yield Proposal(expression("*", weight, part), scope.form, 1.3)
            yield Proposal(expression("*", rest, part), scope.form, 1.3)
            if scope.timed:
                yield Proposal(expression("/", part, self._correction(mean)), (BIAS,), 1.2)
                root = expression("sqrt", self._correction(mean))
                yield Proposal(expression("*", part, root), (BIAS,), 1.6)
                if self.keeps and "t" in names_read(self.line.value):
                    before = self._correction(mean, expression("-", self.name("t"), self.number(1)))
                    yield Proposal(expression("*", before, part), (BIAS, TIME), 1.5)
            if mean == "momentum" and isinstance(part, Name):
                for gradient in ("g", *(n for n in self.near if n in scope.meaning)):
                    ahead = expression("+", self.name(gradient), expression("*", weight, part))
                    yield Proposal(ahead, scope.form, 1.3)
        if self.keeps:
            kept = self.name(self.line.name)
            lost = 0.0 if self.line.name in names_read(self.line.value) else 0.3
            yield Proposal(expression("+", kept, part), scope.form, 1.5 - lost)
            square = expression("**", kept, self.number(2))
            yield Proposal(expression("+", square, part), scope.form, 1.6 - lost)
            for mean in scope.means:
                weighed = expression("*", self.name(mean), kept)
                yield Proposal(expression("+", weighed, part), scope.form, 1.6 - lost)

    def _correction(self, mean: str, time: Tree | None = None) -> Tree:
        power = expression("**", self.name(mean), time or self.name("t"))
        return expression("-", self.number(1), power)

    def _decayed(self, part: Name) -> Iterator[Proposal]:
        if not self.scope.decays:
            return
        if part.name == "g":
            yield Proposal(expression("+", part, self.decay()), (DECAY,))
        if part.name == "w":
            shrink = expression("*", self.name("lr"), self.name("weight_decay"))
            yield Proposal(expression("-", part, expression("*", shrink, part)), (DECAY,))
