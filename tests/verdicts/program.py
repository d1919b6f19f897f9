"""A model with a right backward pass, and wrong lines to put in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from mutants.case import Bug, Case
from mutants.kinds import first_line
from mutants.numerics import names_in, parse
from mutants.slips import Slip

ROUNDED = 1e-11
"""Tolerance of the proof where what the data have in common is rounded to float64."""
_TEXT = '''title = "{name}"

[data]
{data}

[parameters]
{parameters}

[model]
code = """
{model}
"""

[optimizer]
name = "sgd"
lr = {lr}

[run]
steps = 1
dtype = "{dtype}"

[backward]
code = """
{backward}
"""
'''


@dataclass(frozen=True)
class Program:
    """A right program, and the lines that are planted in it, one at a time."""

    name: str
    """What is special about it, in words."""
    data: Mapping[str, object]
    parameters: Mapping[str, object]
    model: str
    """Its loss is L."""
    backward: str
    plants: tuple[Slip, ...] = ()
    dtype: str = "float64"
    lr: float = 1e-9
    bits: int = 700
    """Of the numbers that the proof computes with."""
    tolerance: float = 1e-25
    """Of the proof."""
    sides: Mapping[str, str] = field(default_factory=dict)
    """Of values at a corner: the expression that picks the side which the program means."""
    unresolved: Mapping[str, str] = field(default_factory=dict)
    """Planted line -> why central differences in float64 do not show that it is wrong."""

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    def text(self, plant: Slip | None = None) -> str:
        """Return the scenario, with a planted line or without."""
        return _TEXT.format(
            name=self.name,
            data=_table(self.data),
            parameters=_table(self.parameters),
            model=self.model.strip("\n"),
            lr=self.lr,
            dtype=self.dtype,
            backward=self.planted(plant),
        )

    @property
    def sided(self) -> str:
        """The model on the side of each corner that the backward pass means."""
        rows = self.model.strip("\n").split("\n")
        return "\n".join(
            f"{name} = {self.sides[name]}" if (name := _assigned(row)) in self.sides else row
            for row in rows
        )

    def planted(self, plant: Slip | None = None) -> str:
        """Return the backward pass, with a planted line in the place of the right one."""
        rows = self.backward.strip("\n").split("\n")
        if plant is not None:
            rows[self._index(_assigned(plant.text))] = plant.text
        return "\n".join(rows)

    def case(self, plant: Slip | None = None) -> Case:
        """Return the right program, or one with a planted line."""
        text = self.text(plant)
        if plant is None:
            return Case(f"{self.slug}-sound", self.slug, "code", text, sound=True)
        target, first = _assigned(plant.text), first_line(text)
        bug = Bug(
            line=first + self._index(target),
            target=target,
            original=self.backward.strip("\n").split("\n")[self._index(target)],
            mutated=plant.text,
            kind=plant.kind,
            rules=plant.rules,
            elsewhere=tuple(
                (first + self._index(reader), plant.rules) for reader in self._readers(target)
            ),
        )
        number = self.plants.index(plant) + 1
        return Case(f"{self.slug}-{number}", self.slug, "code", text, sound=False, bugs=(bug,))

    def cases(self) -> Iterator[Case]:
        """Yield the right program, then the wrong ones."""
        yield from map(self.case, (None, *self.plants))

    def _index(self, name: str) -> int:
        rows = self.backward.strip("\n").split("\n")
        (index,) = (at for at, row in enumerate(rows) if _assigned(row) == name)
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


def _assigned(row: str) -> str:
    return row.partition("=")[0].strip()


def _table(values: Mapping[str, object]) -> str:
    return "\n".join(f"{name} = {np.asarray(value).tolist()}" for name, value in values.items())


def rounded(values, digits: int):
    """Return numbers of few significant digits: short in a file, and exact."""
    values = np.asarray(values, float)
    return np.array([float(f"{one:.{digits}g}") for one in values.flat]).reshape(values.shape)


def normal(rng: np.random.Generator, *shape: int, digits: int = 2):
    return np.round(rng.standard_normal(shape), digits)


def weights(rng: np.random.Generator, *shape: int, scale: float = 0.7):
    return rounded(scale * rng.standard_normal(shape), 3)


def dyadic(values):
    """Return numbers that float32 holds exactly."""
    return np.round(np.asarray(values, float) * 2**8) / 2**8
