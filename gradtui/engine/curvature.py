"""The curvature of the loss at one step of a run, as scaled by the optimizer.

Exact for small models, by Lanczos' iteration on Hessian-vector products for larger ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.engine.compiler import Compiler, Mode
from gradtui.engine.graph import Kind, computed_from, needed_for
from gradtui.engine.program import StepProgram
from gradtui.engine.reverse import HessianProduct, differentiate_twice
from gradtui.engine.stability import Dynamics
from gradtui.engine.tape import Tape
from gradtui.engine.trainer import Trainer
from gradtui.engine.vectorized import Vectorized

Array = NDArray[np.float64]
EXACT = 60
"""Most parameters for which the whole Hessian is computed."""
_ITERATIONS, _FEWEST = 24, 8
"""Most and fewest products of Lanczos' iteration: the largest eigenvalue is then right to a few
digits, or to one or two and never too large."""
_CLOSE = 1e-4
"""How far the largest eigenvalue may be from its estimate, relative to that; the error is near the
square of this, unless the next eigenvalue is as near."""
_BASIS = 16_000_000
"""Most numbers in the basis of Lanczos' iteration: 128 MB."""
_BATCHES = 8
"""Most batches over which the curvature is averaged."""
ROUNDING = 1e-14
"""Eigenvalues below this part of the largest are rounding."""
_DOWNWARD = 0.1
"""From this part of the largest eigenvalue on a negative one counts."""


class Spectrum(Struct, frozen=True, eq=False):
    """Eigenvalues and eigenvectors of the Hessian, scaled as the optimizer scales gradients."""

    values: Array
    """(k,) ascending."""
    vectors: Array
    """(n, k) unit vectors as columns; (n, 0) if not requested.

    For an inexact spectrum, (n, 1): that of the smallest eigenvalue."""
    divisor: Array
    """(n,) the optimizer's divisors of the gradient; 1 without any, inf for what has not moved."""
    exact: bool
    """Whether the spectrum is complete; otherwise only the largest eigenvalue is right."""

    @property
    def largest(self) -> float:
        """The eigenvalue of largest size; 0 if there is none."""
        return float(max(self.values, key=abs, default=0.0))

    @property
    def sharpness(self) -> float:
        """The largest eigenvalue, or 0 if all are negative."""
        return max(0.0, float(self.values[-1])) if self.values.size else 0.0

    @property
    def smallest(self) -> float:
        """The smallest eigenvalue that is positive and not rounding; 0 if there is none."""
        kept = self.values[self.values > ROUNDING * abs(self.largest)]
        return float(kept[0]) if kept.size else 0.0

    @property
    def condition(self) -> float:
        """The condition number λmax/λmin over the positive eigenvalues; 1 if there are none."""
        return self.sharpness / self.smallest if self.smallest else 1.0

    @property
    def curves_down(self) -> bool:
        """Whether the loss curves downward, too, by a part of λmax that counts."""
        return (
            self.exact
            and bool(self.values.size)
            and (float(self.values[0]) < -_DOWNWARD * self.sharpness < 0.0)
        )

    def direction(self, index: int) -> Array:
        """Return an eigenvector as a direction of the parameters, (n,) of length 1."""
        moved = self.vectors[:, index] / np.sqrt(self.divisor)
        return np.asarray(moved / np.linalg.norm(moved))


