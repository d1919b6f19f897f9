import tomllib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bounded import no_hang
from gradtui.base.source import InputError, Place
from gradtui.scenario.positions import locate, parse_toml
from gradtui.scenario.reading import decode_text

SCENARIO = '''\
title = "Two weights"   # a comment with "quotes" and [brackets]

[data]
x1 = 2.0
X = [[1.0, 2.0],
     [3.0, 40.5]] # rows
"quoted key" = { a.b = 1, 'c' = [7, {d = "é"}] }

[model]
code = """
yhat = w1*x1
L = yhat**2
"""
[ optimizer . 'inner' ]
lr = 0.05
dotted.deep.key = true

[[expect]]
step = 0
[expect.gradients]
w1 = 12.0
[[expect]]
finding = "missing-factor"
'''


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("title",), Place(1, 1, 5), Place(1, 9, 13)),
        (("data",), Place(3, 2, 4), Place(3, 2, 4)),
        (("data", "x1"), Place(4, 1, 2), Place(4, 6, 3)),
        (("data", "X"), Place(5, 1, 1), Place(5, 5, 12)),
        (("data", "X", 0), Place(5, 6, 10), Place(5, 6, 10)),
        (("data", "X", 1, 1), Place(6, 12, 4), Place(6, 12, 4)),
        (("data", "quoted key"), Place(7, 1, 12), Place(7, 16, 33)),
        (("data", "quoted key", "a"), Place(7, 18, 1), Place(7, 18, 1)),
        (("data", "quoted key", "a", "b"), Place(7, 20, 1), Place(7, 24, 1)),
        (("data", "quoted key", "c"), Place(7, 27, 3), Place(7, 33, 14)),
        (("data", "quoted key", "c", 1, "d"), Place(7, 38, 1), Place(7, 42, 3)),
        (("model", "code"), Place(10, 1, 4), Place(10, 8, 3)),
        (("optimizer",), Place(14, 3, 9), Place(14, 3, 9)),
        (("optimizer", "inner", "lr"), Place(15, 1, 2), Place(15, 6, 4)),
        (("optimizer", "inner", "dotted", "deep"), Place(16, 8, 4), Place(16, 8, 4)),
        (("optimizer", "inner", "dotted", "deep", "key"), Place(16, 13, 3), Place(16, 19, 4)),
        (("expect",), Place(18, 3, 6), Place(18, 3, 6)),
        (("expect", 0, "step"), Place(19, 1, 4), Place(19, 8, 1)),
        (("expect", 0, "gradients"), Place(20, 9, 9), Place(20, 9, 9)),
        (("expect", 0, "gradients", "w1"), Place(21, 1, 2), Place(21, 6, 4)),
        (("expect", 1), Place(22, 3, 6), Place(22, 3, 6)),
        (("expect", 1, "finding"), Place(23, 1, 7), Place(23, 11, 16)),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_key_and_value_has_its_place(path, key, value, newline):
    _, positions = parse_toml(SCENARIO.replace("\n", newline), "a.toml")
    assert (positions.key(path), positions.value(path)) == (key, value)
    assert positions.lines == SCENARIO.split("\n")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((), Place(1, 1, 1)),
        (("nowhere", "at", "all"), Place(1, 1, 1)),
        (("data", "x1", 5), Place(4, 6, 3)),
        (("data", "X", 1, 9), Place(6, 6, 11)),
        (("expect", 7, "step"), Place(18, 3, 6)),
        (("expect", "step"), Place(18, 3, 6)),
    ],
)
def test_an_unknown_path_falls_back_to_its_nearest_parent(path, value):
    assert locate(SCENARIO).value(path) == value


def test_an_explicit_header_gives_a_table_its_place():
    positions = locate("[a.b]\n[a]\nc = 1\n")
    assert positions.key(("a",)) == Place(2, 2, 1)
    assert positions.key(("a", "b")) == Place(1, 4, 1)


def test_a_quoted_key_is_found_by_what_it_means():
    _, positions = parse_toml('"a\\tb\\u00e9\\"" = 1\n\'c\\t\' = 2\n"" = 3\n', "a.toml")
    assert positions.value(('a\tbé"',)) == Place(1, 18, 1)
    assert positions.value(("c\\t",)) == Place(2, 9, 1)
    assert positions.value(("",)) == Place(3, 6, 1)


