"""Programs at numbers of their own: right there, and wrong by one line, however hard to tell."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

import msgspec
import numpy as np

from corpus.case import Bug, Case
from corpus.load import Slip, assignments, first_line, read
from corpus.numerics import names_in, parse

_TEXT = '''title = "{name}"

[data]
{data}

[parameters]
{parameters}

[model]
code = """
{model}"""

[optimizer]
name = "sgd"
lr = {lr}

[run]
steps = 1
dtype = "{dtype}"

[backward]
code = """
{backward}"""
'''


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model and its numbers, a right backward pass, and lines that make it wrong, each alone."""

    name: str
    """What is special about it, in words."""
    topic: str
    learnt: bool
    """Whether the diagnosis has been built with it."""
    data: dict[str, int | float | list]
    parameters: dict[str, int | float | list]
    model: str
    """Its loss is L."""
    backward: str
    slips: tuple[Slip, ...] = ()
    dtype: str = "float64"
    lr: float = 1e-9
    bits: int = 700
    """Of the numbers that the proof computes with."""
    tolerance: float = 1e-25
    """Of the proof; larger where what the data have in common is rounded to float64."""
    sides: dict[str, str] = {}
    """Of values at a corner: the expression that picks the side which the program means."""

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    @property
    def sided(self) -> str:
        """The model on the side of each corner that the backward pass means."""
        rows = self.model.splitlines()
        return "".join(
            (f"{name} = {self.sides[name]}" if (name := _assigned(row)) in self.sides else row)
            + "\n"
            for row in rows
        )

    def planted(self, slip: Slip | None = None) -> str:
        """Return the backward pass, with a wrong line in the place of the right one."""
        rows = self.backward.splitlines()
        if slip is not None:
            rows[self._index(slip.target)] = slip.line
        return "\n".join(rows) + "\n"

    def case(self, slip: Slip | None = None) -> Case:
        """Return the right program, or one with a wrong line."""
        text = _TEXT.format(
            name=self.name,
            data="\n".join(assignments(self.data)),
            parameters="\n".join(assignments(self.parameters)),
            model=self.model,
            lr=self.lr,
            dtype=self.dtype,
            backward=self.planted(slip),
        )
        about = (self.topic, self.slug, "given", self.learnt)
        if slip is None:
            return Case(f"{self.slug}-sound", *about, text, sound=True)
        at, first = self._index(slip.target), first_line(text)
        original = self.backward.splitlines()[at]
        readers = self._readers(slip.target)
        elsewhere = tuple((first + self._index(reader), slip.rules) for reader in readers)
        bug = Bug(first + at, slip.target, original, slip.line, slip.what, slip.rules, elsewhere)
        name = f"{self.slug}-slip{self.slips.index(slip)}"
        return Case(name, *about, text, sound=False, bugs=(bug,))

    def cases(self) -> Iterator[Case]:
        """Yield the right program, then the wrong ones."""
        yield from map(self.case, (None, *self.slips))

    def _index(self, name: str) -> int:
        (index,) = (
            at for at, row in enumerate(self.backward.splitlines()) if _assigned(row) == name
        )
        return index

    def _readers(self, name: str) -> Iterator[str]:
        """Yield the lines that mend a helper as well: the only one that reads it, and so on.

        A line that claims a gradient is wrong itself.
        """
        values = (*self.parameters, *(line.name for line in parse(self.model)), *self._measured())
        while name.removeprefix("d") not in values or not name.startswith("d"):
            readers = [line.name for line in parse(self.backward) if name in names_in(line.tree)]
            if len(readers) != 1:
                return
            (name,) = readers
            yield name

    def _measured(self) -> Iterator[str]:
        """Yield the data that are no whole numbers, whose gradients can be claimed."""
        for name, value in self.data.items():
            if np.asarray(value).dtype.kind == "f":
                yield name


@functools.cache
def given(topic: str) -> tuple[Given, ...]:
    """Return the programs of a topic whose numbers are given."""
    return tuple(
        msgspec.convert({"name": name, "topic": topic, **table}, Given)
        for name, table in read(topic).items()
        if isinstance(table.get("backward"), str)
    )


def _assigned(row: str) -> str:
    return row.partition("=")[0].strip()
