"""A function's text is edited in all functions that run its code."""

import gc
from types import FunctionType

from gradtui.diagnosis.recorded.blame.units import Unit


def test_functions_that_garbage_collection_spares_are_found_beside_others():
    def one():
        return 1

    spared = gc.get_freeze_count() > 0
    gc.freeze()
    try:
        other = FunctionType(one.__code__, {})
        assert set(Unit(one.__code__).functions) == {one, other}
        assert gc.get_freeze_count() > 0
    finally:
        if not spared:
            gc.unfreeze()