def places(text: str, *asked: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    values, positions = parse_toml(text, "a.toml")
    assert isinstance(values["code"], str)
    found = positions.string_lines(("code",))
    got = [found.place(*one) for one in asked]
    return [(place.line, place.column, place.width) for place in got]


def test_a_program_between_triple_quotes_is_placed_exactly():
    text = 'a = 1\ncode = """\nx = 1\n  y = é2\n"""\n'
    for opened, newline in [('"""', "\n"), ("'''", "\n"), ('"""', "\r\n")]:
        dressed = text.replace('"""', opened).replace("\n", newline)
        assert places(dressed, (0, 4, 1), (1, 2, 1), (1, 6, 2)) == [(3, 5, 1), (4, 3, 1), (4, 7, 2)]
        assert places(dressed, (1, 8, 1), (1, 2, 99), (1, 99, 5)) == [
            (4, 9, 1),
            (4, 3, 6),
            (4, 9, 1),
        ]
        assert places(dressed, (2, 0, 1), (9, 0, 1)) == [(5, 1, 1), (5, 1, 1)]


def test_a_program_that_begins_beside_its_quotes_is_placed_exactly():
    assert places('code = """x = 1\ny = 2"""', (0, 0, 1), (1, 4, 9)) == [(1, 11, 1), (2, 5, 1)]
    assert places("code = 'x = 1'", (0, 4, 1)) == [(1, 13, 1)]
    assert places('code = "x = 1"', (0, 4, 9)) == [(1, 13, 1)]


def test_a_string_with_escapes_gives_its_line_and_where_it_starts():
    assert places('code = "x = 1\\ny = 2"', (0, 0, 1), (1, 4, 1)) == [(1, 8, 14), (1, 8, 14)]
    assert places("code = 'x = 1\\ny'", (0, 6, 1)) == [(1, 15, 1)]


def test_only_the_lines_with_escapes_lose_their_columns():
    text = 'code = """\nx = 1\ny = \\u0032\nz = 3\n"""'
    assert places(text, (0, 4, 1), (1, 4, 1), (2, 4, 1)) == [(3 - 1, 5, 1), (3, 1, 10), (4, 5, 1)]
    text = 'code = """a\\tb\nc"""'
    assert places(text, (0, 2, 1), (1, 0, 1)) == [(1, 8, 7), (2, 1, 1)]
    text = 'code = """\na\\nb\nc"""'
    assert places(text, (0, 0, 1), (1, 0, 1), (2, 0, 1)) == [(2, 1, 4), (2, 1, 4), (3, 1, 1)]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_backslash_at_the_end_of_a_line_joins_lines(newline):
    text = 'code = """\nx = \\\n\n   1 + 2\ny"""'.replace("\n", newline)
    assert tomllib.loads(text)["code"] == "x = 1 + 2\ny"
    assert places(text, (0, 0, 1), (0, 4, 1), (0, 8, 1)) == [(2, 1, 1), (4, 4, 1), (4, 8, 1)]
    assert places(text, (1, 0, 1)) == [(5, 1, 1)]


@pytest.mark.parametrize("quote", ['"', "'"])
def test_quotes_may_stand_before_the_closing_quotes(quote):
    for extra in (1, 2):
        text = f"code = {quote * 3}\na{quote}b{quote * (3 + extra)}\nnext = 1\n"
        assert tomllib.loads(text)["code"] == f"a{quote}b{quote * extra}"
        assert places(text, (0, 2 + extra, 1)) == [(2, 3 + extra, 1)]
        assert locate(text).value(("next",)) == Place(3, 8, 1)


def test_another_value_than_a_string_is_its_own_place():
    found = locate("code = 12\n").string_lines(("code",))
    assert found.place(3, 9) == Place(1, 8, 2)
    assert locate('code = """"""').string_lines(("code",)).place(0, 0) == Place(1, 11, 1)


def refused(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        parse_toml(text, "a.toml")
    assert caught.value.file == "a.toml"
    return caught.value


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a = 1\nb =\n", Place(2, 4), "a value is missing after ="),
        ("a = # none\n", Place(1, 5), "a value is missing after ="),
        ("a = .5\n", Place(1, 5), "a number needs a digit before its point, such as 0.5"),
        ("a = True\n", Place(1, 5), "write true in small letters"),
        ("a = yes\n", Place(1, 5), 'a text needs quotes: "yes"'),
        ("a = 1\r\nb = $\r\n", Place(2, 5), "this is no value: expected a number"),
        ("a = 1\rb = 2", Place(1, 6), "expected the end of the line after the value"),
        ("a = 1,5\n", Place(1, 6), "after the value: numbers have a point, lists brackets"),
        ("a = 1\n\u2028b = = 2", Place(2, 1), "Invalid statement"),
        ("a = 1\na = 2\n", Place(2, 6), "this key appears twice"),
        ("a = 2021-02-30", Place(1, 5), "Invalid date or datetime"),
        ("a = 1\nb", Place(2, 2), "Expected '=' after a key in a key/value pair"),
        ('a = 1\nb = """\nx\n\n', Place(2, 5), "Unterminated string: this is not closed"),
        ("a = [1,\n [2, 3,\n\n", Place(2, 2), "not closed"),
        ("a = [" * 51, Place(1, 6), "a text needs quotes"),
        ("a = " + "[" * 50 + "]" * 50, None, ""),
        ("a = " + "[" * 51 + "]" * 51, Place(1, 55), "nested too deep: the limit is 50 levels"),
        ("a = " + "[" * 10_000, Place(1, 55), "nested too deep"),
        ("a = " + "{b = " * 10_000, Place(1, 251), "nested too deep"),
        (".".join("a" * 50) + " = 1", None, ""),
        (".".join("a" * 10_000) + " = 1", Place(1, 101), "nested too deep"),
        ("[" + ".".join("a" * 10_000) + "]", Place(1, 102), "nested too deep"),
        ("[[" + ".".join("a" * 10_000) + "]]", Place(1, 103), "nested too deep"),
        ("[" + ".".join("a" * 30) + "]\n" + ".".join("b" * 21) + "=1", Place(2, 41), "nested too"),
        ("a = 1\nb = [0, 1e999]", Place(2, 9, 5), "1e999 is too large for a 64-bit float"),
        ("a = -1.5E+4_00", Place(1, 5, 10), "-1.5E+4_00 is too large for a 64-bit float"),
        ("a = 1e-999", Place(1, 5, 6), "1e-999 is too small for a 64-bit float"),
        ("a = 0e-999\nb = 0.0\nc = 4.9e-324\nd = 1.79e308", None, ""),
        ("a = 9223372036854775807\nb = -9223372036854775808\nc = 0x7fffffffffffffff", None, ""),
        ("a = 9223372036854775808", Place(1, 5, 19), "too large for a 64-bit integer"),
        ("a = -9223372036854775809", Place(1, 5, 20), "too large for a 64-bit integer"),
        ("a = 0xffff_ffff_ffff_ffff", Place(1, 5, 21), "too large for a 64-bit integer"),
        ("a = 0b" + "01" * 32, None, ""),
        ("a = 0x" + "f" * 100_000, Place(1, 5, 100_002), "too large for a 64-bit integer"),
        ("a = " + "9" * 5000, Place(1, 5, 5000), "too large for a 64-bit integer"),
        ("a = " + "9" * 5000 + ".5", Place(1, 5, 5002), "too large for a 64-bit float"),
        ('# 1e999\na = \'1e999\'\nb = """1e999"""\n1e999 = 1979-05-27 07:32:00', None, ""),
    ],
)
def test_what_cannot_be_used_is_one_error_with_its_place(text, place, message):
    if place is None:
        parse_toml(text, "a.toml")
        return
    error = refused(text)
    assert message in error.message
    assert error.place == place
    assert "(at " not in error.message


