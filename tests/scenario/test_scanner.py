import tomllib

import pytest

from gradtui.base.source import InputError
from gradtui.scenario.scanner import Lines, NotTomlError, Scanner


def scanned(text):
    starts = [0, *(at + 1 for at, char in enumerate(text) if char == "\n")]
    scanner = Scanner(Lines(text, starts))
    scanner.scan()
    return scanner


def shown(entry, text):
    """Return the tree of keys, each with the text of its value."""
    if isinstance(entry.children, dict) and entry.children:
        return {name: shown(child, text) for name, child in entry.children.items()}
    if isinstance(entry.children, list) and entry.children:
        return [shown(child, text) for child in entry.children]
    return text[slice(*entry.value)]


def test_every_value_is_found_where_it_stands():
    text = "a.b = 1 # c\n[t]\nx = [\"u\", [2, 3]]\ny = { z = true }\n[[r]]\nk = 'v'\n[[r]]\n"
    found = shown(scanned(text).root, text)
    assert found["a"] == {"b": "1"}
    assert found["t"] == {"x": ['"u"', ["2", "3"]], "y": {"z": "true"}}
    assert found["r"][0] == {"k": "'v'"} and len(found["r"]) == 2


@pytest.mark.parametrize(
    "text",
    [
        'a = """x "" y""""\nb = 1',
        "a = '''it's'''\nb = 1",
        'a = "\\" # \\\\"\nb = 1',
        "\"a b\".'c' = 1979-05-27 07:32:00\nb = 1",
        "a = [ # one\n 1,\n 2, ]\r\nb = 1",
        "a = {}\nb = 1",
    ],
)
def test_what_toml_allows_is_passed_over_to_the_next_key(text):
    tomllib.loads(text)
    scanner = scanned(text)
    assert text[slice(*scanner.root.children["b"].value)] == "1"


@pytest.mark.parametrize("text", ["a", "a = ", "[a", "a = [1", "= 1", 'a = "b', "[[a]\n", "a = @"])
def test_what_is_no_toml_ends_the_scan(text):
    with pytest.raises(NotTomlError):
        scanned(text)


def test_numbers_that_are_not_finite_are_noted_with_their_path():
    scanner = scanned("x = [1.0, inf]\n[t]\ny = -nan")
    assert [path for path, _ in scanner.nonfinite] == [("x", 1), ("t", "y")]


def test_a_place_ends_with_its_line():
    lines = scanned("a = 1\nbc = '''x\ny'''\n").lines
    start = lines.text.index("'''")
    place = lines.place((start, len(lines.text) - 1))
    assert (place.line, place.column, place.width) == (2, 6, 4)


def test_nesting_is_limited():
    with pytest.raises(InputError, match="nested"):
        scanned("a = " + "[" * 60 + "]" * 60)
