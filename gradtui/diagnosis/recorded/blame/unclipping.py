"""The user's code without what clips its gradients, which hides what an edit changes."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from types import ModuleType

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.trial import Patch
from gradtui.diagnosis.recorded.blame.units import Edit, Unit

_BOUNDING = ("minimum", "maximum", "fmin", "fmax")


def unclipping(units: Sequence[Unit], clips: Collection[tuple[Place, int]]) -> Iterator[Patch]:
    """Yield the edits that leave what is clipped at some places as it is.

    Each place has the number of the operand that is clipped there.
    """
    wanted = dict(clips)
    for unit in units:
        for node in unit.nodes:
            if isinstance(node, ast.Call | ast.BinOp | ast.AugAssign):
                place = unit.place(unit.start(node), unit.end(node))
                operand = wanted.get(place)
                own = None if operand is None else _left(unit, node, operand)
                if own is not None:
                    yield Patch(unit, (Edit(unit.start(node), unit.end(node), own),))


def _left(unit: Unit, node: ast.Call | ast.BinOp | ast.AugAssign, operand: int) -> str | None:
    """Return the text of what is clipped, alone."""
    if isinstance(node, ast.AugAssign):
        return "pass"
    if isinstance(node, ast.BinOp):
        return f"({unit.text((node.left, node.right)[operand])})"
    own = _operand(unit, node, operand)
    while isinstance(own, ast.Call) and getattr(own.func, "attr", "") in _BOUNDING:
        numbers = [isinstance(one, ast.Constant | ast.UnaryOp) for one in own.args]
        own = _operand(unit, own, int(numbers[0]))  # clipped from its other side there
    return None if own is None else f"({unit.text(own)})"


def _operand(unit: Unit, node: ast.Call, operand: int) -> ast.expr | None:
    """Return an operand of a function, or the array of a method."""
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    named = unit.globals.get(owner.id) if isinstance(owner, ast.Name) else None
    if owner is not None and not isinstance(named, ModuleType):
        return owner
    return node.args[operand] if len(node.args) > operand else None
