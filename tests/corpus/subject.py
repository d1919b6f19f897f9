"""A backward pass with lines replaced, executed at the judge's points: what it claims then."""

from __future__ import annotations

import ast
import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from corpus.edits import Context, edits
from corpus.judge import claims_at, claims_of, compare, truth_of, values_at
from corpus.load import Program
from corpus.numerics import names_in, parse

ERRORS = (ValueError, TypeError, IndexError, NameError, AttributeError)


@dataclass(frozen=True)
class Mutant:
    """A line of a program replaced, before it becomes a case."""

    index: int
    """Of the line in the program."""
    kind: str
    rules: tuple[str, ...]
    text: str
    """The new line."""
    claims: list
    """What the program with it claims at each point; None if it cannot be executed."""
    elsewhere: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """Other lines where one edit gives the same claims, and the rules that name that edit."""
    after: str = ""
    """A line to add at the end of the program."""
    state: str = ""


class Subject:
    """One backward pass of a model."""

    def __init__(self, program: Program, style: str) -> None:
        self.program, self.written = program, program.backward[style]
        self.text = program.text(self.written)
        self.raw = tomllib.loads(self.text)
        self.lines = parse(self.written.code)
        self.model = parse(program.model)
        self.truth = truth_of(self.raw)
        self.values = tuple(values_at(self.raw, self.truth, self.lines))

    def mutants(self) -> tuple[list[Mutant], list[Mutant]]:
        """Return the wrong mutants, those that claim the same merged, and the equivalent ones."""
        groups: dict[bytes, list[Mutant]] = {}
        equal: list[Mutant] = []
        for mutant in itertools.chain(self._edited(), self._stateful()):
            verdict = compare(self.truth, mutant.claims)
            if verdict.state == "wrong":
                groups.setdefault(signature(mutant.claims), []).append(mutant)
            elif verdict.sound:
                equal.append(mutant)
        return [self.merged(group) for group in groups.values()], equal

    def merged(self, group: list[Mutant]) -> Mutant:
        """Return the first of some mutants that claim the same, with all that is true of it."""
        found: dict[int, dict[str, None]] = {}
        for mutant in group:
            rules = found.setdefault(mutant.index, {})
            rules |= dict.fromkeys(mutant.rules) | dict.fromkeys(self._ratio_rules(mutant))
        own = tuple(found.pop(group[0].index))
        elsewhere = tuple((index, tuple(rules)) for index, rules in found.items())
        return replace(group[0], rules=own, elsewhere=elsewhere)

    def executed(self, *mutants: Mutant) -> Mutant | None:
        """Return the (last) mutant with what the program with all of them claims, if it runs."""
        try:
            return replace(mutants[-1], claims=self.claims(mutants))
        except ERRORS:
            return None

    def claims(self, mutants: Iterable[Mutant], replaced: list | None = None) -> list:
        """Return what the program with lines replaced claims at each point."""
        lines, after = list(self.lines), []
        state = dict(self.raw["backward"].get("state", {}))
        for mutant in mutants:
            lines[mutant.index] = parse(mutant.text)[0]
            after += parse(mutant.after)
            state |= tomllib.loads(mutant.state)
        raw = {"backward": {**self.raw["backward"], "state": state}}
        return claims_at(raw, self.truth, lines + after, replaced)

    def own(self, index: int) -> list:
        """Return what the sound program computes on a line, at each point."""
        name = self.lines[index].name
        return [{name: values[name]} for values in self.values]

    def index_of(self, name: str) -> int:
        """Return which line assigns a name."""
        return [line.name for line in self.lines].index(name)

    def context(self, index: int) -> Context:
        """Return what is known of the values that a line may read."""
        written = {line.name: tuple(names_in(line.tree)) for line in self.lines[:index]}
        pairs = set()
        for line in self.model:
            match line.tree:
                case ast.Call(args=[ast.Name(id=inner)]):
                    pairs.add(frozenset((inner, line.name)))
        matrices = [name for name in self.program.data if np.ndim(self.raw["data"][name]) == 2]
        batch = (f"{matrices[0]}.shape[0]", f"{matrices[0]}.shape[1]") if matrices else ("3",)
        own = {line.name for line in self.lines}
        known = tuple(n for n in self.values[0] if n in written or n not in own)
        model = tuple(line.name for line in self.model)
        target = dict(claims_of(self.raw, self.lines, self.truth.points[0]))
        bare = target.get(self.lines[index].name) in self.program.parameters
        return Context(self.values, known, written, frozenset(pairs), model, bare, batch)

    def _ratio_rules(self, mutant: Mutant) -> tuple[str, ...]:
        """Return the rules for a line that is wrong by one number everywhere."""
        if mutant.state:
            return ()
        (line,) = parse(mutant.text)
        with np.errstate(all="ignore"):
            got = [line.value(values) for values in self.values]
        return ratio_rules(got, [values[line.name] for values in self.values])

    def _edited(self) -> Iterator[Mutant]:
        for index, line in enumerate(self.lines):
            context = self.context(index)
            seen = {line.text}
            for edit in edits(line.tree, context):
                text = f"{line.name} = {ast.unparse(edit.tree)}"
                if text in seen:
                    continue
                seen.add(text)
                mutant = self.executed(Mutant(index, edit.kind, edit.rules, text, []))
                if mutant and ("factor" not in edit.kind or self._fits(mutant)):
                    yield mutant

    def _fits(self, mutant: Mutant) -> bool:
        """Whether the line's value broadcasts to the shape of the sound line's, and is no number.

        The loss of a factor is then not seen in the shape alone.
        """
        (line,), values = parse(mutant.text), self.values[0]
        got, shape = np.shape(line.value(values)), np.shape(values[line.name])
        try:
            return np.broadcast_shapes(got, shape) == shape and bool(got) == bool(shape)
        except ValueError:
            return False

    def _stateful(self) -> Iterator[Mutant]:
        """Yield mutants that add to last step's value, or use last step's value."""
        if self.written.state:
            return
        for index, line in enumerate(self.lines):
            claimed = line.name[1:] if line.name[:1] == "d" else None
            if self.written.claims.get(line.name, claimed) not in self.truth.targets:
                continue
            found = [self._accumulated(index), *self._stale(index)]
            yield from filter(None, map(self.executed, found))

    def _accumulated(self, index: int) -> Mutant:
        line = self.lines[index]
        text = f"{line.name} = {line.name} + {ast.unparse(line.tree)}"
        state = f"{line.name} = 0.0"
        return Mutant(index, "add to the last step's", ("accumulated",), text, [], state=state)

    def _stale(self, index: int) -> Iterator[Mutant]:
        line = self.lines[index]
        own = [other.name for other in self.lines[:index] if self._varies(other.name)]
        for name in [n for n in names_in(line.tree) if n in own][:1]:
            old = f"old_{name}"
            zeros = np.zeros(np.shape(self.values[0][name])).tolist()
            text = f"{line.name} = " + re.sub(rf"\b{name}\b", old, ast.unparse(line.tree))
            after, state = f"{old} = {name}", f"{old} = {zeros}"
            yield Mutant(index, "use the last step's", ("stale",), text, [], (), after, state)

    def _varies(self, name: str) -> bool:
        """Whether a value of the program changes as the model learns: it depends on parameters."""
        if np.ndim(self.values[0][name]) == 0 and len({v[name] for v in self.values}) == 1:
            return False
        reads = {line.name: names_in(line.tree) for line in [*self.model, *self.lines]}
        pending, seen = [name], set()
        while pending:
            name = pending.pop()
            if name in self.program.parameters:
                return True
            pending += [n for n in reads.get(name, ()) if n not in seen]
            seen.add(name)
        return False


def ratio_rules(values: list, true: list) -> tuple[str, ...]:
    """Return the rules for values that are wrong by one number, the same at every point."""
    ratios = []
    for got, right in zip(values, true, strict=True):
        if np.shape(got) != np.shape(right) or not np.any(right) or not np.all(np.isfinite(got)):
            return ()
        ratio = np.sum(got * right) / np.sum(right * right)
        if not np.allclose(got, ratio * right, rtol=1e-6, atol=1e-10):
            return ()
        ratios.append(ratio)
    if not np.allclose(ratios, ratios[0], rtol=1e-6) or not ratios[0]:
        return ()
    size = () if np.isclose(abs(ratios[0]), 1) else ("constant-factor",)
    return (*size, "sign") if ratios[0] < 0 else size


def signature(claims: list) -> bytes:
    """Return what tells claims apart, to six digits."""
    values = [(name, np.asarray(at[name])) for at in claims for name in sorted(at)]
    numbers = [number for _, value in values for number in value.ravel().tolist()]
    shapes = [(name, value.shape) for name, value in values]
    return f"{shapes} {'%.6g ' * len(numbers)}".encode() % tuple(numbers)
