"""Directions so different that no rate serves all: features of unequal sizes, or correlated."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.runs.growth import growth
from gradtui.diagnosis.runs.parts import finding, short
from gradtui.diagnosis.runs.run import Array, Run
from gradtui.diagnosis.runs.slow import steep_time
from gradtui.diagnosis.runs.thresholds import limit
from gradtui.engine.curvature import EXACT, ROUNDING
from gradtui.engine.graph import Kind, Node

_ADAM_RATES, _FACTORS = (1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0), (1.0, 0.3)
"""Rates tried with Adam, and factors tried on the run's own rate with momentum."""
_LESS_CORRELATED = (
    "features that are less correlated (centre them, drop one of two that vary together)"
)
_CONVEX = 1e-6
"""Up to this ratio of negative to largest eigenvalue, a surface counts as convex."""


class Columns(Struct, frozen=True):
    """The two features of most different sizes among those that one parameter weighs."""

    source: str
    """The name of the data."""
    node: int
    large: str
    small: str
    sizes: tuple[float, float]

    @property
    def ratio(self) -> float:
        """The size of the large one over that of the small one."""
        return self.sizes[0] / self.sizes[1]


class Unlearned(Struct, frozen=True):
    """What a run has left to descend along directions for which its rate is too small."""

    condition: float
    scaled: float
    """The condition number after scaling each element by its own curvature."""
    slowest: float
    steps_per_decade: float
    left: float
    """The measured gain of a move along the slow directions."""
    whole: float
    """The run's own gain plus this one."""


class Tried(Struct, frozen=True):
    """The same run under another optimizer."""

    text: str
    steps: int
    loss: float
    """The loss at its last step."""
    change: str
    """The optimizer, as a what-if reads it."""


def scale_mismatch(run: Run) -> Iterator[Finding]:
    """Find features of very different sizes that share a rate and leave small ones unlearned."""
    program, columns = run.program, widest(run)
    if columns is None or columns.ratio < limit("mismatch"):
        return
    if program.moved_by_hand or program.dynamics.second:
        return
    blown = growth(run)
    spectrum = run.spectrum(0) if run.end >= 0 else None
    left = unlearned(run) if blown is None else None
    tell = f"the features of {columns.source} differ {short(columns.ratio)}-fold in size: "
    tell += f"{columns.large} is about {short(columns.sizes[0])}, {columns.small} about "
    tell += short(columns.sizes[1])
    evidence = {"ratio": columns.ratio, "large": columns.sizes[0], "small": columns.sizes[1]}
    cure = "; standardise the features"
    if blown is not None and spectrum is not None:
        scaled, condition = _scaled_condition(run, 0), spectrum.condition
        if condition < limit("condition") or scaled > limit("cured") * condition:
            return
        gauge = run.gauge(0)
        assert gauge is not None
        message = (
            f"{tell}: a condition number of {short(condition)} (scaled, it would be "
            f"{short(scaled)}). The rate is too large for {columns.large} (lr·λmax = "
            f"{short(gauge.pull)}, where at most {short(gauge.limit)} is stable) and the loss "
            f"grows; a rate that suits it takes {short(condition)} times as long for "
            f"{columns.small}{cure}"
        )
        yield finding(
            run, "scale-mismatch", "error", columns.source, 0, message,
            {**evidence, "condition": condition, "scaled_condition": scaled,
             "pull": gauge.pull},
            run.place(columns.node),
        )  # fmt: skip
    elif left is not None and left.scaled <= limit("cured") * left.condition:
        message = (
            f"{tell}: a condition number of {short(left.condition)} (scaled, it would be "
            f"{short(left.scaled)}). With one rate for both, the slowest direction takes "
            f"{short(left.steps_per_decade)} steps to get ten times nearer; a loss of "
            f"{short(left.left)} is left{cure}"
        )
        evidence |= _numbers(left)
        tried, trial = _other_optimizer(run, left), ""
        if tried is not None:
            trial = tried.change
            message += f", or try {tried.text}: the same {tried.steps:,} steps end at "
            message += short(tried.loss)
            evidence["loss_then"] = tried.loss
        yield finding(
            run, "scale-mismatch", "warning", columns.source, 0, message, evidence,
            run.place(columns.node), trial=trial,
        )  # fmt: skip
    elif (run.curvature.size > EXACT or run.noisy) and columns.ratio >= limit("condition"):
        yield finding(
            run, "scale-mismatch", "warning", columns.source, 0, tell + cure, evidence,
            run.place(columns.node),
        )  # fmt: skip


