"""A function's text is edited in all functions that run its code."""

import gc
from types import FunctionType

from gradtui.diagnosis.recorded.blame.units import functions_of


def write():
    """A function whose code is looked for with another's."""


def test_functions_that_garbage_collection_spares_are_found_beside_others():
    def one():
        return 1

    spared = gc.get_freeze_count() > 0
    gc.freeze()
    try:
        other = FunctionType(one.__code__, {})
        found, ours = functions_of([one.__code__, write.__code__])
        assert set(found) == {one, other} and ours == [write]
        assert gc.get_freeze_count() > 0
    finally:
        if not spared:
            gc.unfreeze()
