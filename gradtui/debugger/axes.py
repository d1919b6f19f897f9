"""The parameters that a surface is drawn over, and the zoom.  Knows no run and no screen."""

from __future__ import annotations

import math
import re

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import did_you_mean
from gradtui.base.text import element_text
from gradtui.engine.elements import flat_index, place_of
from gradtui.engine.indices import Index
from gradtui.engine.trainer import Trainer
from gradtui.scenario.problem import Problem
from gradtui.scenario.references import as_shown, check_index, fits, read_element

NEAREST, FARTHEST = 20, -12
"""How many times the view can be halved, or doubled."""


class Axis(Struct, frozen=True):
    """One number of the parameters: an element, or a parameter that is a number."""

    name: str
    index: Index = ()

    def __str__(self) -> str:
        """Return it in the form that `read_axes` reads."""
        return element_text(self.name, self.index)

    def place(self, trainer: Trainer) -> int | None:
        """Return its place in a row of state; None if the model does not have it."""
        for node, part in zip(trainer.program.graph.parameters, trainer.slices, strict=False):
            if node.name == self.name:
                there = fits(self.index, part.shape)
                return part.start + place_of(self.index, part.shape) if there else None
        return None


class Window(Struct, frozen=True):
    """The part of a surface in view: its axes and its zoom."""

    axes: tuple[Axis, ...]
    """One or two; the first is the horizontal one."""
    zoom: int = 0
    """Each halves the range; 0 shows the run's whole path."""

    def places(self, trainer: Trainer) -> tuple[int, ...] | None:
        """Return the axes' places in a row of state; None if one is not of this model."""
        found = [axis.place(trainer) for axis in self.axes]
        known = tuple(place for place in found if place is not None)
        return known if len(known) == len(found) else None

    def nearer(self, by: int) -> Window:
        """Return the window with its range halved `by` more times; 0 undoes the zoom.

        Raises ValueError at either end of the zoom.
        """
        zoom = min(max(self.zoom + by, FARTHEST), NEAREST) if by else 0
        if by and zoom == self.zoom:
            raise ValueError(f"this is as {'near' if by > 0 else 'far'} as it goes")
        return replace(self, zoom=zoom)


def first_axes(problem: Problem) -> tuple[Axis, ...]:
    """Return the first two numbers of the parameters, or the only one."""
    found: list[Axis] = []
    for node in problem.graph.parameters:
        size = math.prod(node.shape)
        found += [Axis(node.name, flat_index(i, node.shape)) for i in range(min(2, size))]
    return tuple(found[:2])


def read_axes(text: str, problem: Problem) -> tuple[Axis, ...]:
    """Return the axes of a text such as `w1 w2`, `W[0,1] b[2]`, `w`.

    An array alone stands for its first two elements.  Raises ValueError if a name is unknown.
    """
    parts = re.split(r"\s+(?![^\[]*\])", text.strip())
    if len(parts) > 2:
        raise ValueError(
            f"expected one or two parameters, such as w1 w2 or W[0,1] b[2], not {len(parts)}"
        )
    axes = [_read_axis(part, problem) for part in parts]
    (name, index), shape = axes[0][:2], axes[0][2]
    if len(axes) == 1 and not index and math.prod(shape) > 1:
        return Axis(name, flat_index(0, shape)), Axis(name, flat_index(1, shape))
    found = tuple(Axis(name, index or (0,) * len(shape)) for name, index, shape in axes)
    if len(set(found)) < len(found):
        raise ValueError("the two axes are the same number")
    return found


def _read_axis(text: str, problem: Problem) -> tuple[str, Index, tuple[int, ...]]:
    called = as_shown({node.name: node for node in problem.graph.parameters}, problem)
    name, index, row = read_element(text, called)
    if row is not None or name not in called:
        raise ValueError(f"no parameter is called '{name or text}'" + did_you_mean(name, called))
    node = called[name]
    if index:
        check_index(index, name, node.shape, plain=True)
    if 0 in node.shape:
        raise ValueError(f"{name} has no elements")
    return node.name, index, node.shape
