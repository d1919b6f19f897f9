"""The paths on which a gradient flows back to a value: what each contributes, and from where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.sweep import through
from gradtui.recording.tape import Call, Leaf, Tape

Array = NDArray[Any]

_MOST = 6
"""Most paths to a value that are told apart."""


class Paths:
    """The contributions to the adjoints of a tape, seen through rearrangements such as a slice."""

    def __init__(self, tape: Tape, forward: Collection[int], adjoints: Mapping[int, Array]) -> None:
        """`adjoints` are those of all nodes of the forward pass that take a gradient."""
        self._tape, self._adjoints = tape, adjoints
        self._users = defaultdict[int, list[int]](list)
        for id in sorted(forward, reverse=True):
            node = tape.nodes[id]
            for source in () if isinstance(node, Leaf) else dict.fromkeys(node.inputs):
                self._users[source].append(id)
        self._found: dict[int, dict[int, Array]] = {}
        self._most: dict[int, int] = {}

    def to(self, id: int) -> Mapping[int, Array]:
        """Return the operations that use a value, each with what it contributes to the adjoint.

        Empty if there are too many.  Raises Untold if the derivative of one is unknown.
        """
        if id not in self._found:
            found = dict[int, Array]()
            for user in self._users[id] if len(self._users[id]) <= _MOST else ():
                for origin, part in self._through(user):
                    if id in (flow := through(self._tape, user, part)):
                        found[origin] = found.get(origin, 0) + flow[id]
            self._found[id] = found if len(found) <= _MOST else {}
        return self._found[id]

    def _through(self, user: int) -> Iterator[tuple[int, Array]]:
        """Yield the parts of an operation's adjoint: its own, or those of what is made from it."""
        if user not in self._adjoints:
            return
        parts = {} if isinstance(self._tape.nodes[user], Call) else self.to(user)
        yield from parts.items() if parts else [(user, self._adjoints[user])]

    def is_split(self, id: int) -> bool:
        """Return whether a value has several paths that part only after a rearrangement."""
        few = len(self._users[id])
        return self._at_most(id) > few and len(self.to(id)) > few

    def _at_most(self, id: int) -> int:
        """Return a number that those of a value's paths do not exceed, found without arrays."""
        pending = [id]
        while pending:
            last = pending[-1]
            users = self._users[last] if len(self._users[last]) <= _MOST else ()
            moved = [one for one in users if not isinstance(self._tape.nodes[one], Call)]
            unknown = [one for one in moved if one not in self._most]
            if not unknown:
                pending.pop()
                self._most[last] = len(users) + sum(max(0, self._most[one] - 1) for one in moved)
            pending += unknown
        return self._most[id]

    def sums(self, id: int) -> Iterator[tuple[int, Array]]:
        """Yield the sums of some of the contributions to a value, each with their number."""
        parts = [*self.to(id).values()]
        for count in range(1, len(parts)):
            for some in combinations(parts, count):
                yield count, np.sum(some, axis=0)
