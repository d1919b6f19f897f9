"""The state of a changed run at a fork. Knows no history."""

from __future__ import annotations

from collections.abc import Mapping

from gradtui.engine.compiler import Slice
from gradtui.engine.lowered import Row
from gradtui.engine.program import StepProgram
from gradtui.engine.trainer import Trainer


def go_on(before: Trainer, row: Row, after: Trainer, step: int) -> tuple[Trainer, Row]:
    """Return `after` and its state at `step`, where `row` is the state of `before`.

    The parameters are those of `row`.  The states of an optimizer, a schedule or a hand-written
    pass are carried over if both have the same; otherwise they start at their initial values, and
    a new optimizer counts t = 1, 2, … from this step on.
    """
    found = after.initial.copy()
    had, wanted = _places(before, after), _places(after, before)
    for key, part in wanted.items():
        if key in had and had[key].shape == part.shape:
            found[part.start : part.stop] = row[had[key].start : had[key].stop]
    since = before.since if _same_optimizer(before, after) else step
    return after if after.since == since else after.counting_from(since), found


def starts_anew(before: Trainer, after: Trainer) -> tuple[str, ...]:
    """Return the names of the states that the optimizer of `after` starts afresh."""
    had = _places(before, after)
    fresh = [key for key in _places(after, before) if key not in had]
    names = [name.split(" of ")[0] for group, name in fresh if group.startswith("optimizer")]
    return tuple(dict.fromkeys(names))


def _same_optimizer(one: Trainer, other: Trainer) -> bool:
    a, b = one.program, other.program
    return (a.optimizer, a.moved_by_hand) == (b.optimizer, b.moved_by_hand)


def _places(trainer: Trainer, other: Trainer) -> Mapping[tuple[str, str], Slice]:
    """Return the places in a row of the states that `other` may share, by kind and name."""
    program = trainer.program
    groups = _groups(program)
    names = [program.nodes[old].name for old, _ in program.state]
    found = {}
    for group, name, part in zip(groups, names, trainer.slices, strict=True):
        key = group
        if group == "optimizer" and not _same_optimizer(trainer, other):
            key = f"optimizer {program.optimizer} {program.moved_by_hand}"
        if group == "schedule" and name == "lr" and trainer.lr != other.lr:
            key = f"schedule {trainer.lr}"  # a newly set rate replaces the lowered one
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
