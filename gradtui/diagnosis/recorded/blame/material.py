"""The material for edits: other names for what a statement uses, and transposes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from inspect import getattr_static
from types import FunctionType

import numpy as np

from gradtui.diagnosis.recorded.blame.begun import begun
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, unwrapped
from gradtui.diagnosis.recorded.blame.computing import needed, own_functions
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.forgotten import is_forgotten, is_kept
from gradtui.diagnosis.recorded.blame.names import apart, is_numbered, remoteness
from gradtui.diagnosis.recorded.blame.scope import Held, Shape
from gradtui.diagnosis.recorded.blame.uses import filled_in_vain
from gradtui.diagnosis.recorded.blame.wasted import rewritten_in
from gradtui.engine.shapes import stretches

_MOST_NAMES = 24
_MOST_NUMBERS = 6
"""Most numbers that take an array's place."""
_HUGE, _MANY_TIMES = 10_000, 100
"""The least number that is no size of data, and how many times as large as one it is."""
_ENTRY = re.compile(r"\[-?\w+\]$")
"""The end of an entry's text, by its number."""


def renamings(s: Statement) -> Iterator[Candidate]:
    """Yield other names for each name in a statement, of arrays of the same shape."""
    counting, lost = _only_counts(s), rewritten_in(s.unit.node).get(s.node, frozenset())
    for node in s.nodes:
        length = _is_length(node) or _is_property(s, node)
        if not isinstance(node, ast.expr) or not (is_leaf(node) or _is_entry(node) or length):
            continue
        own = s.held(node) or (Held((), "i") if length else _part(s, node))
        if own is None:
            yield from _functions(s, node)
            continue
        text = ast.unparse(node)
        stored = isinstance(getattr(node, "ctx", None), ast.Store)
        if stored and not isinstance(node, ast.Subscript) and not isinstance(s.node, ast.AugAssign):
            continue
        indexing, below = node in s.indexing, _is_below(s, node)
        for other, held in _alike(s, text, own, indexing=indexing, below=below):
            if other == text or (stored and not _is_place(node, other)):
                continue
            other_shape = held.shape != own.shape
            if stored and other_shape:
                continue
            turned = other_shape and held.shape == own.shape[::-1]
            fitted = _fitted(s, other, held.shape, own.shape)
            name = s.spelled(fitted)
            cost = 1 + turned + (stored or node in s.written)
            cost -= counting and text in s.loops and other in s.loops
            cost -= text.lower() == other.lower()
            rate = (own.kind, held.kind) == ("i", "f") and not (own.shape or held.shape)
            own_affair = other in s.idle_parts or is_kept(s, other)
            unread = other in lost or (own_affair and is_forgotten(s, other))
            if rate and "(" not in other and not unread:
                cost += 1 + bool(length)  # a count is seldom a rate
            if other_shape and not turned and own.kind[0] != ":":
                cost = 2 if held.shape in s.wanted or fitted != other else 3
                known = unread or is_numbered(text, other) or _begins(s, node, own)
                cost = 1 if known else cost
            if not {"(", ":"}.isdisjoint(other):  # it is not another name, but more
                cost += 2 + (text in other)
            cost += isinstance(node, ast.Name) and _ENTRY.search(other) is not None
            if isinstance(s.node, ast.Return) and other in filled_in_vain(s.unit.node):
                cost = 0
            yield Candidate(
                (s.replaced(node, name),),
                "wrong-variable",
                f"{s.text(node)} must be {unwrapped(name)}",
                cost,
                name,
                node,
            )
    yield from _unread(s)
    yield from _transposes(s)
    yield from _turned(s)


def _unread(s: Statement) -> Iterator[Candidate]:
    """Yield names that nothing reads for the parts of arrays, of their shapes."""
    for node in s.nodes:
        picked = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)
        if not picked or not isinstance(node, ast.expr) or _is_entry(node):
            continue
        shape = s.shape(node)
        for text, held in s.scope.items() if shape else ():
            if (held.shape, held.kind) == (shape, "f") and is_forgotten(s, text):
                told = f"{s.text(node)} must be {text}"
                edit = s.replaced(node, text)
                yield Candidate((edit,), "wrong-variable", told, 1, text, node)


