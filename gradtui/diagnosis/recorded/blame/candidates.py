"""An edit of a statement: its place, the mistake that it implies, and how far-fetched it is."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from types import ModuleType
from typing import Any

from msgspec import Struct

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.amounts import trimmed
from gradtui.diagnosis.recorded.blame.expressions import OPERATORS, entries_of, is_joining
from gradtui.diagnosis.recorded.blame.scope import Held, Scope, Shape
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.recording.functions import asked
from gradtui.recording.library import Dialect

_ATOMS = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.Constant)
_WITH_PARENTHESES = (ast.BinOp, ast.UnaryOp, ast.Attribute, ast.Compare)
_BINDING = {
    ast.Add: 1, ast.Sub: 1, ast.Pow: 4,
    ast.Mult: 2, ast.Div: 2, ast.MatMult: 2, ast.Mod: 2, ast.FloorDiv: 2,
}  # fmt: skip
_SIGN = 3
_TEXTS = 4096
"""Most texts that are known without the parentheses around them."""
SAVED = frozenset({"saved_tensors", "saved_variables"})
"""What PyTorch calls what a context has saved, and has called it."""
_OF_STORAGE = ("device", "dtype")
"""Attributes that tell how an array's numbers are kept."""


class Candidate(Struct, frozen=True, eq=False):
    """An edit of a statement that may be the fix."""

    edits: tuple[Edit, ...]
    rule: str
    told: str
    """The mistake it implies, as the end of a sentence."""
    cost: int
    """How far-fetched it is, from 0."""
    factor: str | None = None
    node: ast.expr | ast.stmt | None = None
    """The node concerned; by default the statement."""
    named: bool = False
    """Whether what other code has for the same tells that it is right."""


class Around(Struct, frozen=True, eq=False):
    """The surroundings of a running statement."""

    scope: Scope
    ever: Scope
    """The values of the function's names at some time."""
    shapes: Mapping[Place, Shape]
    """Place of an expression -> the shape of its value."""
    expressions: Callable[[], Sequence[tuple[str, Held]]]
    """Returns expressions of the user's code that can be computed here, with their shapes."""
    wanted: Collection[Shape]
    """The shapes of the gradients that are wrong."""
    dialect: Dialect
    locals: Mapping[str, object]
    """The objects that names mean here."""
    part: Callable[[ast.expr], Shape | None]
    """Returns the shape of a view, which is not recorded."""
    seen: Callable[[Any], Any] = lambda value: value
    """Returns an array of the library's as one of NumPy's; other values as they are."""


@lru_cache(_TEXTS)
def unwrapped(text: str) -> str:
    """Return a text without parentheses around all of it that it can do without."""
    if not text.startswith("("):
        return text
    try:
        whole, inner = (ast.parse(one, mode="eval").body for one in (text, text[1:-1]))
    except SyntaxError:
        return text
    needed = isinstance(inner, ast.Tuple | ast.NamedExpr | ast.GeneratorExp | ast.Yield)
    return text if needed or ast.dump(whole) != ast.dump(inner) else text[1:-1]


