"""The program language: text -> statements and expression trees. Knows no shapes and no values.

A program is lines `name = expression` in a small subset of Python and NumPy.  It is parsed, never
evaluated by Python.  Every part of a tree keeps its place in the file.
"""

from __future__ import annotations

import keyword
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import InputError, Place
from gradtui.language.operators import COMPARISON, INFIX, NOT_CALLED
from gradtui.language.refusals import AUGMENTED, Context, Refuser
from gradtui.language.tokens import MAX_TOKENS, Locate, Token

Option = int | bool | None | str | tuple[int, ...]
"""A literal option of a call, such as `axis=0` or `keepdims=True`.

Text names an option of the operation being differentiated: only derivative rules hold such."""


# gc=False spares the garbage collector: trees and nodes hold no cycles, and a search for mistakes
# makes hundreds of thousands of them.
class Number(Struct, frozen=True, gc=False):
    """A literal number."""

    value: float
    place: Place


class Name(Struct, frozen=True, gc=False):
    """A name that is read."""

    name: str
    place: Place


class Call(Struct, frozen=True, gc=False):
    """An operation on expressions: an operator, a function, a method, `.T`, `[:, None]`."""

    function: str
    """The registry's name of the operation."""
    arguments: tuple[Tree, ...]
    options: tuple[tuple[str, Option], ...]
    place: Place


class WholeNumbers(Struct, frozen=True, gc=False):
    """A last argument such as `(2, 3)` in `reshape(x, (2, 3))`."""

    values: tuple[int, ...]
    place: Place


Tree = Number | Name | Call | WholeNumbers


class Assignment(Struct, frozen=True):
    """One line `name = expression`."""

    name: str
    value: Tree
    place: Place
    """Where the name stands."""
    shared: bool = False
    """Whether its line assigns other names too, so that it cannot be replaced alone."""


def parse_program(
    text: str, locate: Locate | None = None, limit: int = MAX_TOKENS,
    context: Context | None = None,
) -> tuple[Assignment, ...]:  # fmt: skip
    """Return the statements of a program of at most `limit` tokens, in order.

    `locate` says where the text stands in its file; without it, places refer to the text itself.
    `context` is what else is known about names, for the errors.
    Raises InputError at the first place that is not in the language.
    """
    return Parser(text, locate or in_text, limit, context=context).program()


def parse_expression(
    text: str, locate: Locate | None = None, context: Context | None = None
) -> Tree:
    """Return the tree of a single expression; raises InputError as `parse_program` does."""
    return Parser(text, locate or in_text, context=context).single()


def parse_rule(text: str) -> Tree:
    """Return the tree of a derivative rule of the registry, whose options may name an option."""
    return Parser(text, in_text, rules=True).single()


def in_text(line: int, column: int, width: int) -> Place:
    """Return a place in the text itself."""
    return Place(line + 1, column + 1, width)


