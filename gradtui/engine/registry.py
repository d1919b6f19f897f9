"""Read-only tables of named entries, and the constants that a scenario may give to an entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, TypeVar

from msgspec import Struct


class Named(Protocol):
    """An entry of a registry."""

    @property
    def name(self) -> str:
        """Its key."""


class Constant(Struct, frozen=True):
    """One constant of an entry: its name in a file, its default, and its range."""

    name: str
    default: float | bool | None = None
    """None if a file must give it; True or False if it is a choice."""
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    whole: bool = False
    """Whether it is a count."""


Entry = TypeVar("Entry", bound=Named)


def register(entries: Sequence[Entry]) -> Mapping[str, Entry]:
    """Return the entries by name; raises ValueError if two share one."""
    table: dict[str, Entry] = {}
    for entry in entries:
        if entry.name in table:
            raise ValueError(f"{entry.name} is registered twice")
        table[entry.name] = entry
    return MappingProxyType(table)
