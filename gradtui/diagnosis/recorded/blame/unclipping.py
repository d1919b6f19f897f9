"""The user's code without the calls that clip its gradients, which hide what an edit changes."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from types import ModuleType

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.trial import Patch
from gradtui.diagnosis.recorded.blame.units import Edit, Unit


def unclipping(units: Sequence[Unit], clips: Collection[Place]) -> Iterator[Patch]:
    """Yield the edits that leave what calls at some places clip as it is."""
    wanted = {(one.file, one.line, one.column) for one in clips}
    for unit in units:
        calls = [one for one in unit.nodes if isinstance(one, ast.Call)]
        for call in calls:
            start, end = unit.start(call), unit.end(call)
            place = unit.place(start, end)
            if (place.file, place.line, place.column) in wanted:
                own = _clipped(unit, call)
                if own is not None:
                    yield Patch(unit, (Edit(start, end, f"({unit.text(own)})"),))


def _clipped(unit: Unit, call: ast.Call) -> ast.expr | None:
    """Return what a function or method clips."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    named = unit.globals.get(owner.id) if isinstance(owner, ast.Name) else None
    if owner is not None and not isinstance(named, ModuleType):
        return owner
    return call.args[0] if call.args else None
