"""NumPy's `ufunc.at` in the user's modules, for as long as their code is run edited.

NumPy 2.4 reads past its own arrays where `at` is given values of more axes than what it indexes, as
edited code may do: the process would end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from gradtui.recording.holdings import replaced
from gradtui.recording.names import Replaced

_NAMES = ("add", "subtract", "multiply", "divide", "maximum", "minimum", "logical_or")


class _Checked:
    """A function of NumPy's whose `at` refuses what NumPy does not."""

    def __init__(self, ufunc: np.ufunc) -> None:
        self._ufunc = ufunc

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._ufunc(*args, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ufunc, name)

    def at(self, array: Any, indices: Any, *values: Any) -> None:
        """Do it where the values have no more axes than what they are for."""
        if values and np.ndim(values[0]) > np.ndim(array[indices]):
            raise ValueError("the values have more axes than what is indexed")
        self._ufunc.at(array, indices, *values)


@contextmanager
def checked(function: Callable[..., Any]) -> Iterator[None]:
    """Let NumPy's names that `function` can reach be those that check; put back afterwards."""
    own = {name: _Checked(getattr(np, name)) for name in _NAMES}
    instead: dict[int, Any] = {id(getattr(np, name)): one for name, one in own.items()}
    instead[id(np)] = Replaced(np, own)
    with replaced(function, lambda value: instead.get(id(value), value)):
        yield
