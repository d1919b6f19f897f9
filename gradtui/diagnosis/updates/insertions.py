"""What may be missing in a line of an update: factors, corrections, roots, terms."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.diagnosis.updates.line import Change, Line
from gradtui.diagnosis.updates.scope import BIAS, DECAY, EPSILON, MOMENTUM, RATE, ROOT, TIME
from gradtui.diagnosis.updates.trees import Path, expression, names_in
from gradtui.engine.expression import Name, Number, Tree, WholeNumbers


class Insertions(Line):
    """The changes that put something into a line."""

    def changes(self, path: Path, part: Tree) -> Iterator[Change]:
        """Yield what could stand in the place of a part."""
        if isinstance(part, Name):
            yield from self._decayed(part)
        if not isinstance(part, WholeNumbers):
            yield from self._inserted(part, root=not path)

    def _inserted(self, part: Tree, *, root: bool) -> Iterator[Change]:
        names = self.scope.names(part)
        if self.is_signal(names):
            yield from self._inserted_in_signal(part, names)
            return
        if root and names:
            yield from self._inserted_in_helper(part, names)
        if isinstance(part, Name | Number) and self.scope.timed and self.scope.weighs(part):
            yield Change(expression("**", part, self.name("t")), TIME, 1.2, (BIAS,))
        if isinstance(part, Name):
            yield from self._inserted_at_name(part)
        elif "t" in names:
            yield Change(expression("sqrt", part), ROOT, 1.1, (BIAS,))

    def _inserted_in_signal(self, part: Tree, names: frozenset[str]) -> Iterator[Change]:
        scope = self.scope
        rule = DECAY if self.topic(part) == DECAY else RATE
        cost = 1.1 if self.line.name == "w" else 1.2
        yield Change(expression("*", self.name("lr"), part), rule, cost)
        yield Change(expression("sqrt", part), ROOT, 1.2)
        yield Change(expression("**", part, self.number(2)), MOMENTUM, 1.5)
        yield from self._weighed(part)
        if scope.has_epsilon:
            yield Change(expression("+", part, self.name("eps")), EPSILON, 1.2)
        if "w" in names and scope.decays:
            yield Change(expression("*", self.name("weight_decay"), part), DECAY, 1.2)
        for helper in self.unread:
            rule = self.topic(self.name(helper))
            yield Change(expression("/", part, self.name(helper)), rule, 1)
            yield Change(expression("*", part, self.name(helper)), rule, 1)

    def _inserted_in_helper(self, part: Tree, names: frozenset[str]) -> Iterator[Change]:
        yield Change(expression("*", self.name("lr"), part), RATE, 1.1)
        for mean in self.scope.means if self.scope.timed else ():
            correction = self._correction(mean)
            yield Change(expression("/", part, correction), BIAS, 1.1)
            yield Change(expression("*", part, expression("sqrt", correction)), BIAS, 1.2)
        if "t" in names:
            yield Change(expression("-", self.number(1), part), BIAS, 1.1)

    def _inserted_at_name(self, part: Name) -> Iterator[Change]:
        if part.name == "eps" and "beta2" in self.scope.means:
            correction = expression("sqrt", self._correction("beta2"))
            yield Change(expression("*", part, correction), EPSILON, 1.2)
        if part.name == "weight_decay":
            yield Change(expression("*", self.name("lr"), part), DECAY, 1.1, (RATE,))

    def _weighed(self, part: Tree) -> Iterator[Change]:
        scope = self.scope
        for mean in scope.means:
            weight = self.name(mean)
            rest = expression("-", self.number(1), weight)
            yield Change(expression("*", weight, part), MOMENTUM, 1.3)
            yield Change(expression("*", rest, part), MOMENTUM, 1.3)
            if scope.timed:
                yield Change(expression("/", part, self._correction(mean)), BIAS, 1.2)
                root = expression("sqrt", self._correction(mean))
                yield Change(expression("*", part, root), BIAS, 1.6)
            if mean == "momentum" and isinstance(part, Name):
                for gradient in ("g", *(n for n in self.above if n in scope.meaning)):
                    ahead = expression("+", self.name(gradient), expression("*", weight, part))
                    yield Change(ahead, MOMENTUM, 1.3)
        if self.keeps:
            kept = self.name(self.line.name)
            lost = 0.0 if self.line.name in names_in(self.line.value) else 0.3
            yield Change(expression("+", kept, part), MOMENTUM, 1.5 - lost)
            for mean in scope.means:
                weighed = expression("*", self.name(mean), kept)
                yield Change(expression("+", weighed, part), MOMENTUM, 1.6 - lost)

    def _correction(self, mean: str) -> Tree:
        power = expression("**", self.name(mean), self.name("t"))
        return expression("-", self.number(1), power)

    def _decayed(self, part: Name) -> Iterator[Change]:
        if not self.scope.decays:
            return
        decay = self.name("weight_decay")
        if part.name == "g":
            term = expression("*", decay, self.name("w"))
            yield Change(expression("+", part, term), DECAY, 1)
        if part.name == "w":
            shrink = expression("*", self.name("lr"), decay)
            yield Change(expression("-", part, expression("*", shrink, part)), DECAY, 1)
