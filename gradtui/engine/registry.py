"""Read-only tables of named entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, TypeVar


class Named(Protocol):
    """An entry of a registry."""

    @property
    def name(self) -> str:
        """What it is found by."""


Entry = TypeVar("Entry", bound=Named)


def register(entries: Sequence[Entry]) -> Mapping[str, Entry]:
    """Return the entries by name; raises ValueError if two share one."""
    table: dict[str, Entry] = {}
    for entry in entries:
        if entry.name in table:
            raise ValueError(f"{entry.name} is registered twice")
        table[entry.name] = entry
    return MappingProxyType(table)
