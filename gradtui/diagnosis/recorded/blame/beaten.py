"""Which statements are surely not at fault if an edit of another line repairs everything."""

from __future__ import annotations

import ast
from collections.abc import Collection, Set

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.told import Line, Told

_SWAPPED = 2
"""Most results that an edit of a statement which only lists them repairs."""


def is_beaten(
    s: Statement, told: Told, wrong: Set[str], computed: Set[str], calling: Collection[Line]
) -> bool:
    """Return whether no edit of a statement is as good as one elsewhere that repairs all.

    What takes part in some of the wrong results alone cannot repair the others, and a right value
    that right results are made from must stay as it is.  Of the results, some lines are known to
    make those that are `computed`; `calling` are the lines that call functions, of which less is
    told.
    """
    if isinstance(s.node, ast.Return):
        listed = len(s.values) >= len(computed) and all(map(is_leaf, s.values))
        return listed and len(wrong & computed) > _SWAPPED
    lines = {(s.unit.file, one.lineno) for one in s.nodes if isinstance(one, ast.expr)}
    fed = {name for line in lines for name in told.feeds.get(line, ())}
    if not isinstance(s.node, ast.Assign | ast.AugAssign) or not fed:
        return False
    if lines & told.forward or not lines.isdisjoint(calling):
        return False
    right = lines & told.feeds.keys() <= told.known
    return not wrong & computed <= fed or (right and not fed <= wrong)
