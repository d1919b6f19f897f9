"""The weights that the user's update produces along sequences of gradients.

Elements of several parameters of several shapes are moved at once, which reveals state that an
update keeps for one parameter and uses for another.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.executed.calls import Run, Update
from gradtui.diagnosis.updates.motion import Motion
from gradtui.diagnosis.updates.probes import Probes
from gradtui.engine.handwritten import UpdateProgram
from gradtui.recording.kept import Kept
from gradtui.recording.run import Randomness, unheard

Array = NDArray[Any]

_DEPTH = 3


class Walk(Motion):
    """An update executed in place of the optimizer's program.

    The program's sensitivity to rounding is taken to be the update's.
    """

    def __init__(self, update: Update, program: UpdateProgram, *, together: bool = True) -> None:
        super().__init__(program, update.setting.constants)
        self.single = False
        """Whether it computes in float32."""
        self._user, self.together = update, together
        self._randomness = Randomness()
        self._outside = Kept(update.called) if update.outside else None
        self._walks: dict[int, tuple[Probes, Array]] = {}
        """Identity of sequences -> these, which keeps them alive, and the weights."""

    def afresh(self) -> Walk:
        """Return the same walk without the weights found so far: the update's code has changed."""
        fresh = copy(self)
        fresh.single, fresh._walks = False, {}
        return fresh

    def weights(self, probes: Probes) -> Array:
        """Return w after each step of the update, (steps, sequences)."""
        if id(probes) not in self._walks:
            self._walks[id(probes)] = (probes, self.again(probes))
        return self._walks[id(probes)][1]

    def again(self, probes: Probes) -> Array:
        """Return the weights from another run."""
        found = np.empty(probes.g.shape)
        for lr in sorted(set(probes.lr[0].tolist())):  # NumPy takes ten times as long for so few
            own = np.flatnonzero(probes.lr[0] == lr)
            found[:, own] = self._walked(probes.w[own], probes.g[:, own], lr)
        return found

    def _walked(self, w: Array, g: Array, lr: float) -> Array:
        parts = parameters_of(len(w)) if self.together else {"w": np.arange(len(w))}
        found = np.empty(g.shape)
        with unheard():
            self._randomness.restore()
            if self._outside is not None:
                self._outside.put_back()
            run = Run(self._user, {name: w[part] for name, part in parts.items()}, lr)
            for step in range(len(g)):
                run.step({name: g[step][part] for name, part in parts.items()})
                for name, part in parts.items():
                    found[step][part] = run.weights[name]
            if self._outside is not None:
                self._outside.put_back()
            self.single |= any(_is_single(one, _DEPTH) for one in (run.weights, *run.held))
        return found


def parameters_of(count: int) -> Mapping[str, Array]:
    """Return parameters of several shapes, each as the sequences of its elements.

    Neighbouring sequences, which are similar, go to different parameters.
    """
    if count < 6:
        return {"W": np.arange(count)}
    third = count // 3
    order = np.concatenate([np.arange(start, count, 3) for start in range(3)])
    rows = order[: 2 * (third // 2)].reshape(2, -1)
    vector = order[rows.size : rows.size + third]
    rest = order[rows.size + third :].reshape(-1, 1, 1)
    return {"W": rows, "b": vector, "K": rest}


def _is_single(value: Any, depth: int) -> bool:
    """Return whether an update keeps float32 arrays."""
    if isinstance(value, np.ndarray):
        return bool(value.dtype == np.float32)
    if depth and isinstance(value, Mapping):
        return any(_is_single(one, depth - 1) for one in value.values())
    if depth and isinstance(value, list | tuple):
        return any(_is_single(one, depth - 1) for one in value)
    return False
