"""The file's own run as sequences of gradients, one for each element of the parameters.

The gradients are those of the optimizer's run; a right update has the same run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from msgspec.structs import replace

from gradtui.diagnosis.updates.probes import Array, Probes
from gradtui.engine.compiler import row_slices
from gradtui.engine.shapes import Shape
from gradtui.engine.trainer import Trainer

_WORK = 10_000_000
"""Most operations on numbers for the steps of a model; the rest of a run is alike."""
_OVERHEAD = 50
"""The overhead of one node, in operations."""
_KEPT = 4_000_000
"""Most gradients kept."""
_FOLLOWED = 400_000
"""Of those, most along which an update is followed: some elements of a large parameter."""
_LONGEST = 20_000
"""Most steps of a run along which an update is followed."""
_CLIP_SLACK = 2e-6
"""Gradients are clipped to clip_norm·norm/(norm + 1e-6), so clipping again may shorten a little."""


def rates_of(trainer: Trainer, steps: int) -> Array:
    """Return the learning rates of a run, (steps,); a single one if it never changes."""
    if not trainer.scheduled:
        return np.array([trainer.lr])
    steps = max(1, min(steps, _LONGEST))
    if trainer.program.watch is None:
        return np.array(list(trainer.series(0, steps)[0]))
    steps = min(steps, _affordable(trainer))
    return trainer.run_written((trainer.program.lr,), trainer.initial, steps)[0][:, 0]


def own_run(
    trainer: Trainer, steps: int, rates: Array, constants: Mapping[str, float], clip_norm: float
) -> list[Probes]:
    """Return the sequences of a run as far as it is finite, grouped by shape."""
    program, steps = trainer.program, min(steps, _affordable(trainer))
    nodes = [update.gradient for update in program.updates]
    clip = [] if program.clip is None else [program.clip.scale]
    rows, _ = trainer.run_written((*nodes, *clip), trainer.initial, steps)
    finite = np.isfinite(rows).all(axis=1)
    rows = rows[: steps if finite.all() else int(np.argmin(finite))]
    slack = np.zeros(len(rows))
    if clip:
        cut = rows[:, -1] < 1.0
        slack = np.maximum.accumulate(np.where(cut, _CLIP_SLACK / clip_norm, 0.0))
    lr = rates[: len(rows)] if len(rates) > 1 else np.repeat(rates, len(rows))
    found = dict[Shape, list[tuple[Array, Array]]]()
    slices = row_slices(program.nodes[id].shape for id in nodes)
    for part, w in zip(slices, trainer.parameters(trainer.initial), strict=True):
        found.setdefault(part.shape, []).append((np.array(w, np.float64), part.of(rows)))
    return [
        Probes(
            np.stack([w for w, _ in own]),
            np.stack([g for _, g in own], axis=1),
            np.repeat(lr[:, None], len(own), axis=1),
            constants, shape, slack,
        )
        for shape, own in found.items()
        if len(rows) and math.prod(shape)
    ]  # fmt: skip


def number_by_number(runs: list[Probes]) -> list[Probes]:
    """Return the sequences of single elements, few of those of large parameters."""
    if not runs:
        return []
    first, steps = runs[0], len(runs[0].g)
    w = np.concatenate([run.w.reshape(-1) for run in runs])
    g = np.concatenate([run.g.reshape(steps, -1) for run in runs], axis=1)
    most = max(1, _FOLLOWED // steps)
    if len(w) > most:
        order = np.argsort(np.max(np.abs(g), axis=0), kind="stable")
        chosen = order[np.linspace(0, len(w) - 1, most).astype(int)]
        w, g = w[chosen], g[:, chosen]
    lr = np.repeat(first.lr[:, :1], len(w), axis=1)
    return [replace(first, w=w, g=g, lr=lr, shape=())]


def continued(run: Probes, rates: Array, steps: int) -> Probes:
    """Return a run of single elements to its end, repeating the gradients of its first steps.

    Only the element with the largest gradients is followed.
    """
    steps = min(steps, _LONGEST, len(rates) if len(rates) > 1 else _LONGEST)
    largest = int(np.argmax(np.max(np.abs(run.g), axis=0)))
    g = np.resize(run.g[:, largest], steps)[:, None]
    lr = (rates[:steps] if len(rates) > 1 else np.repeat(rates, steps))[:, None]
    slack = np.full(steps, run.slack.max())
    return replace(run, w=run.w[[largest]], g=g, lr=lr, slack=slack)


def _affordable(trainer: Trainer) -> int:
    """Return the number of steps of a model to run."""
    nodes = len(trainer.program.nodes)
    width = max(1, trainer.width)
    return max(1, min(_WORK // (trainer.numbers + _OVERHEAD * nodes), _KEPT // width))
