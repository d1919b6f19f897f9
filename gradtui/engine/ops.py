"""Every operation of the language, one entry each: how it is written, computed and differentiated.

Derivatives are expressions of the language itself, in the operands' formal names, `out` (the
result) and `G` (the adjoint of the result).  The compiled code, the rule shown to the user and the
text of a proposed fix all come from the same entry.
"""

from __future__ import annotations

import numpy as np

from gradtui.engine import kernels
from gradtui.engine.operations.axes import ARRANGEMENTS, NORMS, PRODUCTS, REDUCTIONS
from gradtui.engine.operations.classes import CLASSES
from gradtui.engine.operations.elementwise import ELEMENTWISE
from gradtui.engine.registry import register
from gradtui.language.operators import NOT_CALLED

OPS = register([*ELEMENTWISE, *REDUCTIONS, *NORMS, *PRODUCTS, *ARRANGEMENTS, *CLASSES])
KERNELS = {
    name: getattr(kernels, name, None) or getattr(np, name)
    for entry in OPS.values()
    for name in sorted(entry.calls - {"number"})
}
"""What the code of operations calls: a function of ours, or else NumPy's; one must be there."""
FUNCTIONS = tuple(
    name
    for name, entry in OPS.items()
    if name.isidentifier() and name not in NOT_CALLED and not entry.internal
)
"""Names that a program may call."""
