"""A run that goes on with something changed: what its state is at the fork. Knows no history."""

from __future__ import annotations

from collections.abc import Mapping

from gradtui.engine.compiler import Slice
from gradtui.engine.lowered import Row
from gradtui.engine.program import StepProgram
from gradtui.engine.trainer import Trainer


def go_on(before: Trainer, row: Row, after: Trainer, step: int) -> tuple[Trainer, Row]:
    """Return `after` and its state at `step`, where `row` is the state of `before`.

    The parameters are those of `row`.  What an optimizer, a schedule or a pass written by hand
    remembers is taken over where both remember the same; else it starts at its first values, and
    an optimizer that starts counts t = 1, 2, … from this step on.
    """
    found = after.initial.copy()
    had, wanted = _places(before, after), _places(after, before)
    for key, part in wanted.items():
        if key in had and had[key].shape == part.shape:
            found[part.start : part.stop] = row[had[key].start : had[key].stop]
    since = before.since if _same_optimizer(before, after) else step
    return after if after.since == since else after.counting_from(since), found


def starts_anew(before: Trainer, after: Trainer) -> tuple[str, ...]:
    """Return what the optimizer of `after` remembers and starts at its first values, by name."""
    had = _places(before, after)
    fresh = [key for key in _places(after, before) if key not in had]
    names = [name.split(" of ")[0] for group, name in fresh if group.startswith("optimizer")]
    return tuple(dict.fromkeys(names))


def _same_optimizer(one: Trainer, other: Trainer) -> bool:
    a, b = one.program, other.program
    return (a.optimizer, a.moved_by_hand) == (b.optimizer, b.moved_by_hand)


def _places(trainer: Trainer, other: Trainer) -> Mapping[tuple[str, str], Slice]:
    """Return where in a row each thing stands that `other` may remember too, by kind and name."""
    program = trainer.program
    groups = _groups(program)
    names = [program.nodes[old].name for old, _ in program.state]
    found = {}
    for group, name, part in zip(groups, names, trainer.slices, strict=True):
        key = group
        if group == "optimizer" and not _same_optimizer(trainer, other):
            key = f"optimizer {program.optimizer} {program.moved_by_hand}"
        if group == "schedule" and name == "lr" and trainer.lr != other.lr:
            key = f"schedule {trainer.lr}"  # a rate that is set is not the one that was lowered
        found[key, name] = part
    return found


def _groups(program: StepProgram) -> list[str]:
    kept = sum(len(update.state) - 1 for update in program.updates)
    by_hand = 0 if program.hand is None else len(program.hand.state)
    watched = 0 if program.watch is None else len(program.watch.state)
    return [
        *["parameter"] * len(program.updates),
        *["optimizer"] * kept,
        *["hand"] * by_hand,
        *["schedule"] * watched,
    ]
