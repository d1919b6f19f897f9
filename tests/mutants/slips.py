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
    return generator.with_other_places(generator.merged([mutant]))
