"""Another forward pass that wrong gradients are right for: one with the other kind of variance.

A backward pass derived for a variance divided by N is wrong in no line of its own if the forward
pass divides by N - 1, or takes the square root.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from gradtui.diagnosis.recorded.blame.told import Line
from gradtui.diagnosis.recorded.blame.trial import Patch
from gradtui.diagnosis.recorded.blame.units import Edit, Unit

_SPREADS = {"var": "std", "std": "var"}
_DIVISORS = {"ddof": ("0", "1"), "unbiased": ("False", "True"), "correction": ("0", "1")}
"""What a variance is told its divisor with, in NumPy or PyTorch, and the values for N and N - 1."""


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
    units: Sequence[Unit], forward: Collection[Line], fits: Callable[[Patch], bool]
) -> Primal | None:
    """Return the forward line with which all gradients are right as they are; None without any."""
    for unit in units:
        for node in unit.nodes:
            if isinstance(node, ast.Call) and (unit.file, node.lineno) in forward:
                for edits in _other_variances(unit, node):
                    if fits(Patch(unit, edits)):
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
