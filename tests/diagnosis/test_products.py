"""Products with their factors changed, and the slopes that are taken for one another."""

import pytest

from gradtui.diagnosis.products import of_complements, of_products, product
from gradtui.engine.printer import spell
from gradtui.language.parser import parse_expression


def texts(edits):
    return [spell(edit.tree) for edit in edits]


def test_a_product_is_read_from_left_to_right():
    factors = [parse_expression(text) for text in ("a", "b + 1", "c")]
    assert spell(product(factors)) == "a*(b + 1)*c"


def test_any_two_factors_may_be_too_many():
    assert texts(of_products((), parse_expression("a*b*c"))) == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("text", "others"),
    [("1 - s**2", ["s**2", "s*(1 - s)", "s"]), ("1 - s", ["s"]), ("2 - s", []), ("s - 1", [])],
)
def test_one_less_a_value_may_be_the_value_or_another_slope(text, others):
    assert texts(of_complements((), parse_expression(text))) == others
