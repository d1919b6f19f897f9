"""The record of a run, read backwards from one of its nodes."""

import numpy as np

from gradtui.recording.tape import Tape


def test_sources_are_a_node_and_all_that_it_is_computed_from() -> None:
    tape = Tape()
    x, y, unused = (tape.leaf(np.array([value])) for value in (1.0, 2.0, 3.0))
    product = tape.call("multiply", np.multiply, (x, y), np.array([2.0]))
    tape.call("negative", np.negative, (unused,), np.array([-3.0]))
    root = tape.call("square", np.square, (product,), np.array([4.0]))
    assert tape.sources(root) == [x, y, product, root]
    assert tape.sources(x) == [x]


def test_a_long_row_of_views_has_a_value() -> None:
    tape = Tape()
    id = tape.leaf(np.arange(3.0))
    for _ in range(4_001):
        id = tape.moved([id], np.array([1, 2, 0]))
    assert tape.value(id).tolist() == [2.0, 0.0, 1.0]
