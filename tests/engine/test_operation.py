from gradtui.engine.operation import Operation
from gradtui.engine.shapes import reduced


def test_an_operation_is_written_as_a_call_unless_it_is_an_operator():
    assert Operation("tanh", ("a",)).expression == "tanh({a})"
    assert Operation("hypot", ("a", "b")).expression == "hypot({a}, {b})"
    assert Operation("*", ("a", "b")).expression == "{a} * {b}"
    assert Operation("**", ("a", "b")).infix


def test_its_own_code_takes_the_place_of_its_name():
    assert Operation("relu", ("a",), code="maximum({a}, 0)").expression == "maximum({a}, 0)"


def test_the_functions_of_all_its_codes_are_those_it_calls():
    one = Operation(
        "norm", ("a",), code="sqrt({s})", parts=(("s", "sum({a}*{a})"),), scalar="abs({a})",
        special={2.0: "square({a})"},
    )  # fmt: skip
    assert one.calls == {"sqrt", "sum", "abs", "square"}
    assert Operation("sigmoid", ("a",), ("out*(1 - tanh(a))",)).used_by_partials == {"tanh"}


def test_it_is_elementwise_unless_it_has_a_rule_of_its_own_for_shapes():
    assert Operation("tanh", ("a",)).elementwise and not Operation("tanh", ("a",)).reduction
    mean = Operation("mean", ("a",), shape=reduced)
    assert mean.reduction and not mean.elementwise


def test_numpy_has_it_if_it_is_there_by_its_name_and_means_the_same():
    assert Operation("tanh", ("a",)).in_numpy
    assert not Operation("softmax", ("a",)).in_numpy
    assert not Operation("var", ("a",), own=True).in_numpy
