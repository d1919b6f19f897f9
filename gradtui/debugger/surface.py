"""The loss surface over one or two parameters, the run's path on it, and the part in view.

Knows runs and their losses; knows no screen.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.debugger.boundary import Plane, find_plane
from gradtui.engine.graph import Graph
from gradtui.engine.history import History
from gradtui.engine.lowered import Row
from gradtui.scenario.problem import Problem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from gradtui.debugger.axes import Window
    from gradtui.debugger.floor import Floor, Place

Array = NDArray[np.float64]
Range = tuple[float, float]

_MARGIN = 0.25
"""Margin on each side, as a part of the path's extent."""
_EDGE, _OTHER_SIDE = 0.25, 0.6
"""A curve's lowest place this near an edge, as a part of its range, gets that part of the side in
view on the other one."""
_HIGHER = 10.0
"""Relative to the loss at the start, or here: higher steps do not widen the view."""
_STRETCH = 3.0
"""Most that an axis is widened to give both the same scale."""
_NUMBERS = 1_000_000
"""Limit on the numbers that evaluating a grid takes: some 20 ms of arithmetic."""
_FEWEST = 9
"""Fewest points along each side of a grid, however large the model."""
LARGEST = 300_000
"""Largest model, in numbers, whose surface is drawn."""
_EVERY_STEP = 400
"""Longest run, in steps, whose path shows every step."""
_KEPT = 16
_TINY, _LARGEST = 1e-12, float(np.finfo(float).max)


class Trajectory(Struct, frozen=True, eq=False):
    """The run's states, seen along the axes."""

    steps: NDArray[np.int64]
    """(k,) ascending; only some of a long run."""
    places: Array
    """(k, axes)."""
    losses: Array
    """(k,) the run's own; NaN where it is not known yet."""


class Surface(Struct, frozen=True, eq=False):
    """The loss on a grid over the axes, and the run's path."""

    window: Window
    step: int
    ranges: tuple[Range, ...]
    """Of each axis."""
    losses: Array
    """(columns,) or (rows, columns), at the middles of equal parts of the ranges, ascending."""
    path: Trajectory
    point: Place
    """The start of this step."""
    loss: float
    """The loss there, on the surface."""
    next: Place
    """The end of this step."""
    next_loss: float
    """The loss of the whole model there; with batches on those of the next step."""
    others: int
    """How many other parameters are held at their values of this step."""
    strays: bool
    """Whether the run moves those others, and so leaves the slice drawn."""
    batch: bool
    """Whether it is the loss on this step's batch."""
    floor: Floor | None
    """The lowest place in view; None if no loss is finite."""

    def shares(self, places: ArrayLike) -> Array:
        """Return the positions of a place, (axes,), or of several in the view: from 0 to 1."""
        low, high = np.array(self.ranges).T
        with np.errstate(all="ignore"):
            found: Array = (np.asarray(places) - low) / (high - low)
        return found

    def share(self, place: Sequence[float]) -> Place:
        """Return the position of a place in the view, from 0 to 1 along each axis."""
        return tuple(self.shares(place).tolist())

    def shows(self, places: ArrayLike) -> NDArray[np.bool_]:
        """Return whether a place, (axes,), is in view, or which of several are."""
        shares = self.shares(places)
        return np.asarray(((shares >= 0.0) & (shares <= 1.0)).all(axis=-1))

    @property
    def leaves(self) -> int | None:
        """The first step at which the path leaves the view; None if it stays."""
        inside = self.shows(self.path.places)
        out = self.path.steps[1:][inside[:-1] & ~inside[1:]]
        return int(out[0]) if len(out) else None


def middles(limits: Range, count: int) -> Array:
    """Return the middles of `count` equal parts of a range."""
    low, high = limits
    found: Array = low + (high - low) * (np.arange(count) + 0.5) / count
    return found


