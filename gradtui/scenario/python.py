"""A function of a Python file -> a program of the language. Nothing in the file is run.

Knows where Python's lines, strings and blocks end; what a line means is the language's business.
"""

from __future__ import annotations

import keyword
import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NoReturn

from msgspec import Struct

from gradtui.base.source import InputError, Place
from gradtui.base.text import clip
from gradtui.engine.ops import FUNCTIONS
from gradtui.language.foreign import instead_of_return, instead_of_several
from gradtui.language.parser import Assignment, parse_program
from gradtui.language.refusals import Context
from gradtui.language.tokens import MAX_TOKENS, refuse_character, refuse_length

_TOKEN = re.compile(
    r"""(?P<space>(?:[ \t\r\f]|\\\r?\n)+)|(?P<comment>\#[^\n]*)|(?P<newline>\n)"""
    r"""|(?P<string>(?i:[rbuft]{0,2})(?:'''(?:[^\\]|\\.)*?'''|\"{3}(?:[^\\]|\\.)*?\"{3}"""
    r"""|(?!'''|\"{3})(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")))"""
    r"""|(?P<word>\w+)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<other>.)""",
    re.DOTALL,
)
_ADVICE = {
    "for": "write out what the loop does, one line for each round, or as one operation on arrays",
    "while": "write out what the loop does, one line for each round",
    "if": "for a choice write name = where(condition, a, b)",
    "assert": "leave the line out",
    "print": "leave the line out",
    "del": "leave the line out",
    "import": "the functions of the language need no import, with or without np.",
    "from": "the functions of the language need no import, with or without np.",
}
"""What to do about a statement that the language does not have."""
_STATEMENTS = frozenset(keyword.kwlist) - {"None", "True", "False", "lambda", "not", "await"}
_OWNERS = ("self", "cls")
"""First parameters of methods, which are no values."""
_TAB = 8


class Function(Struct, frozen=True):
    """What is taken from a function: what it is given, its assignments, what it returns."""

    parameters: tuple[tuple[str, Place], ...]
    program: tuple[Assignment, ...]
    returned: tuple[tuple[str, Place], ...]
    place: Place
    """Where its name stands."""


class _Token(Struct, frozen=True):
    kind: str
    text: str
    at: int


class _Line(Struct, frozen=True):
    """A logical line: it goes on over line ends inside brackets and strings."""

    indent: int
    tokens: tuple[_Token, ...]
    """Without space and comments; at least one."""


def read_function(
    text: str, file: str, name: str, limit: int = MAX_TOKENS, kept: Collection[str] = ()
) -> Function | None:
    """Return the function called `name`, of at most `limit` tokens; None where there is none.

    `kept` are names that hold last step's value until they are assigned.  Raises InputError at the
    first thing in the function that is not of the language, with a place in `file`.
    """
    return _Reader(text, file, limit, kept).function(name)


def function_names(text: str, file: str) -> list[str]:
    """Return the names of all functions of a file."""
    reader = _Reader(text, file)
    return [name.text for line in reader.lines if (name := _defined(line))]


