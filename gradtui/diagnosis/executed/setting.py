"""The optimizer that an update should be, with the names that public code has for its constants."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

ALSO: Mapping[str, tuple[str, ...]] = {
    "lr": ("learning_rate",),
    "eps": ("epsilon",),
    "momentum": ("mu", "beta"),
    "beta1": ("beta_1",),
    "beta2": ("beta_2",),
    "alpha": ("decay_rate", "rho", "beta"),
}
"""Other names that public code has for a constant."""


class Setting(Struct, frozen=True):
    """The optimizer that an update should be, with its constants."""

    optimizer: str
    lr: float
    constants: Mapping[str, float]
    """All constants of the optimizer."""
    given: frozenset[str] = frozenset()
    """The constants that the caller gave."""

    def by_name(self, lr: float) -> dict[str, float]:
        """Return the rate and the given constants, under all their names."""
        values = {"lr": lr, **{name: self.constants[name] for name in sorted(self.given)}}
        also = {other: values[name] for name in values for other in ALSO.get(name, ())}
        return {**also, **values}

    def defaults(self) -> dict[str, float]:
        """Return all the other constants, under all their names."""
        rest = {n: value for n, value in self.constants.items() if n not in self.given}
        return {other: rest[name] for name in rest for other in (name, *ALSO.get(name, ()))}
