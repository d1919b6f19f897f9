"""The user's tensors and functions, and PyTorch's own derivatives of a run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from inspect import Parameter
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Variable

from gradtui.recording.recorder import Array
from gradtui.recording.torch.calls import is_number as is_number
from gradtui.recording.torch.contexts import contexts
from gradtui.recording.torch.sparse import dense
from gradtui.recording.torch.tensors import array_of, is_held, kind_of
from gradtui.recording.torch.widened import Widened

T = TypeVar("T")

_WHOLE_ONLY = "CheckpointFunctionBackward"
"""The call of a re-entrant checkpoint, which refuses to differentiate by some tensors alone."""
_DEEPEST = 50
"""Most backward passes inside each other."""


def function_of(target: Any) -> type[torch.autograd.Function] | None:
    """Return the custom function of a class or of its `apply`; None for other values."""
    if inspect.ismethod(target) and target.__name__ == "apply":
        target = target.__self__
    custom = isinstance(target, type) and issubclass(target, torch.autograd.Function)
    return target if custom else None


def is_module(value: Any) -> bool:
    """Return whether a value is a module, which is callable but no backward half."""
    return isinstance(value, torch.nn.Module)


def parameters_of(custom: type[torch.autograd.Function], given: int = 0) -> list[Parameter]:
    """Return the parameters of a custom function's forward half, without its context.

    `*args` stands for as many as are left of those `given`: args0, args1.  `apply` takes no
    keywords, so that `**kwargs` stands for none.
    """
    found = list(inspect.signature(custom.forward).parameters.values())
    context = not has_own_setup(custom) and found[0].kind is not Parameter.VAR_POSITIONAL
    found = [one for one in found[context:] if one.kind is not Parameter.VAR_KEYWORD]
    own = [one for one in found if one.kind is not Parameter.VAR_POSITIONAL]
    if len(own) == len(found):
        return found
    at = found.index(next(one for one in found if one.kind is Parameter.VAR_POSITIONAL))
    names = (f"{found[at].name}{count}" for count in range(max(0, given - len(own))))
    return [*found[:at], *(Parameter(one, Parameter.POSITIONAL_OR_KEYWORD) for one in names)]


def has_own_setup(custom: type[torch.autograd.Function]) -> bool:
    """Return whether a custom function saves in a half of its own, not in its forward half."""
    return custom.setup_context is not torch.autograd.Function.setup_context


def forward_of(custom: type[torch.autograd.Function]) -> Sequence[Callable[..., Any]]:
    """Return the forward half of a custom function, and the half that only saves, if it has one."""
    return [custom.forward, *([custom.setup_context] if has_own_setup(custom) else [])]


def numbers_of(tensor: Tensor) -> Array:
    """Return the numbers of a tensor given as an argument, of complex ones as pairs."""
    return np.array(array_of(tensor.detach().to("cpu")))


def as_complex(pairs: Tensor) -> Tensor:
    """Return the tensor of complex numbers that pairs of floats are."""
    return torch.view_as_complex(pairs)


def as_pairs(value: Any) -> Any:
    """Return nested values with pairs of floats for complex numbers."""
    if holds_pairs(value):
        return torch.view_as_real(value.resolve_conj())
    if isinstance(value, dict):
        return {key: as_pairs(one) for key, one in value.items()}
    return type(value)(map(as_pairs, value)) if type(value) in (tuple, list) else value


def wants_gradient(value: Any) -> bool:
    """Return whether a tensor requires a gradient."""
    return isinstance(value, Tensor) and value.requires_grad


def is_given(value: Any) -> bool:
    """Return whether a value is a tensor that can be drawn and recorded."""
    return isinstance(value, Tensor) and is_held(value.detach().to("cpu"))


def outputs_of(returned: Any) -> list[Tensor]:
    """Return the tensors that a gradient flows back from, of nested results."""
    if isinstance(returned, Tensor):
        return [returned] if is_number(returned) and returned.requires_grad else []
    parts: Sequence[Any] = ()
    if isinstance(returned, dict):
        parts = list(returned.values())
    elif isinstance(returned, tuple | list):
        parts = returned
    return [tensor for part in parts for tensor in outputs_of(part)]


def total(outputs: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
    """Return the sum of outputs times weights, used as a loss."""
    parts = [(out * weight).sum() for out, weight in zip(outputs, weights, strict=True)]
    found = parts[0]
    for part in parts[1:]:
        found = found + part
    return found


def gradients_by_autograd(loss: Tensor, tensors: Sequence[Tensor]) -> list[Tensor | None]:
    """Return the gradients of a loss by PyTorch, through the user's own functions.

    Sparse ones, as of an embedding, become dense.
    """
    with _ending():
        # Saved tensors stay readable, because a line may be examined again after the run.
        try:
            found = torch.autograd.grad(loss, tensors, retain_graph=True, allow_unused=True)
        except RuntimeError:
            if not any(type(one).__name__ == _WHOLE_ONLY for one in contexts(loss)):
                raise
            torch.autograd.backward(loss, retain_graph=True)
            return [dense(one.grad) for one in tensors]
    return [dense(one) for one in found]


@contextmanager
def _ending() -> Iterator[None]:
    """End a backward pass that starts itself again, in ever more memory and out of Python's reach.

    It does if it goes back through an output that it has saved.
    """
    before = Variable._execution_engine
    Variable._execution_engine = _Ending()
    try:
        yield
    finally:
        Variable._execution_engine = before


class _Ending(type(Variable._execution_engine)):  # type: ignore[misc]
    """The engine by which all functions of PyTorch go back; it tells how deep it is in itself."""

    depth = 0

    def run_backward(self, *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True  # what it raises is the caller's, who may be the user
        if self.depth > _DEEPEST:
            raise RecursionError("a backward pass starts itself again")
        self.depth += 1
        try:
            return super().run_backward(*args, **options)
        finally:
            self.depth -= 1


def holds_floats(value: Any) -> bool:
    """Return whether a tensor holds floats."""
    return isinstance(value, Tensor) and value.dtype.is_floating_point


def holds_pairs(value: Any) -> bool:
    """Return whether a tensor holds complex numbers."""
    return isinstance(value, Tensor) and value.dtype.is_complex


def is_single(value: Any) -> bool:
    """Return whether a value is one number."""
    return isinstance(value, int | float) or (isinstance(value, Tensor) and value.numel() == 1)


def shape_of(value: Any) -> tuple[int, ...] | None:
    """Return the shape of a tensor; None for other values."""
    return tuple(value.shape) if isinstance(value, Tensor) else None


def with_weights(module: Any, weights: dict[str, Tensor], function: Callable[[], T]) -> T:
    """Return a function's result while a module has other tensors for its parameters."""
    named = {f"held.{name}": one for name, one in weights.items()}
    found: T = torch.func.functional_call(_Holding(module), named, (function,))
    return found


class _Holding(torch.nn.Module):
    """Holds a module while functions are called."""

    def __init__(self, held: torch.nn.Module) -> None:
        super().__init__()
        self.held = held

    def forward(self, function: Callable[[], Any]) -> Any:
        """Return the result of a function."""
        return function()


def taken(world: Any, array: Array, like: Tensor) -> Any:
    """Return an array as a tensor of another's type."""
    if isinstance(world, Widened):
        return world.narrowed(world.taking(array), like.dtype)
    return world.taking(np.asarray(array, kind_of(like)))