class _Reader:
    def __init__(
        self, text: str, file: str, limit: int = MAX_TOKENS, kept: Collection[str] = ()
    ) -> None:
        self.kept = kept
        self.text = text
        self.file = file
        self.limit = limit
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.lines = list(_logical_lines(text, self.refuse))
        self.functions = {name.text for line in self.lines if (name := _defined(line))}

    def function(self, name: str) -> Function | None:
        found = [
            (index, defined)
            for index, line in enumerate(self.lines)
            if (defined := _defined(line)) and defined.text == name
        ]
        outermost = min((self.lines[index].indent for index, _ in found), default=0)
        found = [entry for entry in found if self.lines[entry[0]].indent == outermost]
        if not found:
            return None
        if len(found) > 1:
            first, second = (self.place(token.at).line for _, token in found[:2])
            self.refuse(found[1][1], f"'{name}' is defined twice, on lines {first} and {second}")
        index, token = found[0]
        parameters = self.parameters(self.lines[index], token)
        body = [line for line in self.body(index) if not _is_text(line)]
        program, returned = self.statements(body)
        if parameters and parameters[0][0] in _OWNERS:
            parameters = parameters[1:]
        return Function(parameters, program, returned, self.place(token.at, len(name)))

    def body(self, index: int) -> Iterator[_Line]:
        outside = self.lines[index].indent
        for line in self.lines[index + 1 :]:
            if line.indent <= outside:
                return
            yield line

    def parameters(self, line: _Line, name: _Token) -> tuple[tuple[str, Place], ...]:
        """Return the names of a function's parameters; their defaults and annotations are left."""
        found = list[tuple[str, Place]]()
        depth, expected = 0, True
        start = line.tokens.index(name) + 1
        rest = iter(line.tokens[start:])
        for index, token in enumerate(rest, start + 1):
            if depth == 1 and expected and token.kind == "word":
                found.append((token.text, self.place(token.at, len(token.text))))
                expected = False
            elif token.text == "*" and depth == 1 and expected and line.tokens[index].text != ",":
                self.refuse(token, "'*' before a parameter is not part of the language: name each")
            elif depth == 1 and token.text == ",":
                expected = True
            depth += (token.kind == "open") - (token.kind == "close")
            if depth == 0:
                break
        for token in rest:
            if token.text == ":" and depth == 0:
                break
            depth += (token.kind == "open") - (token.kind == "close")
        for token in rest:
            self.refuse(token, "the body of the function must stand on lines of its own")
        return tuple(found)

    def statements(
        self, body: Sequence[_Line]
    ) -> tuple[tuple[Assignment, ...], tuple[tuple[str, Place], ...]]:
        program, assigned = list[Assignment](), set[str]()
        returned: tuple[tuple[str, Place], ...] | None = None
        count = 0
        for line in body:
            first = line.tokens[0]
            count += len(line.tokens)
            if count > self.limit:
                refuse_length(self.place(first.at, len(first.text)), self.limit)
            if returned is not None:
                self.refuse(first, "this line comes after the return and is never reached")
            if first.text == "return":
                returned = self.returned(line)
            elif first.text != "pass":
                found = self.assignment(line, body[0].indent, assigned)
                assigned.update(one.name for one in found)
                program += found
        return tuple(program), returned or ()

    def assignment(
        self, line: _Line, indent: int, assigned: Collection[str]
    ) -> Sequence[Assignment]:
        first, second = line.tokens[0], line.tokens[1:2]
        word = first.text
        if word in _STATEMENTS or (word == "print" and second and second[0].text == "("):
            advice = _ADVICE.get(word, "the body holds lines name = expression, and a return")
            self.refuse(first, f"'{word}' is not part of the language: {advice}")
        if line.indent != indent:
            self.refuse(first, "this line is indented more or less than the lines before it")
        self.check_targets(line)
        self.check_calls(line)
        annotation = _annotation(line.tokens)
        if len(annotation) == len(line.tokens) - 1:
            return ()
        last = line.tokens[-1]
        row = self.row(first.at)
        column = first.at - self.starts[row]

        def locate(down: int, across: int, width: int) -> Place:
            begin = column if down == 0 else 0
            return Place(row + down + 1, begin + across + 1, width, self.file)

        text = self.text[first.at : last.at + len(last.text)]
        if annotation:
            start, end = annotation[0].at - first.at, line.tokens[len(annotation) + 1].at - first.at
            if "\n" in text[start:end]:
                self.refuse(annotation[0], "a type on several lines is not read: leave it out")
            text = text[:start] + " " * (end - start) + text[end:]
        return parse_program(text, locate, context=Context(assigned, self.kept, FUNCTIONS))

    def check_calls(self, line: _Line) -> None:
        """Refuse a call of another function of the file: only one of them is read."""
        for index, token in enumerate(line.tokens[:-1]):
            called = token.kind == "word" and line.tokens[index + 1].text == "("
            if called and token.text in self.functions and token.text not in FUNCTIONS:
                self.refuse(token, f"'{token.text}' is another function of this file, which is not "
                                   "read: write out what it does here")  # fmt: skip

    def check_targets(self, line: _Line) -> None:
        """Refuse an assignment to several names at once."""
        parts = _split(line.tokens, "=")
        semicolon = next((token for token in line.tokens if token.text == ";"), None)
        if semicolon is not None:
            self.refuse(semicolon, "';' is not part of the language: write what follows on a line "
                                   "of its own")  # fmt: skip
        if len(parts) < 2:
            return
        names, values = _split(parts[0], ","), _split(parts[1], ",")
        if len(names) == 1:
            if len(parts) > 2:
                self.refuse(
                    parts[1][0] if parts[1] else line.tokens[0],
                    "one name is assigned a line: write the second on a line of its own",
                )
            return
        rewrite = instead_of_several(*([self.source(p) for p in side] for side in (names, values)))
        self.refuse(
            line.tokens[0], f"several names cannot be assigned at once: {clip(rewrite, 200)}"
        )

    def returned(self, line: _Line) -> tuple[tuple[str, Place], ...]:
        """Return the names that a return gives."""
        tokens = line.tokens[1:]
        if not tokens:
            return ()
        if tokens and _closing(tokens) == len(tokens) - 1 and tokens[0].text in ("(", "["):
            tokens = tokens[1:-1]
        for stray in tokens:
            if stray.kind == "other" and (stray.text == ";" or not " " < stray.text <= "~"):
                refuse_character(self.text, stray.at, self.place(stray.at))
        parts = _split(tokens, ",")
        if len(parts) > 1 and not parts[-1]:
            parts = parts[:-1]
        found = []
        for part in parts:
            if len(part) != 1 or part[0].kind != "word" or part[0].text.isdigit():
                at = part[0] if part else line.tokens[0]
                rewrite = instead_of_return([self.source(one) or "…" for one in parts])
                self.refuse(at, f"a return gives names: {clip(rewrite, 200)}")
            found.append((part[0].text, self.place(part[0].at, len(part[0].text))))
        return tuple(found)

    def source(self, tokens: Sequence[_Token]) -> str:
        """Return the text of tokens, on one line."""
        if not tokens:
            return ""
        return " ".join(self.text[tokens[0].at : tokens[-1].at + len(tokens[-1].text)].split())

    def row(self, at: int) -> int:
        return bisect_right(self.starts, at) - 1

    def place(self, at: int, width: int = 1) -> Place:
        row = self.row(at)
        return Place(row + 1, at - self.starts[row] + 1, width, self.file)

    def refuse(self, token: _Token, message: str) -> NoReturn:
        width = len(token.text.split("\n")[0])
        raise InputError(message, self.place(token.at, max(1, width)))


