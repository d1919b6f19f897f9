"""What calls of one function hand to it, and edits that make one of them unlike the others."""

import pytest

from gradtui.diagnosis.recorded.blame.given import hands_unlike
from gradtui.diagnosis.recorded.blame.units import Edit, Unit


def slope(z, by=None):
    return z


def push(z, by):
    return z


def back(layer, zs, activations, force, d):
    for t in range(3):
        d = d * slope(zs[t], d)
    first = d * slope(zs[-1], activations)
    force = push(force, d)
    d = -d * layer.push(zs)
    force = push(force, d)
    return first, force


@pytest.mark.parametrize(
    ("line", "old", "new", "unlike"),
    [
        ("slope(zs[-1]", "zs[-1]", "activations", True),
        ("slope(zs[-1]", "zs[-1]", "zs[0]", False),  # the same, of another round
        ("slope(zs[-1]", "slope", "push", False),  # another function
        ("slope(zs[-1]", "activations", "d", False),  # as the other one
        ("layer.push(zs)", "zs", "-zs", False),  # the others hand over something else
        ("slope(zs[-1]", "d * slope", "-d * slope", False),
    ],
)
def test_a_call_hands_over_what_no_other_does(line, old, new, unlike):
    unit = Unit(back.__code__, [back])
    (own,) = (one for one in unit.node.body if line in unit.text(one))
    start = unit.source.index(old.encode(), unit.start(own))

    assert hands_unlike(unit, own, [Edit(start, start + len(old), new)]) is unlike
