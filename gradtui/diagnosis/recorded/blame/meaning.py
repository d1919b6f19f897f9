"""The objects that names and attributes of a statement mean, found without running user code."""

from __future__ import annotations

import ast
import inspect
from types import ModuleType

import numpy as np

from gradtui.diagnosis.recorded.blame.candidates import Statement

_PLAIN = (np.ndarray, np.generic, np.dtype, ModuleType)
"""Types whose attributes only tell what they are."""


def meant(s: Statement, node: ast.expr) -> object | None:
    """Return what an expression of names, attributes and entries means; None if unknown."""
    match node:
        case ast.Name(name):
            return s.locals.get(name, s.unit.globals.get(name))
        case ast.Attribute(value, name):
            owner = meant(s, value)
            return None if owner is None else _attribute(owner, s.unit.mangled(name))
        case ast.Subscript(value, key):
            kept = meant(s, value)
            at = key.value if isinstance(key, ast.Constant) else meant(s, key)
            try:
                return kept[at] if type(kept) in (dict, list, tuple) else None  # type: ignore
            except (LookupError, TypeError):
                return None
        case _:
            return None


def _attribute(owner: object, name: str) -> object | None:
    """Return an attribute without a call of a property or of `__getattr__`."""
    if isinstance(owner, _PLAIN):
        return getattr(owner, name, None)
    try:
        found = inspect.getattr_static(owner, name)
    except AttributeError:
        return None
    return found.__func__ if isinstance(found, staticmethod | classmethod) else found
