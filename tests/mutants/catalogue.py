"""Cases: sound programs, programs with one bug, programs with two, each proved so by the judge."""

from __future__ import annotations

import ast
import itertools
import re
import tomllib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from mutants.case import Bug, Case
from mutants.judge import claims_at, claims_of, compare, truth_of, values_at
from mutants.kinds import Kind, Style, first_line
from mutants.mutations import Context, edits
from mutants.numerics import names_in, parse

ERRORS = (ValueError, TypeError, IndexError, NameError, AttributeError)
SINGLES = 16
"""One-bug cases of a kind and style."""
PAIRS = 4
EXTRA_SOUND = 2


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


class Generator:
    """Makes the cases of one kind and style."""

    def __init__(self, kind: Kind, name: str, style: Style, singles: int = SINGLES) -> None:
        self.kind, self.style_name, self.style = kind, name, style
        self.singles = singles
        self.name = f"{kind.name}-{name}"
        self.text = kind.text(style.code, style.claims, style.state)
        self.raw = tomllib.loads(self.text)
        self.lines = parse(style.code)
        self.model = parse(kind.model)
        self.truth = truth_of(self.raw)
        self.values = tuple(values_at(self.raw, self.truth, self.lines))
        self.random = np.random.default_rng(zlib.crc32(self.name.encode()))

    def cases(self) -> Iterator[Case]:
        """Return the sound program, then mutants."""
        yield Case(f"{self.name}-sound", self.kind.name, self.style_name, self.text, True)
        wrong, equal = self.mutants()
        for number, mutant in enumerate(self.sample(equal, EXTRA_SOUND)):
            yield self.case(f"equal{number}", (mutant,), sound=True)
        chosen = [self.with_other_places(mutant) for mutant in self.sample(wrong, self.singles)]
        for number, mutant in enumerate(chosen):
            yield self.case(f"bug{number:02}", (mutant,))
        yield from self.pairs(chosen)

    def mutants(self) -> tuple[list[Mutant], list[Mutant]]:
        """Return the wrong mutants, those that claim the same merged, and the equivalent ones."""
        groups: dict[bytes, list[Mutant]] = {}
        equal: list[Mutant] = []
        for mutant in itertools.chain(self.edited(), self.stateful()):
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
            rules |= dict.fromkeys(mutant.rules) | dict.fromkeys(self.ratio_rules(mutant))
        own = tuple(found.pop(group[0].index))
        elsewhere = tuple((index, tuple(rules)) for index, rules in found.items())
        return replace(group[0], rules=own, elsewhere=elsewhere)

    def with_other_places(self, mutant: Mutant) -> Mutant:
        """Return the mutant with the lines added that could as well be at fault.

        A pass that claims `dz = p - y` and divides later is cured as well by the true dz where
        the division is missing, and a wrong count by a factor on a line that divides by it.  Such
        a line counts if the cure leaves no more claims untrue.
        """
        if mutant.state:
            return mutant
        found = dict(mutant.elsewhere)
        least = self.untrue(self.claims((mutant,), self.own(mutant.index)))
        for index, cure, rules in (*self.true_claims(mutant), *self.scaled(mutant)):
            try:
                claims = self.claims((mutant,), cure)
            except ERRORS:
                continue
            if compare(self.truth, claims).sound and self.untrue(claims) <= least:
                found.setdefault(index, rules)
        found.pop(mutant.index, None)
        return replace(mutant, elsewhere=tuple(found.items()))

    def true_claims(self, mutant: Mutant) -> Iterator[tuple[int, list, tuple[str, ...]]]:
        """Return (line, its true values, rules) for each claim of a value of the model."""
        for index, target in self.claimed_values():
            name = self.lines[index].name
            made = [at[target] for at in mutant.claims]
            ratio = _ratio_rules(made, [at[target] for at in self.truth.adjoints])
            cure = [{name: adjoints[target]} for adjoints in self.truth.adjoints]
            yield index, cure, ratio or mutant.rules

    def scaled(self, mutant: Mutant) -> Iterator[tuple[int, list, tuple[str, ...]]]:
        """Return (line, its values times a wrong count's ratio, rules) for each line."""
        if not self.context(mutant.index).is_count(self.lines[mutant.index].tree):
            return
        lines = list(self.lines)
        lines[mutant.index] = parse(mutant.text)[0]
        broken = values_at(self.raw, self.truth, lines)
        name = self.lines[mutant.index].name
        ratio = broken[0][name] / self.values[0][name]
        for index, line in enumerate(self.lines):
            for factor in (ratio, 1 / ratio):
                cure = [{line.name: factor * values[line.name]} for values in broken]
                yield index, cure, ("constant-factor",)

    def own(self, index: int) -> list:
        """Return what the sound program computes on a line, at each point."""
        name = self.lines[index].name
        return [{name: values[name]} for values in self.values]

    def claimed_values(self) -> list[tuple[int, str]]:
        """Return (line, claimed value of the model), parameters left out."""
        index = {line.name: i for i, line in enumerate(self.lines)}
        pairs = claims_of(self.raw, self.lines, self.truth.points[0])
        return [(index[n], target) for n, target in pairs if target in self.truth.adjoints[0]]

    def untrue(self, claims: list) -> int:
        """Return how many claimed values of the model are not the true gradients."""
        return sum(
            any(
                np.shape(at[target]) != np.shape(true[target])
                or not np.allclose(at[target], true[target], rtol=1e-6, atol=1e-9)
                for at, true in zip(claims, self.truth.adjoints, strict=True)
            )
            for target in self.truth.adjoints[0]
        )

    def ratio_rules(self, mutant: Mutant) -> tuple[str, ...]:
        """Return the rules for a line that is wrong by one number everywhere."""
        if mutant.state:
            return ()
        (line,) = parse(mutant.text)
        with np.errstate(all="ignore"):
            got = [line.value(values) for values in self.values]
        return _ratio_rules(got, [values[line.name] for values in self.values])

    def edited(self) -> Iterator[Mutant]:
        for index, line in enumerate(self.lines):
            context = self.context(index)
            seen = {line.text}
            for edit in edits(line.tree, context):
                text = f"{line.name} = {ast.unparse(edit.tree)}"
                if text in seen:
                    continue
                seen.add(text)
                mutant = self.executed(Mutant(index, edit.kind, edit.rules, text, []))
                if mutant and ("factor" not in edit.kind or self.fits(mutant)):
                    yield mutant

    def fits(self, mutant: Mutant) -> bool:
        """Whether the line's value broadcasts to the shape of the sound line's, and is no number.

        The loss of a factor is then not seen in the shape alone.
        """
        (line,), values = parse(mutant.text), self.values[0]
        got, shape = np.shape(line.value(values)), np.shape(values[line.name])
        try:
            return np.broadcast_shapes(got, shape) == shape and bool(got) == bool(shape)
        except ValueError:
            return False

    def stateful(self) -> Iterator[Mutant]:
        """Return mutants that add to last step's value, or use last step's value."""
        if self.style.state:
            return
        claimed = self.truth.targets
        others = dict(self.style.claims)
        for index, line in enumerate(self.lines):
            target = others.get(line.name, line.name[1:] if line.name[:1] == "d" else None)
            if target not in claimed:
                continue
            right = ast.unparse(line.tree)
            added = Mutant(
                index,
                "add to the last step's",
                ("accumulated",),
                f"{line.name} = {line.name} + {right}",
                [],
                state=f"{line.name} = 0.0",
            )
            found = [added]
            own = [other.name for other in self.lines[:index] if self.varies(other.name)]
            for name in [n for n in names_in(line.tree) if n in own][:1]:
                old = f"old_{name}"
                zeros = np.zeros(np.shape(self.values[0][name])).tolist()
                stale = re.sub(rf"\b{name}\b", old, right)
                found.append(
                    Mutant(
                        index,
                        "use the last step's",
                        ("stale",),
                        f"{line.name} = {stale}",
                        [],
                        after=f"{old} = {name}",
                        state=f"{old} = {zeros}",
                    )
                )
            yield from filter(None, map(self.executed, found))

    def varies(self, name: str) -> bool:
        """Whether a value of the program changes as the model learns: it depends on parameters."""
        if np.ndim(self.values[0][name]) == 0 and len({v[name] for v in self.values}) == 1:
            return False
        reads = {line.name: names_in(line.tree) for line in [*self.model, *self.lines]}
        pending, seen = [name], set()
        while pending:
            name = pending.pop()
            if name in self.kind.parameters:
                return True
            pending += [n for n in reads.get(name, ()) if n not in seen]
            seen.add(name)
        return False

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

    def program(self, mutants: Iterable[Mutant]) -> str:
        """Return the scenario with lines replaced."""
        lines = self.style.code.splitlines()
        state = [self.style.state] if self.style.state else []
        for mutant in mutants:
            at = self.lines[mutant.index].number - 1
            _, mark, comment = lines[at].partition("  # ")
            lines[at] = mutant.text + mark + comment
            lines += [mutant.after] if mutant.after else []
            state += [mutant.state] if mutant.state else []
        code = "\n".join(lines) + "\n"
        return self.kind.text(code, self.style.claims, ", ".join(state))

    def context(self, index: int) -> Context:
        written = {line.name: tuple(names_in(line.tree)) for line in self.lines[:index]}
        pairs = set()
        for line in self.model:
            match line.tree:
                case ast.Call(args=[ast.Name(id=inner)]):
                    pairs.add(frozenset((inner, line.name)))
        matrices = [n for n, numbers in self.kind.data.items() if len(numbers.shape) == 2]
        batch = (f"{matrices[0]}.shape[0]", f"{matrices[0]}.shape[1]") if matrices else ("3",)
        known = tuple(n for n in self.values[0] if n in written or n not in self.own_names())
        model = tuple(line.name for line in self.model)
        target = dict(claims_of(self.raw, self.lines, self.truth.points[0]))
        bare = target.get(self.lines[index].name) in self.kind.parameters
        return Context(self.values, known, written, frozenset(pairs), model, bare, batch)

    def own_names(self) -> set[str]:
        return {line.name for line in self.lines}

    def sample(self, mutants: list[Mutant], count: int) -> list[Mutant]:
        """Return some mutants, drawn so that lines and kinds of edit are evenly present."""
        order = [mutants[i] for i in self.random.permutation(len(mutants))]
        used: dict[object, int] = {}
        chosen = []
        while order and len(chosen) < count:
            weights = [sum(used.get(key, 0) for key in _keys(m)) for m in order]
            mutant = order.pop(int(np.argmin(weights)))
            for key in _keys(mutant):
                used[key] = used.get(key, 0) + 1
            chosen.append(mutant)
        return sorted(chosen, key=lambda m: m.index)

    def pairs(self, mutants: list[Mutant]) -> Iterator[Case]:
        """Return programs with two bugs, neither of which any single line's repair cures."""
        found = 0
        possible = [(a, b) for a, b in itertools.combinations(mutants, 2) if a.index < b.index]
        for at in self.random.permutation(len(possible)):
            pair = possible[at]
            both = self.executed(*pair)
            if both is None or compare(self.truth, both.claims).state != "wrong":
                continue
            if self.curable(pair):
                continue
            yield self.case(f"two{found}", pair)
            found += 1
            if found == PAIRS:
                return

    def curable(self, mutants: Iterable[Mutant]) -> bool:
        """Whether one line, set to its sound value, makes all parameters' claims right."""
        for index in range(len(self.lines)):
            try:
                claims = self.claims(mutants, self.own(index))
            except ERRORS:
                continue
            if compare(self.truth, claims).sound:
                return True
        return False

    def case(self, label: str, mutants: tuple[Mutant, ...], sound: bool = False) -> Case:
        text = self.program(mutants)
        rows = text.splitlines()
        first = first_line(text)
        written = self.style.code.splitlines()
        bugs = []
        for mutant in () if sound else mutants:
            line = self.lines[mutant.index]
            at = first + line.number - 1
            original = written[line.number - 1]
            elsewhere = tuple(
                (first + self.lines[index].number - 1, rules) for index, rules in mutant.elsewhere
            )
            parts = (line.name, original, rows[at - 1], mutant.kind, mutant.rules, elsewhere)
            bugs.append(Bug(at, *parts))
        kind, style = self.kind.name, self.style_name
        return Case(f"{self.name}-{label}", kind, style, text, sound, tuple(bugs))


def cases_of(
    kinds: Iterable[Kind], styles: Iterable[str] | None = None, singles: int = SINGLES
) -> Iterator[Case]:
    """Return all cases of some kinds, in the given styles or in all."""
    for kind in kinds:
        for name, style in kind.styles.items():
            if styles is None or name in styles:
                yield from Generator(kind, name, style, singles).cases()


def _ratio_rules(values: list, true: list) -> tuple[str, ...]:
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


def _keys(mutant: Mutant) -> tuple:
    """Return what a sample should not have too much of: a line, a kind of edit, a rule."""
    kind = mutant.kind.split(" *")[0].split(" /")[0]
    return mutant.index, kind, mutant.rules[0], *["state"] * (3 if mutant.state else 0)


def signature(claims: list) -> bytes:
    """Return what tells claims apart, to six digits."""
    values = [(name, np.asarray(at[name])) for at in claims for name in sorted(at)]
    numbers = [number for _, value in values for number in value.ravel().tolist()]
    shapes = [(name, value.shape) for name, value in values]
    return f"{shapes} {'%.6g ' * len(numbers)}".encode() % tuple(numbers)
