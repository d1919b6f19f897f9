"""What is there for a gradient alone: functions that hand tensors on, and hooks on tensors.

An implicit layer finds its solution where autograd does not see it, and such a placeholder gives
the solution its gradient (Bai et al., 2019: Deep Equilibrium Models, section 3.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any

import numpy as np
from msgspec import Struct
from torch import Tensor

from gradtui.recording.recorder import Array
from gradtui.recording.torch.handing import Custom, backward_of, customs, replaced
from gradtui.recording.torch.recorder import TensorRecorder
from gradtui.recording.torch.run import has_own_setup
from gradtui.recording.torch.tensors import array_of, is_known

Hook = Callable[[Tensor], Any]


class Placeholder(Struct, eq=False):
    """A function that hands on what it is given, or a hook, in one run."""

    name: str
    nodes: list[int]
    """The nodes of what is handed on."""
    pairs: list[tuple[Array, Array]]
    """The adjoints of that, each with what is made of it."""
    saves: bool = False
    """Whether the forward half saves tensors for the backward half."""
    adds: bool = False
    """Whether something that is not handed on has a gradient, too."""


@contextmanager
def placeholders(recorder: TensorRecorder) -> Iterator[Sequence[Placeholder]]:
    """Collect the placeholders of a run that is recorded, in the order of their first calls."""
    found = list[Placeholder]()
    with ExitStack() as stack:
        for custom in customs():
            hearing = _Hearing(recorder, custom, found)
            name = backward_of(custom)
            for half, heard in (("forward", hearing.forward), (name, hearing.backward)):
                own = getattr(custom, half)
                stack.enter_context(replaced(custom, half, partial(heard, own)))
        stack.enter_context(_hooking(recorder, found))
        yield found


class _Hearing:
    """The two halves of a custom function, as a recorder hears them."""

    def __init__(self, recorder: TensorRecorder, custom: Custom, found: list[Placeholder]) -> None:
        self._recorder, self._custom, self._found = recorder, custom, found
        self._apart = has_own_setup(custom)
        self._own: Placeholder | None = None
        self._places: Sequence[int] | None = None
        """The places of the arguments that are handed on, one for each result."""

    def forward(self, forward: Callable[..., Any], *given: Any) -> Any:
        """Run the forward half, and note what it hands on."""
        args, output = given if self._apart else given[1:], forward(*given)
        outputs = output if isinstance(output, tuple) else (output,)
        places = [self._place(one, args) for one in outputs]
        known = [at for at in places if at is not None]
        if self._own is None and self._places is None:
            self._places = known
            if known and len(known) == len(places):
                self._own = Placeholder(self._custom.__qualname__, [], [])
                self._found.append(self._own)
        if self._own is not None:
            if known != self._places or len(known) != len(places):
                self._found.remove(self._own)
                self._own = None
            else:
                self._own.nodes += [self._recorder.node(args[at]) for at in known]
        return output

    def _place(self, output: Any, args: Sequence[Any]) -> int | None:
        """Return the place of the argument that is an output, or its copy; None if none is."""
        if (same := next((at for at, one in enumerate(args) if one is output), None)) is not None:
            return same  # which no recorder need have seen before
        node = self._recorder.known(output) if is_known(output) else None
        known = ((at, self._recorder.known(one)) for at, one in enumerate(args) if is_known(one))
        return next((at for at, own in known if own is not None and own == node), None)

    def backward(self, backward: Callable[..., Any], ctx: Any, *adjoints: Any) -> Any:
        """Run the backward half, and note what it makes of adjoints."""
        with self._recorder.unheard():
            given = [_copied(one) for one in adjoints]
        returned = backward(ctx, *adjoints)
        if self._own is not None and self._places is not None:
            with self._recorder.unheard():
                self._note(self._own, self._places, given, returned)
                with suppress(RuntimeError):  # what it has saved may have been written to
                    self._own.saves |= bool(ctx.saved_tensors)
        return returned

    def _note(
        self, own: Placeholder, places: Sequence[int], given: Sequence[Array | None], returned: Any
    ) -> None:
        """Note what is made of the adjoints of what is handed on, and of others."""
        parts = returned if isinstance(returned, tuple) else (returned,)
        for at, one in zip(places, given, strict=False):
            made = _copied(parts[at]) if at < len(parts) else None
            if one is not None:
                own.pairs.append((one, np.zeros_like(one) if made is None else made))
        others = [one for at, one in enumerate(parts) if at not in places]
        own.adds |= any(is_known(one) and bool((one != 0).any()) for one in others)


@contextmanager
def _hooking(recorder: TensorRecorder, found: list[Placeholder]) -> Iterator[None]:
    """Hear of hooks on tensors, and what they make of adjoints."""
    register = Tensor.register_hook

    def heard(tensor: Tensor, hook: Hook) -> Any:
        own = Placeholder(getattr(hook, "__name__", "a hook"), [recorder.node(tensor)], [])
        found.append(own)

        def hooked(adjoint: Tensor) -> Any:
            with recorder.unheard():
                given = _copied(adjoint)
            made = hook(adjoint)
            if made is not None:
                with recorder.unheard():
                    changed = _copied(made)
                if given is not None and changed is not None:
                    own.pairs.append((given, changed))
            return made

        return register(tensor, hooked)

    Tensor.register_hook = heard
    try:
        yield
    finally:
        Tensor.register_hook = register


def _copied(tensor: Any) -> Array | None:
    return np.array(array_of(tensor.detach())) if is_known(tensor) else None
