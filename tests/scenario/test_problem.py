import numpy as np
import pytest

from gradtui.scenario.problem import assigned_by, read_only


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("dw = 2*e", "dw"),
        ("w -= lr*g", "w"),
        ("a: float = 1", "a"),
        ("b **= 2", "b"),
        ("c @= d", "c"),
    ],
)
def test_a_statement_assigns_the_name_at_its_start(statement, name):
    assert assigned_by(statement) == name


def test_a_value_of_its_own_cannot_be_written():
    given = np.array([1.0, 2.0])
    kept = read_only(given)
    given[0] = 5.0
    assert kept.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 0.0
