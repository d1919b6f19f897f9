"""Custom functions whose results jump between levels, and the slopes that they give these jumps.

No derivative passes a jump: the backward half of such a function is what its author means by one,
such as the surrogate slope of a spiking neuron (Neftci et al., 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradtui.recording.torch.handing import context_for, customs
from gradtui.recording.torch.run import has_own_setup
from gradtui.recording.torch.tensors import array_of, is_known, tensor_of

Custom = type[torch.autograd.Function]
Half = Callable[..., Any]

_LEVELS = (-1.0, 0.0, 1.0)
_SEED = 20_240_229
_NEAR, _FAR, _TRIES = 1e-7, 1e4, 2
_LEVEL, _FALLEN = 1e-5, 0.5
"""How much slopes may waver, and how far they must fall."""


@contextmanager
def jumps_sloped() -> Iterator[dict[str, Half]]:
    """Let custom functions that jump be straight; yield the names and backward halves of these.

    Their results stay what they are, and change with their arguments as their backward halves
    tell.
    """
    found = dict[str, Half]()
    with ExitStack() as stack:
        for custom, forward in [(one, one.forward) for one in customs()]:
            stack.enter_context(_sloped(custom, forward, found))
        yield found


@contextmanager
def _sloped(custom: Custom, forward: Half, found: dict[str, Half]) -> Iterator[None]:
    apart, busy = has_own_setup(custom), False

    def bare(*args: Any) -> Any:
        return forward(*args) if apart else forward(context_for(args), *args)

    def straight(*given: Any) -> Any:
        nonlocal busy
        output = forward(*given)
        if busy:
            return output
        busy = True
        try:
            args = given if apart else given[1:]
            slopes = _slopes(custom, bare, args, output)
        finally:
            busy = False
        for at, slope in slopes:
            found[custom.__qualname__] = custom.backward
            beyond = slope * (args[at] - _constant(args[at]))
            output = output + beyond.to(output.dtype)
        return output

    own = vars(custom).get("forward")
    custom.forward = staticmethod(straight)
    try:
        yield
    finally:
        if own is None:
            del custom.forward
        else:
            custom.forward = own


def _slopes(
    custom: Custom, bare: Half, args: Sequence[Any], output: Any
) -> list[tuple[int, Tensor]]:
    """Return the arguments that a function passes a gradient to, each with the slope of a jump.

    Empty if jumps are not all that the function does, or if a slope is none of a step; else it has
    the direction of the jump.
    """
    wanted = [at for at, one in enumerate(args) if _is_float(one) and one.requires_grad]
    alike = all(_is_like(args[at], output) for at in wanted)
    if not wanted or not alike or not np.all(np.isin(array_of(output), _LEVELS)):
        return []
    found = list[tuple[int, Tensor]]()
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(_SEED)
        try:
            for at in wanted:
                sign, slope = _direction(bare, args, at, output), _slope(custom, args, at)
                ends = [_slope(custom, args, at, by) for by in (-_FAR, _FAR)]
                if not sign or not _is_of_step(args[at], slope, ends):
                    return []
                found.append((at, _constant(sign * slope.abs())))
        except Exception:  # what the user's code raises for numbers that it is not made for
            return []
    return found


def _is_float(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and is_known(value)


def _is_like(value: Any, output: Any) -> bool:
    return _is_float(output) and value.shape == output.shape


def _is_of_step(value: Tensor, slope: Tensor, ends: Sequence[Tensor]) -> bool:
    """Return whether a slope is everywhere the same, or has one sign and falls to both `ends`.

    From its largest one, it only falls.
    """
    sizes = np.abs(array_of(slope)).reshape(-1)
    own, least = sizes[np.argsort(array_of(value.detach()).reshape(-1))], float(np.min(sizes))
    top, room = int(np.argmax(own)), _LEVEL * np.max(own)
    rises, falls = np.all(np.diff(own[: top + 1]) >= -room), np.all(np.diff(own[top:]) <= room)
    one_sign = not bool((slope < 0).any() and (slope > 0).any())
    far = [float(one.abs().max()) for one in ends]
    ended = max(far) <= _FALLEN * own[top] or all(abs(one - least) <= room for one in far)
    return one_sign and bool(rises and falls and ended)


def _direction(bare: Half, args: Sequence[Any], at: int, output: Tensor) -> int:
    """Return 1 if a result rises with an argument by jumps alone, -1 if it falls, else 0."""
    values = [one.detach().clone() if isinstance(one, Tensor) else one for one in args]

    def moved(by: Tensor) -> Tensor:
        again: Tensor = bare(*values[:at], values[at] + by, *values[at + 1 :])
        return again

    total = 0.0
    for _ in range(_TRIES):
        drawn = torch.randn_like(values[at])
        if not torch.equal(moved(_NEAR * drawn), output):
            return 0
        jumps = moved(_FAR * drawn) - moved(-_FAR * drawn)
        total += float((drawn.sign() * jumps).sum())
    return (total > 0) - (total < 0)


def _slope(custom: Custom, args: Sequence[Any], at: int, by: float = 0.0) -> Tensor:
    """Return what a function's backward half multiplies an adjoint by, with a moved argument.

    Raises ValueError if it does more than that.
    """
    moved = (args[at].detach() + by).requires_grad_()
    with torch.enable_grad():
        output = custom.apply(*args[:at], moved, *args[at + 1 :])
    drawn = torch.randn_like(output)
    slope, product = (
        torch.autograd.grad(output, moved, one, retain_graph=True)[0].detach()
        for one in (torch.ones_like(output), drawn)
    )
    if not torch.allclose(product, slope * drawn):
        raise ValueError
    return slope


def _constant(value: Tensor) -> Tensor:
    """Return a tensor of the same numbers that comes from outside of a recording."""
    return tensor_of(np.array(array_of(value.detach())))
