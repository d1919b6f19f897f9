"""Expression trees beside each other, wherever they stand. Knows no shapes and no values."""

from __future__ import annotations

from gradtui.language.parser import Call, Name, Number, Tree, WholeNumbers


def same(one: Tree, other: Tree) -> bool:
    """Return whether two trees say the same, wherever they stand."""
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
    """Return how many calls are inside one another at most: 1 for a name or a number.

    A call of many operands counts as what it stands for, calls of two inside one another.
    """
    deepest, pending = 1, [(tree, 1)]
    while pending:
        one, level = pending.pop()
        deepest = max(deepest, level)
        if isinstance(one, Call):
            inside = level + max(1, len(one.arguments) - 2)
            pending += [(part, inside) for part in one.arguments]
    return deepest
