"""Python's logical lines: what continues, what a line defines, and its parts."""

import pytest

from gradtui.scenario.lines import (
    closing,
    defined,
    is_attribute,
    is_text,
    logical_lines,
    names_of,
    split,
    without_owner,
)


def refuse(word, message):
    raise ValueError(message)


def lines(text):
    return list(logical_lines(text, refuse))


def texts(tokens):
    return [token.text for token in tokens]


def test_a_line_goes_on_inside_brackets():
    first, second = lines("a = (b +\n     c)\nd = 1\n")
    assert texts(first.tokens) == ["a", "=", "(", "b", "+", "c", ")"]
    assert texts(second.tokens) == ["d", "=", "1"]


@pytest.mark.parametrize(
    ("text", "name"), [("def f(x):", "f"), ("async def g():", "g"), ("f = 1", None)]
)
def test_a_function_is_defined_by_its_first_line(text, name):
    found = defined(lines(text)[0])
    assert (found.text if found else None) == name


def test_an_attribute_becomes_a_plain_name():
    (line,) = lines("self.dW = self.x.T @ d")
    assert is_attribute(line, "self") and not is_attribute(line, "net")
    assert texts(without_owner(line, "self").tokens)[:3] == ["dW", "=", "x"]


def test_parts_are_split_outside_brackets_alone():
    (line,) = lines("(f(a, b), c)")
    assert [texts(part) for part in split(line.tokens[1:-1], ",")] == [
        ["f", "(", "a", ",", "b", ")"], ["c"],
    ]  # fmt: skip
    assert closing(line.tokens) == len(line.tokens) - 1
    assert closing(line.tokens[:3]) == -1


def test_returned_names_are_names_alone():
    assert texts(names_of(lines("(x, w, b)")[0].tokens)) == ["x", "w", "b"]
    assert texts(names_of(lines("x, w + 1")[0].tokens)) == []
    assert is_text(lines('"a" "b"')[0]) and not is_text(lines('x = "b"')[0])
