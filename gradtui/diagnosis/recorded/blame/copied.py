"""Lines and entries that repeat others with a slip, as copied ones do."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.trees import block_of


def copied(s: Statement) -> Iterator[Candidate]:
    """Yield a line with a number that its indices repeat, one more or less throughout.

    Such as `G[:, 2, 2]` for `G[:, 1, 1]`: it is likeliest where another line computes the same.
    """
    own = s.value() if isinstance(s.node, ast.Assign) else None
    found = defaultdict[int, list[ast.expr]](list)
    for node in ast.walk(own) if own is not None else ():
        if isinstance(node, ast.Constant) and type(node.value) is int and node in s.indexing:
            found[node.value].append(node)
    cost = 0 if own is not None and _is_repeated(s, own) else 1
    for value, nodes in found.items():
        for other in (value + 1, value - 1) if len(nodes) > 1 else ():
            if other >= 0:
                edits = tuple([s.replaced(node, str(other)) for node in nodes])
                told = f"{value} must be {other} throughout the indices"
                yield Candidate(edits, "wrong-variable", told, cost, str(other), own)


def strangers(s: Statement) -> Iterator[Candidate]:
    """Yield an entry of the array that the others of a row are entries of, such as `d[1]`."""
    for row in s.nodes:
        entries = row.elts if isinstance(row, ast.Tuple | ast.List) else ()
        picked = [one for one in entries if isinstance(one, ast.Subscript)]
        counts = Counter(s.text(one.value) for one in picked)
        for one in picked if len(counts) == 2 < len(picked) else ():
            (usual, count), _ = counts.most_common()
            if count > 1 and s.text(one.value) != usual:
                told = f"{s.text(one.value)} must be {usual}, as in the entries beside"
                edit = s.replaced(one.value, usual)
                yield Candidate((edit,), "wrong-variable", told, 0, usual, one.value)


def _is_repeated(s: Statement, own: ast.expr) -> bool:
    """Return whether another line of the block stores the same expression."""
    text = ast.dump(own)
    return any(
        isinstance(one, ast.Assign) and one is not s.node and ast.dump(one.value) == text
        for one in block_of(s.unit.node, s.node)
    )
