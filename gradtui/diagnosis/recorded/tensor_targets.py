"""Which target a check of code over tensors has, by what it is called with and what it returns."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from msgspec.structs import replace

from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.target import Target, bound_arguments
from gradtui.diagnosis.recorded.tensors import ByHand, TensorTarget
from gradtui.recording.run import Case, case_of, copied, unheard
from gradtui.recording.torch import run as tensors
from gradtui.recording.torch.library import PyTorch


def split_backward(function: Any, args: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
    """Return the backward half if it is the first of some arguments, and the others.

    A custom function has one of its own: what it takes first may be any function.
    """
    halved = tensors.function_of(function) is None
    if halved and args and callable(args[0]) and not tensors.is_module(args[0]):
        return args[0], args[1:]
    return None, args


def tensor_target(
    function: Any, backward: Any, args: Sequence[Any], arrays: Mapping[str, Any]
) -> Target:
    """Return the target of a check; raises InputError for an unusable call.

    The code is run to find out what it returns, and whether it works in double precision; its
    exceptions pass through.
    """
    custom = tensors.function_of(function)
    module = function if tensors.is_module(function) else None
    name = str(getattr(custom or function, "__qualname__", type(function).__name__))
    signature = None
    if custom is not None:
        signature = inspect.Signature(tensors.parameters_of(custom, len(args)))
    if module is not None:
        signature = inspect.signature(module.forward)
    # A custom function returns one gradient for each argument.
    signature, arguments = bound_arguments(
        function, args, arrays, signature, defaults=custom is None
    )
    weights = {} if module is None else dict(module.named_parameters())
    arguments |= weights
    given = tuple(one for one, value in arguments.items() if tensors.is_given(value))
    wanting = tuple(one for one in given if tensors.wants_gradient(arguments[one]))
    paired = frozenset(one for one in given if tensors.holds_pairs(arguments[one]))
    floats = tuple(one for one in given if one in paired or tensors.holds_floats(arguments[one]))
    case = case_of(function)
    judged = case.wrt or wanting or floats
    unknown = [one for one in case.wrt if one not in floats]
    if unknown or not judged:
        what = f"wrt: '{unknown[0]}' is" if unknown else "there is nothing to judge:"
        raise InputError(f"{what} no argument of {name} that is a tensor of floats"
                         if unknown else f"{what} no argument of {name} is a tensor of floats",
                         file=name)  # fmt: skip
    wrt = case.wrt or tuple(one for one in wanting if one not in weights)
    target = TensorTarget(
        function, backward, {**arguments, **_numbers(arguments, given)}, Case(wrt, case.seed),
        signature, PyTorch(), given=given, judged=judged, parameters=tuple(weights),
        paired=paired,
    )  # fmt: skip
    types = {one: arguments[one].dtype for one in floats if one not in paired}
    by_hand = backward is not None or (
        custom is None and module is None and _returns_gradients(target, types)
    )
    if by_hand:
        target = ByHand(
            function, backward, target.arguments, Case(case.wrt, case.seed),
            signature, PyTorch(by_autograd=False), given=given, judged=floats, wanting=wanting,
            paired=paired,
        )  # fmt: skip
    return _in_double(target, types)


def _numbers(arguments: Mapping[str, Any], given: Sequence[str]) -> dict[str, Any]:
    return {name: tensors.numbers_of(arguments[name]) for name in given}


@contextmanager
def _tried(target: TensorTarget) -> Iterator[None]:
    """Run the code for its result; its changes are undone."""
    before, kept = target.library.randomness(target.case.seed), target.library.kept(target.called)
    try:
        with unheard():
            yield
    finally:
        before.restore()
        kept.put_back()


def _returns_gradients(target: TensorTarget, types: Mapping[str, Any]) -> bool:
    """Return whether a function returns its loss and gradients for arguments of their own types."""
    with _tried(target):
        returned = target.returned(types)
    if not isinstance(returned, tuple | list) or len(returned) < 2:
        return False
    loss, raw = returned[0], tensors.as_pairs(returned[1] if len(returned) == 2 else returned[1:])
    if not tensors.is_single(loss):
        return False
    if isinstance(raw, Mapping):
        return True
    parts = raw if isinstance(raw, tuple | list) else [raw]
    shapes = [np.shape(target.arguments[name]) for name in target.judged]
    return len(parts) <= len(shapes) and all(
        one is None or tensors.shape_of(one) == shape
        for one, shape in zip(parts, shapes, strict=False)
    )


def _in_double(target: TensorTarget, narrow: Mapping[str, Any]) -> TensorTarget:
    """Return a target in double precision if its code runs in it, at least beneath its own types.

    `narrow` are these types.
    """
    wide = {
        name: value.astype(np.float64)
        if name in target.given and value.dtype.kind == "f"
        else value
        for name, value in target.arguments.items()
    }
    library = target.library
    assert isinstance(library, PyTorch)
    for own in ({"library": library.in_double()}, {"narrow": narrow}):
        found = replace(target, arguments=wide, **own)
        try:
            with _tried(found):
                found.run(found.library.world, copied(wide))
        except InputError:
            raise
        except Exception:
            continue
        return found
    return target  # unchanged: the user must see any failure
