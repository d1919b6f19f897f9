"""Products of arrays along axes named by letters, as `einsum` writes them.

Each is recorded in its parts, and noted as one computation for those who read the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters
from typing import Any

import numpy as np

from gradtui.recording.array import Recorded, plain
from gradtui.recording.recorder import Recorder
from gradtui.recording.tape import Contraction, Shape, Tape

_MOST = 1 << 24
"""Most elements of the product that a contraction is written as."""
_OPERANDS = (2, 3)
"""The numbers of operands of a contraction that is noted."""


def einsum(recorder: Recorder, subscripts: Any, *operands: Any, **options: Any) -> Any:
    """Return `np.einsum`'s result, recorded as a matrix product or as a sum of products."""
    if not isinstance(subscripts, str):
        subscripts, operands = _lettered((subscripts, *operands))
    value = np.einsum(subscripts, *plain(operands), **options)
    labels = labels_of(subscripts, [np.shape(one) for one in operands])
    if labels is None:
        return NotImplemented
    nodes = [recorder.node_of(one) for one in operands]
    own = _in_parts(operands, labels, np.shape(value))
    if not isinstance(own, Recorded):
        return own
    node = recorder.node_of(own)
    note(recorder.tape, labels, nodes, node)
    if own.shape != np.shape(value) or not own.ndim:
        return own
    made = np.empty_like(value)  # code may go by its layout in memory
    made[...] = plain(own)
    return recorder.wrap(node, made)


def note(tape: Tape, labels: Sequence[str], inputs: Sequence[int], result: int) -> bool:
    """Note which node a contraction has made of others, and return whether it is noted.

    Left out are those whose derivatives are no contractions: with a letter that an operand has
    twice, or has alone, and with axes that are broadcast.
    """
    *parts, made = labels
    if len(parts) not in _OPERANDS or result in inputs:
        return False
    axes = _axes(labels, [tape.shape(id) for id in (*inputs, result)])
    alone = any(not set(part) <= set("".join([*parts[:at], *parts[at + 1 :], made]))
                for at, part in enumerate(parts))  # fmt: skip
    several = any(len(set(part)) < len(part) for part in labels)
    passes = any(tape.active[id] for id in inputs) == tape.active[result]
    if alone or several or not passes or len(axes) != len(dict(axes)):
        return False
    tape.contractions[result] = Contraction(f"{','.join(parts)}->{made}", tuple(inputs))
    return True


def _lettered(args: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """Return the subscripts and operands of arguments that give each operand's axes as numbers."""
    last = len(args) // 2 * 2
    parts = ["".join("..." if one is ... else ascii_letters[one] for one in axes)
             for axes in (*args[1:last:2], *args[last:])]  # fmt: skip
    arrow = ("->", parts.pop()) if last < len(args) else ()
    return ",".join(parts) + "".join(arrow), args[:last:2]


def labels_of(subscripts: str, shapes: Sequence[Shape]) -> list[str] | None:
    """Return the letters of each operand's axes, then of the result's, without an ellipsis."""
    text, arrow, result = subscripts.replace(" ", "").partition("->")
    parts = text.split(",")
    if "..." in subscripts:
        free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in subscripts]
        ranks = [len(shape) - len(part.replace("...", ""))
                 for part, shape in zip(parts, shapes, strict=True)]  # fmt: skip
        wide = "".join(free[: max(ranks)])
        leading = {shape[:rank] for shape, rank in zip(shapes, ranks, strict=True) if rank}
        if len(leading) > 1:
            return None
        parts = [part.replace("...", wide[len(wide) - rank :])
                 for part, rank in zip(parts, ranks, strict=True)]  # fmt: skip
        result = result.replace("...", wide)
        if not arrow:
            return None
    if not arrow:
        joined = "".join(parts)
        result = "".join(sorted(c for c in set(joined) if joined.count(c) == 1))
    return [*parts, result]


def _in_parts(operands: Sequence[Any], labels: Sequence[str], shape: Shape) -> Any:
    """Return a contraction by other calls; NotImplemented if these would be too large."""
    *parts, result = labels
    axes = _axes(parts, [np.shape(one) for one in operands])
    sizes = dict(sorted(axes))  # an axis of length 1 is broadcast
    wide = result + "".join(sorted(set("".join(parts)) - set(result)))
    distinct = all(len(set(part)) == len(part) for part in parts) and len(axes) == len(sizes)
    if len(operands) == 2 and distinct:
        return np.reshape(_pair(operands, parts, result), shape)
    if int(np.prod([sizes[c] for c in wide], dtype=float)) > _MOST:
        return NotImplemented
    total: Any = 1.0
    for part, one in zip(parts, operands, strict=True):
        total = total * _aligned(one, part, wide)
    summed = tuple(range(len(result), len(wide)))
    return np.sum(total, axis=summed) if summed else total


def _axes(labels: Sequence[str], shapes: Sequence[Shape]) -> set[tuple[str, int]]:
    """Return the letters with the lengths of their axes."""
    both = zip(labels, shapes, strict=True)
    return {one for label, shape in both for one in zip(label, shape, strict=True)}


def _pair(operands: Sequence[Any], parts: Sequence[str], result: str) -> Any:
    """Return a product of two operands without repeated labels, as a matrix product."""
    (a, b), (left, right) = operands, parts
    for own, other, which in ((left, right, 0), (right, left, 1)):
        alone = tuple(i for i, c in enumerate(own) if c not in other and c not in result)
        if alone:
            kept = "".join(c for c in own if c in other or c in result)
            summed = np.sum((a, b)[which], axis=alone)
            a, b = (summed, b) if which == 0 else (a, summed)
            left, right = (kept, right) if which == 0 else (left, kept)
    batch = "".join(c for c in left if c in right and c in result)
    inner = "".join(c for c in left if c in right and c not in result)
    rows = "".join(c for c in left if c not in right)
    columns = "".join(c for c in right if c not in left)
    sizes = dict(zip(left + right, np.shape(a) + np.shape(b), strict=True))
    many = [int(np.prod([sizes[c] for c in part], dtype=int)) for part in (rows, inner, columns)]
    lead = [sizes[c] for c in batch]
    first = np.transpose(a, [left.index(c) for c in batch + rows + inner])
    second = np.transpose(b, [right.index(c) for c in batch + inner + columns])
    product = np.reshape(first, [*lead, *many[:2]]) @ np.reshape(second, [*lead, *many[1:]])
    made = batch + rows + columns
    whole = np.reshape(product, [sizes[c] for c in made])
    return np.transpose(whole, [made.index(c) for c in result])


def _aligned(one: Any, part: str, wide: str) -> Any:
    """Return an operand with its axes at their labels in `wide`, and axes of length 1 elsewhere."""
    while len(set(part)) < len(part):
        twice = next(c for c in part if part.count(c) > 1)
        first, second = [at for at, c in enumerate(part) if c == twice][:2]
        one = np.diagonal(one, axis1=first, axis2=second)
        part = part[:first] + part[first + 1 : second] + part[second + 1 :] + twice
    order = sorted(range(len(part)), key=lambda at: wide.index(part[at]))
    one = np.transpose(one, order)
    sizes = dict(zip((part[at] for at in order), np.shape(one), strict=True))
    return np.reshape(one, [sizes.get(c, 1) for c in wide])
