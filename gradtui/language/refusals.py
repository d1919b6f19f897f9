"""The program language: errors for what it lacks, in the author's own names. No grammar."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import count
from typing import NoReturn

from msgspec import Struct

from gradtui.base.source import InputError
from gradtui.base.text import clip
from gradtui.language.foreign import (
    FOREIGN,
    MODULES,
    SUBMODULES,
    in_brackets,
    instead_of_attribute,
    instead_of_call,
    instead_of_index,
    instead_of_module,
    instead_of_np,
    instead_of_option,
    instead_of_several,
    instead_of_target,
)
from gradtui.language.tokens import MAX_TOKENS, Locate, Token, TokenReader

AUGMENTED = {"+=": "+", "-=": "-", "*=": "*", "/=": "/", "@=": "@", "**=": "**"}
"""Augmented assignments -> their operators."""
_SHOWN = 160
_ENDS = ("newline", "end")
"""Kinds of tokens that end a line."""


def another_name(name: str, taken: Collection[str]) -> str:
    """Return a free name for the value that a name has before it is assigned again."""
    first = 1 if name in taken else 2
    return next(other for n in count(first) if (other := f"{name}_{n}") not in taken)


class Context(Struct, frozen=True):
    """What is known about a program's names besides its text, for the errors."""

    assigned: Collection[str] = ()
    """Names that the lines before the text assign."""
    kept: Collection[str] = ()
    """Names that hold last step's value until they are assigned."""
    functions: Collection[str] | None = None
    """Functions of the language; if empty, no function gets advice on what to write instead."""
    attributes: bool = False
    """Whether `self.x` is the name x, as in a method."""
    augmented: bool = False
    """Whether `w -= x` is read as `w = w - x` where w is `kept`."""
    claims: bool = True
    """Whether the program claims gradients, and is no update."""
    elements: bool = False
    """Whether a single element can be read, as in `w[0]`."""


READ = Context(attributes=True)
"""Names read before, in a method or elsewhere."""


