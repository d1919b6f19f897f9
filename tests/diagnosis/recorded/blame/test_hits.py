"""Which of the edits that repair something are better, and where an added line is told."""

from types import SimpleNamespace

import pytest

from gradtui.diagnosis.recorded.blame.candidates import Candidate
from gradtui.diagnosis.recorded.blame.hits import Hit, mend_more
from gradtui.diagnosis.recorded.blame.units import Edit, Unit


def larger(one, two):
    found = max(
        one,
        two,
    )
    found = found + 1

    return found


def test_approximations_are_better_than_exact_edits_that_repair_fewer_results():
    def hit(mended):
        return Hit(None, None, 0, frozenset(mended))

    assert mend_more([hit("ab")], [hit("a"), hit("b")])
    assert mend_more([hit("a")], [])
    assert not mend_more([hit("a")], [hit("b")])
    assert not mend_more([], [])


@pytest.mark.parametrize(
    ("at", "told", "fix"),
    [
        (0, 5, "found = 2 * found\n    found = found + 1"),
        (1, 6, "found = found + 1\n    found = 2 * found"),
    ],
    ids=["behind a parenthesis", "in the place of a blank line"],
)
def test_an_added_line_is_told_where_it_stands(at, told, fix):
    unit = Unit(larger.__code__, [larger])
    node = unit.node.body[at]
    edit = Edit(unit.end(node), unit.end(node), "\n    found = 2 * found")
    suspect = SimpleNamespace(statement=SimpleNamespace(unit=unit, node=node))

    blame = Hit(suspect, Candidate((edit,), "", "", 0), 0, frozenset()).blame()

    assert (blame.place.line - unit.first, blame.fix) == (told, fix)
