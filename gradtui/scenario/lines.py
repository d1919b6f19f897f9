"""Python's logical lines as tokens, and their parts. Knows no other language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from msgspec import Struct

_TOKEN = re.compile(
    r"""(?P<space>(?:[ \t\r\f]|\\\r?\n)+)|(?P<comment>\#[^\n]*)|(?P<newline>\n)"""
    r"""|(?P<string>(?i:[rbuft]{0,2})(?:'''(?:[^\\]|\\.)*?'''|\"{3}(?:[^\\]|\\.)*?\"{3}"""
    r"""|(?!'''|\"{3})(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")))"""
    r"""|(?P<word>\w+)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<other>.)""",
    re.DOTALL,
)
_TAB = 8


class Word(Struct, frozen=True):
    """A token of a Python file."""

    kind: str
    text: str
    at: int


class Line(Struct, frozen=True):
    """A logical line, which continues over line ends inside brackets and strings."""

    indent: int
    tokens: tuple[Word, ...]
    """Without space and comments; at least one."""


def logical_lines(text: str, refuse: Callable[[Word, str], NoReturn]) -> Iterator[Line]:
    """Yield the logical lines of a file; `refuse` raises the error for anything else."""
    tokens = list[Word]()
    opened = list[Word]()
    start = 0
    for match in _TOKEN.finditer(text):
        kind, chunk = match.lastgroup or "", match.group()
        token = Word(kind, chunk, match.start())
        if kind == "newline":
            if not opened:
                if tokens:
                    yield _line(text, start, tokens)
                tokens, start = [], match.end()
        elif kind == "other" and chunk in "'\"":
            refuse(token, "this string is not closed")
        elif kind not in ("space", "comment"):
            if kind == "open":
                opened.append(token)
            elif kind == "close":
                if not opened:
                    refuse(token, f"'{chunk}' closes no bracket")
                opened.pop()
            tokens.append(token)
    if opened:
        refuse(opened[-1], f"'{opened[-1].text}' is not closed")
    if tokens:
        yield _line(text, start, tokens)


def _line(text: str, start: int, tokens: Sequence[Word]) -> Line:
    indent = 0
    for char in text[start : tokens[0].at]:
        indent = (indent // _TAB + 1) * _TAB if char == "\t" else indent + 1
    return Line(indent, tuple(tokens))


def defined(line: Line) -> Word | None:
    """Return the name of the function that a line starts, if any."""
    words = line.tokens[1:] if line.tokens[0].text == "async" else line.tokens
    if len(words) > 2 and words[0].text == "def" and words[2].text == "(":
        return words[1]
    return None


def annotation_of(tokens: Sequence[Word]) -> Sequence[Word]:
    """Return the tokens of the type hint in a line such as `x: np.ndarray = 0`."""
    if len(tokens) < 3 or tokens[0].kind != "word" or tokens[1].text != ":":
        return ()
    if tokens[2].text == "=":
        return ()
    before = len(split(tokens, "=")[0])
    return tokens[1:before]


def is_attribute(line: Line, owner: str) -> bool:
    """Return whether a line assigns an attribute of an object: `self.dW = …`."""
    texts = [token.text for token in line.tokens[:4]]
    return texts[:2] == [owner, "."] and texts[3:] == ["="] and not _is_part(line.tokens, 3)


def without_owner(line: Line, owner: str) -> Line:
    """Return a line with attributes of an object turned into plain names."""
    kept = list[Word]()
    for token in line.tokens:
        if token.text == "." and kept and kept[-1].text == owner:
            kept.pop()
        else:
            kept.append(token)
    return Line(line.indent, tuple(kept) or line.tokens)


def names_of(tokens: Sequence[Word]) -> Sequence[Word]:
    """Return the names in `x, w, b` or `(x, w, b)`; none for anything else."""
    if tokens and tokens[0].text in ("(", "[") and closing(tokens) == len(tokens) - 1:
        tokens = tokens[1:-1]
    parts = [part for part in split(tokens, ",") if part]
    single = all(len(part) == 1 and part[0].text.isidentifier() for part in parts)
    several = any(token.text == "," for token in tokens)
    return [part[0] for part in parts] if single and several else ()


def is_text(line: Line) -> bool:
    """Return whether a line consists of strings alone."""
    return all(token.kind == "string" for token in line.tokens)


def split(tokens: Sequence[Word], separator: str) -> Sequence[Sequence[Word]]:
    """Return the parts between separators outside brackets.

    An `=` in `==`, `+=` and the like is no separator.
    """
    parts, depth = list[list[Word]]([[]]), 0
    for index, token in enumerate(tokens):
        depth += (token.kind == "open") - (token.kind == "close")
        if depth == 0 and token.text == separator and not _is_part(tokens, index):
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _is_part(tokens: Sequence[Word], index: int) -> bool:
    """Return whether an `=` is a part of a longer operator, such as `==` or `+=`."""
    at = tokens[index].at
    before = any(t.at == at - 1 and t.text in "=<>!+-*/%&|^@:" for t in tokens[index - 1 : index])
    after = any(t.at == at + 1 and t.text == "=" for t in tokens[index + 1 : index + 2])
    return tokens[index].text == "=" and (before or after)


def closing(tokens: Sequence[Word]) -> int:
    """Return where the bracket opened by the first token closes; -1 if there is none."""
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.kind == "open") - (token.kind == "close")
        if depth == 0:
            return index if index else -1
    return -1