class Curvature:
    """Computes the curvature of a trainer's loss."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.size = sum(
            int(np.prod(node.shape, dtype=np.int64)) for node in trainer.program.graph.parameters
        )

    @property
    def numbers(self) -> int:
        """Roughly the numbers that a spectrum computes: values of the model in all products."""
        return self._count * self.trainer.size

    @property
    def fits(self) -> bool:
        """Whether the basis of Lanczos' iteration has room for enough products."""
        return _FEWEST * self.size <= _BASIS

    @property
    def cost(self) -> float:
        """Microseconds, by estimate, that a spectrum takes: a product is like two steps."""
        batches = self.trainer.batches
        repeated = 1 if batches is None else min(_BATCHES, batches.per_epoch)
        return 2.0 * self._count * repeated * self.trainer.cost

    @property
    def _count(self) -> int:
        """The number of Hessian-vector products of a spectrum."""
        return self.size if self.size <= EXACT else _most_products(self.size)

    @cached_property
    def _twice(self) -> HessianProduct:
        program = self.trainer.program
        return differentiate_twice(program.graph, program.reverse)

    @cached_property
    def _settled(self) -> tuple[int, ...]:
        """The values that a product reads and no direction changes."""
        nodes, product = self._twice.nodes, self._twice.product
        moved = computed_from(nodes, self._twice.direction)
        read = {id for reader in needed_for(nodes, product) & moved for id in nodes[reader].inputs}
        still = read.union(product) - moved
        return tuple(id for id in sorted(still) if nodes[id].kind is not Kind.CONSTANT)

    @cached_property
    def _settle(self) -> Callable[..., tuple[Any, ...]]:
        """These values as a function of the parameters and data."""
        graph, compiler = (
            self.trainer.program.graph,
            Compiler(self._twice.nodes, {}, Mode.BATCH, "float64"),
        )
        return compiler.evaluate([n.id for n in (*graph.parameters, *graph.data)], self._settled)

    @cached_property
    def _products(self) -> Vectorized:
        return Vectorized(self._twice.nodes, self._twice.direction, self._settled)

    @cached_property
    def _places(self) -> tuple[list[int], list[int]]:
        """The places of those that differ from batch to batch, and of the others."""
        cut = computed_from(self._twice.nodes, self.trainer.cut)
        differs = [id in cut for id in self._settled]
        places = range(len(differs))
        return [at for at in places if differs[at]], [at for at in places if not differs[at]]

    @cached_property
    def _over_batches(self) -> Vectorized:
        """The products along one direction, with the values of each batch in a row."""
        varying, shared = ([self._settled[at] for at in places] for places in self._places)
        return Vectorized(self._twice.nodes, [*self._twice.direction, *varying], shared)

    def products(
        self, tape: Tape, directions: Array, replaced: Mapping[int, Array] = MappingProxyType({})
    ) -> Array:
        """Return Hv for each row v of `directions`, (k, n), at a step's parameters and data.

        With batches it is the mean over the next ones, an epoch or a few.  `replaced` are other
        data, by node.
        """
        return self._along(directions, self._settled_at(tape, replaced))

    def _settled_at(
        self, tape: Tape, replaced: Mapping[int, Array] = MappingProxyType({})
    ) -> list[tuple[Any, ...]]:
        """Return the values that no direction changes, of each batch."""
        graph, batches = self.trainer.program.graph, self.trainer.batches
        at = [np.asarray(tape.value(node.id), np.float64) for node in graph.parameters]
        fixed = {node.id: np.asarray(tape.value(node.id), np.float64) for node in graph.data}
        count = 1 if batches is None else min(_BATCHES, batches.per_epoch)
        settled = []
        for step in range(tape.step, tape.step + count):
            seen = fixed | self.trainer.batch(step) | dict(replaced)
            settled.append(self._settle(*at, *(seen[node.id] for node in graph.data)))
        return settled

    def _along(self, directions: Array, settled: Sequence[tuple[Any, ...]]) -> Array:
        """Return the mean of Hv over batches, for each row of `directions`."""
        rows = len(directions)
        total = np.zeros((rows, self.size))
        for values in settled:
            found = self._products.at(self._twice.product, directions, values)
            whole = [product.reshape(rows, -1) for product in found]
            total += np.concatenate([np.empty((rows, 0)), *whole], axis=1)
        return total / len(settled)

    def _product_at(self, tape: Tape) -> Callable[[Array], Array]:
        """Return Hv at a step as a function of v, with all batches evaluated together."""
        settled = self._settled_at(tape)
        count = len(settled)
        if count == 1:
            return lambda v: self._along(v[None], settled)[0]
        varying, shared = self._places
        stacked = [np.stack([values[at] for values in settled]) for at in varying]
        same = [settled[0][at] for at in shared]

        def product(v: Array) -> Array:
            parts = (part.of(v[None]) for part in self._products.slices)
            given = [np.broadcast_to(part, (count, *part.shape[1:])) for part in parts]
            wanted = self._twice.product
            found = self._over_batches.evaluate(wanted, count, [*given, *stacked], same)
            return np.concatenate([np.empty(0), *(one.mean(axis=0).ravel() for one in found)])

        return product

    def hessian(self, tape: Tape, replaced: Mapping[int, Array] = MappingProxyType({})) -> Array:
        """Return the exact Hessian at a step, with other data if some are given, (n, n)."""
        matrix = self.products(tape, np.eye(self.size), replaced)
        return (matrix + matrix.T) / 2.0

    def spectrum(self, tape: Tape, *, vectors: bool = True) -> Spectrum | None:
        """Return the spectrum at a step; None if the Hessian is not finite there.

        Without `vectors`, those of the whole Hessian are left out, which saves most of the time.
        """
        program, divisor = tape.program, divisor_at(tape)
        decay = 0.0 if program.moved_by_hand else program.dynamics.decay
        root = np.sqrt(divisor)
        with np.errstate(all="ignore"):
            if self.size <= EXACT:
                matrix = self.hessian(tape) + decay * np.eye(self.size)
                matrix = matrix / root / root[:, None]
                if not np.all(np.isfinite(matrix)):
                    return None
                values = np.asarray(np.linalg.eigvalsh(matrix))
                columns = np.empty((self.size, 0))
                if vectors:
                    values, columns = np.linalg.eigh(matrix)
                return Spectrum(values, columns, divisor, True)

            product = self._product_at(tape)

            def apply(v: Array) -> Array:
                moved = v / root
                return np.asarray((product(moved) + decay * moved) / root)

            found = _lanczos(apply, self.size, vectors)
        return None if found is None else Spectrum(*found, divisor, False)


