"""Expression trees: their parts, and copies with parts replaced. Knows no shapes and no values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gradtui.base.source import Place
from gradtui.language.parser import Call, Name, Number, Tree, WholeNumbers

NOWHERE = Place(1)
Path = tuple[int, ...]
"""The way to a part: the argument to follow at each call, from the root."""


def call(function: str, *arguments: Tree, **options: int) -> Call:
    """Return a call without a place in a file."""
    return Call(function, arguments, tuple(options.items()), NOWHERE)


def same(one: Tree, other: Tree) -> bool:
    """Return whether two trees are equal, wherever they are in the file."""
    pending = [(one, other)]
    while pending:
        match pending.pop():
            case (Number(a), Number(b)) if a == b:
                pass
            case (Name(a), Name(b)) if a == b:
                pass
            case (WholeNumbers(a), WholeNumbers(b)) if a == b:
                pass
            case (Call() as a, Call() as b) if (
                a.function == b.function
                and a.options == b.options
                and len(a.arguments) == len(b.arguments)
            ):
                pending.extend(zip(a.arguments, b.arguments, strict=True))
            case _:
                return False
    return True


def depth(tree: Tree) -> int:
    """Return the depth of a tree: 1 for a name or a number.

    A call of many operands counts as nested calls of two operands.
    """
    deepest, pending = 1, [(tree, 1)]
    while pending:
        one, level = pending.pop()
        deepest = max(deepest, level)
        if isinstance(one, Call):
            inside = level + max(1, len(one.arguments) - 2)
            pending += [(part, inside) for part in one.arguments]
    return deepest


def names_read(tree: Tree) -> Iterator[str]:
    """Yield the names that a tree reads, once for each time, left to right."""
    for _, part in parts_of(tree):
        if isinstance(part, Name):
            yield part.name


def parts_of(tree: Tree) -> Iterator[tuple[Path, Tree]]:
    """Yield every part of a tree with its path, parents first, left to right."""
    pending: list[tuple[Path, Tree]] = [((), tree)]
    while pending:
        path, part = pending.pop()
        yield path, part
        if isinstance(part, Call):
            inside = [((*path, at), one) for at, one in enumerate(part.arguments)]
            pending.extend(reversed(inside))


def subtrees(tree: Tree) -> list[Tree]:
    """Return a tree and all its parts, parents first, left to right."""
    return [part for _, part in parts_of(tree)]


def operands_of(tree: Tree, *functions: str) -> list[Tree]:
    """Return the operands that a tree joins by these operations: a, b and c of a + b - c."""
    found, pending = list[Tree](), [tree]
    while pending:
        part = pending.pop()
        if isinstance(part, Call) and part.function in functions:
            pending.extend(reversed(part.arguments))
        else:
            found.append(part)
    return found


def part_at(tree: Tree, path: Path) -> Tree:
    """Return the part at the end of a path."""
    for slot in path:
        assert isinstance(tree, Call)
        tree = tree.arguments[slot]
    return tree


def replaced(tree: Tree, path: Path, part: Tree) -> Tree:
    """Return a copy of a tree with the part at a path replaced; the rest is shared."""
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
    """Return a key that two trees share only if they compute the same in the same way."""
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
    """Return an operation; its operands lose the user's own parentheses."""
    bare = [
        Call(a.function, a.arguments, a.options, NOWHERE)
        if isinstance(a, Call) and a.function in "+-*/**"
        else a
        for a in arguments
    ]
    return call(function, *bare)


def is_name(tree: Tree, name: str) -> bool:
    """Whether a tree is this name."""
    return isinstance(tree, Name) and tree.name == name


def is_call(tree: Tree | None, *functions: str) -> bool:
    """Whether a tree is one of these operations."""
    return isinstance(tree, Call) and tree.function in functions


def mapped(tree: Tree, change: Callable[[Tree], Tree | None]) -> Tree:
    """Return a copy of a tree with every part replaced for which `change` returns another."""
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
    """Return a copy of a tree with some names replaced by trees."""
    return mapped(tree, lambda part: trees.get(part.name) if isinstance(part, Name) else None)
