"""Chooses the kind of target: code over NumPy's arrays, or over tensors."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from inspect import signature
from types import FunctionType
from typing import Any

from gradtui.diagnosis.recorded.target import Target, target_of
from gradtui.recording.arguments import parts_of


def code_of(function: Any, args: Sequence[Any], arrays: Mapping[str, Any]) -> Target:
    """Return the target of a call `check(function, *args, **arrays)`.

    A function without arguments is called: it may return another, with its arguments. Raises
    InputError for an unusable call.
    """
    if isinstance(function, FunctionType) and not (
        args or arrays or signature(function).parameters
    ):
        returned = function()
        if isinstance(returned, tuple) and returned and callable(returned[0]):
            return code_of(returned[0], returned[1:], {})
    if _is_over_tensors(function, args, arrays):
        from gradtui.diagnosis.recorded.tensor_targets import split_backward, tensor_target

        return tensor_target(function, *split_backward(function, args), arrays)
    backward = args[0] if args and callable(args[0]) else None
    return target_of(function, backward, args[1:] if backward else args, arrays)


def _is_over_tensors(function: Any, args: Sequence[Any], arrays: Mapping[str, Any]) -> bool:
    """Return whether a tensor, a module or a custom function is anywhere in a call."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False  # nothing can be of PyTorch
    kinds = torch.Tensor, torch.nn.Module
    held = enumerate((function, *args, *arrays.values(), *_defaults(function)))
    if parts_of({str(at): one for at, one in held}, lambda one: isinstance(one, kinds)):
        return True
    owner = getattr(function, "__self__", function)
    return isinstance(owner, type) and issubclass(owner, torch.autograd.Function)


def _defaults(function: Any) -> Iterator[Any]:
    yield from getattr(function, "__defaults__", None) or ()
    yield from (getattr(function, "__kwdefaults__", None) or {}).values()
