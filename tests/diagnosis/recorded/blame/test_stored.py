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

    found = Stored(tape, back).nodes(place.file, [place.line], [[FIRST]] * 3)

    assert found == [[back[1]], [back[4]], [back[7]]]


def test_the_values_of_a_tuple_are_those_of_the_call_that_a_helper_makes_them_for():
    tape = Tape()
    x = tape.leaf(FIRST, "x")
    back, calls = list[int](), [("net.py", 7), ("net.py", 9)]
    for _ in calls:  # the helper returns two values, the second one of which is made first
        back += [tape.call("negative", np.negative, (x,), one) for one in (OTHER, FIRST)]
    counted = [None, calls[0], calls[0], calls[1], calls[1]]

    stored = Stored(tape, back, counted)
    found = stored.nodes("net.py", [9], [[FIRST, OTHER]])

    assert found == [[back[3]], [back[2]]]
    assert not stored.is_doubtful(found)


def test_a_value_may_be_written_in_any_number_of_parts():
    tape = Tape()
    x = tape.leaf(FIRST, "x")
    made = tape.call("negative", np.negative, (x,), OTHER)
    back = [made]
    for _ in range(3000):
        back.append(tape.moved((back[-1], x), np.zeros((), np.intp)))
    stored = Stored(tape, [])
    assert stored._is_moved_from(back[-1], {made})
    assert not stored._is_moved_from(back[-1], {len(tape)})
