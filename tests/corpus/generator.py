"""Cases of a backward pass: right, wrong by one mistake or two; by hand and by edits of a line."""

from __future__ import annotations

import functools
import itertools
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from corpus.case import Bug, Case
from corpus.judge import claims_of, compare, values_at
from corpus.load import Program, Slip, first_line
from corpus.numerics import parse
from corpus.subject import ERRORS, Mutant, Subject, ratio_rules, signature

EDITS = 6
"""Cases of a pass with one edit that makes it wrong, where not all of them are asked for."""
EQUAL = 2
"""Cases of a pass with an edit that changes nothing."""
PAIRS = 2
"""Cases of a pass with two edits."""


class Generator:
    """Makes the cases of one backward pass."""

    def __init__(self, program: Program, style: str) -> None:
        self.program, self.style = program, style
        self.name = f"{program.name}-{style}"
        self.subject = Subject(program, style)
        self.random = np.random.default_rng(zlib.crc32(self.name.encode()))

    @functools.cached_property
    def edits(self) -> tuple[list[Mutant], list[Mutant]]:
        """All edits of one line that make the pass wrong, and those that change nothing."""
        return self.subject.mutants()

    @functools.cached_property
    def by_claims(self) -> dict[bytes, Mutant]:
        return {signature(mutant.claims): mutant for mutant in self.edits[0]}

    def cases(self, edits: int | None = EDITS) -> Iterator[Case]:
        """Yield the sound program, then those with mistakes: so many edits of a line, or all."""
        yield self.case("sound", (), sound=True)
        wrong, equal = self.edits
        for number, mutant in enumerate(self._sample(equal, EQUAL)):
            yield self.case(f"equal{number}", (mutant,), sound=True)
        chosen = [self.placed(mutant) for mutant in self._sample(wrong, edits or len(wrong))]
        for number, mutant in enumerate(chosen):
            yield self.case(f"edit{number:02}", (mutant,))
        for number, pair in enumerate(itertools.islice(self._pairs(chosen), PAIRS)):
            yield self.case(f"edits{number}", pair)
        yield from self.by_hand()

    def by_hand(self) -> Iterator[Case]:
        """Yield a case for each slip, and one for a pair of slips."""
        for number, slip in enumerate(self.subject.written.slips):
            yield self.case(f"slip{number}", (self._slipped(slip),))
        if pair := tuple(map(self._slipped, self.subject.written.pair)):
            assert self._needs_both(pair), self.name
            yield self.case("slips", pair)

    def placed(self, mutant: Mutant) -> Mutant:
        """Return the mutant with the lines added that could as well be at fault.

        A pass that claims `dz = p - y` and divides later is cured as well by the true dz where
        the division is missing, and a wrong count by a factor on a line that divides by it.  Such
        a line counts if the cure leaves no more claims untrue.
        """
        if mutant.state:
            return mutant
        subject, found = self.subject, dict(mutant.elsewhere)
        least = self._untrue(subject.claims((mutant,), subject.own(mutant.index)))
        for index, cure, rules in (*self._true_claims(mutant), *self._scaled(mutant)):
            try:
                claims = subject.claims((mutant,), cure)
            except ERRORS:
                continue
            if compare(subject.truth, claims).sound and self._untrue(claims) <= least:
                found.setdefault(index, rules)
        found.pop(mutant.index, None)
        rules = (*mutant.rules, *subject.written.named.get(mutant.text, ()))
        return replace(mutant, rules=rules, elsewhere=tuple(found.items()))

    def case(self, label: str, mutants: Iterable[Mutant], sound: bool = False) -> Case:
        """Return the case with some lines replaced."""
        text = self._text(mutants)
        rows, first = text.splitlines(), first_line(text)
        written = self.subject.written.code.splitlines()
        lines, bugs = self.subject.lines, []
        for mutant in () if sound else mutants:
            line = lines[mutant.index]
            at = first + line.number - 1
            elsewhere = tuple((first + lines[i].number - 1, why) for i, why in mutant.elsewhere)
            parts = (mutant.kind, mutant.rules, elsewhere)
            bugs.append(Bug(at, line.name, written[line.number - 1], rows[at - 1], *parts))
        name, learnt = f"{self.name}-{label}", self.program.is_learnt(self.subject.written)
        about = (self.program.topic, self.program.name, self.style, learnt)
        return Case(name, *about, text, sound, tuple(bugs))

    def _text(self, mutants: Iterable[Mutant]) -> str:
        """Return the scenario with lines replaced."""
        written = self.subject.written
        rows, state = written.code.splitlines(), []
        for mutant in mutants:
            at = self.subject.lines[mutant.index].number - 1
            _, mark, comment = rows[at].partition("  # ")
            rows[at] = mutant.text + mark + comment
            rows += [mutant.after] if mutant.after else []
            state += [mutant.state] if mutant.state else []
        return self.program.text(written, "\n".join(rows) + "\n", state)

    def _slipped(self, slip: Slip) -> Mutant:
        """Return the mutant that a slip is, with all that is true of the edits that claim the same.

        An edit elsewhere may make the same claims, and another rule may name the same line.
        """
        subject = self.subject
        mutant = Mutant(subject.index_of(slip.target), slip.what, slip.rules, slip.line, [])
        mutant = replace(mutant, claims=subject.claims((mutant,)))
        assert compare(subject.truth, mutant.claims).state == "wrong", (self.name, slip.line)
        also = tuple((subject.index_of(name), rules) for name, rules in slip.also.items())
        mutant = self.placed(replace(subject.merged([mutant]), elsewhere=also))
        places = {mutant.index: mutant.rules, **dict(mutant.elsewhere)}
        edit = self.by_claims.get(signature(mutant.claims))
        for index, rules in ((edit.index, edit.rules), *edit.elsewhere) if edit else ():
            places[index] = tuple(dict.fromkeys((*places.get(index, ()), *rules)))
        own = places.pop(mutant.index)
        return replace(mutant, rules=own, elsewhere=tuple(places.items()))

    def _true_claims(self, mutant: Mutant) -> Iterator[tuple[int, list, tuple[str, ...]]]:
        """Yield (line, its true values, rules) for each claim of a value of the model."""
        subject, known = self.subject, self.subject.truth.adjoints
        index_of = {line.name: index for index, line in enumerate(subject.lines)}
        for name, target in claims_of(subject.raw, subject.lines, subject.truth.points[0]):
            if target not in known[0]:
                continue
            made = [at[target] for at in mutant.claims]
            ratio = ratio_rules(made, [at[target] for at in known])
            yield index_of[name], [{name: at[target]} for at in known], ratio or mutant.rules

    def _scaled(self, mutant: Mutant) -> Iterator[tuple[int, list, tuple[str, ...]]]:
        """Yield (line, its values times a wrong count's ratio, rules) for each line."""
        subject = self.subject
        if not subject.context(mutant.index).is_count(subject.lines[mutant.index].tree):
            return
        lines = list(subject.lines)
        lines[mutant.index] = parse(mutant.text)[0]
        broken = values_at(subject.raw, subject.truth, lines)
        name = subject.lines[mutant.index].name
        ratio = broken[0][name] / subject.values[0][name]
        for index, line in enumerate(subject.lines):
            for factor in (ratio, 1 / ratio):
                cure = [{line.name: factor * values[line.name]} for values in broken]
                yield index, cure, ("constant-factor",)

    def _untrue(self, claims: list) -> int:
        """Return how many claimed values of the model are not the true gradients."""
        adjoints = self.subject.truth.adjoints
        return sum(
            any(
                np.shape(at[target]) != np.shape(true[target])
                or not np.allclose(at[target], true[target], rtol=1e-6, atol=1e-9)
                for at, true in zip(claims, adjoints, strict=True)
            )
            for target in adjoints[0]
        )

    def _sample(self, mutants: list[Mutant], count: int) -> list[Mutant]:
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

    def _pairs(self, mutants: list[Mutant]) -> Iterator[tuple[Mutant, Mutant]]:
        """Yield pairs of mutants of different lines, neither of which a single repair cures."""
        possible = [(a, b) for a, b in itertools.combinations(mutants, 2) if a.index < b.index]
        ordered = (possible[at] for at in self.random.permutation(len(possible)))
        return (pair for pair in ordered if self._needs_both(pair))

    def _needs_both(self, pair: tuple[Mutant, ...]) -> bool:
        """Whether two mutants are wrong together, and no line's sound value cures both."""
        subject = self.subject
        both = subject.executed(*pair)
        if both is None or compare(subject.truth, both.claims).state != "wrong":
            return False
        for index in range(len(subject.lines)):
            try:
                claims = subject.claims(pair, subject.own(index))
            except ERRORS:
                continue
            if compare(subject.truth, claims).sound:
                return False
        return True


def unusual(program: Program) -> Iterator[Case]:
    """Yield the sound programs that look as if they were not."""
    for label, written in program.unusual.items():
        about = (program.topic, program.name, "unusual", program.is_learnt(written))
        yield Case(f"{program.name}-{label}-sound", *about, program.text(written), sound=True)


def cases_of(program: Program, edits: int | None = EDITS) -> Iterator[Case]:
    """Yield the cases of all passes of a model."""
    for style in program.backward:
        yield from Generator(program, style).cases(edits)
    yield from unusual(program)


def _keys(mutant: Mutant) -> tuple:
    """Return what a sample should not have too much of: a line, a kind of edit, a rule."""
    kind = mutant.kind.split(" *")[0].split(" /")[0]
    return mutant.index, kind, mutant.rules[0], *["state"] * (3 if mutant.state else 0)
