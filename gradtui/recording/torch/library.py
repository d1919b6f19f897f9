"""PyTorch as the library of the user's code: its state, and its worlds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradtui.recording.checked import Checking
from gradtui.recording.holdings import replaced
from gradtui.recording.kept import Kept
from gradtui.recording.library import Dialect, World
from gradtui.recording.recorder import Array
from gradtui.recording.run import Randomness
from gradtui.recording.torch.calls import is_floating
from gradtui.recording.torch.casts import Uncast
from gradtui.recording.torch.checked import lu_unpack
from gradtui.recording.torch.contractions import contracting
from gradtui.recording.torch.kept import TensorsKept
from gradtui.recording.torch.listening import Listening, in_parts
from gradtui.recording.torch.recorder import TensorRecorder
from gradtui.recording.torch.second import lasting
from gradtui.recording.torch.sparse import is_sparse
from gradtui.recording.torch.tensors import array_of, is_held, is_known, tensor_of
from gradtui.recording.torch.widened import Widened

_CONTEXT = frozenset({
    "save_for_backward", "saved_tensors", "needs_input_grad", "mark_dirty", "apply",
    "mark_non_differentiable", "set_materialize_grads", "once_differentiable",
})  # fmt: skip
"""The attributes of a custom function's context."""
_DENSE = 1 << 20
"""Most elements of a sparse tensor that is shown as an array."""
_DIALECT = Dialect(
    torch, "dim", "keepdim", ".transpose(-1, -2)", "transpose", "{1}.flip({2})", ".numel()",
    frozenset(dir(Tensor)) | frozenset(dir(np.ndarray)) | _CONTEXT,
)  # fmt: skip


def _in_python(value: Any) -> Any:
    """Return the function that TorchScript has compiled, which keeps it for PyTorch's own use.

    What TorchScript alone can run, as the first call tells, is left to that.
    """
    function = getattr(value, "_torchdynamo_inline", None)
    if function is None or not isinstance(value, torch.jit.ScriptFunction):
        return value
    chosen = list[Callable[..., Any]]()

    @wraps(function)
    def run(*args: Any, **options: Any) -> Any:
        if chosen:
            return chosen[0](*args, **options)
        try:
            made = function(*args, **options)
        except Exception:  # the user's own code may raise any
            made = value(*args, **options)
            chosen.append(value)
        else:
            chosen.append(function)
        return made

    return run


def _is_leaf(tensor: Tensor) -> bool:
    """Return whether no operation made a tensor; PyTorch refuses to tell it of some views."""
    try:
        return tensor.is_leaf
    except RuntimeError:
        return False


class _AsIs:
    """The world of unrecorded tensors."""

    def taking(self, array: Array) -> Any:
        """Return an array as a tensor."""
        return tensor_of(array).clone()  # on memory that may be resized

    def giving(self, value: Any) -> Any:
        """Return a tensor as an array."""
        return array_of(value).copy() if is_known(value) else value


class _Randomness(Randomness):
    """The state of PyTorch's global generator, too."""

    def __init__(self, seed: int | None) -> None:
        super().__init__(seed)
        if seed is not None:
            torch.manual_seed(seed)
        self._torch = torch.get_rng_state()

    def restore(self) -> None:
        """Restore the state."""
        super().restore()
        torch.set_rng_state(self._torch)


class PyTorch:
    """PyTorch, with a listener to its operators."""

    def __init__(
        self, *, by_autograd: bool = True, double: bool = False, widened: bool = False
    ) -> None:
        """`by_autograd` tells whether PyTorch differentiates the code, by the user's functions.

        `double` tells whether all values of the program are in double precision, and `widened`
        whether they are beneath.
        """
        self._by_autograd, self._double, self._is_widened = by_autograd, double, widened
        self._widened: Widened | None = None
        self.world = _AsIs()
        self.dialect = _DIALECT

    @contextmanager
    def widening(self, world: World) -> Iterator[Widened]:
        """Compute beneath the code's own tensors in double precision, in a world of those."""
        self._widened = Widened(world)
        try:
            with self._widened:
                yield self._widened
        finally:
            self._widened = None

    def in_double(self) -> PyTorch:
        """Return the library for code in double precision."""
        return PyTorch(by_autograd=self._by_autograd, double=True)

    def beneath(self) -> PyTorch:
        """Return the library for code with double precision beneath its own types."""
        return PyTorch(by_autograd=self._by_autograd, widened=True)

    def finely(self) -> AbstractContextManager[Any]:
        """Let no cast round the values of a run that come from beneath its own."""
        return Uncast() if self._is_widened else nullcontext()

    @contextmanager
    def careful(self) -> Iterator[None]:
        """Have PyTorch check the indices of sparse tensors, which it otherwise writes to unseen."""
        with torch.sparse.check_sparse_tensor_invariants():
            yield

    def checked(self) -> Sequence[Checking]:
        """Return the function of PyTorch's that writes past its tensors."""
        return [(torch, "lu_unpack", lu_unpack)]

    def in_python(self, function: Callable[..., Any]) -> AbstractContextManager[None]:
        """Have Python run the functions that TorchScript has compiled."""
        return replaced(function, _in_python)

    def seen(self, value: Any) -> Any:
        """Return a tensor as an array, a sparse one, too; other values as they are."""
        if is_sparse(value) and value.numel() <= _DENSE:
            value = value.detach().to_dense()
        return array_of(value) if is_held(value) else value

    def copied(self, value: Any) -> Any:
        """Return a copy of a tensor with its gradient, or of what is beneath it.

        Other values are returned as they are.
        """
        own = self._beneath(value)
        if not isinstance(own, Tensor):
            return value
        with nullcontext() if self._widened is None else self._widened.unheard():
            made = own.detach().clone()
            if _is_leaf(own) and value.grad is not None:
                made.grad = self._beneath(value.grad).detach().clone()
        return made

    def _beneath(self, value: Any) -> Any:
        widened = self._widened is not None and is_floating(value)
        return self._widened.beneath(value) if self._widened and widened else value

    def parts(self, value: Any) -> Mapping[str, Any]:
        """Return the arrays that a tensor holds beside its own numbers, by attribute."""
        held = isinstance(value, Tensor) and _is_leaf(value) and value.grad is not None
        return {"grad": value.grad} if held else {}

    def recorder(self) -> TensorRecorder:
        """Return a recorder for one run."""
        return TensorRecorder(by_autograd=self._by_autograd)

    @contextmanager
    def listening(
        self, recorder: TensorRecorder, function: Callable[..., Any], *, kinds: bool
    ) -> Iterator[None]:
        """Tell a recorder of every operator."""
        second = lasting(recorder) if self._by_autograd else nullcontext()
        with in_parts(), contracting(recorder), second, Listening(recorder):
            yield

    def randomness(self, seed: int | None) -> Randomness:
        """Return the state of the global generators, PyTorch's among them."""
        return _Randomness(seed)

    def kept(self, function: Callable[..., Any]) -> Kept:
        """Return the present state of everything that a function can reach."""
        return TensorsKept(function, double=self._double)
