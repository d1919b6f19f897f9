"""The program language: text -> tokens, with the limits on what is read. Knows no grammar."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable
from typing import NoReturn

from msgspec import Struct

from gradtui.base.memory import doubled
from gradtui.base.source import InputError, Place
from gradtui.base.text import clip
from gradtui.language.foreign import without_string

MAX_CHARACTERS = 10_000
MAX_TOKENS = 100_000
"""Names, numbers and signs of one program."""
MAX_HAND = 10_000
"""The same for hand-written programs, each line of which is compared with all others."""
MAX_DEPTH = 100
MAX_ROW = 120
"""Levels of a tree that is searched for mistakes; each operator in a row is one level."""
MAX_NAME = 64

Locate = Callable[[int, int, int], Place]
"""(0-based line, 0-based column, width) in the program's text -> the place in the file."""

ADVICE = {
    "^": "write ** for a power",
    "−": "U+2212 is a Unicode minus; write -",
    "·": "for a product write *",
    "×": "for a product write *",
    "÷": "for a quotient write /",
    "//": "whole-number division is not part of the language",
    "%": "the remainder is not part of the language",
    "if": "for a choice write where(condition, a, b)",
    "else": "for a choice write where(condition, a, b)",
    "for": "write out the loop, one line for each round, or as one operation on arrays",
    "while": "write out the loop, one line for each round",
    "return": "leave the line out: a program returns nothing, its names are its results",
    "and": "multiply the 0/1 masks instead: (a > 0)*(b > 0)",
    "or": "use maximum of the 0/1 masks instead",
    "not": "subtract the 0/1 mask from 1 instead",
    "&": "multiply the 0/1 masks instead",
    "|": "use maximum of the 0/1 masks instead",
    "~": "subtract the 0/1 mask from 1 instead",
    "is": "compare with ==",
    ";": "write one statement a line",
    "{": "a dictionary is not part of the language: leave the line out, and give each gradient a "
    "name of its own, such as dW",
    "\\": "put an expression of several lines in parentheses",
}
"""Spelling that the language lacks -> what to write instead."""


class Token(Struct, frozen=True):
    """One lexical element with its position in the program's text."""

    kind: str
    """`number`, `name`, `operator`, `newline` or `end`."""
    text: str
    line: int
    column: int
    owner: int = 0
    """Characters of the `self.` before the name, where it is an attribute."""


_PATTERN = (
    r"(?P<space>[ \t\r\f]+)|(?P<comment>\#[^\n]*)|(?P<newline>\n)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>(?P<owner>OWNER)?[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<operator>\*\*=|//=|<<=|>>=|\*\*|//|<<|>>|<=|>=|==|!=|:=|->|[-+*/@%&|^]="
    r"|[-+*/@%&|^~<>=()\[\]{},.:;!?$\\])"
)
_TOKEN = _PATTERN.replace("OWNER", "(?!)")
_METHOD = _PATTERN.replace("OWNER", r"(?:self|cls)\.(?=[A-Za-z_])")
"""The same in a method, where `self.x` is x."""


def tokenize(
    text: str, locate: Locate, limit: int = MAX_TOKENS, *, attributes: bool = False,
    claims: bool = True,
) -> list[Token]:  # fmt: skip
    """Return the tokens of a program, at most `limit`; with `attributes` self.x is the name x.

    `claims` says for the errors whether the program claims gradients.
    Raises InputError at the first thing that is not in the language.
    """
    tokens: list[Token] = []
    pattern = re.compile(_METHOD if attributes else _TOKEN)
    at, line, start, depth, began, count = 0, 0, 0, 0, 0, 0
    while at < len(text):
        match = pattern.match(text, at)
        if match is None:
            refuse_character(text, at, locate(line, at - start, 1), claims=claims)
        owner = len(match["owner"] or "")
        kind, chunk = match.lastgroup or "", match.group()[owner:]
        column = at - start + owner
        if kind == "newline":
            if depth == 0:
                tokens.append(Token("newline", "\n", line, column))
            line, start = line + 1, match.end()
            began = began if depth else match.end()
        elif kind in ("number", "name", "operator"):
            if kind == "name" and len(chunk) > MAX_NAME:
                raise InputError(
                    f"this name is longer than {MAX_NAME} characters",
                    locate(line, column, len(chunk)),
                )
            if kind == "number":
                _check_number(text, match, locate(line, column, len(chunk)))
            depth += (chunk in ("(", "[")) - (chunk in (")", "]") and depth > 0)
            if depth > MAX_DEPTH:
                refuse_depth(locate(line, column, 1))
            tokens.append(Token(kind, chunk, line, column, owner))
            count += 1
            if count > limit:
                refuse_length(locate(line, column, len(chunk)), limit)
        at = match.end()
        if at - began > MAX_CHARACTERS:
            raise InputError(
                f"this expression is too long: the limit is {MAX_CHARACTERS} characters",
                locate(line, column, 1),
            )
    tokens.append(Token("newline", "\n", line, at - start))
    tokens.append(Token("end", "", line, at - start))
    return tokens


