"""Which of the edits that repair something are better, and where an added line is told."""

import ast
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


def less(one, two):
    found = one[two - 1 : two - 1 + 2]
    return -1 if two else found - 1 * two


@pytest.mark.parametrize(
    ("which", "fix"),
    [
        (slice(2), "found = one[two : two + 2]"),
        (slice(3, 4), "return -0 if two else found - 1 * two"),
        (slice(4, 5), "return -1 if two else found - 0 * two"),
    ],
    ids=["in an index", "a sign", "a factor"],
)
def test_a_fix_adds_no_zero(which, fix):
    unit = Unit(less.__code__, [less])
    numbers = sorted(unit.of(ast.Constant), key=unit.start)
    edits = tuple(Edit(unit.start(one), unit.end(one), "0") for one in numbers[which])
    suspect = SimpleNamespace(statement=SimpleNamespace(unit=unit, node=unit.node.body[0]))

    assert Hit(suspect, Candidate(edits, "", "", 0), 0, frozenset()).blame().fix == fix
