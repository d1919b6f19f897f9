"""Names of values in loops: with the round that made them."""

from gradtui.tracing.naming import round_text, told_apart
from gradtui.tracing.visits import Bound, Round

TIMED = Round(4, 0, 3, (("t", "3"), ("k", "1")))
COUNTED = Round(7, 1, 4, ())


def test_a_round_is_its_variables_or_its_number():
    assert (round_text(TIMED), round_text(COUNTED)) == ("t=3,k=1", "#4")


def test_a_name_has_its_rounds_unless_its_index_tells_them():
    h = Bound("h", False, 5, None)
    assert told_apart(h, [TIMED, COUNTED]) == "h(t=3,k=1, #4)"
    assert told_apart(h, []) == "h"
    assert told_apart(Bound("hs[3]", True, 5, None), [TIMED]) == "hs[3]"
