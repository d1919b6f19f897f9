"""Every operation of the language, one entry each: its syntax, its code, its derivatives.

Derivatives are expressions of the language itself, in the operands' formal names, `out` (the
result) and `G` (the adjoint of the result).  The compiled code, the rule shown to the user and the
text of a proposed fix all come from the same entry.

A new operation is one entry in `operations`; what its code calls and NumPy lacks is a function of
`kernels`.  The manual has its row, in language.md, a row of tests/engine/references.py says it in
NumPy alone, and where `language.foreign` said how to do without it, that goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gradtui.engine import kernels
from gradtui.engine.graph import Kind, Node
from gradtui.engine.operation import Operation
from gradtui.engine.operations.axes import ARRANGEMENTS, NORMS, PRODUCTS, REDUCTIONS
from gradtui.engine.operations.classes import CLASSES
from gradtui.engine.operations.elementwise import ELEMENTWISE
from gradtui.engine.operations.indexing import INDEXING
from gradtui.engine.registry import register
from gradtui.language.operators import NOT_CALLED


def register_operations(entries: Sequence[Operation]) -> Mapping[str, Operation]:
    """Return the operations by name; raises ValueError if a derivative calls none of them."""
    table = register(entries)
    for entry in entries:
        if unknown := entry.used_by_partials - table.keys():
            called = ", ".join(sorted(unknown))
            raise ValueError(f"the derivative of {entry.name} calls {called}, no operation")
    return table


OPS = register_operations(
    [*ELEMENTWISE, *REDUCTIONS, *NORMS, *PRODUCTS, *ARRANGEMENTS, *CLASSES, *INDEXING]
)
KERNELS = {
    name: getattr(kernels, name, None) or getattr(np, name)
    for entry in OPS.values()
    for name in sorted(entry.calls - {"number"})
}
"""The functions that operations call: ours, or else NumPy's; one must exist."""
FUNCTIONS = tuple(
    name
    for name, entry in OPS.items()
    if name.isidentifier() and name not in NOT_CALLED and not entry.internal
)
"""Names that a program may call."""
_EXACT = frozenset({"+", "-", "*", "/", "neg", "identity", "sqrt", "abs", "where", "**"})


def is_exact(nodes: Sequence[Node], node: Node) -> bool:
    """Return whether an operation gives the same bits on bare numbers and on arrays of any length.

    IEEE 754 guarantees that for arithmetic and roots, and nothing does for other functions.
    """
    if node.op == "**":
        exponent = nodes[node.inputs[1]]
        return exponent.kind is Kind.CONSTANT and exponent.value in OPS["**"].special
    return node.op in _EXACT or (node.kind is Kind.OPERATION and OPS[node.op].compares
                                 and OPS[node.op].elementwise)  # fmt: skip
