"""Expression trees -> program text; unchanged parts keep the user's own spelling."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gradtui.base.source import InputError, Place
from gradtui.base.text import number
from gradtui.engine.ops import OPS
from gradtui.language.operators import (
    COMPARISON,
    FUNCTION,
    INFIX,
    POWER,
    PRECEDENCE,
    PRODUCT,
    SIGN,
    SUM,
    Text,
)
from gradtui.language.parser import (
    Call,
    Name,
    Number,
    Option,
    Tree,
    WholeNumbers,
    parse_expression,
)
from gradtui.language.refusals import READ
from gradtui.language.trees import same, subtrees

_SPACES = {SUM: " ", COMPARISON: " "}
"""The spaces around operators, by precedence, for kinds that the user's line lacks."""
_OPERATORS = {
    SUM: re.compile(r"[\w.)\]](?<![0-9.][eE])( ?)[-+]"),
    PRODUCT: re.compile(r"[\w.)\]]( ?)(?:\*(?!\*)|[/@])"),
}
"""Operators after an operand."""
_OWNER = re.compile(r"\b(?:self|cls)\.$")
_PREFIXED = re.compile(r"\bnp\.")


def assigned_in(lines: Sequence[str], place: Place, name: str) -> str:
    """Return a name as the line at its place assigns it: `self.dW` where it is an attribute."""
    before = lines[place.line - 1][: place.column - 1] if place.line <= len(lines) else ""
    return owner_in(before) + name


def owner_in(before: str) -> str:
    """Return the `self.` that ends the text before a name, or nothing."""
    owner = _OWNER.search(before)
    return owner[0] if owner else ""


def spell(tree: Tree, original: Tree | None = None, lines: Sequence[str] = ()) -> str:
    """Return the text of an expression.

    Parts of `original`, with places in `lines`, are copied from there, and operators are spaced as
    there.  If the lines write np.exp, so do new parts, because in a Python file a bare sum is
    another function; a name that only an object has there, self.x, is written so.
    """
    if isinstance(tree, Name) and original is None:
        return tree.name
    prefixed = any(map(_PREFIXED.search, lines))
    spaces = dict(_SPACES)
    if original is not None and original.place.line <= len(lines):
        spaces |= _spaces_in(lines[original.place.line - 1])
    kept = set(map(id, subtrees(original))) if original is not None else set[int]()
    texts: dict[int, Text] = {}
    pending = [tree]
    while pending:
        part = pending[-1]
        if id(part) in texts:
            pending.pop()
            continue
        copied = _copied(part, lines) if id(part) in kept else None
        if copied is not None:
            texts[id(part)] = copied
            continue
        missing = [one for one in _arguments(part) if id(one) not in texts]
        if missing:
            pending.extend(missing)
            continue
        if isinstance(part, Name) and original is not None:
            texts[id(part)] = Text(_held(part.name, lines, original.place.line), FUNCTION)
        else:
            texts[id(part)] = _composed(part, texts, spaces, prefixed)
    return texts[id(tree)].text


def _held(name: str, lines: Sequence[str], number: int) -> str:
    """Return a name as a line can read it: `self.x` if its function has it on the object alone."""
    owned = re.search(rf"\b(?:self|cls)\.{name}\b", "\n".join(lines))
    if owned is None:
        return name
    own = re.split(r"^\s*def ", "\n".join(lines[:number]), flags=re.MULTILINE)[-1]
    return name if re.search(rf"(?<![\w.]){name}\b", own) else owned[0]


def precedence_of(tree: Tree) -> int:
    """Return how tightly an expression's outermost operator binds."""
    return PRECEDENCE.get(tree.function, FUNCTION) if isinstance(tree, Call) else FUNCTION


def _arguments(tree: Tree) -> tuple[Tree, ...]:
    return tree.arguments if isinstance(tree, Call) else ()


def _copied(tree: Tree, lines: Sequence[str]) -> Text | None:
    """Return the user's own text of a part; None if its place does not contain all of it."""
    place = tree.place
    if place.line > len(lines):
        return None
    text = lines[place.line - 1][place.column - 1 : place.column - 1 + place.width]
    try:
        if not same(parse_expression(text, context=READ), tree):
            return None
    except InputError:
        return None
    return Text(text, FUNCTION if is_enclosed(text) else precedence_of(tree))


def is_enclosed(text: str) -> bool:
    """Return whether a text is enclosed in one pair of brackets."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return character == ")" and at == len(text) - 1
    return False


def _spaces_in(line: str) -> dict[int, str]:
    """Return the spaces around the operators of a line, by precedence."""
    found = dict[int, str]()
    for precedence, pattern in _OPERATORS.items():
        written = [match.group(1) for match in pattern.finditer(line)]
        if written:
            found[precedence] = " " if any(text.isspace() for text in written) else ""
    return found


def _composed(
    tree: Tree, texts: dict[int, Text], spaces: Mapping[int, str], prefixed: bool
) -> Text:
    match tree:
        case Number(value):
            return Text(number(value, 17), FUNCTION)
        case Name(name):
            return Text(name, FUNCTION)
        case WholeNumbers(values):
            return Text(repr(values), FUNCTION)
        case Call():
            parts = [texts[id(part)] for part in tree.arguments]
            text = _call(tree, parts, spaces)
            entry = OPS.get(tree.function)
            if prefixed and entry and entry.in_numpy and text.startswith(f"{entry.name}("):
                text = f"np.{text}"
            return Text(text, precedence_of(tree))


def _call(call: Call, parts: Sequence[Text], spaces: Mapping[int, str]) -> str:
    precedence = precedence_of(call)
    match call.function:
        case "neg":
            return "-" + parts[0].beside(SIGN)
        case "**":
            return f"{parts[0].beside(POWER + 1)}**{parts[1].beside(SIGN)}"
        case "T" if isinstance(call.arguments[0], Number):
            return f"({parts[0].text}).T"
        case "T":
            return parts[0].beside(FUNCTION) + ".T"
        case "slice":
            return parts[0].beside(FUNCTION) + _range(dict(call.options))
        case "expand" if "entries" in dict(call.options):
            return parts[0].beside(FUNCTION) + _new_axes(dict(call.options))
        case "shape":
            return f"{parts[0].beside(FUNCTION)}.shape[{dict(call.options).get('axis', 0)}]"
        case function if function in INFIX:
            left = parts[0].beside(precedence + (precedence == COMPARISON))
            right = parts[1].beside(precedence + 1)
            space = spaces.get(precedence, "")
            return f"{left}{space}{function}{space}{right}"
        case function:
            texts = [
                unbracketed(part.text) if isinstance(tree, Call) else part.text
                for part, tree in zip(parts, call.arguments, strict=True)
            ]
            texts += [f"{key}={value!r}" for key, value in call.options]
            return f"{function}({', '.join(texts)})"


def unbracketed(text: str) -> str:
    """Return a text without its enclosing pair of brackets."""
    return text[1:-1] if is_enclosed(text) else text


def _range(options: dict[str, Option]) -> str:
    entries = options["entries"]
    assert isinstance(entries, int)
    ends = ["" if options[key] is None else str(options[key]) for key in ("start", "stop")]
    texts = [":".join(ends) if entry == options["axis"] else ":" for entry in range(entries)]
    return f"[{', '.join(texts)}]"


def _new_axes(options: dict[str, Option]) -> str:
    positions, entries = options["axis"], options["entries"]
    assert isinstance(positions, tuple) and isinstance(entries, int)
    texts = ["None" if entry in positions else ":" for entry in range(entries)]
    return f"[{', '.join(texts)}]"
