"""Values that are not divided by their sum, such as weights that are no shares yet."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf, name_of
from gradtui.diagnosis.recorded.blame.glances import is_array

_COST = 2
"""How far-fetched it is; less so of what is collected row by row."""
_DEEPEST = 3
"""Most axes of an array whose sums along one of them are tried."""


def shares(s: Statement) -> Iterator[Candidate]:
    """Yield a value divided by its sum, if none of its elements is negative.

    What a line only keeps for another one, or returns beside others, is divided where it is
    computed.
    """
    if isinstance(s.node, ast.Assign) and not isinstance(s.node.targets[0], ast.Name):
        return
    handed = [one.args[0] for one in s.nodes if isinstance(one, ast.Call)
              and name_of(one.func) == "append" and len(one.args) == 1]  # fmt: skip
    whole = s.value()
    for value in (*([] if whole is None else [whole]), *handed):
        array: Any = s.object(s.text(value)) if is_leaf(value) else None
        if not is_array(array) or array.dtype.kind != "f" or array.size < 2 or np.min(array) < 0:
            continue
        along = [f"{s.dialect.axis}={axis}, {s.dialect.keepdims}=True"
                 for axis in range(array.ndim) if 1 < array.ndim <= _DEEPEST]  # fmt: skip
        for axes in ("", *along):
            total = f"{s.text(value)}.sum({axes})"
            told = f"{s.text(value)} is not divided by its sum"
            edit = s.replaced(value, f"{s.text(value)} / {total}", 2)
            cost = _COST - (value in handed)
            yield Candidate((edit,), "missing-factor", told, cost, f"1 / {total}", value)
