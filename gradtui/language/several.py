"""Lines with several names or values: `cache = (x, w, b)`, `(x, w, b) = cache`, `N, D = x.shape`.

Values that are kept under one name are never one value: the name only leads to theirs.
"""

from __future__ import annotations

import keyword
from collections.abc import Collection, Mapping, Sequence
from typing import NoReturn

from msgspec import Struct

from gradtui.base.source import InputError, Place
from gradtui.base.text import clip
from gradtui.language.foreign import instead_of_return
from gradtui.language.parser import Assignment, Call, Name, Parser, Tree, in_text
from gradtui.language.refusals import Context
from gradtui.language.tokens import MAX_TOKENS, Locate, Token
from gradtui.language.trees import names_read


class Bundle(Struct, frozen=True):
    """Several values under one name."""

    entries: tuple[str | Bundle, ...]
    """The name of each value, or what is bundled in its place."""
    text: str
    """As written."""


class Known(Struct, frozen=True):
    """What is known of the names of the model, in a program that follows it."""

    bundles: Mapping[str, Bundle] = {}
    model: Collection[str] | None = None
    """The names of its values; None in the model itself."""
    parameters: Collection[str] | None = None
    """Those of the function that the program is the body of, if it is of one."""


NOTHING = Known()
_Range = tuple[int, int]
"""The first token of a part, and the one after its last."""
_SHOWN = 120
UNREACHED = "this line comes after the return and is never reached"


def bundle_of(name: str, names: Sequence[str], bundles: Mapping[str, Bundle]) -> Bundle | None:
    """Return the bundle that `names` are taken out of; None if it is not known.

    A function may call it otherwise than the model: a bundle of the same names is meant.
    """
    if name in bundles:
        return bundles[name]
    alike = [one for one in bundles.values() if sorted(map(str, one.entries)) == sorted(names)]
    return alike[0] if len(alike) == 1 else None


class Program(Struct, frozen=True):
    """The lines of a program, and what it keeps under one name."""

    lines: tuple[Assignment, ...]
    bundles: Mapping[str, Bundle]
    returned: tuple[tuple[str, Place], ...] = ()
    """The names in a last line `return loss, dW`, and where they stand."""


def read_program(
    text: str, locate: Locate | None = None, limit: int = MAX_TOKENS,
    context: Context | None = None, known: Known = NOTHING,
) -> Program:  # fmt: skip
    """Return a program whose lines may have several names or values, as `parse_program` does."""
    reader = _Reader(text, locate or in_text, limit, context, known)
    return Program(reader.program(), reader.bundles, tuple(reader.returned or ()))