def _logical_lines(text: str, refuse: Callable[[_Token, str], NoReturn]) -> Iterator[_Line]:
    tokens = list[_Token]()
    opened = list[_Token]()
    start = 0
    for match in _TOKEN.finditer(text):
        kind, chunk = match.lastgroup or "", match.group()
        token = _Token(kind, chunk, match.start())
        if kind == "newline":
            if not opened:
                if tokens:
                    yield _line(text, start, tokens)
                tokens, start = [], match.end()
        elif kind == "other" and chunk in "'\"":
            refuse(token, "the text in quotes is never closed")
        elif kind not in ("space", "comment"):
            if kind == "open":
                opened.append(token)
            elif kind == "close":
                if not opened:
                    refuse(token, f"'{chunk}' closes nothing")
                opened.pop()
            tokens.append(token)
    if opened:
        refuse(opened[-1], f"'{opened[-1].text}' is never closed")
    if tokens:
        yield _line(text, start, tokens)


def _line(text: str, start: int, tokens: Sequence[_Token]) -> _Line:
    indent = 0
    for char in text[start : tokens[0].at]:
        indent = (indent // _TAB + 1) * _TAB if char == "\t" else indent + 1
    return _Line(indent, tuple(tokens))


def _defined(line: _Line) -> _Token | None:
    """Return the name of the function that a line begins, if it does."""
    words = line.tokens[1:] if line.tokens[0].text == "async" else line.tokens
    if len(words) > 2 and words[0].text == "def" and words[2].text == "(":
        return words[1]
    return None


def _annotation(tokens: Sequence[_Token]) -> Sequence[_Token]:
    """Return the tokens of the type in a line such as `x: np.ndarray = 0`."""
    if len(tokens) < 3 or tokens[0].kind != "word" or tokens[1].text != ":":
        return ()
    if tokens[2].text == "=":
        return ()
    before = len(_split(tokens, "=")[0])
    return tokens[1:before]


def _is_text(line: _Line) -> bool:
    return all(token.kind == "string" for token in line.tokens)


def _split(tokens: Sequence[_Token], separator: str) -> Sequence[Sequence[_Token]]:
    """Return the parts between separators that stand outside of brackets.

    An `=` that belongs to `==`, `+=` or the like separates nothing.
    """
    parts, depth = list[list[_Token]]([[]]), 0
    for index, token in enumerate(tokens):
        depth += (token.kind == "open") - (token.kind == "close")
        if depth == 0 and token.text == separator and not _is_part(tokens, index):
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _is_part(tokens: Sequence[_Token], index: int) -> bool:
    """Return whether an `=` is a part of a longer operator, such as `==` or `+=`."""
    at = tokens[index].at
    before = any(t.at == at - 1 and t.text in "=<>!+-*/%&|^@:" for t in tokens[index - 1 : index])
    after = any(t.at == at + 1 and t.text == "=" for t in tokens[index + 1 : index + 2])
    return tokens[index].text == "=" and (before or after)


def _closing(tokens: Sequence[_Token]) -> int:
    """Return where the bracket that the first token opens is closed; -1 if it opens none."""
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.kind == "open") - (token.kind == "close")
        if depth == 0:
            return index if index else -1
    return -1