def refuse_character(text: str, at: int, place: Place, *, claims: bool = True) -> NoReturn:
    """Raise the error for a character that no token starts with."""
    char = text[at]
    if char in "'\"`":
        start = text.rfind("\n", 0, at) + 1
        around = text[start:][:MAX_CHARACTERS].partition("\n")[0]
        raise InputError(
            "a quote starts a string, and strings are not part of the language"
            + without_string(around, at - start, claims=claims),
            place,
        )
    what = f"U+{ord(char):04X}"
    if char.isprintable() and not char.isspace():
        what = f"'{char}' ({what})"
    advice = ADVICE.get(char)
    if advice is None and (char.isalpha() or char.isdigit()):
        advice = "names and numbers are ASCII; [labels] chooses how a name is shown"
    raise InputError(
        f"the character {what} is not part of the language" + (f": {advice}" if advice else ""),
        place,
    )


def refuse_depth(place: Place) -> NoReturn:
    """Refuse an expression that is nested too deep."""
    raise InputError(f"this expression is nested too deep: the limit is {MAX_DEPTH}", place)


def refuse_length(place: Place, limit: int) -> NoReturn:
    """Refuse a program with more than `limit` tokens."""
    raise InputError(
        f"this program is too long: the limit is {limit:,} names, numbers and signs{doubled()}",
        place,
    )


def _check_number(text: str, match: re.Match[str], place: Place) -> None:
    chunk, after = match.group(), text[match.end() : match.end() + 1]
    if after.isalnum() or after == "_" or (after == "." and "." in chunk):
        raise InputError(
            "not a valid number: expected decimal digits such as 12, 0.5 or 1e-3",
            place._replace(width=place.width + 1),
        )
    if re.match(r"0[0-9]", chunk):
        raise InputError("not a valid number: it has a leading zero", place)
    value, shown = float(chunk), clip(chunk, 40)
    if math.isinf(value):
        raise InputError(f"the number {shown} is too large: the largest is about 1.8e308", place)
    if value == 0.0 and re.search(r"[1-9]", re.split("[eE]", chunk)[0]):
        raise InputError(f"the number {shown} is too small: it would become 0", place)


class TokenReader:
    """A position in a program's tokens, with the errors for tokens that cannot stand there."""

    def __init__(
        self, text: str, locate: Locate, limit: int = MAX_TOKENS, *, attributes: bool = False,
        claims: bool = True,
    ) -> None:  # fmt: skip
        self.locate = locate
        self.tokens = tokenize(text, locate, limit, attributes=attributes, claims=claims)
        self.at = 0
        self.depth = 0

    def peek(self) -> Token:
        """Return the next token without taking it."""
        return self.tokens[self.at]

    def take(self) -> Token:
        """Take the next token and return it."""
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def expect(self, text: str) -> Token:
        """Take a token that is required here."""
        token = self.take()
        if token.text != text:
            self.refuse(token, f"'{text}'")
        return token

    def integer(self) -> int:
        """Take a whole number, with its sign."""
        sign = 1
        if self.peek().text == "-":
            sign, self.at = -1, self.at + 1
        token = self.take()
        if token.kind != "number" or not token.text.isdigit() or len(token.text) > 9:
            self.refuse(token, "a whole number")
        return sign * int(token.text)

    def integers(self) -> tuple[int, ...]:
        """Take whole numbers in parentheses, such as `(2, 3)`."""
        self.expect("(")
        values: list[int] = []
        while self.peek().text != ")":
            values.append(self.integer())
            if self.peek().text != ",":
                break
            self.at += 1
        self.expect(")")
        return tuple(values)

    def takes_new_axis(self) -> bool:
        """Take None or np.newaxis if it comes next; return whether it did."""
        texts = [token.text for token in self.tokens[self.at : self.at + 3]]
        count = 1 if texts[:1] == ["None"] else 3 if texts == ["np", ".", "newaxis"] else 0
        self.at += count
        return count > 0

    def one_follows(self) -> bool:
        """Return whether a single element comes next, such as `0` or `-1`, and not a range."""
        at = self.at + (self.peek().text == "-")
        return self.tokens[at].kind == "number" and self.tokens[at + 1].text in ("]", ",")

    def deeper(self, token: Token) -> None:
        """Count a level of nesting; raises InputError where there are too many."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            refuse_depth(self.place(token))

    def refuse(self, token: Token, expected: str) -> NoReturn:
        """Raise the error for a token that cannot stand here."""
        opened = self._left_open(token)
        if opened is not None:
            raise InputError(f"this '{opened.text}' is not closed", self.place(opened))
        if token.kind in ("newline", "end"):
            raise InputError(f"the line ends early: expected {expected}", self.place(token))
        advice = ADVICE.get(token.text)
        if advice is None and keyword.iskeyword(token.text):
            advice = f"'{token.text}' is not part of the language"
        message = f"unexpected '{token.text}': " + (advice or f"expected {expected}")
        raise InputError(message, self.place(token))

    def _left_open(self, token: Token) -> Token | None:
        """Return the bracket from a line above that is still open at a new line or the end."""
        at = self.tokens.index(token)
        begins = token.kind == "name" and self.tokens[at + 1].text == "="
        if token.kind != "end" and token.kind != "newline" and not begins:
            return None
        opened: list[Token] = []
        for one in self.tokens[:at]:
            if one.text in ("(", "["):
                opened.append(one)
            elif one.text in (")", "]") and opened:
                opened.pop()
        return opened[-1] if opened and opened[-1].line < token.line else None

    def place(self, token: Token, *, alone: bool = False) -> Place:
        """Return a token's place in the file; if `alone` that of an attribute's name."""
        owner = 0 if alone else token.owner
        width = max(1, owner + len(token.text.strip()))
        return self.locate(token.line, token.column - owner, width)
