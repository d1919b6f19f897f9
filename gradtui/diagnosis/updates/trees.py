"""Expression trees: their parts, and trees with other parts. Knows no update."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gradtui.base.source import Place
from gradtui.engine.ops import OPS
from gradtui.language.parser import Call, Name, Number, Tree, WholeNumbers

NOWHERE = Place(1)
Path = tuple[int, ...]
"""The slot taken at each operation on the way from the root."""


def names_in(tree: Tree) -> Iterator[str]:
    """Yield the names that a tree reads."""
    for _, part in parts_of(tree):
        if isinstance(part, Name):
            yield part.name


def parts_of(tree: Tree) -> Iterator[tuple[Path, Tree]]:
    """Yield every part of a tree that is a value, with the way to it."""
    pending: list[tuple[Path, Tree]] = [((), tree)]
    while pending:
        path, part = pending.pop()
        yield path, part
        if isinstance(part, Call):
            entry = OPS.get(part.function)
            # What follows the operands is written out, as the shape of reshape: no other may stand
            # there.
            values = len(entry.operands) if entry is not None and entry.positional else None
            pending.extend(((*path, i), a) for i, a in enumerate(part.arguments[:values]))


def part_at(tree: Tree, path: Path) -> Tree:
    """Return the part that a way leads to."""
    for slot in path:
        assert isinstance(tree, Call)
        tree = tree.arguments[slot]
    return tree


def replaced(tree: Tree, path: Path, part: Tree) -> Tree:
    """Return a tree with another part at the end of a way; all else is shared with it."""
    above = list[Call]()
    for slot in path:
        assert isinstance(tree, Call)
        above.append(tree)
        tree = tree.arguments[slot]
    for call, slot in zip(reversed(above), reversed(path), strict=True):
        arguments = (*call.arguments[:slot], part, *call.arguments[slot + 1 :])
        part = Call(call.function, arguments, call.options, call.place)
    return part


def shape_of(tree: Tree) -> str:
    """Return a text that two trees share only if they compute the same in the same way."""
    texts: list[str] = []
    pending = [tree]
    while pending:
        part = pending.pop()
        match part:
            case Call(function, arguments, options):
                texts.append(f"{function}{options or ''}/{len(arguments)}")
                pending.extend(reversed(arguments))
            case Name(name):
                texts.append(name)
            case Number(value):
                texts.append(repr(value))
            case WholeNumbers(values):
                texts.append(repr(values))
    return " ".join(texts)


def expression(function: str, *arguments: Tree) -> Call:
    """Return an operation; its operands lose the parentheses that the user gave them."""
    bare = [
        Call(a.function, a.arguments, a.options, NOWHERE)
        if isinstance(a, Call) and a.function in "+-*/**"
        else a
        for a in arguments
    ]
    return Call(function, tuple(bare), (), NOWHERE)


def is_name(tree: Tree, name: str) -> bool:
    """Whether a tree is this name."""
    return isinstance(tree, Name) and tree.name == name


def is_call(tree: Tree, *functions: str) -> bool:
    """Whether a tree is one of these operations."""
    return isinstance(tree, Call) and tree.function in functions


def mapped(tree: Tree, change: Callable[[Tree], Tree | None]) -> Tree:
    """Return a tree with the parts replaced for which `change` gives another."""
    done: list[Tree] = []
    pending: list[Tree | tuple[Call]] = [tree]
    while pending:
        part = pending.pop()
        if isinstance(part, tuple):
            (call,) = part
            arity = len(call.arguments)
            arguments = tuple(done[len(done) - arity :])
            del done[len(done) - arity :]
            done.append(Call(call.function, arguments, call.options, call.place))
            continue
        new = change(part)
        if new is not None:
            done.append(new)
        elif isinstance(part, Call) and part.arguments:
            pending.append((part,))
            pending.extend(reversed(part.arguments))
        else:
            done.append(part)
    return done[0]


def substituted(tree: Tree, trees: Mapping[str, Tree]) -> Tree:
    """Return a tree with others in the place of some names."""
    return mapped(tree, lambda part: trees.get(part.name) if isinstance(part, Name) else None)
