"""General indexing and its transpose: elements of an array moved, or summed, at given positions.

The positions are whole numbers in row order, an operand of their own.
"""

from __future__ import annotations

import math

from gradtui.engine import indices
from gradtui.engine.operation import Operation
from gradtui.engine.shapes import indexed, stated

INDEXING = (
    Operation(
        "gather",
        ("a", "index"),
        code="gather({a}, {index}, {rank_a}, {rank_b})",
        shape=indexed,
        vjps=lambda shapes: (f"spread(G, index, shape={shapes[0]}, shown=shown)", "0"),
        elements=indices.picked,
        options=(("shown", ""),),
        rounds=False,
        index="index",
        below=lambda shapes, out: math.prod(shapes[0]),
        internal=True,
        summary="elements by their positions, in another arrangement",
    ),
    Operation(
        "spread",
        ("a", "index"),
        code="spread({a}, {index}, {rank_b}, {shape})",
        shape=stated,
        vjps=lambda shapes: ("gather(G, index, shown=shown)", "0"),
        elements=indices.spread,
        options=(("shape", None), ("shown", "")),
        index="index",
        below=lambda shapes, out: math.prod(out),
        internal=True,
        summary="zeros to which elements are added at their positions",
    ),
)
