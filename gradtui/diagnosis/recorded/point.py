"""One recorded run of the user's code: what it claims there, and what is true."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.sides import Run
from gradtui.diagnosis.recorded.symmetric import as_compared
from gradtui.recording.run import Result
from gradtui.recording.sweep import Replay, Shaken, gradients
from gradtui.recording.tape import FLAT, Call, Leaf

Array = NDArray[Any]
Values = Mapping[str, Array]

_SEED = 20_240_229


class Point(Struct, frozen=True, eq=False, weakref=True):
    """One recorded run: the claims of the code, and the truth of that very run."""

    values: Values
    """The arguments that are drawn."""
    near: bool
    """Whether it is the user's own point, or around it."""
    loss: float
    hand: Values
    true: Values
    result: Result
    root: int
    """The node of the loss."""
    nodes: Mapping[str, int | None]
    """The node of each gradient; None where it was not recorded."""
    symmetric: frozenset[str] = frozenset()
    """Matrices that the code takes to be symmetric: only the symmetric part of a gradient counts.

    For a factorisation that reads one triangle, any gradient with the same sum with its transpose
    is right.
    """
    handing: Mapping[int, int] = MappingProxyType({})
    """Calls of the forward pass that the gradients ignore -> the input that they hand on."""
    clips: frozenset[tuple[Place, int]] = frozenset()
    """The calls that clip gradients, which are taken before them, each with the operand clipped."""
    outer: bool = False
    """Whether it is farther out, on a side of a kink that no point around the user's own is on."""
    weight: float = 1.0
    """What the loss is multiplied by here, and all gradients with it."""
    unseen: frozenset[str] = frozenset()
    """The arguments whose true gradient is not that of the recording, which misses a part."""

    @property
    def run(self) -> Run:
        """The run, with the nodes of the gradients."""
        ends = tuple(one for one in self.nodes.values() if one is not None)
        tape, returned = self.result.tape, self.result.returned
        left = [id for id in tape.converted if id <= self.root and tape.active[id]]
        own = self.root in left and self.result.node(returned.loss) is None
        return Run(tape, self.root, ends if len(ends) == len(self.nodes) else None,
                   len(left) > own)  # fmt: skip

    @property
    def is_level(self) -> bool:
        """Whether the loss is a number that no argument is part of."""
        tape = self.result.tape
        return isinstance(tape.nodes[self.root], Leaf) and not tape.active[self.root]

    @property
    def differenced(self) -> list[Call]:
        """The calls on the way to the loss whose derivatives come from central differences.

        Those of flat functions are no estimates: they are 0.
        """
        tape = self.result.tape
        active = (tape.nodes[id] for id in tape.sources(self.root) if tape.active[id])
        return [
            node for node in active
            if isinstance(node, Call) and node.form is None and node.back is None
            and node.name not in FLAT
        ]  # fmt: skip

    @property
    def is_finite(self) -> bool:
        """Whether the loss and the true gradients are finite."""
        told = (np.isfinite(self.loss), *map(np.isfinite, self.true.values()))
        return all(np.all(one) for one in told)

    def shaken(
        self, seed: int, given: Mapping[int, Array] = MappingProxyType({})
    ) -> tuple[Values, Values]:
        """Return the claims and the truth with every rounding moved, and `given` leaves."""
        return self._replayed(Shaken(self.result.tape, (_SEED, seed), self.handing, given))

    def adjoints(
        self, wanted: Collection[int], *, moved: Callable[[Array], Array] | None = None,
        gathered: Callable[[int, Array], object] | None = None, of: int | None = None,
    ) -> dict[int, Array]:  # fmt: skip
        """Return the gradients by wanted nodes, of the loss or another number.

        The hooks are those of a sweep.
        """
        tape, root = self.result.tape, self.root if of is None else of
        values = Replay(tape, handing=self.handing).value if self.handing else None
        return gradients(tape, root, wanted, values=values, moved=moved, gathered=gathered)

    def with_values(self, given: Mapping[int, Array]) -> tuple[Values, Values]:
        """Return the claims and the truth with other values of some leaves."""
        return self._replayed(Replay(self.result.tape, given))

    def claimed(self, world: Replay) -> Values:
        """Return the claims with other values of the tape."""
        return {
            name: self.hand[name] if node is None
            else as_compared(world.value(node), self.hand[name].shape,
                             symmetric=name in self.symmetric)
            for name, node in self.nodes.items()
        }  # fmt: skip

    def _replayed(self, world: Replay) -> tuple[Values, Values]:
        ids = {name: self.result.tape.arguments[name] for name in self.true}
        found = world.gradients(self.root, list(ids.values()))
        return self.claimed(world), {name: found[id] for name, id in ids.items()}


def written_calls(point: Point) -> Iterator[tuple[int, Call, Place]]:
    """Yield the calls that a gradient can pass on its way from the loss, with their places.

    None of a backward pass: what a custom function detaches there is a constant by mistake.
    """
    tape = point.result.tape
    for id in range(point.root):
        node = tape.nodes[id]
        if isinstance(node, Call) and tape.active[id] and id not in tape.derived and node.place:
            yield id, node, node.place


def is_close(own: Array | None, true: Array, tolerance: float) -> bool:
    """Return whether a gradient is the true one, to a tolerance relative to its largest element."""
    room = tolerance * float(np.max(np.abs(true), initial=0.0))
    return own is not None and own.shape == true.shape and bool(np.all(np.abs(own - true) <= room))
