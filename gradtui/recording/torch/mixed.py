"""Custom functions that compute with a jump of their own, such as a neuron that a spike resets.

The derivative of a jump is its height at the place where it is.  A slope that is spread around that
place stands for it, and what is computed with the jump follows by the chain rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import product
from typing import Any

import numpy as np
import torch
from msgspec import Struct
from msgspec.structs import replace
from torch import Tensor
from torch.utils._python_dispatch import _disable_current_modes

from gradtui.recording.torch.comparing import Comparing
from gradtui.recording.torch.curves import WAVERING, Curve, edges, is_of_jump, rising
from gradtui.recording.torch.tensors import array_of, tensor_of

Half = Callable[..., Any]

_SEED = 20_240_229
_FAR, _NEAREST, _FARTHEST, _COUNT = 1e4, 1e-3, 10.0, 25
_LEVELS, _MOST_ROWS = 2, 4096
"""The numbers that a step has, and most elements among which an argument is spread."""
_CLOSE, _IN_SINGLE, _SAME, _ROUGHLY, _DIGITS = 1e-6, 1e-3, 1e-4, 0.1, 6
_LEFT_OUT = "the jump in result {} is taken for a constant"
_STOPS = "it reaches the threshold alone"
_AT_THRESHOLD = "the height of the jump is that at the threshold"


class Mixed(Struct, frozen=True, eq=False):
    """What the backward half of a call should add to the slopes beside its jump."""

    slopes: Sequence[Sequence[Tensor]]
    """For each result, by each wanted argument."""
    told: frozenset[str]
    """What else it does on purpose, in words."""
    curve: Curve
    """The slope that stands for the jump."""
    right: bool
    """Whether it adds that; else it is what would be right."""


class _Jump(Struct, frozen=True, eq=False):
    """The only jump of a call."""

    at: Sequence[int]
    """Which of its comparisons make it."""
    margin: Tensor
    moves: Sequence[Tensor]
    """The slopes of the margin by the wanted arguments, in its shape."""
    heights: Sequence[Tensor]
    """For each result, what it is beyond the jump less what it is before, all else equal."""
    own: Sequence[Tensor]
    """The same where each element is at the jump."""


class Called:
    """A call of a custom function, which is repeated with other numbers."""

    def __init__(self, apply: Half, bare: Half, args: Sequence[Any]) -> None:
        self._apply, self._bare = apply, bare
        self.args = [_apart(one) for one in args]
        self.wanted = [at for at, one in enumerate(args) if _wants(one)]

    def mixed(self) -> Mixed | None:
        """Return what its backward half should add; None if that is unknown."""
        with torch.random.fork_rng(devices=()), _disable_current_modes():
            torch.manual_seed(_SEED)
            try:
                return self._mixed()
            except Exception:  # what the user's code raises for numbers that it is not made for
                return None

    def _mixed(self) -> Mixed | None:
        jump = self._jump(self.args)
        if jump is None:
            return None
        first = self._movable(jump)
        shape = jump.margin.shape
        own, true = (self._slopes(half, self.args, shape) for half in (self._apply, self._bare))
        size = max(float(one.abs().max()) for row in (*own, *true) for one in row)
        close = size * (_CLOSE if jump.margin.dtype == torch.float64 else _IN_SINGLE)
        apart = [[torch.where((one - other).abs() <= close, 0.0, one - other)
                  for one, other in zip(*rows, strict=True)]
                 for rows in zip(own, true, strict=True)]  # fmt: skip
        alone = [not any(bool(one.any()) for one in row) for row in true]
        meant = list[Mixed]()
        for reference in self._references(jump, apart, alone):
            with suppress(ValueError):
                curve, sign = self._curve(jump, first, reference)
                found = _fitted(jump, apart, alone, self._told(jump, apart, reference) * sign,
                                curve, 10 * close)  # fmt: skip
                if sign > 0 and found.right:
                    return found
                meant.append(replace(found, right=False))
        return meant[0] if meant else None

    def _told(
        self, jump: _Jump, apart: Sequence[Sequence[Tensor]], reference: tuple[int, int, bool]
    ) -> Tensor:
        """Return the slope of the jump, element by element; raises ValueError if it wavers."""
        at, wanted, own = reference
        heights = jump.own if own else jump.heights
        slope = _told(apart[at][wanted], heights[at] * jump.moves[wanted])
        known = (heights[at] * jump.moves[wanted]).broadcast_to(slope.shape) != 0
        margin, slopes = (array_of(one[known]) for one in (jump.margin, slope))
        ordered = slopes[np.argsort(margin)]
        _, waves = rising(ordered * (np.sign(np.sum(ordered)) or 1.0), int(np.sum(margin < 0)))
        if waves > WAVERING * np.max(np.abs(ordered)):
            raise ValueError
        return slope

    def _results(self, half: Half, args: Sequence[Any]) -> list[Tensor]:
        found = half(*args)
        return [*found] if isinstance(found, tuple) else [found]

    def _jump(self, args: Sequence[Any]) -> _Jump | None:
        """Return the only jump; None if there is another number of them, or it is unknown."""
        margins = self._margins(args)
        found = list[_Jump]()
        for first, margin in enumerate(margins):
            at = [i for i, one in enumerate(margins)
                  if one.shape == margin.shape and torch.equal(one, margin)]  # fmt: skip
            if at[0] < first or not margin.is_floating_point() or _is_level(margin):
                continue
            moves = [self._move(args, at[0], one) for one in self.wanted]
            if not any(bool(one.any()) for one in moves):
                continue
            whole = [one for one, move in zip(self.wanted, moves, strict=True)
                     if args[one].shape == margin.shape and bool(move.all())]  # fmt: skip
            if not whole:
                return None
            there = list(args)
            there[whole[0]] = args[whole[0]] - margin / moves[self.wanted.index(whole[0])]
            heights, own = self._heights(args, at), self._heights(there, at)
            sizes = [float(one.abs().max()) for one in (*heights, *own)]
            if any(float(one.abs().max()) > _CLOSE * max(sizes) for one in own):
                found.append(_Jump(at, margin, moves, heights, own))
        return found[0] if len(found) == 1 else None

    def _margins(self, args: Sequence[Any]) -> list[Tensor]:
        with Comparing() as seen:
            self._results(self._bare, _copies(args))
        return seen.margins

    def _move(self, args: Sequence[Any], at: int, wanted: int) -> Tensor:
        """Return the slope of a margin by an argument; raises ValueError if that changes."""

        def moved(by: float) -> Tensor:
            own = list(args)
            own[wanted] = args[wanted] + by
            return self._margins(own)[at]

        before, once, twice = (moved(by) for by in (0.0, 1.0, 2.0))
        if not torch.allclose(twice - before, 2 * (once - before), rtol=1e-3, atol=1e-5):
            raise ValueError
        return torch.where((once - before).abs() < _CLOSE, 0.0, once - before)

    def _heights(self, args: Sequence[Any], at: Sequence[int]) -> list[Tensor]:
        sides = list[list[Tensor]]()
        for to in (True, False):
            with Comparing(at, to):
                sides.append(self._results(self._bare, _copies(args)))
        return [(above - below).detach() for above, below in zip(*sides, strict=True)]

    def _movable(self, jump: _Jump) -> int:
        """Return which wanted argument moves each element of the margin on its own."""
        shape = jump.margin.shape
        return next(at for at, (one, move) in enumerate(zip(self.wanted, jump.moves, strict=True))
                    if self.args[one].shape == shape and bool(move.all()))  # fmt: skip

    def _slopes(self, half: Half, args: Sequence[Any], shape: torch.Size) -> list[list[Tensor]]:
        """Return the slope of each result by each argument; raises ValueError if it has more."""
        given = _copies(args)
        for one in self.wanted:
            given[one].requires_grad_()
        with torch.enable_grad():
            results = self._results(half, given)
        if any(one.shape != shape for one in results):
            raise ValueError
        found = [[self._slope(results, given, at, one, shape) for one in self.wanted]
                 for at in range(len(results))]  # fmt: skip
        drawn = [torch.randn_like(one) for one in results]
        passed = _passed(results, [given[one] for one in self.wanted], drawn)
        for at, own in enumerate(passed):
            told = sum((row[at] * one for row, one in zip(found, drawn, strict=True)),
                       torch.zeros(shape, dtype=own.dtype))  # fmt: skip
            if not torch.allclose(told.sum_to_size(own.shape), own, rtol=1e-4, atol=1e-6):
                raise ValueError
        return found

    def _slope(
        self, results: Sequence[Tensor], given: Sequence[Any], at: int, wanted: int,
        shape: torch.Size,
    ) -> Tensor:  # fmt: skip
        """Return the slope of one result by an argument, which may be spread along some axes."""
        spread = _spread(given[wanted].shape, shape)
        rows = [*product(*(range(shape[axis]) for axis in spread))]
        if len(rows) > _MOST_ROWS:
            raise ValueError
        found = torch.zeros(shape, dtype=given[wanted].dtype)
        for row in rows:
            index: list[Any] = [slice(None)] * len(shape)
            for axis, one in zip(spread, row, strict=True):
                index[axis] = slice(one, one + 1)
            ones = [torch.zeros_like(one) for one in results]
            ones[at][tuple(index)] = 1.0
            (own,) = _passed(results, [given[wanted]], ones)
            found[tuple(index)] = own.expand_as(found[tuple(index)])
        return found

    def _references(
        self, jump: _Jump, apart: Sequence[Sequence[Tensor]], alone: Sequence[bool]
    ) -> Iterator[tuple[int, int, bool]]:
        """Yield what may tell the slope: a result, an argument, and whether the height is own.

        A result that is the jump alone is first.
        """
        results = sorted(range(len(apart)), key=lambda at: not alone[at])
        for at, wanted, own in product(results, range(len(self.wanted)), (False, True)):
            if bool(apart[at][wanted].any()) and bool(jump.moves[wanted].any()):
                yield at, wanted, own

    def _curve(
        self, jump: _Jump, first: int, reference: tuple[int, int, bool]
    ) -> tuple[Curve, int]:
        """Return the slope of the jump around it, with its sign.

        Raises ValueError if it is none of a step there.
        """
        near = np.geomspace(_NEAREST, _FARTHEST, _COUNT)
        apart = [-_FAR, *-near[::-1], *near, _FAR]
        found = [array_of(self._slope_at(by, jump, first, reference)).reshape(-1) for by in apart]
        slopes, top = np.mean(found, axis=1), np.max(np.abs(found))
        same = _SAME if jump.margin.dtype == torch.float64 else _IN_SINGLE
        sign = -1 if np.sum(slopes) < 0 else 1
        if np.max(np.ptp(found, axis=1)) > same * top or not is_of_jump(sign * slopes):
            raise ValueError  # it depends on more than the distance from the jump, or is elsewhere

        def slope(by: float) -> float:
            own = float(self._slope_at(by, jump, first, reference).mean())
            return float(np.round(own / top, _DIGITS)) * top

        slopes = np.round(slopes / top, _DIGITS) * top
        told = [*zip(apart, slopes.tolist(), strict=True)][1:-1]
        told += edges(apart[1:-1], slopes[1:-1].tolist(), slope)
        where = array_of(self._start(jump, first))
        alike = np.ptp(where) <= _SAME * max(1.0, float(np.max(np.abs(where))))
        plain = alike and torch.allclose(jump.moves[first], torch.ones_like(jump.moves[first]))
        threshold = float(np.round(where.reshape(-1)[0], _DIGITS)) if plain else None
        at, own = (np.array(one) for one in zip(*told, strict=True))
        return Curve(at + (threshold or 0.0), sign * own, threshold), sign

    def _start(self, jump: _Jump, first: int) -> Tensor:
        """Return an argument that is at the jump."""
        own: Tensor = self.args[self.wanted[first]] - jump.margin / jump.moves[first]
        return own

    def _slope_at(
        self, by: float, jump: _Jump, first: int, reference: tuple[int, int, bool]
    ) -> Tensor:
        """Return the slope that is told at a distance from the jump, the same for all elements."""
        at, wanted, own = reference
        there, place = list(self.args), self.wanted[wanted]
        there[self.wanted[first]] = self._start(jump, first) + by / jump.moves[first]
        heights = jump.own if own else self._heights(there, jump.at)
        factor = (heights[at] * jump.moves[wanted]).sum_to_size(self.args[place].shape)
        added = self._summed(self._apply, there, at, place)
        added -= self._summed(self._bare, there, at, place)
        return _told(added, factor)

    def _summed(self, half: Half, args: Sequence[Any], at: int, wanted: int) -> Tensor:
        """Return the slope of a sum of a result by an argument."""
        given = _copies(args)
        given[wanted].requires_grad_()
        with torch.enable_grad():
            results = self._results(half, given)
        ones = [torch.full_like(one, float(i == at)) for i, one in enumerate(results)]
        (own,) = _passed(results, [given[wanted]], ones)
        return own


def _fitted(
    jump: _Jump, apart: Sequence[Sequence[Tensor]], alone: Sequence[bool], slope: Tensor,
    curve: Curve, close: float,
) -> Mixed:  # fmt: skip
    """Return what is added to all slopes by one of the jump, most like what the code adds."""
    moving = [at for at, one in enumerate(jump.moves) if bool(one.any())]
    falling = [at for at in moving if bool((jump.moves[at] <= 0).all())]
    reached = [at for at in moving if any(bool(row[at].any()) for row in apart)]
    if not falling or not {*reached} <= {*falling} or falling == moving:
        slopes, told, off = _reaching(jump, apart, alone, slope, moving, close)
    else:
        # Where a threshold alone is reached, its slope is a density, estimated by a kernel.
        order = np.argsort(curve.at)
        area = float(np.trapezoid(curve.slopes[order], curve.at[order]))
        scale = 1.0 if abs(area - 1) <= _ROUGHLY else 1 / area
        slopes, told, off = _reaching(jump, apart, alone, scale * slope, falling, close)
        told |= {_STOPS}
    return Mixed(slopes, told, curve, off == 0)


def _reaching(
    jump: _Jump, apart: Sequence[Sequence[Tensor]], alone: Sequence[bool], slope: Tensor,
    reached: Sequence[int], close: float,
) -> tuple[list[list[Tensor]], frozenset[str], float]:  # fmt: skip
    """Return what is added if the slope reaches some arguments, with words, and how far off it is.

    That is 0 if it is what the code adds.  A result that is the jump alone has its slope.
    """
    slopes, told, off = list[list[Tensor]](), set[str](), 0.0
    for at, row in enumerate(apart):
        ways = [(jump.heights[at], ""), (jump.own[at], _AT_THRESHOLD)]
        if not alone[at] and not any(bool(one.any()) for one in row):
            ways.append((torch.zeros_like(slope), _LEFT_OUT.format(at + 1)))
        tried = list[tuple[float, list[Tensor], str]]()
        for height, said in ways:
            own = [height * move * slope * (one in reached) for one, move in enumerate(jump.moves)]
            away = [(one - other).abs() for one, other in zip(row, own, strict=True)]
            far = sum(float(one.sum()) for one in away if bool((one > close).any()))
            tried.append((far, own, said))
        far, own, said = min(tried, key=lambda one: one[0])
        slopes.append(own)
        told.update([said] if said else [])
        off += far
    return slopes, frozenset(told), off


def _told(added: Tensor, factor: Tensor) -> Tensor:
    """Return the slope of a jump that what is added tells; raises ValueError if none does."""
    known = factor.abs() > _CLOSE * factor.abs().max()
    if bool(added[~known].any()):
        raise ValueError
    return torch.where(known, added / torch.where(known, factor, 1.0), 0.0)


def _passed(
    results: Sequence[Tensor], wanted: Sequence[Tensor], adjoints: Sequence[Tensor]
) -> list[Tensor]:
    """Return the gradients by some arguments, 0 where nothing flows back."""
    pairs = [(one, own) for one, own in zip(results, adjoints, strict=True) if one.requires_grad]
    if not pairs:
        return [torch.zeros_like(one) for one in wanted]
    outputs, weights = zip(*pairs, strict=True)
    found = torch.autograd.grad(outputs, wanted, weights, retain_graph=True, allow_unused=True)
    return [torch.zeros_like(one) if own is None else own.detach()
            for one, own in zip(wanted, found, strict=True)]  # fmt: skip


def _spread(own: Sequence[int], shape: Sequence[int]) -> list[int]:
    """Return the axes along which an argument is repeated; raises ValueError if it cannot be."""
    whole = [1] * (len(shape) - len(own)) + [*own]
    if len(whole) != len(shape) or any(a not in (1, b) for a, b in zip(whole, shape, strict=True)):
        raise ValueError
    return [axis for axis, one in enumerate(whole) if one == 1 and shape[axis] > 1]


def _is_level(margin: Tensor) -> bool:
    """Return whether a margin is that of the result of another comparison."""
    return margin.numel() > _LEVELS >= len(torch.unique(margin))


def _wants(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and value.requires_grad


def _apart(value: Any) -> Any:
    """Return a tensor of the same numbers that comes from outside of a recording."""
    is_tensor = isinstance(value, Tensor)
    return tensor_of(np.array(array_of(value.detach()))) if is_tensor else value


def _copies(args: Sequence[Any]) -> list[Any]:
    return [one.detach().clone() if isinstance(one, Tensor) else one for one in args]
