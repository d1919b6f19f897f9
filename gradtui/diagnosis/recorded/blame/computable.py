"""The expressions of the user's code that may be computed at another line, too."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.expressions import names_in
from gradtui.diagnosis.recorded.blame.forms import writes
from gradtui.diagnosis.recorded.blame.scope import Held, Scope, Shape
from gradtui.diagnosis.recorded.blame.units import Unit

_LONGEST, _ARRAYS, _NUMBERS = 60, 40, 12
"""Longest expression, in characters, most arrays, and most numbers of them."""


class _Expression(Struct, frozen=True, eq=False):
    """An expression whose value is an array or a number."""

    unit: Unit
    text: str
    names: frozenset[str]
    held: Held


class Expressions:
    """The expressions of some functions."""

    def __init__(
        self, units: Iterable[Unit], shapes: Mapping[Place, Shape],
        part: Callable[[Unit, ast.expr], Shape | None],
    ) -> None:  # fmt: skip
        """`part` returns the shape of a view of an array, which has none in `shapes`."""
        self._units, self._shapes, self._part = units, shapes, part
        self._likeliest: dict[Unit, Sequence[_Expression]] = {}

    def at(self, unit: Unit, scope: Scope) -> list[tuple[str, Held]]:
        """Return those that the names in scope suffice for, with their values.

        Those of the own function come first, and simple ones.
        """
        if unit not in self._likeliest:
            self._likeliest[unit] = sorted(
                self._every, key=lambda one: (one.unit is not unit, len(one.text))
            )
        known = {name.partition(".")[0].partition("[")[0] for name in scope} | set(unit.globals)
        usable = [one for one in self._likeliest[unit] if one.names <= known]
        arrays = [(one.text, one.held) for one in usable if one.held.shape]
        numbers = [(one.text, one.held) for one in usable if not one.held.shape]
        return [*arrays[:_ARRAYS], *numbers[:_NUMBERS]]

    @cached_property
    def _every(self) -> list[_Expression]:
        found: dict[tuple[Unit, str], _Expression] = {}
        for one in (one for unit in self._units for one in self._of(unit)):
            found.setdefault((one.unit, one.text), one)
        return list(found.values())

    def _of(self, unit: Unit) -> Iterator[_Expression]:
        for node in unit.nodes:
            if isinstance(node, ast.BinOp | ast.Call | ast.Subscript) and not writes(node):
                text = unit.text(node)
                shape = self._shapes.get(unit.place(unit.start(node), unit.end(node)))
                shape = shape or self._part(unit, node) or shape
                told = shape or (shape == () and not isinstance(node, ast.BinOp))
                if told and shape is not None and len(text) <= _LONGEST and "\n" not in text:
                    own = f"({text})" if isinstance(node, ast.BinOp) else text
                    yield _Expression(unit, own, frozenset(names_in(node)), Held(shape, "f"))
