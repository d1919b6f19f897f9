"""What the backward halves of custom functions return, before PyTorch refuses what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

import torch
from msgspec import Struct
from torch import Tensor

from gradtui.recording.torch.handing import backward_of, customs, replaced
from gradtui.recording.torch.sparse import dense

Custom = type[torch.autograd.Function]


class Misfit(Struct, frozen=True, eq=False):
    """A returned gradient of a wrong shape, or of what has none."""

    custom: Custom
    at: int
    """The place of its argument."""
    found: Tensor
    expected: tuple[int, ...] | None
    """The shape of the argument; None if it is no tensor of floats, and PyTorch drops that."""
    argument: Any
    """The argument itself; None if other code has computed it."""


class Unreturned(Struct, frozen=True, eq=False):
    """A gradient that a backward half returns None for, though it is wanted."""

    custom: Custom
    at: int
    """The place of its argument."""
    needed: Sequence[bool]
    """Which arguments' gradients are wanted."""
    behind: list[Tensor]
    """The tensors that the argument comes from."""


class Miscount(Exception):
    """A backward half returns more gradients, or fewer, than the forward half takes arguments."""

    def __init__(self, backward: Callable[..., Any], count: int, expected: int) -> None:
        super().__init__(count)
        self.backward, self.count, self.expected = backward, count, expected


@contextmanager
def misshapen(custom: Custom | None, given: Sequence[Any]) -> Iterator[list[Misfit]]:
    """Let custom functions return gradients of wrong shapes, which PyTorch takes for None.

    Collects them: of the `custom` function, called with the `given` arguments, or of all of the
    user's.  Raises Miscount where they return a wrong number of gradients.
    """
    found = list[Misfit]()
    with ExitStack() as stack:
        for one in [custom] if custom is not None else customs():
            name = backward_of(one)
            heard = _heard(one, getattr(one, name), given if one is custom else None, found)
            stack.enter_context(replaced(one, name, heard))
        yield found


@contextmanager
def withholding() -> Iterator[Iterable[Unreturned]]:
    """Collect the gradients that the user's custom functions return None for, though wanted."""
    found = dict[tuple[Any, ...], Unreturned]()
    with ExitStack() as stack:
        for one in customs():
            name = backward_of(one)
            stack.enter_context(replaced(one, name, _noting(one, getattr(one, name), found)))
        yield found.values()


def _noting(
    custom: Custom, backward: Callable[..., Any], found: dict[tuple[Any, ...], Unreturned]
) -> Callable[..., Any]:
    """Return a backward half that notes what it returns None for."""

    @wraps(backward)
    def noting(ctx: Any, *adjoints: Any) -> Any:
        returned = backward(ctx, *adjoints)
        if getattr(ctx, "_forward_cls", None) is custom:
            parts = returned if isinstance(returned, tuple) else (returned,)
            for at, (node, _) in _edges(ctx).items():
                if at < len(parts) and parts[at] is None:
                    new = Unreturned(custom, at, ctx.needs_input_grad, [])
                    own = found.setdefault((custom, at, new.needed), new)
                    own.behind.extend(_leaves(node))
        return returned

    return noting


def _leaves(top: Any) -> list[Tensor]:
    """Return the tensors that a node of PyTorch's graph comes from in the end."""
    found, seen, pending = list[Tensor](), set[Any](), [top]
    while pending:
        node = pending.pop()
        if node is not None and node not in seen:
            seen.add(node)
            found += [node.variable] if hasattr(node, "variable") else []
            pending += [other for other, _ in node.next_functions]
    return found


def _heard(
    custom: Custom, backward: Callable[..., Any], given: Sequence[Any] | None, found: list[Misfit]
) -> Callable[..., Any]:
    """Return a backward half that notes what does not fit, in place of a custom function's own."""

    @wraps(backward)
    def heard(ctx: Any, *adjoints: Any) -> Any:
        returned = backward(ctx, *adjoints)
        if getattr(ctx, "_forward_cls", None) is not custom:
            return returned  # to other code, such as a subclass, which may change it
        parts = returned if isinstance(returned, tuple) else (returned,)
        count = len(ctx.needs_input_grad)
        if len(parts) < count or any(part is not None for part in parts[count:]):
            raise Miscount(backward, len(parts), count)
        wanted = _wanted(ctx) if given is None else dict(enumerate(map(_told, given)))
        kept = list(parts)
        lacks = any(part is None and _is_real(argument) and argument.requires_grad
                    for part, argument in zip(parts, given or (), strict=False))  # fmt: skip
        for at, argument in enumerate(given or ()):
            if at < len(parts) and isinstance(parts[at], Tensor) and not _is_real(argument):
                found.append(Misfit(custom, at, dense(parts[at]), None, argument))
                # PyTorch raises an error for what is no tensor, which tells nothing of the other.
                kept[at] = None if lacks else parts[at]
        for at, (argument, shape) in wanted.items():
            if at < len(parts) and shape is not None and not _fits(parts[at], shape):
                found.append(Misfit(custom, at, dense(parts[at]), shape, argument))
                kept[at] = None
        return tuple(kept)

    return heard


Wanted = tuple[Any, tuple[int, ...] | None]
"""An argument, if it is known, and its shape, if that is known."""


def _told(argument: Any) -> Wanted:
    return argument, tuple(argument.shape) if isinstance(argument, Tensor) else None


def _wanted(ctx: Any) -> dict[int, Wanted]:
    """Return the arguments of a call that a gradient is wanted for, by their places."""
    return {at: _behind(*edge) for at, edge in _edges(ctx).items()}


def _edges(ctx: Any) -> dict[int, tuple[Any, int]]:
    """Return the edges of PyTorch's graph that a gradient is wanted for, by their places."""
    places = [at for at, wanted in enumerate(ctx.needs_input_grad) if wanted]
    edges = [edge for edge in ctx.next_functions if edge[0] is not None]
    return dict(zip(places, edges, strict=False))


def _behind(node: Any, at: int) -> Wanted:
    """Return the argument at the end of an edge of PyTorch's graph."""
    if hasattr(node, "variable"):
        return _told(node.variable)
    shapes = getattr(node, "_input_metadata", ())
    return None, tuple(shapes[at].shape) if at < len(shapes) else None


def _is_real(argument: Any) -> bool:
    return isinstance(argument, Tensor) and (argument.is_floating_point() or argument.is_complex())


def _fits(gradient: Any, shape: tuple[int, ...]) -> bool:
    """Return whether PyTorch takes a gradient for that of an argument, perhaps by a sum."""
    if not isinstance(gradient, Tensor):
        return True
    own = tuple(gradient.shape)[max(0, gradient.ndim - len(shape)) :]
    return len(own) == len(shape) and all(
        n in (1, size) for n, size in zip(shape, own, strict=True)
    )