def _is_below(s: Statement, node: ast.expr) -> bool:
    """Return whether something is divided by an expression."""
    match s.parents.get(node):
        case ast.BinOp(op=ast.Div(), right=right):
            return right is node
    return False


def _begins(s: Statement, node: ast.expr, own: Held) -> bool:
    """Return whether a value is the 0 that a sum of arrays of any shape begins as."""
    zero = (own.kind, own.shape, own.value) == ("i", (), 0) and node not in s.indexing
    return zero and isinstance(node, ast.Name) and node.id in begun(s.unit, s.node)


def _fitted(s: Statement, other: str, shape: Shape, own: Shape) -> str:
    """Return the text of an array for one of another shape: transposed, or with more axes."""
    if shape != own and shape == own[::-1]:
        return f"{other}{s.transpose}" if len(own) == 2 else f"{other}.T"
    if shape and len(shape) < len(own) and shape == own[: len(shape)] and not stretches(shape, own):
        return f"{other}[{', '.join([':'] * len(shape) + ['None'] * (len(own) - len(shape)))}]"
    return other


def _is_place(node: ast.expr, text: str) -> bool:
    """Return whether a value may be stored there: an entry for an entry, a name for a name."""
    if isinstance(node, ast.Subscript):
        return text.endswith("]")
    return all(map(str.isidentifier, text.split(".")))


def _only_counts(s: Statement) -> bool:
    """Return whether a statement computes whole numbers from others, such as where a window is."""
    names = (s.held(node) for node in s.nodes if isinstance(node, ast.Name | ast.Attribute))
    return all(held is not None and (held.kind, held.shape) == ("i", ()) for held in names)


def _is_entry(node: ast.expr) -> bool:
    """Return whether an expression is a name's entry at an index, such as `h[t]`."""
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and is_leaf(node.value)
        and not isinstance(node.slice, ast.Slice | ast.Tuple)
    )


def _is_length(node: ast.AST) -> bool:
    """Return whether an expression is the length of an array or of an axis, or its elements'."""
    match node:
        case ast.Subscript(value=ast.Attribute(attr="shape")):
            return True
        case ast.Call(func=ast.Name("len") | ast.Attribute(attr="numel" | "nelement")):
            return True
        case ast.Call(func=ast.Attribute(attr="size"), args=[_]):
            return True
        case _:
            return False


def _is_property(s: Statement, node: ast.AST) -> bool:
    """Return whether an expression is a property of an object, which most often is a count."""
    match node:
        case ast.Attribute(value, "size", ast.Load()) if s.shape(value) is not None:
            return s.dialect.module is np
        case ast.Attribute(value=ast.Name(owner), attr=name, ctx=ast.Load()):
            return isinstance(getattr_static(type(s.locals.get(owner)), name, None), property)
        case _:
            return False


def _part(s: Statement, node: ast.expr) -> Held | None:
    """Return the index that picks from an array."""
    shape = s.shape(node) if isinstance(node, ast.Subscript) else None
    return Held(shape, "f") if shape else None


def _is_huge(held: Held, own: Held) -> bool:
    """Return whether a count is no size of data, such as how often to train, beside a small one.

    As the size of an array it would take all memory.
    """
    most = max(_HUGE, _MANY_TIMES * abs(own.value or 0.0))
    return held.kind == "i" and held.value is not None and abs(held.value) >= most


