"""The rules of updates, and what a program may name and what that is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from gradtui.diagnosis.updates.trees import parts_of
from gradtui.engine.expression import Assignment, Name, Number, Tree

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

    def weighs(self, tree: Tree) -> bool:
        """Whether a tree is made of what weighs a mean, and of nothing else."""
        names = self.names(tree) - self.meaning.keys()
        return bool(names) and names <= set(self.means)

    def names(self, tree: Tree) -> frozenset[str]:
        """Return the names that a tree is made of, helpers looked through.

        What weighs a mean counts where it is written as its number, too: 0.9 for beta1.
        """
        found = set[str]()
        for _, part in parts_of(tree):
            if isinstance(part, Name):
                found |= self.meaning.get(part.name, frozenset()) | {part.name}
            elif isinstance(part, Number):
                found |= {mean for mean in self.means if self.constants[mean] == part.value}
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
    scope = Scope(constants, tuple(state), {}, timed)
    for line in lines:
        if line.name != "w" and line.name not in state:
            made_of = scope.names(line.value) - scope.meaning.keys()
            scope = replace(scope, meaning={**scope.meaning, line.name: made_of})
    return scope
