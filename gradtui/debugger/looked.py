"""What a frame has beside its step: the selection, and what is drawn over the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.debugger.boundary import Plane
from gradtui.debugger.curves import Picture
from gradtui.debugger.structure import DrawnEdge
from gradtui.debugger.surface import Surfaces

if TYPE_CHECKING:
    from gradtui.debugger.axes import Window
    from gradtui.engine.lens import Lens


class Looked(Struct, frozen=True):
    """The selection: a node, an element, a Jacobian, a surface."""

    node: int
    """The selected node."""
    pinned: bool = False
    """Whether it stays selected; otherwise it follows the cursor."""
    lens: Lens | None = None
    """The element under the lens, if any."""
    jacobian: DrawnEdge | None = None
    """(source, target) whose Jacobian is shown, if any."""
    window: Window | None = None
    """The parameters that the loss surface is drawn over, if it is shown."""
    plane: Plane | None = None
    """The plane of the model's two features, if it is a classifier with two."""
    data: bool = False
    """Whether the data in that plane are shown instead of the surface."""


class Drawn(Struct, frozen=True, eq=False):
    """Everything drawn over the steps."""

    losses: NDArray[np.float64]
    """The loss of every computed step, (known,)."""
    validation_losses: NDArray[np.float64] | None
    """The validation loss of every computed step, (known,); None where there is no validation."""
    picture: Picture
    """The curves."""
    trail: tuple[float, ...]
    """The selected value at the last steps up to this one, oldest first."""
    surfaces: Surfaces
    """The loss surfaces of the run."""
