"""What the names of functions tell: which compute gradients, and of which other ones."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.definitions import Function
from gradtui.diagnosis.recorded.blame.uses import functions_read

_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")
_FORWARD = frozenset({"forward", "forwards", "fwd", "fprop", "pass"})
_BACKWARD = frozenset({
    "backward", "backwards", "back", "bwd", "bprop", "backprop", "grad", "gradient", "vjp", "d",
    "der", "derivative", "deriv", "prime", "slope", "delta", "bp", "adj", "adjoint", "jacobian",
})  # fmt: skip
"""Words of a function's name that tell which half it belongs to."""
_FILES = 32
"""Most files of which is known what they do not call."""


def is_backward(name: str) -> bool:
    """Return whether a function computes gradients by its name."""
    return not _BACKWARD.isdisjoint(_words(name))


def is_gradient_of(name: str, other: str) -> bool:
    """Return whether a function computes the gradient of another one by its name."""
    if is_backward(other):
        return False
    added = name.replace(other, "", 1).strip("_").lower() if other in name else ""
    own = tuple(one for one in _words(name) if one not in _BACKWARD)
    rest = tuple(one for one in _words(other) if one not in _FORWARD)
    return added in _BACKWARD or (bool(own) and own == rest and is_backward(name))


@lru_cache(_FILES)
def uncalled(tree: ast.Module) -> Sequence[str]:
    """Return the functions of a file that compute gradients by their names and that nothing calls.

    They may have been forgotten.
    """
    read = functions_read(tree)
    defined = [one.name for one in tree.body if isinstance(one, Function)]
    return [name for name in defined if is_backward(name) and not read[name]]


def skips(tree: ast.Module, text: str) -> bool:
    """Return whether an edit calls a function again whose gradient nothing calls."""
    called, opened, _ = text.partition("(")
    return bool(opened) and any(is_gradient_of(name, called) for name in uncalled(tree))


def _words(name: str) -> Sequence[str]:
    return [one.lower() for one in _WORD.findall(name)]