def _lanczos(
    apply: Callable[[Array], Array], size: int, vectors: bool
) -> tuple[Array, Array] | None:
    """Return eigenvalues from a Krylov space, and the first eigenvector; None on overflow.

    Without the vector, the space grows until the largest eigenvalue is close to its estimate.
    Golub and Van Loan, Matrix computations, section 10.1, with full reorthogonalisation.
    """
    most = _most_products(size)
    start = np.random.default_rng(0).standard_normal(size)
    basis = np.empty((most, size))
    basis[0] = start / np.linalg.norm(start)
    diagonal, beside = list[float](), list[float]()
    for count in range(1, most + 1):
        done = basis[:count]
        image = apply(done[-1])
        if not np.all(np.isfinite(image)):
            return None
        diagonal.append(float(image @ done[-1]))
        for _ in range(2):
            image = image - done.T @ (done @ image)
        length = float(np.linalg.norm(image))
        if count == most or length <= 1e-12 * max(map(abs, diagonal)):
            break
        if not vectors and count >= _FEWEST:
            values, small = _of_space(diagonal, beside)
            if length * abs(small[-1, -1]) <= _CLOSE * abs(values[-1]):
                break
        beside.append(length)
        basis[count] = image / length
    values, small = _of_space(diagonal, beside)
    return values, done.T @ small[:, : 1 if vectors else 0]


def _of_space(diagonal: Sequence[float], beside: Sequence[float]) -> tuple[Array, Array]:
    """Return the eigenvalues and eigenvectors of a symmetric tridiagonal matrix."""
    values, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))
    return values, vectors


