"""The cases of a topic: scenarios, right and wrong, with what is true of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from corpus import generator, updates
from corpus.case import Case
from corpus.given import Given, given
from corpus.load import OPTIMIZERS, programs
from corpus.networks import networks


def cases(topic: str, edits: int | None = generator.EDITS) -> Iterator[Case]:
    """Yield the cases of a topic, with so many edits of each backward pass, or all."""
    return itertools.chain.from_iterable(parts(topic, edits))


def parts(topic: str, edits: int | None = generator.EDITS) -> list[Iterator[Case]]:
    """Return the cases of each model of a topic: first those drawn, then those of exact numbers."""
    if topic == OPTIMIZERS:
        return [updates.cases()]
    drawn = (generator.cases_of(program, edits) for program in programs(topic))
    return [*drawn, *(program.cases() for program in exact(topic))]


def exact(topic: str) -> tuple[Given, ...]:
    """Return the programs of a topic that are right at numbers of their own."""
    return () if topic == OPTIMIZERS else (*given(topic), *networks(topic))
