"""Every operation of the language, one entry each: how it is written, computed and differentiated.

Derivatives are expressions of the language itself, in the operands' formal names, `out` (the
result) and `G` (the adjoint of the result).  The compiled code, the rule shown to the user and the
text of a proposed fix all come from the same entry.
"""

from __future__ import annotations

from gradtui.engine.operations.axes import ARRANGEMENTS, NORMS, PRODUCTS, REDUCTIONS
from gradtui.engine.operations.classes import CLASSES
from gradtui.engine.operations.elementwise import ELEMENTWISE
from gradtui.engine.registry import register
from gradtui.language.operators import NOT_CALLED

OPS = register([*ELEMENTWISE, *REDUCTIONS, *NORMS, *PRODUCTS, *ARRANGEMENTS, *CLASSES])
FUNCTIONS = tuple(
    name
    for name, entry in OPS.items()
    if name.isidentifier() and name not in NOT_CALLED and not entry.internal
)
"""Names that a program may call."""
