"""Signs that may be wrong, weighed by the lines of the backward pass that each leaves right.

A minus may stand at any line that a gradient passes.  What has the name of a gradient is the
adjoint of some value, so of two edits after which all results are right, the one is likelier after
which more of what is named so is an adjoint.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from gradtui.diagnosis.recorded.blame.expressions import name_of
from gradtui.diagnosis.recorded.blame.hits import Hit
from gradtui.diagnosis.recorded.blame.names import may_be_of_gradient
from gradtui.diagnosis.recorded.blame.told import Line, Told
from gradtui.diagnosis.recorded.blame.trial import Trials

_WITHIN = 2
"""By how much less likely a sign may be than the best one, to be weighed against it."""
_LINES = 6
"""Most lines whose edits are weighed."""
_HEAVIEST = 2
"""How much less likely an edit is at most for the lines that are wrong after it."""


def weighed(hits: list[Hit], trials: Trials, told: Callable[[], Told | None]) -> list[Hit]:
    """Return edits, those of signs as unlikely as the lines make them that are right after others.

    `told` returns what is known of a run of the code as it stands.
    """
    rivals = dict[int, Hit]()
    for one in sorted(hits, key=Hit.rank):
        best = next(iter(rivals.values()), one)
        signed = one.candidate.rule == best.candidate.rule == "sign"
        near = signed and one.rank()[1] <= best.rank()[1] + _WITHIN
        if near and one.mended == best.mended and len(rivals) < _LINES:
            rivals.setdefault(one.line, one)
    right, named = dict[int, int](), _named(hits) if len(rivals) > 1 else set()
    for line, one in rivals.items() if len(rivals) > 1 else ():
        with trials.assuming((one.patch, one.mended)):
            found = told()
        if found is not None:
            right[line] = len(found.whole & named)
    most = max(right.values(), default=0)
    return [
        replace(one, fewer=min(_HEAVIEST, most - right[one.line]))
        if one.candidate.rule == "sign" and one.line in right
        else one
        for one in hits
    ]


def _named(hits: Sequence[Hit]) -> set[Line]:
    """Return the lines of some functions that store a value under the name of a gradient."""
    return {
        (unit.file, node.lineno)
        for unit in {one.suspect.statement.unit for one in hits}
        for node in unit.of(ast.Assign)
        for target in node.targets
        if may_be_of_gradient(_name(target))
    }


def _name(target: ast.expr) -> str:
    while isinstance(target, ast.Subscript):
        target = target.value
    return name_of(target)
