"""The rules of updates, and the names of a program with what they are made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.ops import OPS
from gradtui.language.parser import Call, Name, Number, Tree
from gradtui.language.trees import Path, names_read, parts_of

SIGN, RATE, BIAS, TIME = "update-sign", "update-rate", "missing-bias-correction", "wrong-time-index"
EPSILON, ROOT, DECAY = "epsilon-placement", "missing-root", "decay-coupling"
MOMENTUM, CONSTANT = "momentum-form", "wrong-hyperparameter"
UNEXPLAINED = "unexplained-update"
RELIES = "relies-on-data"
MEANS = ("momentum", "beta1", "beta2", "alpha")
"""The constants that weight a running mean or a velocity."""
_PLAIN = (0.0, 1.0, 2.0)
"""Numbers that mean themselves."""
Rules = tuple[str, ...]
"""The rule of a change, then other possible rules."""


class Scope(Struct, frozen=True):
    """The names that a program may use, with what they are made from."""

    constants: Mapping[str, float]
    """The optimizer's."""
    kept: tuple[str, ...]
    """All states that the program keeps from step to step."""
    state: tuple[str, ...]
    """The states that change with the gradients."""
    meaning: Mapping[str, frozenset[str]]
    """Name of a helper, or of a state that no gradient changes -> what it is made from."""
    read: frozenset[str]
    """The names that lines read."""
    timed: bool
    """Whether the optimizer counts its steps."""
    lr: float = 0.0
    """The first rate."""
    scheduled: bool = False
    """Whether the rate changes from step to step."""
    numbers: tuple[float, ...] = ()
    """Other numbers that a program may contain: those of the schedule, of the clipping."""

    @property
    def means(self) -> tuple[str, ...]:
        """The constants that weight a running mean or a velocity."""
        return tuple(name for name in MEANS if name in self.constants)

    @property
    def known_numbers(self) -> frozenset[float]:
        """The numbers in the file: the rate, the constants, those of the schedule."""
        return frozenset((self.lr, *self.constants.values(), *self.numbers))

    def known(self, number: float) -> float:
        """Return the file's number that equals another up to rounding, or that one."""
        near = (one for one in self.known_numbers if abs(one - number) <= 1e-12)
        return next(near, number)

    @property
    def has_epsilon(self) -> bool:
        """Whether the optimizer has an eps."""
        return "eps" in self.constants

    @property
    def decays(self) -> bool:
        """Whether the optimizer decays weights."""
        return bool(self.constants.get("weight_decay"))

    @property
    def form(self) -> Rules:
        """The rules for a direction made in another way from the same gradients."""
        if self.means:
            return (MOMENTUM, UNEXPLAINED)
        return (UNEXPLAINED, MOMENTUM) if self.state else (UNEXPLAINED,)

    @property
    def direction(self) -> Rules:
        """The rules for a direction made from something else."""
        if self.means and "momentum" not in self.constants:
            return (UNEXPLAINED, MOMENTUM)
        return self.form

    def is_signal(self, names: frozenset[str]) -> bool:
        """Whether some of these names change with the gradients."""
        return bool(names & {"g", "w", *self.state})

    def weighs(self, tree: Tree) -> bool:
        """Whether a tree is made from the weights of a mean and from nothing else."""
        names = self.names(tree)
        return bool(names) and names <= set(self.means)

    def names(self, tree: Tree) -> frozenset[str]:
        """Return the names that a tree is made from, with helpers expanded.

        A constant written as a number counts, too: 0.9 for beta1.
        """
        found = set[str]()
        for _, part in parts_of(tree):
            if isinstance(part, Name):
                found |= self.meaning.get(part.name, {part.name})
            elif isinstance(part, Number) and part.value not in _PLAIN:
                found |= {name for name, value in self.constants.items() if value == part.value}
        return frozenset(found)


def scope_of(
    program: UpdateProgram,
    constants: Mapping[str, float],
    *,
    lr: float,
    timed: bool,
    scheduled: bool = False,
    numbers: Sequence[float] = (),
) -> Scope:
    """Return the scope of a program; constants that are 0, and choices, do nothing.

    `lr` is the first rate: a state that starts there is a rate.
    """
    constants = {name: c for name, c in constants.items() if c and name != "nesterov"}
    kept = tuple(program.state)
    read = frozenset(name for line in program.lines for name in names_read(line.value))
    scope = Scope(constants, kept, kept, {}, read, timed, lr, scheduled, tuple(numbers))
    quiet = {
        name: made_of | ({"lr"} if np.all(program.state[name] == lr) else {"t"})
        for name, made_of in _closures(program, scope).items()
        if not made_of & {"g", "w"}
    }
    scope = replace(
        scope,
        state=tuple(name for name in program.state if name not in quiet),
        meaning={name: frozenset(made_of - quiet.keys()) for name, made_of in quiet.items()},
    )
    for line in program.lines:
        if line.name not in ("w", "g", *program.state):
            made_of = scope.names(line.value)
            scope = replace(scope, meaning={**scope.meaning, line.name: made_of})
    return scope


def _closures(program: UpdateProgram, scope: Scope) -> dict[str, set[str]]:
    """Return what each state is ultimately made from, over all steps."""
    made_of: dict[str, set[str]] = {name: set() for name in program.state}
    for line in program.lines:
        made_of.setdefault(line.name, set()).update(scope.names(line.value))
    found: dict[str, set[str]] = {}
    for name in program.state:
        reached, pending = set[str](), [name]
        while pending:
            new = made_of.get(pending.pop(), set()) - reached
            reached |= new
            pending += new
        found[name] = {one for one in reached if one not in made_of or one in ("g", "w")}
    return found


def values_in(tree: Tree) -> Iterator[tuple[Path, Tree]]:
    """Yield every part of a tree that is a value, with its path.

    Options after the operands are literals, like the shape of reshape, and cannot be replaced.
    """
    written: list[Path] = []
    for path, part in parts_of(tree):
        if any(path[: len(one)] == one for one in written):
            continue
        yield path, part
        entry = OPS.get(part.function) if isinstance(part, Call) else None
        if entry is not None and entry.positional and isinstance(part, Call):
            written += [(*path, at) for at in range(len(entry.operands), len(part.arguments))]
