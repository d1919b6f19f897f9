"""The layout of a graph's boxes and wires, left to right. Knows no values and no screen.

`lay_out` computes the geometry once for a graph, from reserved sizes, so the picture stands still
while its numbers change: `plan` chooses the rows and `draw` the columns, each in parts, whose
number `count_parts` tells.  `light` chooses wires to draw heavy; `paint` returns a row of a window.

Between two layers a wire leaves its source, may turn in the source's *trunk*, runs along a *lane*,
a row of its own that holds its label, may turn in the target's trunk, and ends in an arrow.  Lanes
lie in the order of their targets, so lines cross at the sources' trunks only.  A wire over several
layers goes through *passages*, shared by all the long wires of its source.
"""

from gradtui.layout.drawing import Plan, draw, finish, lay_out, plan
from gradtui.layout.geometry import (
    Box,
    BoxRow,
    Label,
    Layout,
    Pair,
    Parts,
    Piece,
    Rect,
    Stroke,
    Wire,
)
from gradtui.layout.layers import count_parts
from gradtui.layout.painting import Light, light, paint
from gradtui.layout.window import (
    ENTRY,
    around,
    between_boxes,
    box_at,
    centred,
    cuts_box,
    into_view,
    is_free,
    is_last_before,
    top_for,
)

__all__ = [
    "ENTRY",
    "Box",
    "BoxRow",
    "Label",
    "Layout",
    "Light",
    "Pair",
    "Parts",
    "Piece",
    "Plan",
    "Rect",
    "Stroke",
    "Wire",
    "around",
    "between_boxes",
    "box_at",
    "centred",
    "count_parts",
    "cuts_box",
    "draw",
    "finish",
    "into_view",
    "is_free",
    "is_last_before",
    "lay_out",
    "light",
    "paint",
    "plan",
    "top_for",
]