def _alike(
    s: Statement, text: str, own: Held, *, indexing: bool, below: bool
) -> Iterator[tuple[str, Held]]:
    """Yield replacements of a value: of the same shape first, then its transpose, then others.

    Those that are named alike but for a number, as the layers of a net are, come before others.  Of
    very many, those that nothing reads come, too.
    Something may be divided by a count in the place of an array.
    """
    if own.kind[0] == ":":
        filling = own.kind == ":dict"  # its number of entries may grow
        alike = [(text, held) for text, held in s.scope.items()
                 if held.kind == own.kind and (filling or held.shape == own.shape)]  # fmt: skip
        # A list that holds itself takes NumPy for ever.
        longer = [(text, held) for text, held in s.scope.items()
                  if own.kind == held.kind == ":list" and held.shape != own.shape
                  and text not in s.text(s.node)]  # fmt: skip
        yield from [*alike, *longer][:_MOST_NAMES]
        return
    if not own.shape:
        yield from [
            (text, held)
            for text, held in s.scope.items()
            if held.kind == own.kind and not held.shape and not _is_huge(held, own)
        ][:_MOST_NAMES]
        if indexing and own.kind == "i":
            return
        yield from [(text, held) for text, held in s.scope.items() if not held.shape
                    and (own.kind, held.kind) in (("f", "i"), ("i", "f"), ("b", "f"))
                    and (held.kind == "f" or text in s.loops)][:_MOST_NAMES]  # fmt: skip
    shapes = [own.shape, own.shape[::-1], *s.wanted]
    if isinstance(s.node, ast.Return) and own.shape not in s.wanted:
        shapes = [*s.wanted, *shapes]  # no result has such a shape
    whole = own.kind == "i" and own.shape != ()
    # Whole numbers that pick nothing may have been taken for numbers to calculate with.
    found = [pair for pair in (s.scope.items() if whole else arrays(s))
             if pair[1].kind in ("i" if whole else "fb")
             or (whole and not indexing and (
                 pair[1] == Held(own.shape, "f") or pair[0] in s.idle_parts))]  # fmt: skip
    found.sort(key=lambda pair: (
        shapes.index(pair[1].shape) if pair[1].shape in shapes else len(shapes),
        remoteness(text, pair[0]),
    ))  # fmt: skip
    yield from found[: 2 * _MOST_NAMES]
    yield from (one for one in found[2 * _MOST_NAMES :] if one[0] in s.idle_parts)
    if own.kind == "f" and own.shape:
        yield from [
            (text, held) for text, held in s.scope.items()
            if (held.kind == "f" or (below and held.kind == "i")) and not held.shape
            and "[" not in text
        ][:_MOST_NUMBERS]  # fmt: skip


def _functions(s: Statement, node: ast.expr) -> Iterator[Candidate]:
    """Yield other functions of the same file with as many arguments."""
    own = s.unit.globals.get(node.id) if isinstance(node, ast.Name) else None
    call = s.parents.get(node)
    if isinstance(own, FunctionType):
        arity = needed(own)
    elif isinstance(call, ast.Call) and call.func is node and _is_of_library(s, node):
        arity = len(call.args)
    else:
        return
    for name, other in own_functions(s):
        if s.unit.globals.get(name) is not own and other == arity:
            told = f"{s.text(node)} must be {name}"
            cost = apart(s.text(node), name) + (not isinstance(own, FunctionType))
            yield Candidate((s.replaced(node, name),), "wrong-variable", told, cost, name, node)


def _is_of_library(s: Statement, node: ast.expr) -> bool:
    """Return whether an expression is a function of the library for the elements of an array."""
    if not isinstance(node, ast.Attribute) or not s.is_module(node.value):
        return False
    return isinstance(getattr(s.dialect.module, node.attr, None), np.ufunc)


