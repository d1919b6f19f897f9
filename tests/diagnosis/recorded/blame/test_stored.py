"""Where a recording holds what a statement computed in each round of a loop."""

import numpy as np

from gradtui.diagnosis.recorded.blame.stored import Stored
from gradtui.recording.tape import Tape

FIRST, OTHER = np.array(2.0), np.array(5.0)


def test_what_is_added_to_0_is_not_taken_for_another_round():
    tape = Tape()
    x, back = tape.leaf(FIRST, "x"), list[int]()
    for _ in range(3):  # a product, and the sum of it and 0, on one line; then another one
        back += [tape.call(one, np.add, (x, x), FIRST) for one in ("multiply", "add")]
        back += [tape.call("negative", np.negative, (x,), OTHER)]
    place = tape.nodes[back[0]].place
    assert place is not None and tape.nodes[back[1]].place == place

    found = Stored(tape, back).nodes(place.file, [place.line], [FIRST] * 3)

    assert found == [[back[1]], [back[4]], [back[7]]]
