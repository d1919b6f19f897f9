import pytest

from gradtui.base.source import InputError
from gradtui.scenario.code import (
    Sources,
    check_one_of,
    check_parameters,
    read_code,
    returned_loss,
    without_gradients,
)
from gradtui.scenario.positions import parse_toml

NET = """def step(w, x, y):
    e = w*x - y
    loss = e**2
    de = 2*e
    dw = de*x
    return loss, dw
"""


@pytest.fixture
def read(tmp_path):
    """Return the program of [model] with these keys beside a Python file."""

    def call(keys, python=NET):
        path = tmp_path / "a.toml"
        (tmp_path / "net.py").write_text(python)
        text = f"[model]\n{keys}\n"
        values, positions = parse_toml(text, str(path))
        sources = Sources(str(path), positions, {str(path): tuple(text.splitlines())})
        model = values["model"]
        return read_code("model", model.get("code"), model.get("source"), sources), sources

    return call


def names(code):
    return [line.name for line in code.program]


def test_code_is_read_from_the_scenario_or_from_a_function(read):
    code, _ = read('code = """\na = w*w\nL = a\n"""')
    assert (names(code), code.function, code.file) == (["a", "L"], None, "")
    code, sources = read('source = "net.py:step"')
    assert names(code) == ["e", "loss", "de", "dw"]
    assert code.name == "step" and sources.lines(code.file)[1] == "    e = w*x - y"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('code = ""', "the code of \\[model\\] is empty"),
        ('source = "net.py"', "expected a Python file and a function in it"),
        ('source = "net.txt:step"', "expected a Python file and a function in it"),
        ('source = "other.py:step"', "other.py"),
        ('source = "net.py:stpe"', "net.py has no function 'stpe'; did you mean 'step'?"),
    ],
)
def test_what_names_no_program_is_refused(read, keys, message):
    with pytest.raises(InputError, match=message):
        read(keys)


def test_a_function_without_lines_or_a_result_is_refused(read):
    with pytest.raises(InputError, match="f returns nothing"):
        read('source = "net.py:f"', "def f(w):\n    L = w*w\n")
    with pytest.raises(InputError, match="f has no line"):
        read('source = "net.py:f"', "def f(w):\n    return w\n")


def test_only_the_lines_that_the_loss_needs_are_kept(read):
    code, _ = read('source = "net.py:step"')
    loss, place = returned_loss(code)
    assert (loss, place.line) == ("loss", 6)
    assert names(without_gradients(code, loss)) == ["e", "loss"]


def test_of_several_results_that_may_be_the_loss_one_must_be_named(read):
    code, _ = read('source = "net.py:f"', "def f(w):\n    a = w*w\n    b = a\n    return a, b\n")
    with pytest.raises(InputError, match='which is the loss, loss = "b"'):
        returned_loss(code)


def test_an_argument_that_the_scenario_lacks_is_told_with_a_near_one(read):
    code, _ = read('source = "net.py:step"')
    check_parameters(code, {"w", "x", "y"})
    with pytest.raises(InputError, match="step takes 'y', which is not a name of the scenario"):
        check_parameters(code, {"w", "x"})


def test_one_of_two_keys_must_be_given_and_only_one():
    _, positions = parse_toml("[model]\ncode = 'a = 1'\nsource = 'n.py:f'\n", "a.toml")
    check_one_of("model", {"code": "a", "source": None}, positions)
    with pytest.raises(InputError, match="lacks 'code' or 'source'"):
        check_one_of("model", {"code": None, "source": None}, positions)
    with pytest.raises(InputError, match="has both 'code' and 'source': give one"):
        check_one_of("model", {"code": "a", "source": "b"}, positions)
