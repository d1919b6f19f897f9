"""What the user's own code assigned, by its own names: `dz`, `self.dW`, `dh(t=3)`, `dz#2`.

The values of the model have names of their own; these are those that the lines assign, any of
them many times.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import InputError, Place
from gradtui.debugger.structure import Structure
from gradtui.scenario.problem import Call, Problem

Array = NDArray[Any]
_CALLS = 8
_FEW = 4
"""Most entries of a list or dict that are named."""
_ONE_OF_MANY = r"(?P<name>.+?)\s*(?:#(?P<number>[0-9]{1,6})|\((?P<rounds>[^()]+)\))"


class Assigned(Struct, frozen=True, eq=False):
    """One value that a line assigned, a function was given, or the code returned as a gradient."""

    name: str
    """Its name, without which of them it is."""
    value: Array
    line: int | None
    """The number of the executed line; None for a gradient that was returned."""
    given: bool = False
    """Whether it is an argument of the function that the line is in."""
    number: int = 1
    """Which of the values of this name it is, from 1."""
    many: int = 1
    """How many values have this name."""


class OwnNames:
    """The names of one call of the user's code, at a position of the cursor; empty for no call."""

    def __init__(self, problem: Problem, structure: Structure, position: int) -> None:
        self._call, self._structure, self._position = problem.call, structure, position
        self._named = {} if problem.call is None else _by_name(problem.call)
        self._model = problem.graph.names
        hand = None if problem.call is None else problem.backward
        self._returned = {} if hand is None else hand.numbers

    def assigns(self, name: str) -> bool:
        """Return whether a line assigns this name, which then means what the code holds."""
        return any(not one.given for one in self._named.get(name, ()))

    def find(self, text: str) -> Assigned | None:
        """Return what a name holds at the cursor: the last value before it, else the very last.

        `dz#2` is the second value, `dz(t=3)` that of a round of a loop.  `dW`, where no line
        assigns it, is the gradient of W that was returned.  Raises InputError for one of many that
        there is not, and for a list or dict as a whole.
        """
        text = text.replace("'", '"')  # as the names of entries are written
        if text in self._named:
            return self._last(self._named[text])
        if text.startswith("d") and text[1:] in self._returned:
            return Assigned(text, np.asarray(self._returned[text[1:]], np.float64), None)
        if entries := [name for name in self._named if name.startswith(f"{text}[")]:
            shown = entries if len(entries) <= _FEW else [*entries[: _FEW - 1], "…", entries[-1]]
            raise InputError(f"'{text}' is no single value; its entries: {', '.join(shown)}",
                             Place(1, 1, len(text)))  # fmt: skip
        match = re.fullmatch(_ONE_OF_MANY, text)
        if match is None or match["name"] not in self._named:
            return None
        every, number = self._named[match["name"]], match["number"]
        rounds = (match["rounds"] or "").replace(" ", "")
        if number:
            some = [one for one in every if str(one.number) == number]
        else:
            some = [one for one in every if self.rounds(one) == rounds]
        if not some and (number or "=" in rounds):
            ends = dict.fromkeys(self._told(one, number) for one in (every[0], every[-1]))
            raise InputError(f"there is no {text}, but {' to '.join(ends)}",
                             Place(1, 1, len(text)))  # fmt: skip
        return self._last(some) if some else None

    def _told(self, one: Assigned, number: str | None) -> str:
        """Return the name of one of many values, by its number or by the rounds of its loops."""
        rounds = self.rounds(one)
        within = f"({rounds})" if rounds else ""
        return one.name + (f"#{one.number}" if number else within)

    @property
    def values(self) -> Mapping[str, Array]:
        """Every name with what it holds at the cursor, without those that mean the model's value.

        These are the names of the model that no line assigns, though a function has an argument
        called so.
        """
        every = dict.fromkeys([*self._named, *(f"d{name}" for name in self._returned)])
        own = (name for name in every if self.assigns(name) or name not in self._model)
        found = ((name, self.find(name)) for name in own)
        return {name: one.value for name, one in found if one is not None}

    def rounds(self, one: Assigned) -> str:
        """Return the rounds of loops in which a value was assigned, `t=3`, `#3`; empty outside."""
        if self._call is None or one.line is None:
            return ""
        rounds = self._call.lines[one.line].rounds
        told = (each.partition(" of ")[0].replace(" ", "") for each in rounds)
        return ",".join(re.sub("^round(?=[0-9])", "#", each) for each in told)

    def _last(self, values: Sequence[Assigned]) -> Assigned:
        done = (one for one in reversed(values) if self._is_done(one))
        return next(done, values[-1])

    def _is_done(self, one: Assigned) -> bool:
        assert self._call is not None and one.line is not None
        return is_done(self._call, one.line, self._structure, self._position)


def is_done(call: Call, at: int, structure: Structure, position: int) -> bool:
    """Return whether an executed line has ended before a position of the cursor."""
    at = call.done_with(at)
    if call.lines[at].nodes:
        return all(position >= structure.value_at.get(node, 0) for node in call.lines[at].nodes)
    return position >= structure.line_at.get(at, structure.order.backward)


@lru_cache(_CALLS)
def _by_name(call: Call) -> Mapping[str, tuple[Assigned, ...]]:
    """Return the values of each name in order; one without a name is called by its line."""
    found: dict[str, list[Assigned]] = {}
    every = [(one.line, True, one.name, one.value) for one in call.given]
    for at, line in enumerate(call.lines):
        own = f"line {line.place.line}"
        every += [(at, False, name or own, value) for name, value in line.assigned]
    for at, given, name, value in sorted(every, key=lambda one: (one[0], not one[1])):
        if not isinstance(value, str):
            one = Assigned(name, np.asarray(value, np.float64), at, given)
            found.setdefault(name, []).append(one)
    return {
        name: tuple(replace(one, number=n, many=len(all)) for n, one in enumerate(all, 1))
        for name, all in found.items()
    }
