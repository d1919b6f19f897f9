"""Expression trees are taken apart and put together."""

import pytest

from gradtui.language.parser import parse_expression
from gradtui.language.trees import operands_of, same


@pytest.mark.parametrize(
    ("text", "functions", "found"),
    [
        ("a + b - (c + d)", "+-", ["a", "b", "c", "d"]),
        ("a*(b + c)*d", "*", ["a", "b + c", "d"]),
        ("-a/(b*c)", ("*", "/", "neg"), ["a", "b", "c"]),
        ("sqrt(a*b)", "*", ["sqrt(a*b)"]),
    ],
)
def test_a_chain_of_operations_is_made_of_its_operands(text, functions, found):
    parts = operands_of(parse_expression(text), *functions)
    assert len(parts) == len(found)
    assert all(same(part, parse_expression(one)) for part, one in zip(parts, found, strict=True))
