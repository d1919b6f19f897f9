"""One statement that may be wrong."""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.derivatives import is_of_pair
from gradtui.diagnosis.recorded.blame.told import Line


class Suspect(Struct, frozen=True, eq=False, dict=True):
    """A statement that may be wrong."""

    statement: Statement
    tier: int
    """Its tier; 0 is the likeliest."""
    promoted: bool
    """Whether it only passes on right values."""
    order: int
    opposite: bool = False
    """Whether its value is right but for its sign."""
    failing: bool = False
    """Whether right values become something else there, or lack a part."""
    label: int = 0
    """Whether it has the name of an adjoint and holds that (1), or is the first not to (-1)."""
    forward: bool = False
    """Whether it is in a function that computes the loss."""
    closed: bool = False
    """Whether it is a choice that would change values, but never does."""

    @cached_property
    def paired(self) -> bool:
        """Whether its function and another fit together: neither is wrong then.

        Unless it computes something that it does not use.
        """
        return is_of_pair(self.statement) and not self.statement.idle

    @property
    def line(self) -> Line:
        """Its file and line."""
        return self.statement.unit.file, self.statement.node.lineno