class Refuser(TokenReader):
    """A position in a program's tokens, with errors that suggest a rewrite."""

    def __init__(
        self, text: str, locate: Locate, limit: int = MAX_TOKENS, context: Context | None = None
    ) -> None:
        self.context, self.assigned = context or Context(), set[str]()
        super().__init__(text, locate, limit, attributes=self.context.attributes,
                         claims=self.context.claims)  # fmt: skip
        """`assigned`: the names that the lines of the text have assigned so far."""

    def written(self, start: int, stop: int) -> str:
        """Return the text of some tokens on one line, with their own spacing."""
        text, line, end = "", -1, 0
        for token in self.tokens[start:stop]:
            if token.kind in ("newline", "end"):
                continue
            apart = (token.line, token.column) != (line, end)
            text += (" " if text and apart and text[-1] not in "([" else "") + token.text
            line, end = token.line, token.column + len(token.text)
        return text

    def entries(self, opening: int) -> tuple[list[tuple[int, int]], int]:
        """Return where the parts between a bracket's commas are, and where the bracket ends."""
        found, depth, start = list[tuple[int, int]](), 0, opening + 1
        for at in range(opening, len(self.tokens)):
            text = self.tokens[at].text
            depth += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
            if depth == 0 or (depth == 1 and text == ","):
                if at > start:
                    found.append((start, at))
                start = at + 1
            if depth == 0:
                return found, at
        return found, len(self.tokens) - 1

    def refuse_foreign(self, name: Token, begin: int, dot: int | None) -> None:
        """Refuse a function that the language lacks, if there is advice on what to write.

        Its bracket has been taken; `begin` is the first token of the call, `dot` the one before the
        name of a method.
        """
        own = self.context.functions
        if own is None or name.text in own or name.text not in FOREIGN:
            return
        ranges, end = self.entries(self.at - 1)
        if self.tokens[end].kind == "end":
            return
        keyed = [self.tokens[start + 1].text == "=" for start, _ in ranges]
        given = [self.written(*part) for part, key in zip(ranges, keyed, strict=True) if not key]
        named = [self.written(*part) for part, key in zip(ranges, keyed, strict=True) if key]
        if dot is not None:
            given.insert(0, self.written(begin, dot))
        if len(given) == 2 and given[1].lstrip("-").isdigit() and not named:
            named = [f"axis={given[1]}"]
        options = "".join(f", {one}" for one in named if one.startswith(("axis=", "keepdims=")))
        before, after = self.tokens[begin - 1].text if begin else "", self.tokens[end + 1].text
        alone = before in ("=", "(", ",", "\n", "") and after in (")", ",", "\n", "")
        advice = instead_of_call(name.text, given, options, self.picked(end + 1), alone=alone)
        first, last = self.place(self.tokens[begin]), self.place(self.tokens[end])
        place = self.place(name)
        if first.line == last.line:
            place = first._replace(width=last.column + last.width - first.column)
        raise InputError(
            f"'{name.text}' is not a function of the language" + clip(advice, _SHOWN), place
        )

    def picked(self, at: int) -> str:
        """Return the text in the square brackets that begin at a token, empty if none do."""
        if self.tokens[at].text != "[":
            return ""
        ranges, _ = self.entries(at)
        return self.written(*ranges[0]) if len(ranges) == 1 else ""

    def refuse_method(self, name: Token) -> None:
        """Refuse a call of one of the user's own methods."""
        if name.owner:
            raise InputError(f"'{name.text}' is a method of an object, which is not read: write "
                             "out here what it does", self.place(name))  # fmt: skip

    def refuse_module(self, first: Token) -> None:
        """Refuse a module other than np before a name; `first` is taken."""
        known = first.text in MODULES or first.text in SUBMODULES
        if not known or self.peek().text != ".":
            return
        at = self.at
        while self.tokens[at].text == "." and self.tokens[at + 1].kind == "name":
            at += 2
        name, called = self.tokens[at - 1], self.tokens[at].text == "("
        if called:
            begin, self.at = self.at - 1, at + 1
            self.refuse_foreign(name, begin, None)
        raise InputError(
            f"'{first.text}.' is not part of the language: only np. may stand before a name"
            + instead_of_module(name.text, called=called and first.text not in SUBMODULES),
            self.place(first),
        )

    def refuse_np(self, name: Token) -> NoReturn:
        """Refuse anything after np. that is not a function."""
        message = instead_of_np(name.text) if name.kind == "name" else ""
        if message:
            raise InputError(message, self.place(name))
        self.refuse(name, "a function after np.")

    def refuse_attribute(self, name: Token, dot: Token, begin: int) -> NoReturn:
        """Refuse the name after a dot; the tokens from `begin` on are its owner."""
        owner = self.written(begin, self.tokens.index(dot))
        advice = instead_of_attribute(owner, name.text) if name.kind == "name" else ""
        advice = advice or ": after '.' expected T, shape[0] or a method such as sum(axis=0)"
        raise InputError(
            f"'.{name.text}' is not part of the language" + advice,
            self.place(name if name.kind == "name" else dot),
        )

    def refuse_option(self, key: Token, function: str) -> None:
        """Refuse an option that no function of the language has, if there is advice on it."""
        advice = instead_of_option(key.text)
        if advice:
            raise InputError(f"{function} has no option '{key.text}'" + advice, self.place(key))

    def refuse_subscript(self, bracket: Token, begin: int) -> NoReturn:
        """Refuse an index in brackets; the tokens from `begin` on are its owner."""
        opening = self.tokens.index(bracket)
        ranges, end = self.entries(opening)
        if self.tokens[end].text != "]":
            self.refuse(self.tokens[end], "']'")
        entries = [self.written(*part) for part in ranges]
        raise InputError(
            "'[': only new axes and ranges can be written in brackets, such as [:, None] or [1:3]"
            + clip(instead_of_index(self.written(begin, opening), entries), _SHOWN),
            self.place(bracket),
        )

    def again(self, name: str, operator: Token) -> str:
        """Return the operator of a line such as `w -= x` where that is allowed, else nothing."""
        known = self.context.augmented and name in self.context.kept
        return AUGMENTED.get(operator.text, "") if known else ""

    def refuse_again(self, target: Token, operator: Token) -> NoReturn:
        """Refuse a line such as `a += b`."""
        name, sign = target.text, AUGMENTED[operator.text]
        value = self.rest()
        if sign != "+" or value.startswith("-"):
            value = in_brackets(value, "+-<>=") if sign in "+-" else in_brackets(value)
        raise InputError(
            f"'{operator.text}' is not part of the language, since a name is assigned once: "
            + self.renamed(name, clip(f"{name} {sign} {value}", _SHOWN)),
            self.place(operator),
        )

    def renamed(self, name: str, value: str) -> str:
        """Return how to rewrite a line that assigns a name again.

        If a line above assigns the name, that one is renamed, so that whatever follows, a claim or
        a return, still means the last value.
        """
        taken = {*self.context.assigned, *self.assigned}
        if name in self.context.kept and name not in taken:
            return f"write {name} = {value}"
        other = another_name(name, taken)
        if name in taken:
            value = re.sub(rf"(?<![\w.]){re.escape(name)}(?!\w)", other, value)
            return f"rename the one above to {other}, and write {name} = {value}"
        return f"write {other} = {value}, and use {other} from here on"

    def refuse_part(self, target: Token, bracket: Token) -> NoReturn:
        """Refuse a line such as `a[i] = b`."""
        opening, name = self.tokens.index(bracket), target.text
        _, end = self.entries(opening)
        if self.tokens[end].kind == "end":
            self.refuse(self.tokens[end], "']'")
        operator, self.at = self.tokens[end + 1], end + 2
        advice = instead_of_target(
            name, self.written(opening + 1, end), operator.text, self.rest()
        )  # fmt: skip
        head, write, value = advice.partition(": write ")
        if write and name in value and not head:
            advice = f": {self.renamed(name, value)}"
        raise InputError(
            "'[': part of an array cannot be assigned" + clip(advice, _SHOWN), self.place(bracket)
        )

    def rest(self) -> str:
        """Return the text of the statement from here on."""
        stop = self.at
        while self.tokens[stop].kind not in ("newline", "end"):
            stop += 1
        return self.written(self.at, stop)

    def refuse_bracketed(self, bracket: Token) -> None:
        """Refuse a line such as `(a, b) = c`; its first bracket is taken."""
        names, end = self.entries(self.at - 1)
        if self.tokens[end].text != ")" or self.tokens[end + 1].text != "=":
            return
        self.at = end + 2
        values, close = self.entries(self.at)
        bracketed = (self.tokens[self.at].text, self.tokens[close].text) == ("(", ")")
        whole = bracketed and self.tokens[close + 1].kind in _ENDS
        told = [self.written(*one) for one in values] if whole else [self.rest()]
        rewrite = instead_of_several([self.written(*one) for one in names], told)
        raise InputError(f"a line assigns one name: {clip(rewrite, _SHOWN)}", self.place(bracket))

    def refuse_several(self, target: Token, comma: Token) -> NoReturn:
        """Refuse a line such as `a, b = c`."""
        start, stop = self.tokens.index(target), self.at
        while self.tokens[stop].kind not in ("newline", "end"):
            stop += 1
        sides = [list[str]()]
        begin = start
        depth = 0
        for at in range(start, stop + 1):
            text = self.tokens[at].text
            depth += (text in ("(", "[")) - (text in (")", "]"))
            if at == stop or (depth == 0 and text in (",", "=")):
                sides[-1].append(self.written(begin, at))
                begin = at + 1
                if text == "=" and at != stop:
                    sides.append([])
        rewrite = instead_of_several(*sides) if len(sides) == 2 else "write each on its own line"
        raise InputError(f"a line assigns one name: {clip(rewrite, _SHOWN)}", self.place(comma))
