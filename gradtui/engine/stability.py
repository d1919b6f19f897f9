"""The dynamics of an optimizer along one direction of a quadratic loss: stability and speed.

Along an eigenvector of curvature λ, each step is a fixed linear map of (distance, momentum) that
depends on lr·λ alone. Knows no graph and no run.
"""

from __future__ import annotations

import math

from msgspec import Struct


class Dynamics(Struct, frozen=True):
    """An optimizer's step as `b = beta*b + share*g/divisor; w = w - lr*b`."""

    beta: float = 0.0
    """The part of the last step that is kept."""
    share: float = 1.0
    """The weight of the new gradient: 1, or 1 - beta if b is a running mean."""
    nesterov: bool = False
    """Whether the step is share*g + beta*b instead of b."""
    second: str = ""
    """The assigned name whose root, plus eps, is the divisor; empty without one."""
    decay: float = 0.0
    """Curvature that coupled weight decay adds."""

    @property
    def limit(self) -> float:
        """The lr·λ above which the distance grows.

        2 for plain descent, 2(1 + β) with momentum: Polyak, Some methods of speeding up the
        convergence of iteration methods (1964); 2(1 + β)/(1 + 2β) with Nesterov's, 2(1 + β)/(1 - β)
        with a running mean (38 for Adam): Cohen et al., Adaptive gradient methods at the edge of
        stability (2022), section 3.
        """
        ahead = 1.0 + 2.0 * self.beta if self.nesterov else 1.0
        return 2.0 * (1.0 + self.beta) / (self.share * ahead)

    def radius(self, pull: float) -> float:
        """Return the factor by which the distance changes per step, at lr·λ = `pull`.

        It is the spectral radius of the step; exactly |1 - lr·λ| for plain descent.
        """
        return max(map(abs, self._roots(pull)))

    def overshoots(self, pull: float) -> bool:
        """Return whether the distance changes its sign on the way, at lr·λ = `pull`."""
        roots = self._roots(pull)
        return any(root.imag != 0.0 or root.real < 0.0 for root in roots)

    def swings(self, pull: float) -> bool:
        """Return whether momentum carries it past the bottom and back, at lr·λ = `pull`."""
        return any(root.imag != 0.0 for root in self._roots(pull))

    def _roots(self, pull: float) -> tuple[complex, ...]:
        """Return the eigenvalues of the step; numpy.roots takes 300 times longer."""
        x, beta = self.share * pull, self.beta
        if not math.isfinite(x):
            return (complex(-x),)
        half = (1.0 + beta - x * (1.0 + beta if self.nesterov else 1.0)) / 2.0
        determinant = beta * (1.0 - x) if self.nesterov else beta
        apart = half * half - determinant
        if apart < 0.0:
            root = complex(half, math.sqrt(-apart))
            return root, root.conjugate()
        far = half + math.copysign(math.sqrt(apart), half)  # the other one would lose its digits
        return complex(far), complex(determinant / far if far else 0.0)

    def steps_per_decade(self, pull: float) -> float:
        """Return the number of steps that reduce the distance tenfold at lr·λ = `pull`, or inf."""
        # 1 - radius loses all digits for tiny lr·λ, where ln 10/(lr·λ) is exact.
        if abs(pull) < 1e-6:
            gain = self.share * pull / (1.0 - self.beta) if self.beta < 1.0 else 0.0
            return math.log(10.0) / gain if gain > 0.0 else math.inf
        radius = self.radius(pull)
        if not radius < 1.0:
            return math.inf
        return -1.0 / math.log10(radius) if radius > 0.0 else 0.0