def test_the_report_has_the_line_and_a_caret():
    assert str(refused("a = 1\r\nb = [1e999]\r\n")) == (
        "a.toml:2:6: error: 1e999 is too large for a 64-bit float: the largest is about 1.8e308\n"
        "  b = [1e999]\n"
        "       ^^^^^"
    )


def test_nonfinite_literals_are_listed_with_their_paths():
    text = "a = inf\n[b]\nc = [1, { d = -nan }]\n[[e]]\n[[e]]\nf = +inf # inf\ng = 'inf'"
    assert locate(text).nonfinite == (
        (("a",), Place(1, 5, 3)),
        (("b", "c", 1, "d"), Place(3, 15, 4)),
        (("e", 1, "f"), Place(6, 5, 4)),
    )


HOSTILE = {
    "brackets": "a = " + "[" * 250_000,
    "dots": "a." * 125_000,
    "numbers": "a = [" + "1," * 125_000 + "]",
    "tables": "a = [" + "{b=1}," * 40_000 + "]",
    "empty arrays": "a = " + "[" * 48 + "[]," * 75_000 + "]" * 48,
    "overflows": "a = [" + "1e999," * 40_000 + "]",
    "infinities": "a = [" + "inf," * 62_500 + "]",
    "quotes": 'a = """' + '"a' * 125_000,
    "backslashes": 'a = "' + "\\" * 250_001,
    "escapes": 'a = """' + "\\u0041" * 40_000 + '"""',
    "continued lines": 'a = """' + "\\\n" * 125_000 + '"""',
    "lines": "\n" * 250_000,
    "comments": "#\r\n" * 82_500,
    "blanks": "a" + " " * 250_000 + "b",
    "rows": "[[a]]\n" * 40_000,
    "deep headers": "".join(f"[{'a.' * 49}b{i}]\n" for i in range(2_250)),
    "digits": "a = 1" + "_1" * 125_000,
    "quoted keys": "".join(f'"\\n{i}"=1\n' for i in range(25_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_much_of_anything_is_scanned(name):
    with no_hang():
        try:
            locate(HOSTILE[name]).string_lines(("a",))
        except InputError as error:
            assert "nested too deep" in error.message


def rereads(text: str, place: Place, value: object) -> bool:
    """Tell whether the text from `place` on begins with TOML for `value`."""
    lines = text.split("\n")
    rest = lines[place.line - 1][place.column - 1 :]
    following = "\n".join([rest, *lines[place.line :]])
    if isinstance(value, list):
        return following.startswith("[")
    ends = [place.width]
    if following.startswith(('"""', "'''")):
        ends = [i for i in range(6, len(following) + 1) if following[:i].endswith(following[:3])]
    for end in ends:
        try:
            if tomllib.loads(f"v = {following[:end]}")["v"] == value:
                return True
        except tomllib.TOMLDecodeError:
            continue
    return False


def check_places(text: str) -> None:
    """Hold every place of a text against what tomllib makes of the text there."""
    values, positions = parse_toml(text, "a.toml")
    pending = [((name,), value) for name, value in values.items()]
    while pending:
        path, value = pending.pop()
        place = positions.value(path)
        line = text.split("\n")[place.line - 1]
        if isinstance(path[-1], str):
            key = positions.key(path)
            raw = text.split("\n")[key.line - 1][key.column - 1 : key.column - 1 + key.width]
            assert tomllib.loads(f"{raw} = 1") == {path[-1]: 1}
        if isinstance(value, dict):
            pending += [((*path, name), inner) for name, inner in value.items()]
            continue
        if isinstance(value, list) and line[place.column - 1 : place.column] != "[":
            # An array of tables stands where its first header names it.
            assert all(isinstance(inner, dict) for inner in value)
        else:
            assert rereads(text, place, value), (path, place)
        if isinstance(value, list):
            pending += [((*path, i), inner) for i, inner in enumerate(value)]
        if isinstance(value, str):
            check_string(text, value, positions.string_lines(path))


def check_string(text: str, value: str, found) -> None:
    lines = text.split("\n")
    for i, line in enumerate(value.split("\n")):
        for j, char in enumerate(line):
            place = found.place(i, j)
            stretch = lines[place.line - 1][place.column - 1 : place.column - 1 + place.width]
            assert stretch == char or "\\" in stretch


# Keys and strings come from letters that try every rule of quoting.
LETTERS = st.text("ab'\"\\\n\t #=[]é😀.", max_size=6)
SCALARS = st.one_of(
    LETTERS,
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.datetimes(),
    st.dates(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(LETTERS, inner, max_size=4),
    max_leaves=12,
)


class Writer:
    """Render a document as TOML, each time in another of its styles."""

    def __init__(self, choose):
        self.choose = choose

    def basic(self, text: str, multiline: bool) -> str:
        escaped = "".join(self.escape(c, multiline) for c in text)
        if not multiline:
            return f'"{escaped}"'
        return '"""' + ("\n" if text[:1] == "\n" else self.choose(["", "\n"])) + escaped + '"""'

    def escape(self, char: str, multiline: bool) -> str:
        if char == "\\":
            return "\\\\"
        if char == '"':
            return '\\"'
        if char == "\n":
            return self.choose(["\n", "\\\n  \n \\n", "\\n"]) if multiline else "\\n"
        return self.choose([char, char, char, f"\\U{ord(char):08x}"])

    def string(self, text: str) -> str:
        styles = [self.basic(text, False), self.basic(text, True)]
        if "'" not in text and "\n" not in text:
            styles.append(f"'{text}'")
        if "'''" not in text and not text.startswith("\n"):
            styles.append(f"'''\n{text}'''")
        return self.choose(styles)

    def key(self, name: str) -> str:
        if name.isalnum() and name.isascii():
            return self.choose([name, f'"{name}"', f"'{name}'"])
        return self.basic(name, False)

    def value(self, value: object) -> str:
        match value:
            case bool():
                return str(value).lower()
            case str():
                return self.string(value)
            case list():
                gap = self.choose(["", " ", "\n  ", " # ]\n"])
                return "[" + gap + f"{gap},{gap}".join(map(self.value, value)) + gap + "]"
            case dict():
                pairs = (f"{self.dotted(k, v)}" for k, v in value.items())
                return "{ " + ", ".join(pairs) + " }"
            case int() | float():
                return repr(value)
            case _:
                return value.isoformat().replace("T", self.choose(["T", " "]))

    def dotted(self, name: str, value: object) -> str:
        head = self.key(name)
        while isinstance(value, dict) and len(value) == 1 and self.choose([True, False]):
            ((inner, value),) = value.items()
            head += self.choose([".", " . "]) + self.key(inner)
        return f"{head} = {self.value(value)}"

    def table(self, table: dict, path: str = "") -> str:
        lines, below = [], []
        for name, value in table.items():
            inner = f"{path}.{self.key(name)}".lstrip(".") if path else self.key(name)
            rows = isinstance(value, list) and value and all(isinstance(v, dict) for v in value)
            if isinstance(value, dict) and self.choose([True, False]):
                below.append(f"[{inner}]\n" + self.table(value, inner))
            elif rows and self.choose([True, False]):
                below += [f"[[ {inner} ]]\n" + self.table(row, inner) for row in value]
            else:
                lines.append(self.choose(["", "# [x]\n", "\t"]) + self.dotted(name, value))
        return "\n".join([*lines, *below, ""])


@given(st.dictionaries(LETTERS, VALUES, max_size=5), st.data())
def test_every_place_of_a_generated_document_reads_back(document, data):
    text = Writer(lambda options: data.draw(st.sampled_from(options))).table(document)
    assert tomllib.loads(text) == document
    check_places(text)
    check_places(text.replace("\n", "\r\n"))


PIECES = st.sampled_from(
    [*"a.=[]{}\"'\\#,\n\t -_1e", "[[", '"""', "'''", "\r\n", "a = ", "[a]\n", "[[a]]\n", "inf"]
)


def check_text(text: str) -> None:
    try:
        values, _ = parse_toml(text, "a.toml")
    except InputError as error:
        assert str(error).startswith("a.toml:")
        assert error.place.line <= text.count("\n") + 1
        return
    assert values == tomllib.loads(text)
    check_places(text)


@given(st.lists(PIECES, max_size=25).map("".join))
@example('a = """""""')
@example("a.b = 1\n[a]\n[[a.b]]")
@example("a = []\n[a.b]\n[[a]]")
@example('"\\UFFFFFFFF" = 1')
@example('"\\ud800" = 1')
@example('a = "\\')
@example("\ufeffa = 1")
@example("a = 1\x00")
def test_any_text_loads_or_gives_one_error(text):
    check_text(text)


@given(st.binary(max_size=40))
def test_any_bytes_load_or_give_one_error(raw):
    try:
        text = decode_text(raw, "a.toml")
    except InputError:
        text = raw.decode("latin-1")
    check_text(text)
