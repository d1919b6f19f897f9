"""Another forward pass that wrong gradients are right for: one with the other kind of variance.

A backward pass derived for a variance divided by N is wrong in no line of its own if the forward
pass divides by N - 1, or takes the square root.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct

from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.blame.told import Line
from gradtui.diagnosis.recorded.blame.trial import Patch, Trials
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.diagnosis.recorded.watchdog import Endless
from gradtui.recording.slopes import Untold

_SPREADS = {"var": "std", "std": "var"}
_DIVISORS = {"ddof": ("0", "1"), "unbiased": ("False", "True"), "correction": ("0", "1")}
"""What a variance is told its divisor with, in NumPy or PyTorch, and the values for N and N - 1."""

Judged = Callable[[Point], bool]


class Primal(Struct, frozen=True):
    """Another line of the forward pass, with which all gradients are right."""

    file: str
    line: int
    text: str

    def said(self, file: str) -> str:
        """Return it in words, to a reader of a file."""
        where = "the forward pass" if self.file == file else Path(self.file).name
        return f"all gradients are right if line {self.line} of {where} is: {self.text}"


def other_forward(
    runs: Runs, points: Sequence[Point], trials: Trials, units: Sequence[Unit],
    forward: Collection[Line], is_right: Judged,
) -> Primal | None:  # fmt: skip
    """Return the forward line with which all gradients are right as they are; None without any.

    Of the points, the first is the one at which something is wrong.
    """
    for unit in units:
        for node in unit.nodes:
            if isinstance(node, ast.Call) and (unit.file, node.lineno) in forward:
                for edits in _other_variances(unit, node):
                    if _fits(runs, points, trials, Patch(unit, edits), is_right):
                        return Primal(unit.file, unit.lines(edits)[0], unit.line_after(edits))
    return None


def _other_variances(unit: Unit, call: ast.Call) -> Iterator[tuple[Edit, ...]]:
    """Yield edits of a call to another measure of spread."""
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr not in _SPREADS:
        return
    end = unit.end(func)
    renamed = Edit(end - len(func.attr), end, _SPREADS[func.attr])
    told = [one for one in call.keywords if one.arg in _DIVISORS]
    divisors = [
        Edit(unit.start(one.value), unit.end(one.value), text)
        for one in told for text in _DIVISORS[one.arg or ""]
    ]  # fmt: skip
    if not told:
        comma, end = ", " if call.args or call.keywords else "", unit.end(call) - 1
        divisors = [
            Edit(end, end, f"{comma}{name}={text}")
            for name, texts in _DIVISORS.items() for text in texts
        ]  # fmt: skip
    yield (renamed,)
    for divisor in divisors:
        yield (divisor,)
    for divisor in divisors:
        yield renamed, divisor


def _fits(
    runs: Runs, points: Sequence[Point], trials: Trials, patch: Patch, is_right: Judged
) -> bool:
    """Return whether all gradients are right at all points once the forward pass is edited."""
    try:
        for before in points:
            with trials.edited(patch):  # recording would go on for ever
                loss, _ = runs.as_is(before.values)
            if loss == before.loss or not np.isfinite(loss):
                return False
            with trials.standing(patch):
                after = runs.point(before.values, tuple(before.true), near=before.near)
            if not after.hand.keys() >= before.hand.keys() or not is_right(after):
                return False
    except (CodeFailed, Endless, InputError, Lost, Untold, SyntaxError, ValueError):
        return False
    finally:
        runs.kept.undo()
    return True