class Statement:
    """A statement of the user's code, with the names in scope."""

    def __init__(
        self, unit: Unit, node: ast.stmt, around: Around, spared: ast.expr | None = None
    ) -> None:
        self.unit, self.node, self.scope = unit, node, around.scope
        self.spared = spared
        """A part of it that is not edited."""
        self.sealed: frozenset[ast.AST] = frozenset()
        """Calls inside which nothing is edited."""
        self._computable, self.wanted = around.expressions, around.wanted
        self.dialect, self.locals = around.dialect, around.locals
        self._ever, self._shapes, self._part = around.ever, around.shapes, around.part
        self.seen = around.seen
        """Returns an array of the library's as one of NumPy's; other values as they are."""
        self._views: dict[ast.expr, Shape | None] = {}

    def seal(self, calls: Collection[ast.Call]) -> None:
        """Edit nothing inside some calls."""
        self.sealed = frozenset(calls)

    @cached_property
    def parents(self) -> Mapping[ast.AST, ast.AST]:
        """The parent of each node of the statement, also inside sealed calls."""
        own = self._own(self.node, frozenset())
        return {child: parent for parent in own for child in ast.iter_child_nodes(parent)}

    def _own(self, node: ast.AST, sealed: frozenset[ast.AST]) -> Iterator[ast.AST]:
        """Yield the nodes of the statement, without the statements inside it."""
        yield node
        for child in ast.iter_child_nodes(node):
            inside = isinstance(child, ast.stmt | ast.excepthandler | ast.match_case)
            if not inside and child is not self.spared and child not in sealed:
                yield from self._own(child, sealed)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """The nodes of the statement, without the statements inside it."""
        return list(self._own(self.unit.body or self.node, self.sealed))

    @cached_property
    def expressions(self) -> Sequence[tuple[str, Held]]:
        """Expressions of the user's code that can be computed here, with their shapes."""
        return self._computable()

    @cached_property
    def indexing(self) -> frozenset[ast.AST]:
        """The nodes inside its indices."""
        parts = (one.slice for one in self.nodes if isinstance(one, ast.Subscript)
                 and not is_joining(one))  # fmt: skip
        return frozenset(inner for part in parts for inner in walked(part))

    @cached_property
    def written(self) -> frozenset[ast.AST]:
        """The arrays that it stores parts of."""
        stored = (one for one in self.nodes if isinstance(one, ast.Subscript))
        return frozenset(one.value for one in stored if isinstance(one.ctx, ast.Store))

    @cached_property
    def transpose(self) -> str:
        """The spelling of a transpose in the function, by default `.T`."""
        return ".t()" if b".t()" in self.unit.source else ".T"

    @cached_property
    def numpy(self) -> str:
        """The name of NumPy, or of another library, in the file, with a dot; empty without one."""
        named = self.unit.globals.items()
        own = self.dialect.module.__name__
        modules = (name for name, value in named
                   if isinstance(value, ModuleType) and value.__name__ == own)  # fmt: skip
        return next((f"{name}." for name in modules), "")

    @property
    def copying(self) -> str:
        """The name of the method that copies an array."""
        return "clone" if self.dialect.module.__name__ == "torch" else "copy"

    def flipped(self, text: str, axis: str) -> str:
        """Return an array reversed along an axis."""
        return self.dialect.flipping.format(self.numpy, text, axis)

    def sized(self, node: ast.expr) -> str:
        """Return the magnitude of an expression."""
        if self.dialect.module.__name__ == "torch":
            return f"{self.inside(node, 9)}.abs()"
        return f"{self.numpy}abs({self.text(node)})"

    def is_module(self, node: ast.expr) -> bool:
        """Return whether an expression names a module, or a class."""
        return isinstance(self._global(node), ModuleType | type)

    def _global(self, node: ast.expr) -> object:
        if isinstance(node, ast.Attribute):
            owner = self._global(node.value)
            return vars(owner).get(node.attr) if isinstance(owner, ModuleType | type) else None
        return self.unit.globals.get(node.id) if isinstance(node, ast.Name) else None

    def text(self, node: ast.expr | ast.stmt) -> str:
        """Return a node as the user wrote it."""
        return self.unit.text(node)

    def held(self, node: ast.expr) -> Held | None:
        """Return the value of a name, an attribute or an entry; None if unknown."""
        return self.scope.get(_plain(node))

    def object(self, name: str) -> Any:
        """Return what a name means here, an array as one of NumPy's; None if that is unknown."""
        return self.seen(self.locals.get(name))

    def shape(self, node: ast.expr) -> Shape | None:
        """Return the shape of an expression's value; None if unknown."""
        held = self.held(node)
        if held is not None:
            return held.shape
        found = self._shapes.get(self.unit.place(self.unit.start(node), self.unit.end(node)))
        if found is None and node not in self._views:
            self._views[node] = self._part(node)
        return self._views[node] if found is None else found

    def shape_of_value(self, node: ast.expr) -> Shape | None:
        """Return the shape of the stored value of an expression that is all of it."""
        if node is not self.value() or not isinstance(self.node, ast.Assign):
            return None
        held = self.stored(self.node.targets[0])
        return None if held is None else held.shape

    def stored(self, target: ast.expr) -> Held | None:
        """Return the value of a target once it is stored; None if unknown."""
        return self._ever.get(ast.unparse(target)) or self.held(target)

    @property
    def loops(self) -> Sequence[str]:
        """The names that count the rounds of the loops of the function."""
        return self.unit.loops

    @cached_property
    def complex(self) -> Mapping[str, int]:
        """The names of arrays of complex numbers, each with its number of axes."""
        return {
            name: len(asked(value, "shape", ()))
            for name, value in self.locals.items()
            if "complex" in str(asked(value, "dtype", ""))
        }

    @cached_property
    def recent(self) -> Mapping[str, int]:
        """The names stored before it, each with the last line that stores it."""
        found: dict[str, int] = {}
        for node in self.unit.of(ast.Name):
            if isinstance(node.ctx, ast.Store) and node.lineno < self.node.lineno:
                found[node.id] = max(node.lineno, found.get(node.id, 0))
        return found

    @cached_property
    def idle(self) -> Sequence[str]:
        """The arguments of the function, and names stored before it, that it never reads.

        That it asks an array where or in which type its numbers are, or fills it, reads none.
        """
        names = self.unit.of(ast.Name)
        given = [one.arg for one in self.unit.of(ast.arg)]
        asked = {one.value for one in self.unit.of(ast.Attribute) if one.attr in _OF_STORAGE}
        asked |= self.unit.filled
        read = {one.id for one in names if isinstance(one.ctx, ast.Load) and one not in asked}
        return [name for name in dict.fromkeys([*self.recent, *given]) if name not in read]

    @cached_property
    def idle_parts(self) -> frozenset[str]:
        """The same, to be looked up."""
        return frozenset(self.idle)

    @cached_property
    def handed(self) -> str | None:
        """The name that the line just before it stores, if the function never reads it."""
        found = [name for name in self.idle if self.recent.get(name) == self._line_before]
        return next(iter(found), None)

    @property
    def _line_before(self) -> int:
        lines = (one.lineno for one in self.unit.of(ast.stmt))
        return max((line for line in lines if line < self.node.lineno), default=0)

    @property
    def indices(self) -> Mapping[str, Sequence[str]]:
        """The indices anywhere in the function, with their parts."""
        return self.unit.indices

    @property
    def orders(self) -> Mapping[str, int]:
        """The transposes of all axes anywhere in the function, each with its number of axes."""
        return self.unit.orders

    @cached_property
    def margin(self) -> str:
        """The indentation of the statement, or other text before it on its line."""
        at = self.unit.start(self.node)
        line = self.unit.source.rfind(b"\n", 0, at) + 1
        return self.unit.between(line, at)

    def spelled(self, text: str) -> str:
        """Return the text of a name with the user's own quotes."""
        return text.replace("'", '"') if self.unit.doubles_quotes else text

    def value(self) -> ast.expr | None:
        """Return the expression that the statement stores or returns, or a lambda's body."""
        if self.unit.body is not None:
            return self.unit.body
        own = getattr(self.node, "value", None)
        if isinstance(own, ast.Lambda):
            return own.body
        return own if isinstance(own, ast.expr) else None

    @property
    def unpacks(self) -> bool:
        """Whether the statement stores several values, of which each may be anything."""
        return isinstance(self.node, ast.Assign) and isinstance(self.node.targets[0], ast.Tuple)

    @property
    def restores(self) -> bool:
        """Whether the statement unpacks what the forward half has saved."""
        value = self.node.value if isinstance(self.node, ast.Assign) else None
        return isinstance(value, ast.Attribute) and value.attr in SAVED

    @cached_property
    def values(self) -> Sequence[ast.expr]:
        """The values stored or returned at a time: the entries of tuples and dicts, one by one."""
        value = self.value()
        return [] if value is None else [*entries_of(value)]

    def replaced(self, node: ast.expr, text: str, binding: int = 9) -> Edit:
        """Return the edit that replaces a node by a text of some precedence."""
        start, end = self.unit.start(node), self.unit.end(node)
        bare = binding >= self._needed(node)
        text = text if self._needed(node) else unwrapped(text)
        around = self._parentheses(node, start, end)
        if node.lineno != node.end_lineno:
            return trimmed(self.unit, Edit(start, end, text if bare or around else f"({text})"))
        start, end = around if around is not None and bare else (start, end)
        return Edit(start, end, text if bare or around else f"({text})")

    def _parentheses(self, node: ast.expr, start: int, end: int) -> tuple[int, int] | None:
        """Return where an expression's own parentheses begin and end; None without any."""
        parent = self.parents.get(node)
        whole = isinstance(parent, ast.stmt) and node.lineno == node.end_lineno
        if not whole and not isinstance(parent, _WITH_PARENTHESES):
            return None
        source = self.unit.source
        while source[start - 1 : start].isspace():
            start -= 1
        while source[end : end + 1].isspace():
            end += 1
        own = source[start - 1 : start] + source[end : end + 1] == b"()"
        return (start - 1, end + 1) if own else None

    def inside(self, node: ast.expr, binding: int) -> str:
        """Return a node's text, in parentheses if what follows binds more tightly."""
        text = self.text(node)
        return text if self.binding(node) >= binding else f"({text})"

    def binding(self, node: ast.expr) -> int:
        """Return the precedence of an expression."""
        if isinstance(node, _ATOMS):
            return 9
        if isinstance(node, ast.BinOp):
            return _BINDING.get(type(node.op), 0)
        return _SIGN if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else 0

    def _needed(self, node: ast.expr) -> int:
        parent = self.parents.get(node)
        if isinstance(parent, ast.BinOp):
            own = _BINDING.get(type(parent.op), 5)
            if isinstance(parent.op, ast.Pow):
                return own + 1 if node is parent.left else _SIGN
            return own + 1 if node is parent.right else own
        if isinstance(parent, ast.UnaryOp):
            return _SIGN
        if isinstance(parent, ast.Compare):
            return 1
        if isinstance(parent, ast.Attribute):
            return 9
        if isinstance(parent, ast.Subscript) and parent.value is node:
            return 9
        return 9 if isinstance(parent, ast.Starred) else 0

    def operator(self, node: ast.BinOp) -> tuple[int, int]:
        """Return the place of the operator of a sum, a product or a power."""
        token = OPERATORS[type(node.op)]
        start, end = self.unit.end(node.left), self.unit.start(node.right)
        at = start + self.unit.source[start:end].index(token.encode())
        return at, at + len(token)

    def left(self, node: ast.BinOp) -> str:
        """Return the left operand with its parentheses."""
        return self.unit.between(self.unit.start(node), self.operator(node)[0]).strip()

    def right(self, node: ast.BinOp) -> str:
        """Return the right operand with its parentheses."""
        return self.unit.between(self.operator(node)[1], self.unit.end(node)).strip()


def _plain(node: ast.expr) -> str:
    """Return the key of a name, an attribute or an entry in a scope."""
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) else ""


def swapped(s: Statement, one: ast.expr, two: ast.expr) -> tuple[Edit, ...]:
    """Return the edits that swap two expressions."""
    return s.replaced(one, s.text(two)), s.replaced(two, s.text(one))
