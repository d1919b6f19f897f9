"""The rules of updates, and what a program may name and what that is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gradtui.diagnosis.updates.trees import names_in
from gradtui.engine.expression import Assignment, Tree

SIGN, RATE, BIAS, TIME = "update-sign", "update-rate", "missing-bias-correction", "wrong-time-index"
EPSILON, ROOT, DECAY = "epsilon-placement", "missing-root", "decay-coupling"
MOMENTUM, CONSTANT = "momentum-form", "wrong-hyperparameter"
UNEXPLAINED = "unexplained-update"


class Scope(Struct, frozen=True):
    """What a program may name, and what that is made of."""

    constants: Mapping[str, float]
    """The optimizer's."""
    state: tuple[str, ...]
    meaning: Mapping[str, frozenset[str]]
    """Name of a helper -> the names that it is computed from in the same step."""
    timed: bool
    """Whether the optimizer counts its steps."""

    @property
    def means(self) -> tuple[str, ...]:
        """The constants that weigh a running mean or a velocity."""
        return tuple(n for n in ("momentum", "beta1", "beta2", "alpha") if n in self.constants)

    @property
    def has_epsilon(self) -> bool:
        """Whether the optimizer has an eps."""
        return "eps" in self.constants

    @property
    def decays(self) -> bool:
        """Whether the optimizer decays weights."""
        return bool(self.constants.get("weight_decay"))

    def names(self, tree: Tree) -> frozenset[str]:
        """Return the names that a tree is made of, helpers looked through."""
        found = set[str]()
        for name in names_in(tree):
            found |= self.meaning.get(name, frozenset()) | {name}
        return frozenset(found)


def scope_of(
    lines: Sequence[Assignment],
    state: Sequence[str],
    constants: Mapping[str, float],
    *,
    timed: bool,
) -> Scope:
    """Return the scope of a program; constants that are 0, and choices, do nothing."""
    constants = {name: c for name, c in constants.items() if c and name != "nesterov"}
    meaning: dict[str, frozenset[str]] = {}
    for line in lines:
        if line.name != "w" and line.name not in state:
            below = [meaning.get(name, frozenset({name})) for name in names_in(line.value)]
            meaning[line.name] = frozenset().union(*below)
    return Scope(constants, tuple(state), meaning, timed)
