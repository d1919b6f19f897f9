"""What the code elsewhere tells of how an edit scales a value."""

from types import SimpleNamespace

import pytest

from gradtui.diagnosis.recorded.blame.candidates import Candidate
from gradtui.diagnosis.recorded.blame.scaling import scales_alike
from gradtui.diagnosis.recorded.blame.units import Unit


def means(x, n):
    mean = x.sum() / n
    return mean, (x**2).sum() / n


@pytest.mark.parametrize(
    ("rule", "factor", "alike"),
    [
        ("missing-factor", "1/n", True),
        ("missing-factor", "n", False),
        ("extra-factor", "1/n", False),
    ],
)
def test_it_divides_by_what_its_function_divides_by_elsewhere(rule, factor, alike):
    unit = Unit(means.__code__, [means])
    suspect = SimpleNamespace(statement=SimpleNamespace(unit=unit, node=unit.node.body[0]))

    assert scales_alike(suspect, Candidate((), rule, "", 0, factor)) is alike