class Surfaces:
    """The surfaces of one run; the last few grids are remembered."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._grids: OrderedDict[object, Array] = OrderedDict()
        self._path: tuple[object, Trajectory] | None = None
        self._found: tuple[object, Floor | None] | None = None

    def at(self, window: Window, step: int, last: int, size: tuple[int, int]) -> Surface:
        """Return the surface at a step, with the path up to the step `last`.

        The grid has `size` columns and rows, or fewer where the model is large.  Raises ValueError
        if the model is too large, or does not have the axes.
        """
        trainer = self.history.trainer
        places = window.places(trainer)
        if places is None:
            raise ValueError("the model does not have these parameters any more")
        if trainer.size > LARGEST:
            raise ValueError(
                f"the model has {trainer.size:,} numbers: too many to draw its surface"
            )
        row, after = self.history.state(step), self.history.state(step + 1)
        here, there = row[list(places)], after[list(places)]
        path = self._path_to(places, max(last, step))
        parts = trainer.slices[: len(trainer.program.updates)]
        count = sum(part.stop - part.start for part in parts)
        others = count - len(places)
        with np.errstate(all="ignore"):
            ranges = _ranges(path, here, window.zoom, size)
            losses = self._grid(places, step, row, ranges, size, moves=others > 0)
            if count == 1 and not window.zoom:
                ranges = (_with_both_sides(ranges[0], losses),)
                losses = self._grid(places, step, row, ranges, size, moves=False)
            loss = float(trainer.losses_at(row[None, :], step)[0])
            next_loss = float(trainer.losses_at(after[None, :], step)[0])
            held = np.delete(row[:count], places) - np.delete(after[:count], places)
            batch = trainer.batches is not None
            known = [(loss, tuple(here.tolist()))]
            if not others and not batch:
                known += zip(path.losses.tolist(), map(tuple, path.places.tolist()), strict=True)
            ends = [tuple(place) for place in path.places.tolist()]
            floor = self._floor(places, step, row, ranges, losses, known, ends)
        return Surface(
            window, step, ranges, losses, path, tuple(here.tolist()), loss, tuple(there.tolist()),
            next_loss, others, bool(held.any()), batch, floor,
        )  # fmt: skip

    def _floor(
        self,
        places: tuple[int, ...],
        step: int,
        row: Row,
        ranges: tuple[Range, ...],
        losses: Array,
        known: list[tuple[float, Place]],
        path: list[Place],
    ) -> Floor | None:
        """Return the lowest place in view, from a grid and from other known losses of its slice.

        Of a line of such places it is the one nearest to where the path ends in view.
        """
        from gradtui.debugger.floor import find_floor

        finite = np.isfinite(losses)
        if finite.any():
            at = np.unravel_index(int(np.argmin(np.where(finite, losses, np.inf))), losses.shape)
            centres = [middles(*pair) for pair in zip(ranges, losses.shape[::-1], strict=True)]
            place = tuple(float(c[i]) for c, i in zip(centres, at[::-1], strict=True))
            known = [*known, (float(losses[at]), place)]

        def shown(place: Place) -> bool:
            return all(low <= x <= high for x, (low, high) in zip(place, ranges, strict=True))

        seen = [one for one in known if shown(one[1])]
        end = next((place for place in reversed(path) if shown(place)), None)
        height = float(np.ptp(losses[finite])) if finite.any() else 0.0
        key = (places, step, ranges, min(seen, default=None), end)
        if self._found is None or self._found[0] != key:

            def losses_at(there: Array) -> Array:
                points = np.repeat(row[None, :], len(there), axis=0)
                points[:, list(places)] = there
                return self.history.trainer.losses_at(points, step)

            self._found = key, find_floor(losses_at, seen, ranges, height, end)
        return self._found[1]

    def _path_to(self, places: tuple[int, ...], last: int) -> Trajectory:
        history = self.history
        key = (places, last, min(history.known, last + 1))
        if self._path is None or self._path[0] != key:
            steps = _sample(min(last, history.known), history.every)
            states = np.stack([history.state(int(step))[list(places)] for step in steps])
            known = history.losses
            losses = [known[step] if step < len(known) else math.nan for step in steps]
            self._path = key, Trajectory(steps, states, np.array(losses))
        return self._path[1]

    def _grid(
        self,
        places: tuple[int, ...],
        step: int,
        row: Row,
        ranges: tuple[Range, ...],
        size: tuple[int, int],
        *,
        moves: bool,
    ) -> Array:
        """Return the losses of a grid; `moves` says whether it changes with the step."""
        trainer = self.history.trainer
        shape = _affordable(size[: len(places)], trainer.size)
        own = step if moves or trainer.batches is not None else None
        key = (places, own, ranges, shape)
        if key not in self._grids:
            axes = [middles(limits, count) for limits, count in zip(ranges, shape, strict=True)]
            mesh = np.meshgrid(*axes)
            points = np.repeat(row[None, :], mesh[0].size, axis=0)
            for place, values in zip(places, mesh, strict=True):
                points[:, place] = values.reshape(-1)
            self._grids[key] = trainer.losses_at(points, step).reshape(mesh[0].shape)
            if len(self._grids) > _KEPT:
                self._grids.popitem(last=False)
        self._grids.move_to_end(key)
        return self._grids[key]


class SurfaceView:
    """A session's view of the loss surface; `say` receives messages."""

    def __init__(self, problem: Callable[[], Problem], say: Callable[[str], None]) -> None:
        self.window: Window | None = None
        """None if no surface is shown."""
        self._hidden: Window | None = None
        self._surfaces: Surfaces | None = None
        self._problem, self._say = problem, say
        self.data = False
        """Whether the data in the plane of their features are shown instead of the surface."""
        self._plane: tuple[Graph, Plane | None] | None = None

    def show(self, text: str = "") -> None:
        """Show the surface over axes such as `w1 w2` or `W[0,1] b[2]`; without any, toggle it."""
        from gradtui.debugger.axes import Window, first_axes, read_axes

        before = self.window
        if before is not None and not text:
            self._hidden, self.window, self.data = before, None, False
            return
        problem, kept = self._problem(), before or self._hidden
        try:
            if text:
                self.window = Window(read_axes(text, problem))
            elif kept is not None and kept.places(problem.trainer) is not None:
                self.window = kept
            elif axes := first_axes(problem):
                self.window = Window(axes)
            else:
                self._say("the parameters have no elements")
        except ValueError as error:
            self._say(str(error))

    @property
    def plane(self) -> Plane | None:
        """The plane of the model's two features, if it is a classifier with two."""
        graph = self._problem().graph
        if self._plane is None or self._plane[0] is not graph:
            self._plane = graph, find_plane(graph)
        return self._plane[1]

    @property
    def looked(self) -> tuple[Window | None, Plane | None, bool]:
        """The surface's window, the plane of the data, and whether that replaces the surface."""
        return self.window, self.plane, self.data

    def turn(self) -> bool:
        """Show the data instead of the surface, or switch back; return whether there are any."""
        there = self.window is not None and self.plane is not None
        self.data = there and not self.data
        return there

    def zoom(self, by: int) -> None:
        """Halve the part in view `by` times, or double it; 0 shows the whole path."""
        if self.window is None:
            self.show()
            return
        try:
            self.window = self.window.nearer(by)
        except ValueError as error:
            self._say(str(error))

    def surfaces(self, history: History) -> Surfaces:
        """Return the surfaces of a run, dropping those of another."""
        if self._surfaces is None or self._surfaces.history is not history:
            self._surfaces = Surfaces(history)
        return self._surfaces


