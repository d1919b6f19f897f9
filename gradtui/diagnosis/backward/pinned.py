"""Lines that right claims pin: no other value keeps these right and repairs a wrong claim.

Most of a backward pass comes before its mistake. Such lines need not be changed one by one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.trial import TOLERANCE, Trial
from gradtui.diagnosis.sieve import FIRST
from gradtui.engine.graph import Kind, Node
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.ops import OPS

Array = NDArray[np.float64]

_MOST = 64
"""Most numbers of a line that may be pinned."""
_CLAIMS = 8
"""Most right claims used to pin a line, and most wrong ones that it may still repair."""
_SMALL = 1e-3
"""The smallest size of an element, relative to the largest, that counts by itself."""
_SINGULAR = 1e-9
"""Slopes count as dependent below this share of the largest singular value."""
_SURE = 4.0
"""How far beyond its bound a value may lie, for the rounding of the bound."""


class Pinned:
    """The lines that right claims pin, at one point of a world."""

    def __init__(self, trial: Trial, here: Interpreter, right: Sequence[Line]) -> None:
        self._trial, self._here, self._right = trial, here, right
        self._known = set[Line]()

    def holds(self, line: Line, affected: Sequence[Line], least: int) -> bool:
        """Return whether no value of a line makes `least` of the `affected` claims right.

        At one point, claims are affine in the line's value. Those that must stay right bound the
        distance of another value, which bounds the change of the wrong ones.
        """
        size = math.prod(self._here.nodes[line.node].shape)
        if line in self._known:
            return True
        if not 0 < size <= _MOST or len(affected) - least >= _CLAIMS:
            return False
        reached = self._trial.program.dependents([line.name])
        bent = self._bent(line.node)
        held = [one for one in self._right if one.name in reached and one.node not in bent]
        wrong = [one for one in affected if one.node not in bent]
        if not held or len(wrong) <= len(affected) - least:
            return False
        value = self._here.value(line.node)[0].reshape(-1)
        unit = float(np.max(np.abs(value))) or 1.0
        rows = np.concatenate([value[None], value + unit * np.eye(size)])
        shape = self._here.nodes[line.node].shape
        world = self._here.replacing({line.node: rows.reshape(-1, *shape)})
        reach = self._reach(world, held[:_CLAIMS])
        if reach is None:
            return False
        spoilt = 0
        for claim in wrong:
            spoilt += self._stays_wrong(world, claim, reach)
            if spoilt > len(affected) - least:
                self._known.add(line)
                return True
        return False

    def _bent(self, line: int) -> frozenset[int]:
        """Return the nodes that may not be affine in a line's value."""
        moved, bent = {line}, set[int]()
        for node in self._here.nodes[line + 1 :]:
            inputs = [id for id in node.inputs if id in moved]
            if inputs:
                moved.add(node.id)
                if not bent.isdisjoint(inputs) or not _is_affine(node, inputs):
                    bent.add(node.id)
        return frozenset(bent)

    def _reach(self, world: Interpreter, held: Sequence[Line]) -> Array | None:
        """Return how far another value may be if all claims stay right; None if that is unknown.

        It is a matrix: the slopes of anything times it are the most that it changes along each
        of its columns.
        """
        parts = list[Array]()
        for claim in held:
            _, slope, allowed = self._at(world, claim)
            least = np.maximum(allowed, _SMALL * np.max(allowed, initial=0.0))
            with np.errstate(all="ignore"):
                parts.append(slope / least[:, None])
        whole = np.concatenate(parts)
        if len(whole) < whole.shape[1] or not np.all(np.isfinite(whole)):
            return None
        _, sizes, turned = np.linalg.svd(whole, full_matrices=False)
        if not sizes[-1] > _SINGULAR * sizes[0]:
            return None
        return np.asarray(2 * math.sqrt(len(whole)) * turned.T / sizes)

    def _stays_wrong(self, world: Interpreter, claim: Line, reach: Array) -> bool:
        """Return whether a claim stays wrong however a line is changed within reach."""
        apart, slope, allowed = self._at(world, claim)
        change = np.linalg.norm(slope @ reach, axis=1)
        return bool(np.any(np.abs(apart) > _SURE * (allowed + change)))

    def _at(self, world: Interpreter, claim: Line) -> tuple[Array, Array, Array]:
        """Return a claim's distance from the truth, its slopes, and the distance that is allowed.

        These are (numbers,), (numbers, numbers of the line) and (numbers,).
        """
        trial, target = self._trial, claim.target or 0
        values = trial.held(claim, world)
        values = values.reshape(len(values), -1)
        true, allowed = trial.truth(target)[FIRST], TOLERANCE * trial.size(target)[FIRST]
        return values[0] - true.reshape(-1), (values[1:] - values[0]).T, allowed.reshape(-1)


def _is_affine(node: Node, moved: Sequence[int]) -> bool:
    """Return whether an operation is affine in its `moved` operands together."""
    if node.kind is not Kind.OPERATION:
        return False
    match node.op:
        case "+" | "-":
            return True
        case "*" | "@":
            return len(moved) == 1
        case "/":
            return len(moved) == 1 and node.inputs[1] not in moved
        case op:
            return OPS[op].linear or OPS[op].rearranges
