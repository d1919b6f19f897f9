"""Cases from mistakes written by hand, each proved wrong by the judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from mutants.case import Case
from mutants.catalogue import Generator, Mutant
from mutants.judge import compare
from mutants.kinds import Kind


@dataclass(frozen=True)
class Slip:
    """A line in the place of the one that assigns the same name."""

    kind: str
    """What was done."""
    text: str
    rules: tuple[str, ...]
    """Rule ids that are right."""
    also: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Other lines that mend it in their places as well, and the rules that name it there."""


def cases_of_slips(
    kinds: Iterable[Kind], slips: Mapping[tuple[str, str], tuple[Slip, ...]]
) -> Iterator[Case]:
    """Return a case for each slip; they are given by kind and style."""
    by_name = {kind.name: kind for kind in kinds}
    for (name, style), own in slips.items():
        kind = by_name[name]
        generator = Generator(kind, style, kind.styles[style])
        for number, slip in enumerate(own):
            yield generator.case(f"slip{number}", (mutant_of(generator, slip),))


def mutant_of(generator: Generator, slip: Slip) -> Mutant:
    """Return the mutant that a slip is, proved wrong."""
    target = slip.text.partition(" = ")[0]
    index = [line.name for line in generator.lines].index(target)
    mutant = Mutant(index, slip.kind, slip.rules, slip.text, [])
    mutant = replace(mutant, claims=generator.claims((mutant,)))
    assert compare(generator.truth, mutant.claims).state == "wrong", slip
    merged = generator.merged([mutant])
    merged = replace(merged, elsewhere=tuple(_elsewhere(generator, merged, slip)))
    return generator.with_other_places(merged)


def _elsewhere(
    generator: Generator, mutant: Mutant, slip: Slip
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Return (line, rules) for each other line that mends a slip, proved to do so."""
    for text, rules in slip.also:
        index = [line.name for line in generator.lines].index(text.partition(" = ")[0])
        cure = Mutant(index, slip.kind, rules, text, [])
        assert compare(generator.truth, generator.claims((mutant, cure))).sound, text
        yield index, rules
