"""Nodes at many rows at once: the same as each row alone, however many fit together."""

import numpy as np
import pytest

from engine_models import graph
from gradtui.engine import vectorized
from gradtui.engine.compiler import Compiler, Mode
from gradtui.engine.vectorized import Vectorized

CODE = "h = tanh(X@A + b)\nz = X*X\nL = mean((h@v - y)**2)"
SHAPES = {"A": (3, 2), "b": (2,), "v": (2,)}


@pytest.mark.parametrize("together", [1, 150, 4_000_000])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_rows_are_evaluated_as_each_alone_in_parts_of_any_size(together, count, monkeypatch):
    monkeypatch.setattr(vectorized, "_TOGETHER", together)
    rng = np.random.default_rng(0)
    data = {"X": rng.normal(size=(5, 3)), "y": rng.normal(size=5)}
    built = graph(CODE, {name: np.zeros(shape) for name, shape in SHAPES.items()}, data)
    leaves, shared = ([node.id for node in kind] for kind in (built.parameters, built.data))
    wanted = [built.loss, built.names["h"], built.names["z"], built.names["b"]]
    rows = rng.normal(size=(count, 10))
    found = Vectorized(built.nodes, leaves, shared).at(wanted, rows, list(data.values()))
    alone = Compiler(built.nodes, {}, Mode.ARRAY, "float64").evaluate([*leaves, *shared], wanted)
    for id, values in zip(wanted, found, strict=True):
        assert values.shape == (count, *built.nodes[id].shape)
    for at, row in enumerate(rows):
        parts = np.split(row, [6, 8])
        own = [part.reshape(shape) for part, shape in zip(parts, SHAPES.values(), strict=True)]
        for values, expected in zip(found, alone(*own, *data.values()), strict=True):
            np.testing.assert_allclose(values[at], expected, rtol=1e-13)