class _Reader(Parser):
    def __init__(
        self, text: str, locate: Locate, limit: int, context: Context | None, known: Known
    ) -> None:
        super().__init__(text, locate, limit, context=context)
        self.known = known
        self.bundles = dict(known.bundles)
        self.returned: list[tuple[str, Place]] | None = None
        """The names that a program returns, once that line is taken."""

    def line(self) -> Sequence[Assignment]:
        """Take a line, which may assign several names, or none."""
        if self.returned is not None:
            raise InputError(UNREACHED, self.place(self.peek()))
        if self.peek().text == "return" and self.known.model is not None:
            return self.ending()
        found = self.several()
        return (self.statement(),) if found is None else found

    def name(self, token: Token) -> Tree:
        """Return what a name stands for, a value of a bundle where its number follows."""
        return self.entry(token) if token.text in self.bundles else super().name(token)

    def ending(self) -> list[Assignment]:
        """Take a line `return loss, dW`, as at the end of a function."""
        start, stop = self.at + 1, self._end()
        parts = self._parts((start, stop)) or [(start, stop)][: stop - start]
        self.at, self.returned = stop, []
        for one in parts:
            if not self._word(one):
                said = clip(instead_of_return(list(map(self._text, parts))), _SHOWN)
                self._refuse(one, f"a return gives names: {said}")
            self.returned.append((self._word(one), self.place(self.tokens[one[0]])))
        return []

    def several(self) -> list[Assignment] | None:
        """Take a line of several names or values, or of nothing yet; None for any other."""
        stop = self._end()
        sides = self._split((self.at, stop), "=")
        if len(sides) != 2 or any(start == stop for start, stop in sides):
            return None
        start, found = self.at, self._pairs(*sides)
        self.at = start if found is None else stop
        return found

    def entry(self, name: Token) -> Name:
        """Take what stands after the name of a bundle: the number of one of its values."""
        bundle, opening = self.bundles[name.text], self.peek()
        if opening.text == "[" and self.tokens[self.at + 1].kind == "number":
            self.at += 1
            number = self.integer()
            place = self.span(name, self.expect("]"), name)
            one = bundle.entries[number] if number < len(bundle.entries) else None
            if isinstance(one, str):
                return Name(one, place)
        raise InputError(
            f"'{name.text}' is not one value, it holds {clip(bundle.text, _SHOWN)}: read them by "
            "their own names", self.place(name),
        )  # fmt: skip

    def _pairs(self, target: _Range, value: _Range) -> list[Assignment] | None:
        """Return what the two sides of a line assign; None if each is a single one."""
        names, values = self._parts(target), self._parts(value)
        word = self._word(value)
        if names is None:
            name = self._word(target)
            if not name or keyword.iskeyword(name):
                return None
            if values is not None:
                self._keep(target, Bundle(tuple(map(self._kept, values)), self._text(value)))
            elif word in self.bundles:
                self._keep(target, self.bundles[word])
            elif self._is_opaque(value) and name in (self.known.model or ()):
                self.bundles[word] = Bundle((name,), name)
            elif word != "None" or self.known.model is None:
                return None
            return []
        if values is not None:
            return self._one_by_one(names, values)
        return self._out_of(value, names) if word else self._sizes(names, value)

    def _one_by_one(
        self, names: Sequence[_Range], values: Sequence[_Range]
    ) -> list[Assignment] | None:
        """Return the lines of `a, b = c, d`; None if they cannot follow one another."""
        if len(names) != len(values):
            return None
        found, assigned = list[Assignment](), set[str]()
        for one, value in zip(names, values, strict=True):
            pairs = self._pairs(one, value)
            if pairs is None and self._word(one) == self._word(value):
                continue
            pairs = [self._line(one, self._tree(value))] if pairs is None else pairs
            if assigned & {name for line in pairs for name in names_read(line.value)}:
                return None
            assigned |= {line.name for line in pairs}
            found += pairs
        return found

    def _out_of(self, value: _Range, names: Sequence[_Range]) -> list[Assignment] | None:
        """Return the lines that take values out of a name; None if it is that of a value.

        What only the forward pass bundles is what the model has of those names.
        """
        name, words = self._word(value), [self._word(one) for one in names]
        bundle = bundle_of(name, words, self.bundles)
        if bundle is not None:
            self.bundles.setdefault(name, bundle)
            return self._unpacked(name, names, bundle)
        model = self.known.model or ()
        pasted = self.known.parameters is None and self.known.model is not None
        unread = {*model, *self.assigned, *self.context.assigned}
        if not (self._is_opaque(value) or (pasted and name not in unread)) or not all(words):
            return None
        for one, word in zip(names, words, strict=True):
            if word not in model and word != "_":
                self._refuse(one, f"'{word}' is taken out of '{name}', and neither is a name of "
                                  f"the model: write a name that it has, or {name} = (…) in the "
                                  "model")  # fmt: skip
        self.bundles[name] = Bundle(tuple(words), ", ".join(words))
        return []

    def _is_opaque(self, value: _Range) -> bool:
        """Return whether a name is a parameter, or an attribute, that the model does not have."""
        name, model = self._word(value), self.known.model
        if not name or model is None or name in model:
            return False
        return name in (self.known.parameters or ()) or self.tokens[value[0]].owner > 0

    def _unpacked(self, name: str, names: Sequence[_Range], bundle: Bundle) -> list[Assignment]:
        if len(names) != len(bundle.entries):
            self._refuse((names[0][0], names[-1][1]), f"'{name}' holds {len(bundle.entries)} "
                         f"values, {clip(bundle.text, _SHOWN)}, and {len(names)} names take "
                         "them")  # fmt: skip
        found = list[Assignment]()
        for one, entry in zip(names, bundle.entries, strict=True):
            word, nested = self._word(one), self._parts(one)
            if nested is not None and isinstance(entry, Bundle):
                found += self._unpacked(name, nested, entry)
            elif not word:
                self._refuse(one, "only names take values out of another")
            elif isinstance(entry, Bundle):
                self._keep(one, entry)
            elif word not in (entry, "_"):
                if word in bundle.entries or word in (self.known.model or ()):
                    self._refuse(one, f"'{name}' holds {clip(bundle.text, _SHOWN)} in this order: "
                                      f"{entry} is taken here, not {word}")  # fmt: skip
                found.append(self._line(one, Name(entry, self.place(self.tokens[one[0]]))))
        return found

    def _sizes(self, names: Sequence[_Range], value: _Range) -> list[Assignment] | None:
        """Return the lines of `N, D = x.shape`; None for another value."""
        start, stop = value
        name = self._word((start, start + 1))
        if not name or [one.text for one in self.tokens[start + 1 : stop]] != [".", "shape"]:
            return None
        tree = Name(name, self.place(self.tokens[start]))
        return [
            self._line(one, Call("shape", (tree,), (("axis", axis),), tree.place))
            for axis, one in enumerate(names)
            if self._word(one) != "_"
        ]

    def _line(self, target: _Range, value: Tree) -> Assignment:
        name = self._word(target)
        if not name or keyword.iskeyword(name):
            self._refuse(target, "expected a name")
        self.assigned.add(name)
        return Assignment(name, value, self.place(self.tokens[target[0]], alone=True), shared=True)

    def _tree(self, value: _Range) -> Tree:
        self.at = value[0]
        tree = self.expression()
        if self.at != value[1]:
            self.refuse(self.peek(), "an operator or ','")
        return tree

    def _kept(self, value: _Range) -> str | Bundle:
        """Return the entry of a bundle that a part is."""
        inside, name = self._parts(value), self._word(value)
        if inside is not None:
            return Bundle(tuple(map(self._kept, inside)), self._text(value))
        if not name or name in self.context.kept:
            self._refuse(value, "only names can be kept together: give this value a name on a line "
                                "of its own")  # fmt: skip
        return self.bundles.get(name, name)

    def _keep(self, target: _Range, bundle: Bundle) -> None:
        name = self._word(target)
        if name in {*self.assigned, *self.context.assigned}:
            self._refuse(target, f"'{name}' is assigned twice: a name is assigned once")
        self.bundles[name] = bundle

    def _parts(self, part: _Range) -> list[_Range] | None:
        """Return the parts of `a, b`, `(a, b)` or `[a, b]`; None for anything else."""
        start, stop = part
        if self.tokens[start].text in ("(", "[") and self.entries(start)[1] == stop - 1:
            part = start + 1, stop - 1
        *found, last = self._split(part, ",")
        if not found or any(start == stop for start, stop in found):
            return None
        return [*found, last] if last[0] < last[1] else found  # a comma may end them

    def _split(self, part: _Range, sign: str) -> list[_Range]:
        """Return the parts between signs outside brackets."""
        found, depth, begin = list[_Range](), 0, part[0]
        for at in range(*part):
            text = self.tokens[at].text
            depth += (text in ("(", "[")) - (text in (")", "]"))
            if depth == 0 and text == sign:
                found.append((begin, at))
                begin = at + 1
        return [*found, (begin, part[1])]

    def _end(self) -> int:
        """Return the token that ends this line."""
        stop = self.at
        while self.tokens[stop].kind not in ("newline", "end"):
            stop += 1
        return stop

    def _word(self, part: _Range) -> str:
        """Return the name that a part is; empty if it is more than a name."""
        start, stop = part
        token = self.tokens[start]
        return token.text if stop == start + 1 and token.kind == "name" else ""

    def _text(self, part: _Range) -> str:
        return self.written(*part)

    def _refuse(self, part: _Range, message: str) -> NoReturn:
        first, last = self.tokens[part[0]], self.tokens[part[1] - 1]
        raise InputError(message, self.span(first, last, first))
