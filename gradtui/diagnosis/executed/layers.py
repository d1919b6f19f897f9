"""Parameters by layer, as deeplearning.ai's courses name them: W1, b1, W2, b2, gradients at dW1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Arrays = dict[str, Array]

_STATES = 2
"""Most states that a function keeps: v and s."""


class Layers:
    """Some parameters, named as the weights and the biases of layers."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self._names = {own: _name(at) for at, own in enumerate(weights)}
        """Own name -> its name in a layer."""
        self._rest = _name(len(weights)) if len(weights) % 2 else ""
        """A bias that the last layer lacks."""
        zeros = {f"d{self._names[own]}": np.zeros_like(w) for own, w in weights.items()}
        if self._rest:
            zeros[f"d{self._rest}"] = np.zeros(1)
        self.states: list[dict[str, Any]] = [
            {name: zero.copy() for name, zero in zeros.items()} for _ in range(_STATES)
        ]
        """The states of a function, which begin at 0."""

    def weights(self, own: Mapping[str, Array]) -> Arrays:
        """Return the parameters by their names in layers."""
        found = {self._names[name]: w for name, w in own.items()}
        return {**found, self._rest: np.zeros(1)} if self._rest else found

    def gradients(self, own: Mapping[str, Array]) -> Arrays:
        """Return the gradients by their names in layers."""
        found = {f"d{self._names[name]}": g for name, g in own.items()}
        return {**found, f"d{self._rest}": np.ones(1)} if self._rest else found

    def found(self, returned: Any, given: Mapping[str, Array]) -> dict[str, Any]:
        """Return the new parameters by their own names, and keep the states that are returned."""
        parts = returned if isinstance(returned, tuple) else (returned,)
        dicts = [one for one in parts if isinstance(one, dict)]
        weights: Mapping[str, Any] = given
        if dicts and dicts[0].keys() >= given.keys():
            weights = dicts.pop(0)
        for at, one in enumerate(dicts[:_STATES]):
            self.states[at] = one
        return {own: weights[name] for own, name in self._names.items()}


def _name(at: int) -> str:
    return f"{'Wb'[at % 2]}{at // 2 + 1}"
