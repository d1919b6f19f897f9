import re

import numpy as np
import pytest

from engine_models import trainer
from gradtui.base.source import InputError
from gradtui.engine.size import check_size, step_bytes


def wide(optimizer="sgd", size=10_000):
    return trainer("L = sum(w**2)", {"w": np.ones(size)}, optimizer=optimizer).program


def test_a_step_takes_memory_by_what_it_shows_and_by_what_it_starts_from():
    assert 8 * 5 * 10_000 < step_bytes(wide()) < 8 * 20 * 10_000
    # What is kept for each parameter counts; the arithmetic of the update is left out of tapes.
    more = step_bytes(wide("adam")) - step_bytes(wide())
    assert more == pytest.approx(8 * 6 * 2 * 10_000, rel=1e-3)


def test_a_step_that_takes_more_than_is_allowed_is_refused_with_what_allows_it(
    monkeypatch,
):
    program = wide("adam", 200_000)
    monkeypatch.setenv("GRADTUI_MEMORY", "1")
    check_size(program)
    monkeypatch.setenv("GRADTUI_MEMORY", "0.01")
    message = r"about \d+ MB of memory, the limit is 10 MB; most of it is in arrays such as this"
    with pytest.raises(InputError, match=message) as caught:
        check_size(program)
    assert re.search(r"GRADTUI_MEMORY=1 allows 1 GB$", caught.value.message)
    assert caught.value.place is not None
