"""Custom functions whose results jump between levels, and the slopes that they give these jumps.

No derivative passes a jump: the backward half of such a function is what its author means by one,
such as the surrogate slope of a spiking neuron (Neftci et al., 2019).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from inspect import Parameter
from typing import Any

import numpy as np
import torch
from msgspec import Struct
from numpy.typing import NDArray
from torch import Tensor

from gradtui.recording.torch.curves import WAVERING, Curve, curve_of, is_alike
from gradtui.recording.torch.handing import context_for, copied, customs
from gradtui.recording.torch.mixed import Called, Mixed
from gradtui.recording.torch.run import has_own_setup, parameters_of
from gradtui.recording.torch.tensors import array_of, is_known, tensor_of

Custom = type[torch.autograd.Function]
Half = Callable[..., Any]

_ROUNDING = frozenset({"round", "floor", "ceil", "trunc", "fix"})
"""Functions of many levels, to whose bounds a gradient must keep."""
_MOST_LEVELS = 8
_OTHER = 1.37
"""What a number is multiplied by to see whether a result depends on it."""
_SEED = 20_240_229
_NEAR, _BESIDE, _FAR, _TRIES = 1e-4, 1e-2, 1e4, 2
_FEW = 0.01
"""The share of elements that are near a jump."""
_MOVES = (-_FAR, -2.0, -1.0, -0.5, -0.2, 0.0, 0.2, 0.5, 1.0, 2.0, _FAR)
"""How far an argument is moved to see where its slope rises and falls."""
_SAME = 1e-5
"""How far the same slope may differ, relative to the largest."""


class Heard(Struct, frozen=True, eq=False):
    """What custom functions do in some runs."""

    jumping: dict[str, Half]
    """The name of one that jumps -> its backward half."""
    idle: dict[str, float]
    """The name of a number that one is given, and that its result does not depend on."""
    curves: dict[str, list[Curve]]
    """The name of one that jumps -> its slopes, at some of its calls."""
    told: dict[str, set[str]]
    """The name of one that jumps -> what else its backward half does on purpose, in words."""


@contextmanager
def jumps_sloped() -> Iterator[Heard]:
    """Let custom functions that jump be straight; yield what is heard of custom functions.

    Their results stay what they are, and change with their arguments as their backward halves
    tell.
    """
    heard = Heard({}, {}, {}, {})
    with ExitStack() as stack:
        for custom, forward, own in [(one, one.forward, parameters_of(one)) for one in customs()]:
            stack.enter_context(_sloped(custom, _Sloping(custom, forward, own, heard)))
        yield heard


@contextmanager
def _sloped(custom: Custom, forward: Half) -> Iterator[None]:
    own = vars(custom).get("forward")
    custom.forward = staticmethod(forward)
    try:
        yield
    finally:
        if own is None:
            del custom.forward
        else:
            custom.forward = own


class _Sloping:
    """The forward half of a custom function whose jumps have the slopes of its backward half."""

    def __init__(
        self, custom: Custom, forward: Half, parameters: Sequence[Parameter], heard: Heard
    ) -> None:
        self._custom, self._forward, self._parameters = custom, forward, parameters
        self._apart, self._heard, self._busy = has_own_setup(custom), heard, False
        self._rounds = not _ROUNDING.isdisjoint(_names_in(forward))
        self._jumped = set[int | None]()
        """The places of the results that have jumped."""
        self._curved: tuple[int | None, int] | None = None
        """The result and the argument whose slopes are noted."""
        self._known: tuple[Sequence[Any], Curve] | None = None
        """The settings of the first call that computes with its jump, and the slope of that."""
        self._misplaced: float | None = None
        """Where the jump is, if its slope is around another place."""

    def __call__(self, *given: Any) -> Any:
        output = self._forward(*given)
        if self._busy:
            return output
        self._busy = True
        try:
            args = given if self._apart else given[1:]
            for name, value in _idle(self._parameters, self._bare, args, output):
                self._note_idle(name, value)
            return output if self._rounds else self._sloped(args, output)
        finally:
            self._busy = False

    def _note_idle(self, name: str, value: float) -> None:
        """Note a number by its name, and by that of its function if others have another one."""
        idle = self._heard.idle
        if idle.setdefault(name, value) != value:
            idle[f"{name} of {self._custom.__qualname__}"] = value

    def _bare(self, *args: Any) -> Any:
        return self._forward(*args) if self._apart else self._forward(context_for(args), *args)

    def _sloped(self, args: Sequence[Any], output: Any) -> Any:
        """Return the results with the slopes of those that jump."""
        many = isinstance(output, tuple)
        outputs = output if many else [output]
        places = [at if many else None for at in range(len(outputs))]
        slopes = [_slopes(*self._halves(place), args, one)
                  for place, one in zip(places, outputs, strict=True)]  # fmt: skip
        wanted = [at for at, one in enumerate(args) if _is_float(one) and one.requires_grad]
        # What is compared with another argument falls or rises with both as the chain rule says.
        own = self._mixed(args) if None in slopes or len(wanted) > 1 else None
        if own is not None:
            slopes = [[*zip(wanted, row, strict=True)] for row in own.slopes]
        elif any(
            one is None and at in self._jumped for at, one in zip(places, slopes, strict=True)
        ):
            raise ValueError  # elsewhere it seems to be a jump
        for place, one in zip(places, slopes, strict=True):
            if own is None and one:
                self._note(args, place, one)
            self._jumped.update([place] if one else [])
        if own is None and self._misplaced is not None:
            slopes = [one and self._moved(args, place, one, self._misplaced)
                      for place, one in zip(places, slopes, strict=True)]  # fmt: skip
        found = [_added(one, args, added or ())
                 for one, added in zip(outputs, slopes, strict=True)]  # fmt: skip
        return tuple(found) if many else found[0]

    def _halves(self, place: int | None) -> tuple[Half, Half]:
        return partial(_picked, self._custom.apply, place), partial(_picked, self._bare, place)

    def _mixed(self, args: Sequence[Any]) -> Mixed | None:
        """Return what is added to the slopes beside a jump that the function computes with."""
        found = Called(self._custom.apply, self._bare, args).mixed()
        settings = [one for one in args if not isinstance(one, Tensor)]
        if found is None:
            return None
        if self._known is None:
            self._known = settings, found.curve
        elif self._known[0] == settings and not is_alike(found.curve, self._known[1]):
            return None  # it depends on more than the distance from the jump
        name, heard = self._custom.__qualname__, self._heard
        heard.jumping[name] = self._custom.backward
        heard.told.setdefault(name, set()).update(found.told if found.right else ())
        heard.curves.setdefault(name, []).append(found.curve)
        return found

    def _note(
        self, args: Sequence[Any], place: int | None, slopes: Sequence[tuple[int, Tensor]]
    ) -> None:
        """Note the slopes of a result that jumps."""
        name = self._custom.__qualname__
        for at, slope in slopes:
            self._heard.jumping[name] = self._custom.backward
            if self._curved in (None, (place, at)):
                self._curved = place, at
                own = self._heard.curves.setdefault(name, [])
                first = not own
                own += _curves(*self._halves(place), args, at, slope, own)
                if first and own and not own[0].is_at_jump:
                    self._misplaced = own[0].threshold

    def _moved(
        self, args: Sequence[Any], place: int | None, slopes: Sequence[tuple[int, Tensor]],
        threshold: float,
    ) -> list[tuple[int, Tensor]]:  # fmt: skip
        """Return the slopes around the jump that a function gives it around 0, by mistake."""
        apply, _ = self._halves(place)
        return [(at, _constant(slope.sign() * _slope(apply, args, at, -threshold)[0].abs()))
                for at, slope in slopes]  # fmt: skip


def _added(output: Any, args: Sequence[Any], slopes: Sequence[tuple[int, Tensor]]) -> Any:
    """Return a result that changes with some arguments by slopes more."""
    for at, slope in slopes:
        beyond = slope * (args[at] - _constant(args[at]))
        output = output + beyond.to(output.dtype)
    return output


def _picked(half: Half, place: int | None, *args: Any) -> Any:
    """Return one of several results, or the only one."""
    found = half(*args)
    return found if place is None else found[place]


def _idle(
    parameters: Sequence[Parameter], bare: Half, args: Sequence[Any], output: Any
) -> Iterator[tuple[str, float]]:
    """Yield the numbers that a function is given for nothing but its gradient."""
    for at, (parameter, value) in enumerate(zip(parameters, args, strict=False)):
        if not isinstance(value, float) or not isinstance(output, Tensor):
            continue
        given = copied(args)
        with torch.random.fork_rng(devices=()):
            try:
                other = bare(*given[:at], _OTHER * value + 1, *given[at + 1 :])
                same = torch.equal(other, output)
            except Exception:  # what the user's code raises for numbers that it is not made for
                same = False
        if same:
            yield parameter.name, value


def _names_in(function: Half) -> Sequence[str]:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return () if code is None else code.co_names


def _slopes(
    apply: Half, bare: Half, args: Sequence[Any], output: Any
) -> list[tuple[int, Tensor]] | None:
    """Return the arguments that a function passes a gradient to, each with the slope of a jump.

    That has the direction of the jump.  None if jumps are not all that the function does, or if a
    slope is none of a step.
    """
    wanted = [at for at, one in enumerate(args) if _is_float(one) and one.requires_grad]
    if not wanted:
        return []
    alike = [at for at in wanted if _is_like(args[at], output)]
    if not alike or not _is_float(output):
        return None
    if len(np.unique(array_of(output))) > _MOST_LEVELS:
        return None
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(_SEED)
        try:
            found = {at: _slope_of_step(apply, bare, args, at) for at in alike}
            for at in set(wanted).difference(alike):
                found[at] = _slope_beside(apply, args, at, found[alike[0]])
            return [(at, _constant(slope)) for at, slope in found.items()]
        except Exception:  # what the user's code raises for numbers that it is not made for
            return None


def _curves(
    apply: Half, bare: Half, args: Sequence[Any], at: int, slope: Tensor, known: Sequence[Curve]
) -> list[Curve]:
    """Return the slopes of a jump by an argument: many at its first call, then those of calls."""
    value = args[at].detach()
    if known:
        return [*known[0].more(value, slope)]

    def result(moved: Tensor) -> Tensor:
        values = copied(args)
        found: Tensor = bare(*values[:at], moved, *values[at + 1 :])
        return found

    with torch.random.fork_rng(devices=()):
        torch.manual_seed(_SEED)
        try:
            return [curve_of(result, lambda one: _slope(apply, args, at, one - value)[0], value)]
        except Exception:  # what the user's code raises for numbers that it is not made for
            return []


def _slope_of_step(apply: Half, bare: Half, args: Sequence[Any], at: int) -> Tensor:
    """Return the slope of a step by an argument; raises ValueError if it is none."""
    sign = _direction(bare, args, at)
    own, outputs = zip(*(_slope(apply, args, at, by) for by in _MOVES), strict=True)
    slopes = torch.stack(own)
    slopes *= slopes.reshape(-1)[slopes.abs().argmax()].sign()
    levels = array_of(torch.stack(outputs))
    if not sign or not (_is_of_step(array_of(slopes)) or _is_of_levels(array_of(slopes), levels)):
        raise ValueError
    return sign * slopes[_MOVES.index(0.0)]


def _slope_beside(apply: Half, args: Sequence[Any], at: int, slope: Tensor) -> Tensor:
    """Return the slope by an argument, such as a threshold, that is compared with another one.

    Where the result rises with that, it falls with this one.  Raises ValueError for another slope.
    """
    drawn = torch.randn_like(slope)
    moved, output = _called(apply, args, at)
    product, *_ = torch.autograd.grad(output, moved, drawn)
    if not torch.allclose(product, -(slope * drawn).sum_to_size(moved.shape)):
        raise ValueError
    return -slope


def _called(apply: Half, args: Sequence[Any], at: int, by: float = 0.0) -> tuple[Tensor, Any]:
    """Return an argument that is moved, and what a function makes of it."""
    moved = (args[at].detach() + by).requires_grad_()
    with torch.enable_grad():
        return moved, apply(*args[:at], moved, *args[at + 1 :])


def _is_float(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and is_known(value)


def _is_like(value: Any, output: Any) -> bool:
    return _is_float(output) and value.shape == output.shape


def _is_of_step(slopes: NDArray[Any]) -> bool:
    """Return whether slopes along a way are the same, or rise to a top and fall to both ends.

    Beside the top they may waver, as those of several bells do (Yin et al., 2021).
    """
    top = np.max(slopes)
    before, after = np.maximum.accumulate(slopes), np.maximum.accumulate(slopes[::-1])[::-1]
    valley = np.max(np.minimum(before, after) - slopes)
    falls = np.max(np.abs(slopes[[0, -1]])) <= top / 2
    waves = max(valley, -np.min(slopes)) <= WAVERING * top
    return bool(np.ptp(slopes) <= _SAME * top or (waves and falls))


def _is_of_levels(slopes: NDArray[Any], levels: NDArray[Any]) -> bool:
    """Return whether each level has a slope of its own, as the two sides of a leaky one do."""
    least, room = np.min(slopes), _SAME * np.max(slopes)
    each = [slopes[levels == one] for one in np.unique(levels)]
    return bool(least > room and all(np.ptp(one) <= room for one in each))


def _direction(bare: Half, args: Sequence[Any], at: int) -> int:
    """Return 1 if a result rises with an argument by jumps alone, -1 if it falls, else 0."""

    def moved(by: Tensor) -> Tensor:
        values = copied(args)
        again: Tensor = bare(*values[:at], values[at] + by, *values[at + 1 :])
        return again

    total = 0.0
    for _ in range(_TRIES):
        # Beside the argument: where no neuron before it fires, it is 0, at the jump itself.
        drawn, beside = torch.randn_like(args[at]), _BESIDE * torch.randn_like(args[at])
        changes = moved(beside + _NEAR * drawn) != moved(beside)
        if float(changes.double().mean()) > _FEW:
            return 0
        jumps = moved(_FAR * drawn) - moved(-_FAR * drawn)
        total += float((drawn.sign() * jumps).sum())
    return (total > 0) - (total < 0)


def _slope(apply: Half, args: Sequence[Any], at: int, by: float) -> tuple[Tensor, Tensor]:
    """Return what a function's backward half multiplies an adjoint by, with a moved argument.

    With the result that it has then.  Raises ValueError if the half does more than that.
    """
    moved, output = _called(apply, args, at, by)
    drawn = torch.randn_like(output)
    slope, product = (
        torch.autograd.grad(output, moved, one, retain_graph=True)[0].detach()
        for one in (torch.ones_like(output), drawn)
    )
    if not torch.allclose(product, slope * drawn):
        raise ValueError
    return slope, output.detach()


def _constant(value: Tensor) -> Tensor:
    """Return a tensor of the same numbers that comes from outside of a recording."""
    return tensor_of(np.array(array_of(value.detach())))