class Parser(Refuser):
    """A position in a program's tokens that takes what the grammar has there."""

    def __init__(
        self, text: str, locate: Locate, limit: int = MAX_TOKENS, *, rules: bool = False,
        context: Context | None = None,
    ) -> None:  # fmt: skip
        super().__init__(text, locate, limit, context)
        self.rules = rules

    def program(self) -> tuple[Assignment, ...]:
        """Take all lines."""
        statements: list[Assignment] = []
        while True:
            while self.peek().kind == "newline":
                self.at += 1
            if self.peek().kind == "end":
                return tuple(statements)
            statements += self.line()

    def line(self) -> Sequence[Assignment]:
        """Take the line from here on."""
        return (self.statement(),)

    def single(self) -> Tree:
        """Take the only expression."""
        while self.peek().kind == "newline" and self.tokens[self.at + 1].kind != "end":
            self.at += 1
        if self.peek().kind in ("newline", "end"):
            raise InputError("empty expression", self.place(self.peek()))
        tree = self.expression()
        while self.peek().kind == "newline":
            self.at += 1
        if self.peek().text == "=":
            raise InputError("'=' assigns; write == to compare", self.place(self.peek()))
        if self.peek().kind != "end":
            self.refuse(self.peek(), "an operator or the end")
        return tree

    def statement(self) -> Assignment:
        """Take a line `name = expression`."""
        target = self.take()
        if target.text == "(":
            self.refuse_bracketed(target)
        if target.kind != "name":
            self.refuse(target, "a line `name = expression`")
        if keyword.iskeyword(target.text):
            self.refuse(target, "a name")
        again = self.equals(target)
        if self.peek().kind in ("newline", "end"):
            raise InputError(f"empty expression: expected a value for {target.text}",
                             self.place(self.peek()))  # fmt: skip
        value = self.expression()
        if again:
            value = Call(again, (Name(target.text, self.place(target)), value), (), value.place)
        after = self.peek()
        if after.text == "=":
            raise InputError("a line assigns one name: write each on its own line",
                             self.place(after))  # fmt: skip
        if after.kind not in ("newline", "end"):
            self.refuse(after, "an operator or the end of the line")
        self.assigned.add(target.text)
        return Assignment(target.text, value, self.place(target, alone=True))

    def equals(self, target: Token) -> str:
        """Take the assignment sign, and return the operator in it, if one is allowed."""
        equals = self.take()
        if equals.text == "=" or self.again(target.text, equals):
            return self.again(target.text, equals)
        if equals.text in AUGMENTED:
            self.refuse_again(target, equals)
        if equals.text == "[":
            self.refuse_part(target, equals)
        if equals.text == ",":
            self.refuse_several(target, equals)
        expected = "a line `name = expression`"
        self.refuse(target if keyword.iskeyword(target.text) else equals, expected)

    def expression(self) -> Tree:
        """Return the operators and operands from here on as a tree.

        Operators wait on a stack until one that binds no tighter follows, so a level of nesting
        takes few Python frames, and MAX_DEPTH levels stay far from Python's recursion limit.
        """
        operands, waiting = [self._unary()], list[Token]()
        while True:
            token = self.peek()
            precedence = INFIX.get(token.text, 0)
            while waiting and INFIX[waiting[-1].text] >= precedence:
                operator, right, left = waiting.pop(), operands.pop(), operands.pop()
                place = self.span(left, right, operator)
                operands.append(Call(operator.text, (left, right), (), place))
                if precedence == INFIX[operator.text] == COMPARISON:
                    self.refuse(token, "one comparison; multiply two masks: (a < b)*(b < c)")
            if precedence == 0:
                return operands[0]
            self.at += 1
            waiting.append(token)
            operands.append(self._unary())

    def _unary(self) -> Tree:
        token = self.peek()
        if token.kind == "operator" and token.text in "+-":
            self.at += 1
            self.deeper(token)
            operand = self._unary()
            self.depth -= 1
            if token.text == "+":
                return operand
            return Call("neg", (operand,), (), self.span(token, operand, token))
        return self._power()

    def _power(self) -> Tree:
        base = self._postfix()
        token = self.peek()
        if token.text != "**":
            return base
        self.at += 1
        self.deeper(token)
        exponent = self._unary()
        self.depth -= 1
        return Call("**", (base, exponent), (), self.span(base, exponent, token))

    def _postfix(self) -> Tree:
        begin = self.at
        tree = self._atom()
        while self.peek().kind == "operator" and self.peek().text in (".", "[", "("):
            token = self.take()
            if token.text == ".":
                tree = self._attribute(tree, token, begin)
            elif token.text == "[":
                tree = self._subscript(tree, token, begin)
            else:
                raise InputError("only a named function can be called", self.place(token))
        return tree

    def _atom(self) -> Tree:
        token = self.take()
        if token.kind == "number":
            return Number(float(token.text), self.place(token))
        if token.text == "(":
            self.deeper(token)
            if self.peek().text == ")":
                self.refuse(self.peek(), "an operand between the parentheses")
            inner = self.expression()
            if self.peek().text == ",":
                raise InputError(
                    "several values in parentheses are not one value: write each on its own line; "
                    "leave out what is kept for later, since [backward] reads all of the model",
                    self.place(token),
                )
            place = self.span(token, self.expect(")"), inner)
            self.depth -= 1
            return replace(inner, place=place)
        if token.kind != "name" or keyword.iskeyword(token.text):
            self.refuse(token, "an operand (a number, a name or a parenthesis)")
        first, begin = token, self.at - 1
        if token.text == "np" and self.peek().text == ".":
            self.at += 1
            token = self.take()
            self.refuse_module(token)
            if token.kind != "name" or self.peek().text != "(":
                self.refuse_np(token)
        self.refuse_module(token)
        if self.peek().text == "(":
            self.refuse_method(token)
            self.at += 1
            self.refuse_foreign(token, begin, None)
            return self._call(token, first=first)
        return self.name(token)

    def name(self, token: Token) -> Tree:
        """Return what a name that has been taken stands for."""
        return Name(token.text, self.place(token))

    def _attribute(self, tree: Tree, dot: Token, begin: int) -> Tree:
        name = self.take()
        if name.kind in ("newline", "end"):
            self.refuse(name, "T, shape[0] or a method after '.'")
        if name.kind == "name" and self.peek().text == "(":
            self.at += 1
            self.refuse_foreign(name, begin, self.at - 3)
            return self._call(name, tree)
        if name.text == "T":
            return Call("T", (tree,), (), self.span(tree, name, name))
        if name.text == "shape" and self.peek().text == "[":
            self.at += 1
            axis = self.integer()
            end = self.expect("]")
            return Call("shape", (tree,), (("axis", axis),), self.span(tree, end, name))
        self.refuse_attribute(name, dot, begin)

    def _subscript(self, tree: Tree, bracket: Token, begin: int) -> Tree:
        added: list[int] = []
        bounds: list[tuple[int | None, int | None]] = []
        single: list[int] = []
        while True:
            if self.takes_new_axis():
                added.append(len(added) + len(bounds) - len(single))
            elif self.context.elements and self.one_follows():
                single.append(len(bounds))
                at = self.integer()
                bounds.append((at, at + 1 or None))
            else:
                bounds.append(self.bounds(bracket, begin))
            end = self.take()
            if end.text == "]":
                break
            if end.text != ",":
                self.refuse_subscript(bracket, begin)
        place, entries = self.span(tree, end, bracket), len(bounds)
        for axis, (start, stop) in enumerate(bounds):
            if (start, stop) != (None, None):
                part = (("axis", axis), ("start", start), ("stop", stop), ("entries", entries),
                        ("single", axis in single))  # fmt: skip
                tree = Call("slice", (tree,), part, place)
        if single:
            tree = Call("sum", (tree,), (("axis", tuple(single)),), place)
        if added or bounds.count((None, None)) == entries:
            new = (("axis", tuple(added)), ("entries", entries - len(single) + len(added)))
            tree = Call("expand", (tree,), new, place)
        return tree

    def bounds(self, bracket: Token, begin: int) -> tuple[int | None, int | None]:
        """Return the bounds of an entry such as `:`, `2:` or `1:-1`."""
        start = None if self.peek().text == ":" else self._bound(bracket, begin)
        if self.take().text != ":":
            self.refuse_subscript(bracket, begin)
        ended = self.peek().text in ("]", ",")
        return start, None if ended else self._bound(bracket, begin)

    def _bound(self, bracket: Token, begin: int) -> int:
        token = self.tokens[self.at + (self.peek().text == "-")]
        return self.integer() if token.kind == "number" else self.refuse_subscript(bracket, begin)

    def _call(self, name: Token, owner: Tree | None = None, *, first: Token | None = None) -> Tree:
        if name.text in NOT_CALLED and not self.rules:
            raise InputError(
                f"'{name.text}' is not a function of the language: write {NOT_CALLED[name.text]}",
                self.place(name),
            )
        self.deeper(name)
        arguments: tuple[Tree, ...] = (owner,) if owner else ()
        options: list[tuple[str, Option]] = []
        while self.peek().text != ")":
            token = self.peek()
            if token.kind == "name" and self.tokens[self.at + 1].text == "=":
                self.at += 2
                self.refuse_option(token, name.text)
                if any(token.text == key for key, _ in options):
                    raise InputError(f"'{token.text}' is given twice", self.place(token))
                value, flag = self._literal(), token.text == "keepdims"  # which may be 1 in NumPy
                options.append((token.text, bool(value) if flag and value in (0, 1) else value))
            elif options:
                self.refuse(token, "options such as axis=0 after the operands")
            else:
                arguments = (*arguments, self._argument(first=not arguments))
            if self.peek().text != ",":
                break
            self.at += 1
        end = self.expect(")")
        self.depth -= 1
        return Call(
            name.text, arguments, tuple(options), self.span(owner or first or name, end, name)
        )

    def _argument(self, *, first: bool) -> Tree:
        opening, at = self.peek(), self.at + 1
        if opening.text != "(" or first:
            return self.expression()
        if self.tokens[at].text == "-":
            at += 1
        number, after = self.tokens[at], self.tokens[min(at + 1, len(self.tokens) - 1)]
        if number.text != ")" and (number.kind != "number" or after.text != ","):
            return self.expression()
        values = self.integers()
        end = self.tokens[self.at - 1]
        return WholeNumbers(values, self.span(opening, end, opening))

    def _literal(self) -> Option:
        token = self.peek()
        if token.text in ("True", "False", "None"):
            self.at += 1
            return {"True": True, "False": False, "None": None}[token.text]
        if token.kind == "name" and self.rules:
            self.at += 1
            return token.text
        return self.integers() if token.text == "(" else self.integer()

    def span(self, first: Tree | Token, last: Tree | Token, anchor: Tree | Token) -> Place:
        """Return the place from `first` to `last`, or the anchor's if they share no line."""
        start, end, middle = (
            self.place(part) if isinstance(part, Token) else part.place
            for part in (first, last, anchor)
        )
        if start.line != end.line or end.column < start.column:
            return middle
        return start._replace(width=end.column + end.width - start.column)
