"""What was made for a moment that is shown, or for one that may come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

_Made = TypeVar("_Made")


class Kept(Generic[_Made]):
    """Keeps what was made last for two moments: the one that is shown and the one after it."""

    def __init__(self) -> None:
        self._made: list[tuple[object, _Made]] = []

    def get(self, key: object, make: Callable[[], _Made]) -> _Made:
        """Return what was made for a key, or make it."""
        for at, made in self._made:
            if at == key:
                return made
        made = make()
        self._made = [*self._made[-1:], (key, made)]
        return made
