"""The statements of a file as Python parses it: their lines, targets and loops."""

import pytest

from gradtui.tracing.syntax import Syntax

TEXT = """def forward(xs, W):
    h = 0
    for t in range(3):
        h, hs[t] = (
            step(h), h)
    return h
"""


def sentence(line):
    return Syntax(TEXT.splitlines(keepends=True)).at(line)


def test_a_statement_over_two_lines_is_one_with_its_targets():
    found = sentence(4)
    assert (found.first, found.last) == (4, 5)
    assert [one.text for one in found.targets] == ["h", "hs[t]"]
    assert sentence(5) is not None and sentence(5).first == 4


def test_a_target_is_written_with_the_number_of_its_round():
    target = sentence(4).targets[1]
    assert target.variables == ("t",)
    assert target.filled({"t": 2, "k": 5}) == "hs[2]"


def test_a_statement_knows_the_loops_around_it():
    assert [loop.variables for loop in sentence(4).loops] == [("t",)]
    assert sentence(3).loop.line == 3 and sentence(2).loops == ()


@pytest.mark.parametrize(
    ("statement", "grown"),
    [
        ("hs.append(step(h))", ["hs"]),
        ("self.hs[t].append(h)", ["self.hs[t]"]),
        ("hs += [h]", ["hs"]),
        ("hs = [np.zeros(3)]", ["hs"]),
        ("hs = [h, h]", []),
        ("hs = [h]", []),
        ("hs.extend([h])", []),
        ("make().append(h)", []),
        ("hs.append()", []),
    ],
)
def test_a_statement_knows_the_list_that_it_appends_to(statement, grown):
    targets = Syntax([statement]).at(1).targets
    assert [one.text for one in targets if one.appends] == grown
