"""Keys as they are written in the settings and shown."""

from __future__ import annotations

import pytest

from gradtui.scenario.bindings import BINDINGS
from gradtui.tui.keys import DEFAULTS, read_key, rivals, written


@pytest.mark.parametrize("id", DEFAULTS)
def test_every_key_is_written_and_read_the_same_way(id):
    for key in DEFAULTS[id]:
        assert written(read_key(written(key))) == written(key) == written(read_key(key))


@pytest.mark.parametrize("id", DEFAULTS)
def test_no_two_bindings_that_have_the_keys_together_share_one(id):
    keys = set(map(written, DEFAULTS[id]))
    assert not any(keys & set(map(written, DEFAULTS[other])) for other in rivals(id))


def test_a_lesson_may_speak_of_every_key_and_of_no_other():
    assert set(DEFAULTS) == BINDINGS
