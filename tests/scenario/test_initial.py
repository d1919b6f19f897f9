"""[parameters] given by a shape: the numbers of the file's seed, scale and name."""

import numpy as np
import pytest

import gradtui
from gradtui.base.source import InputError
from gradtui.engine.initialisers import INITIALISERS

MODEL = "L = sum(W**2) + sum(V**2)"


def parameters_of(write, text):
    return gradtui.load(write(MODEL, parameters=text)).frame.parameters


def test_a_shape_is_filled_from_the_seed_and_the_name(write):
    found = parameters_of(
        write,
        'W = { shape = [2, 3], init = "he", seed = 4 }\n'
        'V = { shape = [2, 3], init = "he", seed = 4, scale = 0.5 }',
    )
    he = INITIALISERS["he"]
    np.testing.assert_array_equal(found["W"], he.values("W", (2, 3), 4))
    np.testing.assert_array_equal(found["V"], 0.5 * he.values("V", (2, 3), 4))
    assert not np.any(found["W"] == 2 * found["V"])


def test_the_seed_is_0_where_none_is_given_and_a_table_may_stand_alone(write):
    found = parameters_of(
        write, 'W = { shape = [], init = "normal" }\n[parameters.V]\nshape = [2]\ninit = "ones"'
    )
    assert found["W"] == INITIALISERS["normal"].values("W", (), 0)
    assert found["V"].tolist() == [1.0, 1.0]


def test_all_parameters_together_are_limited_by_the_memory_that_they_may_take(write, monkeypatch):
    text = 'W = [1.0, 2.0]\nV = { shape = [20999999], init = "zeros" }'
    monkeypatch.setenv("GRADTUI_MEMORY", "1")
    with pytest.raises(InputError, match=r"20,999,999 numbers: 1\.0 GB .* room for 10,000,000 in"):
        parameters_of(write, text)
    monkeypatch.setenv("GRADTUI_MEMORY", "2")
    with pytest.raises(InputError, match="room for 20,000,000 in"):
        parameters_of(write, text)
    monkeypatch.setenv("GRADTUI_MEMORY", "much")
    with pytest.raises(InputError, match="GRADTUI_MEMORY is not a number of gigabytes"):
        parameters_of(write, text)
