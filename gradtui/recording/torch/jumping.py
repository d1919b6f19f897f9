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
_NEAR, _FAR, _TRIES, _LEVEL = 1e-7, 1e4, 2, 1e-5


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

    Empty if jumps are not all that the function does, or if a slope is none of a step, which is a
    bump; else it has the direction of the jump.
    """
    places = [at for at, one in enumerate(args) if _is_like(one, output)]
    differentiable = [at for at, one in enumerate(args) if _is_float(one) and one.requires_grad]
    if not differentiable or set(differentiable) - set(places):
        return []
    if not np.all(np.isin(array_of(output), _LEVELS)):
        return []
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(_SEED)
        try:
            signs = [_direction(bare, args, at, output) for at in differentiable]
            slopes = _backward(custom, args, differentiable)
        except Exception:  # what the user's code raises for numbers that it is not made for
            return []
    pairs = zip(differentiable, signs, slopes, strict=True)
    known = [(at, sign, slope) for at, sign, slope in pairs if slope is not None]
    if any(not sign or not _is_bump(args[at], slope) for at, sign, slope in known):
        return []
    return [(at, _constant(sign * slope.abs())) for at, sign, slope in known]


def _is_bump(value: Tensor, slope: Tensor) -> bool:
    """Return whether a slope has one sign, and is largest in one place from which it only falls."""
    sizes = np.abs(array_of(slope.detach())).reshape(-1)
    own = sizes[np.argsort(array_of(value.detach()).reshape(-1))]
    top, room = int(np.argmax(own)), _LEVEL * np.max(own)
    rising, falling = np.all(np.diff(own[: top + 1]) >= -room), np.all(np.diff(own[top:]) <= room)
    one_sign = not bool((slope < 0).any() and (slope > 0).any())
    return one_sign and bool(rising and falling)


def _is_float(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and is_known(value)


def _is_like(value: Any, output: Any) -> bool:
    return _is_float(value) and _is_float(output) and value.shape == output.shape


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


def _backward(
    custom: Custom, args: Sequence[Any], places: Sequence[int]
) -> Sequence[Tensor | None]:
    """Return what a function's backward half multiplies an adjoint by, for some of its arguments.

    Raises ValueError if it does more than that.
    """
    own = list(args)
    for at in places:
        own[at] = args[at].detach().clone().requires_grad_()
    with torch.enable_grad():
        output = custom.apply(*own)
    drawn, wanted = torch.randn_like(output), [own[at] for at in places]
    found, scaled = (
        torch.autograd.grad(output, wanted, one, retain_graph=True, allow_unused=True)
        for one in (torch.ones_like(output), drawn)
    )
    for slope, product in zip(found, scaled, strict=True):
        if slope is not None and not torch.allclose(product, slope * drawn):
            raise ValueError
    return found


def _constant(value: Tensor) -> Tensor:
    """Return a tensor of the same numbers that comes from outside of a recording."""
    return tensor_of(np.array(array_of(value.detach())))