def _affordable(size: tuple[int, ...], numbers: int) -> tuple[int, ...]:
    """Return the number of points along each axis of a grid, for a model of a given size."""
    points = math.prod(size)
    if points * numbers <= _NUMBERS:
        return size
    part = (_NUMBERS / numbers / points) ** (1 / len(size))
    return tuple(min(count, max(_FEWEST, int(count * part))) for count in size)


def _sample(last: int, every: int) -> NDArray[np.int64]:
    """Return the steps of a path: all of a short run; the first and some others of a long one."""
    if last <= _EVERY_STEP:
        return np.arange(last + 1)
    half = _EVERY_STEP // 2
    spread = np.linspace(0, last, half).astype(np.int64) // every * every
    first = np.arange(half) if every == 1 else spread[:1]
    # np.unique would import all masked arrays: a pause at the first map.
    return np.array(sorted({*first.tolist(), *spread.tolist()}))


def _ranges(path: Trajectory, here: Array, zoom: int, size: tuple[int, int]) -> tuple[Range, ...]:
    """Return the part of each axis in view.

    Without zoom that is the path, except steps much higher than the first and than the present
    one: a run that flies off leaves the view.  With zoom, the present point is in the middle.
    """
    axes = len(here)
    centres, spans = _whole(path, here)
    if axes == 2:
        scales = spans / size
        wanted = np.minimum(scales.max(), scales * _STRETCH)
        if wanted[0] == wanted[1]:
            spans = wanted * size
    if zoom > 0 and np.isfinite(here).all():
        centres = here
    spans = np.maximum(spans * 2.0**-zoom, 64 * np.spacing(np.abs(centres)))
    spans = np.minimum(spans, _LARGEST / 4)
    low, high = (np.clip(centres + side * spans / 2, -_LARGEST, _LARGEST) for side in (-1, 1))
    return tuple(zip(low.tolist(), high.tolist(), strict=True))


def _with_both_sides(limits: Range, losses: Array) -> Range:
    """Return a range that has the other side of a valley, too, if the lowest loss is at its edge.

    A run comes down one side, which alone does not look like a valley.
    """
    if not np.isfinite(losses).any():
        return limits
    low, high = limits
    at = float(middles(limits, len(losses))[np.nanargmin(losses)])
    if at - low < _EDGE * (high - low):
        return at - _OTHER_SIDE * (high - at), high
    if high - at < _EDGE * (high - low):
        return low, at + _OTHER_SIDE * (at - low)
    return limits


def _whole(path: Trajectory, here: Array) -> tuple[Array, Array]:
    """Return middle and width of the run's path, with a margin."""
    finite = np.isfinite(path.places).all(axis=1)
    losses = np.where(np.isnan(path.losses), np.inf, path.losses)
    at = np.flatnonzero((path.places == here).all(axis=1))
    known = [loss for loss in (losses[0], *losses[at[:1]]) if np.isfinite(loss)]
    limit = max(known, default=np.inf)
    kept = finite & (losses <= limit + (_HIGHER - 1) * abs(limit))
    kept |= finite & (np.arange(len(losses)) == 0)
    points = path.places[kept]
    if np.isfinite(here).all():
        points = np.concatenate([points, here[None, :]])
    if not len(points):
        points = np.zeros((1, len(here)))
    low, high = points.min(axis=0), points.max(axis=0)
    middle = low / 2 + high / 2
    spans = np.minimum(high - low, _LARGEST / 8)
    still = spans <= _TINY * np.maximum(np.abs(middle), _TINY)
    widest = spans.max() if not still.all() else 0.0
    spans = np.where(still, widest or np.maximum(1.0, np.abs(middle)), spans)
    return middle, spans * (1 + 2 * _MARGIN)