def _transposes(s: Statement) -> Iterator[Candidate]:
    for node in s.nodes:
        if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.BinOp):
            continue
        if isinstance(getattr(node, "ctx", None), ast.Store):
            continue
        parent = s.parents.get(node)
        if isinstance(parent, ast.Attribute) and parent.attr in ("T", "shape", "size", "ndim"):
            continue
        shape = s.shape(node)
        if isinstance(node, ast.Name) and isinstance(parent, ast.BinOp) and _is_sparse(s, node.id):
            edit, told = s.replaced(node, f"{node.id}.T"), f"it needs {node.id}.T"
            yield Candidate((edit,), "transposed", told, 0, f"{node.id}.T", node)
        multiplied = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult)
        if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Attribute):
            multiplied |= parent.func.attr in ("matmul", "bmm", "dot")
        for order, axes in s.orders.items():
            if shape is not None and len(shape) == axes:
                edit = s.replaced(node, f"{s.inside(node, 9)}{order}")
                told = f"it needs {order[1:]}"
                cost = 0 if isinstance(parent, ast.Attribute) else 2  # such as before a reshape
                yield Candidate((edit,), "transposed", told, cost, order[1:], node)
        summed = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub)
        called = isinstance(parent, ast.Call) and node in parent.args
        square = shape is not None and shape[-1:] == shape[-2:-1] != (1,)
        fits = multiplied or (square and (summed or (called and is_leaf(node))))
        if shape is not None and len(shape) > 2 and fits:
            text = f"{s.inside(node, 9)}{s.dialect.swapped}"
            edit = s.replaced(node, text)
            yield Candidate((edit,), "transposed", f"it needs {text}", 0, text, node)
        if shape is not None and len(shape) > 2 and shape[0] == shape[1] > 1 and called:
            text = f"{s.inside(node, 9)}.{s.dialect.swapping}(0, 1)"  # as the weights of conv2d
            edit, told = s.replaced(node, text), f"it needs {text}"
            yield Candidate((edit,), "transposed", told, 1, text, node)
        if shape is not None and len(shape) == 1 and _is_stretched(parent):
            text = f"{s.inside(node, 9)}[:, None]"
            edit = s.replaced(node, text)
            yield Candidate((edit,), "wrong-axis", f"it needs {text}", 1, text, node)
        if shape is not None and len(shape) == 2 and max(shape) > 1:
            text = f"{s.inside(node, 9)}{s.transpose}"
            # What is returned is likelier made wrongly than handed over so.
            cost = int(isinstance(s.node, ast.Return)) if is_leaf(node) else 3
            if multiplied and isinstance(node, ast.Subscript) and is_leaf(node.value):
                cost = 0  # such as one of a list of weights
            yield Candidate(
                (s.replaced(node, text),), "transposed", f"it needs {text}", cost, text, node
            )


def _is_sparse(s: Statement, name: str) -> bool:
    """Return whether a name is that of a sparse matrix of SciPy's."""
    return type(s.locals.get(name)).__module__.startswith("scipy.sparse")


def _turned(s: Statement) -> Iterator[Candidate]:
    """Yield the conjugates of complex names, and the reverse and the inverse of others."""
    for node in s.nodes:
        if not is_leaf(node) or isinstance(getattr(node, "ctx", None), ast.Store):
            continue
        assert isinstance(node, ast.expr)
        held = s.held(node)
        if held is not None and held.kind == "c" and s.numpy:
            text = f"{s.numpy}conj({s.text(node)})"
            told = f"it needs the conjugate of {s.text(node)}"
            yield Candidate((s.replaced(node, text),), "transposed", told, 0, text, node)
        elif held is not None and held.kind == "f" and max(held.shape, default=0) > 1:
            text = f"{s.text(node)}[::-1]"
            told = f"it needs {s.text(node)} in reverse"
            yield Candidate((s.replaced(node, text),), "transposed", told, 3, text, node)
        parent = s.parents.get(node)
        added = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub)
        if held is not None and held.kind == "f" and (added or node in s.values):
            text = f"1 / {s.text(node)}"
            told = f"{s.text(node)} must be {text}"
            yield Candidate((s.replaced(node, text, 2),), "wrong-variable", told, 2, text, node)


def _is_stretched(parent: ast.AST | None) -> bool:
    """Return whether operands of an expression are broadcast."""
    return isinstance(parent, ast.BinOp) and not isinstance(parent.op, ast.MatMult)


def arrays(s: Statement) -> list[tuple[str, Held]]:
    """Return the arrays in scope, their parts in this round of a loop, and the code's expressions.

    Each comes as the text that names it there.  There may be many parts: entries precede them.
    """
    named = [(text, held) for text, held in s.scope.items() if held.kind in "fb" and held.shape]
    loops = dict.fromkeys(s.loops)
    rounds = [text for text in loops if (at := s.scope.get(text)) is not None and at.kind == "i"]
    parts = [
        (f"{text}[{':, ' * axis}{at}]", Held(held.shape[:axis] + held.shape[axis + 1 :], held.kind))
        for at in rounds
        for text, held in named
        for axis in range(min(3, len(held.shape)))
        if len(held.shape) > 1
    ]
    plain = [pair for pair in named if pair[0].isidentifier()]
    plain.sort(key=lambda pair: -s.recent.get(pair[0], 0))  # the latest is likeliest meant
    entries = [pair for pair in named if not pair[0].isidentifier()]
    parts.sort(key=lambda pair: len(pair[0]))
    return [*plain, *entries, *parts, *s.expressions]
