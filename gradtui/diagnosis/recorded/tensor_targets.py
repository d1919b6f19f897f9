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
from gradtui.recording.arguments import Path, entry, is_float, parts_of, replaced
from gradtui.recording.run import Case, case_of, copied, unheard
from gradtui.recording.torch import run as tensors
from gradtui.recording.torch.casts import Halving
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
    own = _signature(custom, module, len(args))
    # A custom function returns one gradient for each argument.
    signature, arguments = bound_arguments(function, args, arrays, own, defaults=custom is None)
    weights = {} if module is None else dict(module.named_parameters())
    arguments |= weights
    held = parts_of(arguments, tensors.is_given)
    if custom is not None:  # autograd does not look into its containers
        held = {one: part for one, part in held.items() if one in arguments}
    values = {one: part.value for one, part in held.items()}
    given = {one: part.path for one, part in held.items()}
    wanting = tuple(one for one in given if tensors.wants_gradient(values[one]))
    paired = frozenset(one for one in given if tensors.holds_pairs(values[one]))
    floats = tuple(one for one in given if one in paired or tensors.holds_floats(values[one]))
    case = case_of(function)
    asked = _asked(case.wrt, {one: given[one] for one in floats}, name)
    judged = asked or wanting or floats
    if not judged:
        told = f"there is nothing to judge: no argument of {name} is a tensor of floats"
        raise InputError(told, file=name)
    wrt = asked or tuple(one for one in wanting if one not in weights)
    numbers = {given[one]: tensors.numbers_of(value) for one, value in values.items()}
    target = TensorTarget(
        function, backward, replaced(arguments, numbers), Case(wrt, case.seed),
        signature, PyTorch(), given=given, judged=judged, parameters=tuple(weights),
        paired=paired,
    )  # fmt: skip
    types = {one: values[one].dtype for one in floats if one not in paired}
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


def _signature(custom: Any, module: Any, count: int) -> inspect.Signature | None:
    """Return how a custom function, or a module, takes its arguments; None for other code."""
    if custom is not None:
        return inspect.Signature(tensors.parameters_of(custom, count))
    return None if module is None else inspect.signature(module.forward)


def _asked(wrt: Sequence[str], floats: Mapping[str, Path], name: str) -> tuple[str, ...]:
    """Return the tensors that a decorator names, or all in a container; raises InputError."""
    for one in wrt:
        if not any(one in (own, path[0]) for own, path in floats.items()):
            told = f"wrt: '{one}' is no argument of {name} that is a tensor of floats"
            raise InputError(told, file=name)
    return tuple(own for own, path in floats.items() if own in wrt or path[0] in wrt)


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
    try:
        with _tried(target):
            returned = target.returned(types)
    except RuntimeError:
        every = (*types, *target.judged)
        if {*every} <= {*target.case.wrt}:
            raise
        # Code with hooks on its tensors runs only where these require gradients.
        wanted = replace(target, case=replace(target.case, wrt=every))
        if _returns_gradients(wanted, types):
            raise
        return False
    if not isinstance(returned, tuple | list) or len(returned) < 2:
        return False
    loss, raw = returned[0], tensors.as_pairs(returned[1] if len(returned) == 2 else returned[1:])
    if not tensors.is_single(loss):
        return False
    if isinstance(raw, Mapping):
        return True
    parts = raw if isinstance(raw, tuple | list) else [raw]
    shapes = [np.shape(target.parts[name].value) for name in target.judged]
    return len(parts) <= len(shapes) and all(
        one is None or tensors.shape_of(one) == shape
        for one, shape in zip(parts, shapes, strict=False)
    )


def _in_double(target: TensorTarget, narrow: Mapping[str, Any]) -> TensorTarget:
    """Return a target in double precision if its code runs in it, at least beneath its own types.

    `narrow` are these types.  Code that itself casts to half precision is judged beneath, too.
    """
    numbers = {path: entry(target.arguments, path) for path in target.given.values()}
    floats = {path: one.astype(np.float64) for path, one in numbers.items() if is_float(one)}
    wide = replaced(target.arguments, floats)
    library = target.library
    assert isinstance(library, PyTorch)
    halved = None
    beneath = {"library": library.beneath(), "narrow": narrow}
    for own in ({"library": library.in_double()}, beneath):
        found = replace(target, arguments=wide, **own)
        try:
            with _tried(found), Halving() as halving:
                found.run(found.library.world, copied(wide))
        except InputError:
            if halved is None:
                raise
            continue
        except Exception:
            continue
        if found.narrow or not halving.seen:
            return found
        halved = found  # its rounding hides what is wrong, unless it runs beneath as well
    return halved or target  # unchanged: the user must see any failure
