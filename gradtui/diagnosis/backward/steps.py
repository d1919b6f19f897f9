"""The right result of a line from its inputs: its own step of the true backward pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.trial import Trial
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind
from gradtui.engine.reverse import adjoints_from, flow_through


class Reading(Struct, frozen=True):
    """The possible meaning of a line."""

    targets: tuple[int, ...]
    """Nodes of the model whose adjoint it may be."""
    targets_certain: bool
    """Whether it is the adjoint of one of them."""
    scale: float | None = None
    """c if it holds c·dLoss/dtarget of its only target."""
    known: bool = False
    """Whether it is a helper with a value of the true backward pass, and so right."""


class Steps:
    """The steps of a program's lines, given the readings of its lines."""

    def __init__(self, trial: Trial, of: Callable[[Line], Reading]) -> None:
        self._trial = trial
        self._of = of
        self._upstream: dict[str, tuple[str, ...]] = {}

    def true_step(
        self,
        line: Line,
        target: int,
        scale: float = 1.0,
        scales: Mapping[str, float] = MappingProxyType({}),
        upstream: Sequence[str] | None = None,
    ) -> tuple[Builder, int]:
        """Return the nodes and the root of a line's right result from its inputs.

        The adjoints that it reads, directly or through helpers, are taken from the program, up
        to the program's own constant; `scale` is the constant of the line itself, `scales` those of
        wrong lines; `upstream` are the adjoints to start from.
        """
        trial = self._trial
        builder = Builder(trial.builder.nodes, simplify=True)
        given = self._given(builder, line, target, scales, upstream)
        adjoint = adjoints_from(builder, trial.graph, given, [target]).get(target)
        root = builder.constant(0.0) if adjoint is None else adjoint
        return builder, self._scaled(builder, root, target, scale)

    def own_steps(self, claims: Mapping[Line, int]) -> list[tuple[Builder, Mapping[Line, int]]]:
        """Return the nodes and the roots of claims' right results, all constants left as they are.

        Each claim comes with its target; those that start from the same adjoints share the nodes.
        """
        alike = defaultdict[tuple[str, ...], dict[Line, int]](dict)
        for line, target in claims.items():
            others = [name for name in self.upstream(line) if self._adjoint(name)[1] != target]
            alike[tuple(others)][line] = target
        found = list[tuple[Builder, Mapping[Line, int]]]()
        for names, some in alike.items():
            builder = Builder(self._trial.builder.nodes, simplify=True)
            (first, *_) = some.items()
            given = self._given(builder, *first, dict.fromkeys(names, 1.0), names)
            adjoints = adjoints_from(builder, self._trial.graph, given, some.values())
            none = builder.constant(0.0)
            roots = {line: self._scaled(builder, adjoints.get(target, none), target, 1.0)
                     for line, target in some.items()}  # fmt: skip
            found.append((builder, roots))
        return found

    def true_flows(
        self,
        line: Line,
        target: int,
        scale: float = 1.0,
        scales: Mapping[str, float] = MappingProxyType({}),
        upstream: Sequence[str] | None = None,
    ) -> tuple[Builder, list[int]]:
        """Return the same for each statement that reads the target alone, if several do."""
        trial = self._trial
        builder = Builder(trial.builder.nodes, simplify=True)
        given = self._given(builder, line, target, scales, upstream)
        readers = [
            one for one in trial.graph.statements
            if one.root != target
            and any(target in trial.graph.nodes[op].inputs for op in one.operations)
        ]  # fmt: skip
        roots = []
        for statement in readers if len(readers) > 1 else ():
            adjoint = given.get(statement.root)
            if adjoint is None:
                found = adjoints_from(builder, trial.graph, given, [statement.root])
                adjoint = found.get(statement.root)
            share = adjoint and flow_through(builder, trial.graph, statement, adjoint).get(target)
            if share:
                roots.append(self._scaled(builder, share, target, scale))
        return builder, roots

    def _scaled(self, builder: Builder, root: int, target: int, scale: float) -> int:
        if scale != 1.0:
            root = builder.apply("*", (root, builder.constant(scale)))
        return builder.fit(root, self._trial.graph.nodes[target].shape)

    def _given(
        self,
        builder: Builder,
        line: Line,
        target: int,
        scales: Mapping[str, float],
        upstream: Sequence[str] | None,
    ) -> dict[int, int]:
        """Return node -> its adjoint as the program computes it."""
        given: dict[int, int] = {}
        for name in self.upstream(line) if upstream is None else upstream:
            other, source = self._adjoint(name)
            node = builder.nodes[source]
            if source == target or node.kind is not Kind.OPERATION:
                continue
            own = scales.get(name, self._of(other).scale)
            factor = 1.0 / own if own else 1.0
            held = builder.fit(other.node, node.shape)
            given[source] = builder.apply("*", (held, builder.constant(factor)))
        return given

    def _adjoint(self, name: str) -> tuple[Line, int]:
        """Return the line of an adjoint that others start from, and the node that it is of."""
        line = self._trial.program.line(name)
        assert line is not None
        (source,) = self._of(line).targets
        return line, source

    def before(self, line: Line) -> tuple[str, ...]:
        """Return the names of all adjoints that a line could start from."""
        found = []
        for other in self._trial.lines:
            if other is line:
                break
            reading = self._of(other)
            if reading.targets_certain and len(reading.targets) == 1:
                found.append(other.name)
        return tuple(found)

    def upstream(self, line: Line) -> tuple[str, ...]:
        """Return the names of the adjoints that a line starts from, nearest first."""
        if line.name not in self._upstream:
            self._upstream[line.name] = self._starts_of(line)
        return self._upstream[line.name]

    def _starts_of(self, line: Line) -> tuple[str, ...]:
        found: dict[str, None] = {}
        pending, seen = [line], set[str]()
        while pending:
            at = pending.pop()
            if at.name in seen:
                continue  # else a value read twice would double the walk, again and again
            seen.add(at.name)
            for name in sorted(at.reads):
                if name not in at.scope or at.scope[name] in self._trial.program.state.values():
                    continue
                other = self._trial.program.line(name)
                if other is None or other is line or name in found:
                    continue
                reading = self._of(other)
                if reading.targets_certain and len(reading.targets) == 1:
                    found[name] = None
                else:
                    pending.append(other)
        return tuple(found)
