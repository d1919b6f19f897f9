"""Gradients that grow or shrink through the stages of a network, or leap between steps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.runs.growth import growth
from gradtui.diagnosis.runs.parts import finding, short
from gradtui.diagnosis.runs.remedies import best_clip, change, lower_clip
from gradtui.diagnosis.runs.run import Run
from gradtui.diagnosis.runs.stuck import plateau
from gradtui.diagnosis.runs.thresholds import limit
from gradtui.engine.graph import Kind
from gradtui.engine.tape import Tape

_STAGES = 4
"""Fewest stages in a row that make a network deep."""


class Chain(Struct, frozen=True, eq=False):
    """The gradient at each stage of the longest chain of statements that read a parameter."""

    stages: tuple[int, ...]
    """Roots of the statements, from the input to the loss."""
    slopes: np.ndarray
    """Root mean square of dLoss/dstage, one for each."""

    @property
    def ratio(self) -> float:
        """The gradient at the first stage over that at the last."""
        return float(self.slopes[0] / self.slopes[-1])

    @property
    def rest(self) -> float:
        """The ratio without the one stage that changes the gradient most."""
        steps = np.log(self.slopes[:-1] / self.slopes[1:])
        most = np.argmax(steps) if self.ratio > 1.0 else np.argmin(steps)
        return float(np.exp(np.sum(steps) - steps[most]))


def chain_at(run: Run, tape: Tape) -> Chain | None:
    """Return the gradients along the depth of a model at a step; None if it is not deep."""
    stages = _stages(run)
    if len(stages) < _STAGES:
        return None
    with np.errstate(all="ignore"):
        slopes = np.array([
            float(np.sqrt(np.mean(np.square(tape.adjoint(id), dtype=np.float64)))) for id in stages
        ])  # fmt: skip
    if not np.all(np.isfinite(slopes)) or not np.all(slopes > 0.0):
        return None
    return Chain(stages, slopes)


def exploding_gradient(run: Run) -> Iterator[Finding]:
    """Find a gradient that grows from stage to stage, or jumps, and sweeps weights away."""
    chain = chain_at(run, run.tape(0)) if run.end >= 0 else None
    if chain and chain.ratio >= limit("grown") and chain.rest >= limit("grown-rest"):
        swept = _relative_move(run, 0, chain.stages[0])
        if swept >= limit("swept"):
            each = chain.ratio ** (1.0 / (len(chain.stages) - 1))
            tried = lower_clip(run)
            value = f" = {tried}" if tried else ""
            message = (
                f"the gradient explodes on its way back: from {run.said(chain.stages[-1])} to "
                f"{run.said(chain.stages[0])} it grows {short(chain.ratio)}-fold, a factor of "
                f"{short(each)} per stage, and the first update is {short(swept)} times as long as "
                f"the weights; clip it (clip_norm{value}), or start with smaller weights"
            )
            evidence = {"ratio": chain.ratio, "per_stage": each, "relative_update": swept,
                        "gradient_norm": run.gradient_norms[0]}  # fmt: skip
            target, place = run.name(chain.stages[0]), run.place(chain.stages[0])
            yield finding(
                run, "exploding-gradient", "warning", target, 0, message, evidence, place,
                trial=change("clip_norm", tried),
            )  # fmt: skip
            return
    yield from _leap(run)


def vanishing_gradient(run: Run) -> Iterator[Finding]:
    """Find a gradient that shrinks from stage to stage, so that the first layers hardly learn."""
    if run.end < 0:
        return
    late = [step for step in run.steps if step <= run.end / 2] or [0]
    picked = late[:: max(1, len(late) // 8)]
    chains = [chain_at(run, run.tape(step)) for step in picked]
    small = [
        c for c in chains
        if c and c.ratio <= 1.0 / limit("depth") and c.rest <= 1.0 / limit("depth-rest")
    ]  # fmt: skip
    if 2 * len(small) < len(chains) or not small:
        return
    chain = small[0]
    first, last = (
        float(np.mean([_relative_move(run, step, stage) for step in picked]))
        for stage in (chain.stages[0], chain.stages[-1])
    )
    # If the forward signal shrinks as well, no stage learns, and none is behind the others.
    idle = last < limit("idle") and bool(plateau(run))
    starved = last > 0.0 and first <= limit("starved") * last
    if not idle and not starved:
        return
    each = chain.ratio ** (1.0 / (len(chain.stages) - 1))
    cure = "another activation (tanh, relu), larger initial weights, or residual connections"
    if idle:
        cure = "larger initial weights (xavier, he), or residual connections"
    message = (
        f"the gradient vanishes on its way back: from {run.said(chain.stages[-1])} to "
        f"{run.said(chain.stages[0])} only {short(chain.ratio)} of it is left, a factor of "
        f"{short(each)} per stage; on average a step changes the weights of "
        f"{run.said(chain.stages[0])} by {short(first)} of their size, those of "
        f"{run.said(chain.stages[-1])} by {short(last)}; try {cure}"
    )
    evidence = {"ratio": chain.ratio, "per_stage": each, "first": first, "last": last}
    target, place = run.name(chain.stages[0]), run.place(chain.stages[0])
    yield finding(run, "vanishing-gradient", "warning", target, 0, message, evidence, place)


def _leap(run: Run) -> Iterator[Finding]:
    """Yield a gradient that is suddenly far longer than all before and sets the run back."""
    norms, steps = run.gradient_norms, run.steps
    if growth(run) is not None:
        return
    for index in range(3, len(steps)):
        before = float(np.max(norms[:index]))
        step = steps[index]
        if norms[index] < limit("spike") * before or step >= run.end:
            continue
        first = float(run.losses[0])
        if run.losses[step + 1] <= first or run.losses[step] > first + limit("growth") * abs(first):
            continue  # it does no harm, or not the first
        shown, tried = run.shown_losses, best_clip(run, [before])
        clip = f"; clip it: clip_norm = {tried}" if tried else ""
        message = (
            f"the gradient jumps to {short(norms[index])} at step {run.first + step:,}, from at "
            f"most {short(before)} before, and the update throws the loss from "
            f"{short(shown[step])} to {short(shown[step + 1])}{clip}"
        )
        evidence = {"gradient_norm": norms[index], "before": before}
        yield finding(
            run, "exploding-gradient", "warning", "gradient", step, message, evidence,
            trial=change("clip_norm", tried),
        )  # fmt: skip
        return


def _stages(run: Run) -> tuple[int, ...]:
    """Return the longest chain of statements that read a parameter and carry a gradient."""
    nodes, adjoint = run.graph.nodes, run.program.reverse.adjoint
    chains: dict[int, tuple[int, ...]] = {}
    for statement in run.graph.statements:
        sources = run.graph.sources(statement)
        longest = max((chains.get(id, ()) for id in sources), key=len, default=())
        reads = any(nodes[id].kind is Kind.PARAMETER for id in sources)
        if reads and statement.root in adjoint and statement.root != run.graph.loss:
            longest = (*longest, statement.root)
        chains[statement.root] = longest
    return chains.get(run.graph.loss, ())


def _relative_move(run: Run, step: int, stage: int) -> float:
    """Return the relative move, in one step, of the parameters that a stage reads."""
    statement = next(s for s in run.graph.statements if s.root == stage)
    ids = [id for id in run.graph.sources(statement)
           if run.graph.nodes[id].kind is Kind.PARAMETER]  # fmt: skip
    state, move = run.history.state(step), run.update(step)
    moved = size = 0.0
    with np.errstate(all="ignore"):
        for part, node in zip(run.trainer.slices, run.graph.parameters, strict=False):
            if node.id in ids:
                moved += float(np.sum(move[part.start : part.stop] ** 2))
                size += float(np.sum(state[part.start : part.stop] ** 2))
        return float(np.sqrt(moved / size)) if size else float("inf") if moved else 0.0