def _most_products(size: int) -> int:
    return min(_ITERATIONS, size, max(_FEWEST, _BASIS // size))


def divisor_at(tape: Tape) -> Array:
    """Return the optimizer's divisor of each element of the gradient at a step, (n,).

    It is infinite for an element that has had no gradient so far: it does not move, and its first
    gradient is divided by one of its own size, not by eps.
    """
    program = tape.program
    name = "" if program.moved_by_hand else program.dynamics.second
    eps = _constant(program, "eps")
    parts = []
    for update in program.updates:
        shape = program.nodes[update.parameter].shape
        divisor = np.ones(shape)
        lines = dict(update.lines)
        if name in lines:  # a hand-written update may have no such mean
            squares = np.asarray(tape.value(lines[name]), np.float64)
            divisor = np.where(squares == 0.0, np.inf, np.sqrt(squares) + eps)
        parts.append(np.broadcast_to(divisor, shape).reshape(-1))
    return np.concatenate([np.empty(0), *parts])


def _constant(program: StepProgram, name: str) -> float:
    found = [value for node, value in program.constants if program.nodes[node].name == name]
    return found[0] if found else 0.0


class Gauge(Struct, frozen=True):
    """How near a step's rate is to the largest stable one."""

    step: int
    rate: float
    """The learning rate of the step."""
    sharpness: float
    """λmax, scaled as the optimizer scales gradients."""
    dynamics: Dynamics
    condition: float
    slowest: float
    """The smallest positive curvature; 0 if unknown."""
    exact: bool
    curves_down: bool = False
    """Whether the loss curves downward, too, so that the condition number says little."""
    clip: float = 1.0
    """The factor by which clipping shortens this step, which counts like a lower rate."""

    @property
    def pull(self) -> float:
        """lr·λmax, times the factor of clipping."""
        return self.rate * self.clip * self.sharpness

    @property
    def limit(self) -> float:
        """The lr·λmax above which descent is unstable."""
        return self.dynamics.limit

    @property
    def largest_rate(self) -> float:
        """The largest stable rate where nothing is clipped; inf if nothing limits it.

        An optimizer that divides by the gradient's size makes up for clipping by and by, so then
        it is the largest with this step's factor.
        """
        pulled = self.sharpness * (self.clip if self.dynamics.second else 1.0)
        return self.limit / pulled if pulled > 0.0 else np.inf

    @property
    def steps_per_decade(self) -> float:
        """The number of steps that reduce the distance along the slowest direction to a tenth."""
        return self.dynamics.steps_per_decade(self.rate * self.clip * self.slowest)

    @property
    def words(self) -> str:
        """The effect of the rate along the steepest direction."""
        if self.sharpness <= 0.0:
            return "no upward curvature"
        if self.pull > self.limit:
            return "unstable: it lands farther out each time"
        if self.dynamics.overshoots(self.pull):
            return "overshooting: it swings past the bottom, nearer each time"
        return "no overshoot: it lands nearer on the same side each time"


def gauge(curvature: Curvature, tape: Tape, rate: float, clip: float = 1.0) -> Gauge | None:
    """Return the gauge at a step, whose gradients clipping multiplies by `clip`.

    None if curvature or rate are not finite, or if a hand-written update moves the weights.
    """
    if tape.program.moved_by_hand or math.isnan(rate * clip):
        return None
    spectrum = curvature.spectrum(tape, vectors=False)
    return None if spectrum is None else read_off(spectrum, tape, rate, clip)


def read_off(spectrum: Spectrum, tape: Tape, rate: float, clip: float = 1.0) -> Gauge:
    """Return the gauge of a step whose spectrum is known."""
    slowest = spectrum.smallest if spectrum.exact else 0.0
    return Gauge(
        tape.step, rate, spectrum.sharpness, tape.program.dynamics,
        spectrum.condition if spectrum.exact else float("nan"), slowest, spectrum.exact,
        spectrum.curves_down, clip,
    )  # fmt: skip
