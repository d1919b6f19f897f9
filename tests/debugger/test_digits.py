import pytest

from gradtui.debugger.digits import Digits, digits_of


@pytest.mark.parametrize(
    ("text", "count", "unit"),
    [
        ("4.004", 4, 0.001),
        ("−0.0410", 3, 1e-4),
        ("2360", 3, 10),
        ("10.", 2, 1),
        ("1.5e-3", 2, 1e-4),
        ("0", 1, 1),
    ],
)
def test_the_digits_of_a_number_are_counted(text, count, unit):
    found = digits_of(text)
    assert found.count == count and found.unit == pytest.approx(unit)


@pytest.mark.parametrize("text", ["2/3", "w1*x1", "1 + 1", ""])
def test_an_expression_has_no_digits(text):
    assert digits_of(text) == Digits()


@pytest.mark.parametrize(
    ("text", "wanted", "agrees"),
    [
        ("4.004", 4.0, False),
        ("4", 4.0, True),
        ("4.00", 3.9996, True),
        ("0.820", 0.8196491, True),
        ("0.819", 0.8196491, True),  # cut off
        ("0.821", 0.8196491, False),
        ("-0.819", -0.8196491, True),
        ("2.996", 3.0, False),
        ("2/3", 0.7, True),
    ],
)
def test_a_number_agrees_to_the_digits_typed(text, wanted, agrees):
    given = 2 / 3 if "/" in text else float(text)
    assert digits_of(text).agree(given, wanted) == agrees


@pytest.mark.parametrize(
    ("text", "wanted", "told"),
    [
        ("5", 4.999995, False),  # 5 is much else
        ("1.3", 1.306, False),
        ("1.31", 1.306, True),
        ("1.3", 1.3, True),
        ("2.996", 3.0, False),
    ],
)
def test_a_coarse_number_tells_no_other_that_it_only_rounds(text, wanted, told):
    assert digits_of(text).tell(float(text), wanted) == told
