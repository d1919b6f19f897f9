from gradtui.language.operators import INFIX, PRECEDENCE, PRODUCT, SIGN, SUM, Text


def test_an_operand_that_binds_more_loosely_is_in_brackets():
    assert Text("a + b", SUM).beside(PRODUCT) == "(a + b)"
    assert Text("a*b", PRODUCT).beside(SUM) == "a*b"
    assert Text("a + b", SUM).beside(SUM) == "a + b"


def test_operators_bind_as_in_python():
    assert PRECEDENCE["<"] < PRECEDENCE["+"] == PRECEDENCE["-"] < PRECEDENCE["*"]
    assert PRECEDENCE["*"] == PRECEDENCE["@"] == PRECEDENCE["/"] < SIGN < PRECEDENCE["**"]
    assert "neg" not in INFIX and "**" not in INFIX
