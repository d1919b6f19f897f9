"""Values at many states are those of the tapes."""

import numpy as np
import pytest

from engine_models import FIVE_PARCELS, FIVE_PARCELS_DATA, FIVE_PARCELS_START, trainer
from gradtui.engine.batches import Batches
from gradtui.engine.columns import Columns
from gradtui.engine.history import History


def parcels(lr, **options):
    return trainer(FIVE_PARCELS, FIVE_PARCELS_START, FIVE_PARCELS_DATA, lr, **options)


@pytest.mark.parametrize("options", [{}, {"batches": Batches(("X", "y"), 5, 2, True, 3)}])
def test_columns_are_the_values_of_the_tapes(options):
    model = parcels(0.05, optimizer="adam", **options)
    history, program = History(model), model.program
    nodes = [program.graph.loss, program.graph.parameters[0].id, program.gradients[0], program.lr]
    steps = [0, 3, 4, 20]
    rows = np.array([history.state(step) for step in steps])
    for node, column in zip(nodes, Columns(model).at(rows, steps, nodes), strict=True):
        expected = [history.tape(step).value(node) for step in steps]
        assert column == pytest.approx(np.array(expected), rel=1e-12)