def ill_conditioned(run: Run) -> Iterator[Finding]:
    """Find a long narrow valley that the run has not descended."""
    if growth(run) is not None:
        return
    left = unlearned(run)
    # A rate at which even the steepest direction is not descended tells nothing of the others.
    if left is None or steep_time(run) < limit("steep-time"):
        return
    message = (
        f"the surface is a valley {short(left.condition)} times as steep across as along (the "
        f"condition number): the slowest direction takes {short(left.steps_per_decade)} steps to "
        f"get ten times nearer, and a loss of {short(left.left)} is left"
    )
    evidence, tried, advice = _numbers(left), _other_optimizer(run, left), list[str]()
    trial = ""
    if tried is not None:
        trial = tried.change
        advice.append(f"{tried.text}: the same {tried.steps:,} steps end at {short(tried.loss)}")
        evidence |= {"loss_then": tried.loss}
    if any(node.kind is Kind.DATA and node.shape for node in run.program.graph.nodes):
        advice.append(_LESS_CORRELATED)
    if advice:
        message += f"; try {'; or '.join(advice)}"
    yield finding(run, "ill-conditioned", "warning", "loss", 0, message, evidence, trial=trial)


def _other_optimizer(run: Run, left: Unlearned) -> Tried | None:
    """Return the remedy that gains most in the same steps; None if none gains half of the rest."""
    own, best, lowest = run.trainer.lr, None, np.inf
    if own <= 0.0 or run.by_hand:
        return None
    momentum = {"momentum": 0.9}
    settings: list[tuple[str, str, float, dict[str, float]]] = [
        *(("adam", "Adam", rate, {}) for rate in _ADAM_RATES),
        *(("sgd momentum 0.9", "momentum 0.9", factor * own, momentum) for factor in _FACTORS),
    ]
    for change, word, rate, constants in settings:
        losses = run.with_optimizer(change.split()[0], rate, **constants)
        end, recent = len(losses), max(1, len(losses) // 20)
        reached, here = float(np.max(losses[-recent:])), float(run.losses[end - 1])
        gains = np.isfinite(reached) and here - reached >= left.left / 2.0
        if gains and reached < lowest:
            lowest = reached
            best = Tried(
                f"{word} with lr = {short(rate)}", end - 1, float(losses[-1]),
                f"optimizer {change} lr {short(rate)}",
            )  # fmt: skip
    return best


def unlearned(run: Run) -> Unlearned | None:
    """Return the rest along slow directions of a convex surface; None if it is small."""
    return run.once(_unlearned)


def widest(run: Run) -> Columns | None:
    """Return the two features of most different sizes that meet in one product or sum."""
    found = [*_of_matrices(run), *_of_scalars(run)]
    return max(found, key=lambda columns: columns.ratio, default=None)


def _unlearned(run: Run) -> Unlearned | None:
    if run.end < 4 or run.broken is not None or run.curvature.size > EXACT or run.noisy:
        return None
    if run.program.moved_by_hand:
        return None
    spectra = [run.spectrum(step) for step in {0, run.steps[len(run.steps) // 2], run.end}]
    if any(s is None or s.values[0] < -_CONVEX * abs(s.largest) for s in spectra):
        return None
    spectrum = run.spectrum(run.end)
    assert spectrum is not None
    if spectrum.condition < limit("condition"):
        return None
    rates = [run.rate(step) for step in run.steps]
    time = float(np.mean(rates)) * (run.end + 1)
    dynamics = run.program.dynamics
    gain = dynamics.share / (1.0 - dynamics.beta)
    kept = spectrum.values > ROUNDING * spectrum.largest
    slow = kept & (spectrum.values * time * gain < np.log(10.0))
    if not np.any(slow):
        return None
    gradient = run.gradient(run.end) / np.sqrt(spectrum.divisor)
    along = spectrum.vectors.T @ gradient
    move = -(spectrum.vectors[:, slow] @ (along[slow] / spectrum.values[slow]))
    here = run.weights(run.end)
    tried = here + move / np.sqrt(spectrum.divisor)
    late = list(run.steps[-8:])
    now, then = run.losses_at([here, tried], late)
    left, whole = float(now - then), float(run.losses[0] - min(now, then))
    predicted = float(np.sum(along[slow] ** 2 / spectrum.values[slow])) / 2.0
    quadratic = abs(left - predicted) <= limit("as-predicted") * predicted
    most = quadratic and left >= limit("most") * now and left >= limit("some") * whole
    if whole <= 0.0 or not (most or left >= limit("unlearned") * whole):
        return None
    rate = float(np.mean(rates))
    return Unlearned(
        spectrum.condition, _scaled_condition(run, run.end), spectrum.smallest,
        dynamics.steps_per_decade(rate * spectrum.smallest), left, whole,
    )  # fmt: skip


def _scaled_condition(run: Run, step: int) -> float:
    """Return the condition number of the Hessian with each direction scaled to curvature 1."""
    if run.curvature.size > EXACT:
        return np.inf
    matrix = run.hessian(step)
    diagonal = np.diag(matrix)
    kept = diagonal > 0.0
    root = np.sqrt(diagonal[kept])
    values = np.linalg.eigvalsh(matrix[np.ix_(kept, kept)] / root / root[:, None])
    values = values[values > ROUNDING * np.max(values, initial=0.0)]
    return float(values[-1] / values[0]) if values.size else 1.0


def _numbers(left: Unlearned) -> dict[str, float]:
    return {
        "condition": left.condition,
        "scaled_condition": left.scaled,
        "slowest": left.slowest,
        "steps_per_decade": left.steps_per_decade,
        "loss_left": left.left,
    }


def _size(values: Array) -> float:
    """Return the root mean square of the numbers that are not 0: rare features are not small."""
    used = values[values != 0.0]
    return float(np.sqrt(np.mean(used * used))) if used.size else 0.0


def _of_matrices(run: Run) -> Iterator[Columns]:
    nodes = run.graph.nodes
    for node in nodes:
        if node.op != "@":
            continue
        left, right = node.inputs
        if left in run.trained or right not in run.trained or len(nodes[left].shape) < 1:
            continue
        value = np.asarray(run.tape(0).value(left), np.float64)
        sizes = [_size(value[..., c]) for c in range(value.shape[-1])]
        yield from _extremes(
            run, nodes[left], [(f"column {c}", s) for c, s in enumerate(sizes) if s > 0.0]
        )


def _of_scalars(run: Run) -> Iterator[Columns]:
    """Yield the features of `w1*x1 + w2*x2`: data multiplied by a parameter."""
    nodes = run.graph.nodes
    for statement in run.graph.statements:
        sizes: dict[str, float] = {}
        first: Node | None = None
        for id in statement.operations:
            if nodes[id].op != "*":
                continue
            a, b = (nodes[i] for i in nodes[id].inputs)
            weight, data = (a, b) if a.kind is Kind.PARAMETER else (b, a)
            if weight.kind is Kind.PARAMETER and data.kind is Kind.DATA:
                sizes[data.name] = _size(np.asarray(run.tape(0).value(data.id), np.float64))
                first = first or data
        if first is not None:
            yield from _extremes(run, first, [(n, s) for n, s in sizes.items() if s > 0.0])


def _extremes(run: Run, node: Node, sizes: list[tuple[str, float]]) -> Iterator[Columns]:
    if len(sizes) > 1:
        small, *_, large = sorted(sizes, key=lambda pair: pair[1])
        yield Columns(run.name(node.id), node.id, large[0], small[0], (large[1], small[1]))
