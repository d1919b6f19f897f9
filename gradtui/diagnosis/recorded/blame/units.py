"""The user's functions in their files, and their replacement by edited ones."""

from __future__ import annotations
import __future__

import ast
import linecache
import re
import warnings
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from types import CodeType, FunctionType, MappingProxyType
from typing import Any, TypeVar

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.definitions import (
    Function,
    lambdas_of,
    located,
    methods_within,
    tree_of,
)
from gradtui.diagnosis.recorded.blame.expressions import is_single
from gradtui.diagnosis.recorded.blame.transposes import is_order, order_of
from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked
from gradtui.recording.living import functions_of

Node = TypeVar("Node", bound=ast.AST)
_PRIVATE = re.compile(r"\b__\w+(?<!__)\b")
_FUTURE = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
"""The flags of code whose file imports from `__future__`."""


class Unreadable(Exception):
    """A function whose text cannot be found."""


class Edit:
    """A range of bytes in a function's text, and its replacement."""

    def __init__(self, start: int, end: int, text: str) -> None:
        self.start, self.end, self.text = start, end, text.encode()


class Unit:
    """A function that the user's code calls, with its text and the objects that run it.

    The text of a lambda is that of its statement.
    """

    def __init__(
        self, code: CodeType, functions: Sequence[FunctionType],
        made: Mapping[int, Sequence[FunctionType]] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        """`made` are the functions of codes within this one that were there before, by id."""
        self.code, self.file = code, code.co_filename
        self.functions, self.made = functions, made
        lines = linecache.getlines(self.file)
        self.tree = tree_of("".join(lines))
        """The syntax tree of its file."""
        found = located(self.tree, code)
        if found is None or not self.functions:
            raise Unreadable
        self.node, self._classes, self._nth = found
        self.body: ast.expr | None = None
        """The body of a lambda."""
        if not isinstance(self.node, Function):
            self.body = lambdas_of(self.node)[self._nth].body
        self._of: dict[type[ast.AST], Sequence[Any]] = {}
        self._last: tuple[bytes, CodeType] = b"", code
        """The text that was compiled last, with its code."""
        self._plain: dict[ast.stmt, str] = {}
        self.first = self.node.lineno
        self._lines = [line.encode() for line in lines[self.first - 1 : self.node.end_lineno]]
        self.source = b"".join(self._lines)
        self._head, self._tail = self._surroundings()
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def _surroundings(self) -> tuple[str, str]:
        """Return text around the function's that gives it the same free names."""
        free = [name for name in self.code.co_freevars if name != "__class__"]
        step = self.source[:1].decode() if self.source[:1].isspace() else ""
        # A line that begins without a margin, such as `def f(): return lambda: 0`, needs nothing.
        heads = [f"class {name}:" for name in self._classes] if step else []
        if step and (free or isinstance(self.node, ast.Return)):
            heads = [f"def outer({', '.join(free)}):", *heads]
        elif step and not heads:
            heads = ["if 1:"]
        # Lines keep their numbers, because what an edited function computes is told by them.
        above = "\n" * (self.first - 1 - len(heads))
        head = above + "".join(f"{step * level}{line}\n" for level, line in enumerate(heads))
        body = self.node.body[0] if isinstance(self.node, Function) else self.node
        if not self.code.co_freevars or body.lineno == self.node.lineno:
            return head, ""
        # Names that an edit no longer reads stay free, because the function's cells demand it.
        margin = self._lines[body.lineno - self.first][: body.col_offset].decode()
        return head, f"\n{margin}if 0: {', '.join(self.code.co_freevars)}\n"

    @cached_property
    def globals(self) -> dict[str, object]:
        """The names of the function's module."""
        return self.functions[0].__globals__

    @cached_property
    def given(self) -> str:
        """The name of the function's first argument, by which a method knows its object."""
        return self.code.co_varnames[0] if self.code.co_argcount else ""

    @cached_property
    def owner(self) -> ast.ClassDef | None:
        """The class that has the function as a method."""
        classes = (one for one in nodes_of(self.tree) if isinstance(one, ast.ClassDef))
        return next((one for one in classes if self.node in one.body), None)

    def method_of(self, node: ast.stmt) -> tuple[ast.AST, ast.ClassDef | None]:
        """Return the function that a statement is in, with the class that has it as a method.

        It is another one where the function makes a class.
        """
        inner = methods_within(self.node) if self.owner is None else {}
        return inner.get(node, (self.node, self.owner))

    @cached_property
    def nodes(self) -> Sequence[ast.AST]:
        """Everything in the function's syntax tree but its decorators, which run only once."""
        tops = getattr(self.node, "decorator_list", ())
        outside = {id(one) for top in tops for one in walked(top)}
        return [one for one in walked(self.node) if id(one) not in outside]

    def of(self, kind: type[Node]) -> Sequence[Node]:
        """Return the nodes of a kind, in the order of all."""
        if kind not in self._of:
            self._of[kind] = [one for one in self.nodes if isinstance(one, kind)]
        return self._of[kind]

    def plain(self, node: ast.stmt) -> str:
        """Return a statement as Python writes it, however the user does."""
        if node not in self._plain:
            self._plain[node] = ast.unparse(node)
        return self._plain[node]

    @cached_property
    def stored(self) -> frozenset[str]:
        """The names that the function stores."""
        return frozenset(one.id for one in self.of(ast.Name) if isinstance(one.ctx, ast.Store))

    @cached_property
    def filled(self) -> frozenset[ast.expr]:
        """Where arrays that the function makes by a call are named to store in their elements."""
        made = {target.id for one in self.of(ast.Assign) if isinstance(one.value, ast.Call)
                for target in one.targets if isinstance(target, ast.Name)}  # fmt: skip
        places = [one.value for one in self.of(ast.Subscript) if isinstance(one.ctx, ast.Store)]
        for one in self.of(ast.Expr):
            match one.value:
                case ast.Call(ast.Attribute(attr="at"), [place, *_]):  # such as of np.add
                    places.append(place)
                case ast.Call(ast.Attribute(place, method)) if method.endswith("_"):
                    places.append(place)
        return frozenset(one for one in places if isinstance(one, ast.Name) and one.id in made)

    @cached_property
    def bracketed(self) -> Sequence[ast.expr]:
        """The single values that stand in parentheses without need, in what is calculated."""
        operands = [part for one in self.of(ast.BinOp) for part in (one.left, one.right)]
        operands += [one.value for one in self.of(ast.Subscript)]
        operands += [one.value for one in self.of(ast.Attribute)]
        operands += [one.value for one in self.of(ast.Assign)]
        return [
            one for one in operands if is_single(one)
            and self.source[: self.start(one)].rstrip().endswith(b"(")
            and self.source[self.end(one) :].lstrip().startswith(b")")
        ]  # fmt: skip

    @cached_property
    def loops(self) -> Sequence[str]:
        """The names that count the rounds of the loops of the function."""
        return [name.id for loop in self.of(ast.For) for name in walked(loop.target)
                if isinstance(name, ast.Name)]  # fmt: skip

    @cached_property
    def indices(self) -> Mapping[str, Sequence[str]]:
        """The indices anywhere in the function, with their parts."""
        found: dict[str, Sequence[str]] = {}
        for node in self.of(ast.Subscript):
            if not isinstance(node.slice, ast.Constant):
                index = node.slice
                parts = index.elts if isinstance(index, ast.Tuple) and index.elts else [index]
                text = self.text(index)
                if "\n" not in text:
                    found[text] = [self.text(one) for one in parts]
        return found

    @cached_property
    def orders(self) -> Mapping[str, int]:
        """The transposes of all axes anywhere in the function, each with its number of axes.

        Those of the class's other methods, such as of its forward half, are undone.
        """
        own = dict(order_of(node) for node in self.of(ast.Call) if is_order(node))
        beside = self.owner.body if self.owner is not None else ()
        calls = (node for one in beside if one is not self.node for node in walked(one))
        undone = dict(order_of(node, undone=True) for node in calls if is_order(node))
        return {**own, **undone}

    @cached_property
    def doubles_quotes(self) -> bool:
        """Whether most of its quotes are double ones."""
        return self.source.count(b'"') > self.source.count(b"'")

    @cached_property
    def uses(self) -> Mapping[tuple[str, type[ast.expr_context]], set[int]]:
        """The lines that read or store each name, and those of their simple statements."""
        found = defaultdict[tuple[str, type[ast.expr_context]], set[int]](set)
        for node in self.nodes:
            if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.Return):
                for one in walked(node):
                    if isinstance(one, ast.Name):
                        found[one.id, type(one.ctx)] |= {one.lineno, node.lineno}
        return found

    def mangled(self, name: str) -> str:
        """Return an attribute's name as Python keeps it: a private one with its class."""
        private = name.startswith("__") and not name.endswith("__") and self._classes
        return f"_{self._classes[-1].lstrip('_')}{name}" if private else name

    def outside(self, text: str) -> str:
        """Return the text of an expression as it is written outside of the function's class."""
        return _PRIVATE.sub(lambda found: self.mangled(found[0]), text) if self._classes else text

    def start(self, node: ast.expr | ast.stmt) -> int:
        """Return the start of a node, in bytes of the text."""
        return self._starts[node.lineno - self.first] + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        """Return the end of a node, in bytes of the text."""
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self._starts[node.end_lineno - self.first] + node.end_col_offset

    def text(self, node: ast.expr | ast.stmt) -> str:
        """Return a node as the user wrote it."""
        return self.source[self.start(node) : self.end(node)].decode()

    def changes(self, edit: Edit) -> bool:
        """Return whether an edit changes the text, and not only the blanks between its words."""
        before, after = self.source[edit.start : edit.end], edit.text
        indents = b"\n" in before + after
        return before != after if indents else b"".join(before.split()) != b"".join(after.split())

    def between(self, start: int, end: int) -> str:
        """Return part of the text."""
        return self.source[start:end].decode()

    def place(self, offset: int, end: int) -> Place:
        """Return the place in the file of some bytes of the text."""
        at = bisect_right(self._starts[:-1], offset) - 1
        line = self._lines[at]
        before = line[: offset - self._starts[at]].decode()
        inside = line[offset - self._starts[at] : end - self._starts[at]].decode().rstrip()
        return Place(self.first + at, len(before) + 1, max(1, len(inside)), self.file)

    def narrowed(self, edit: Edit) -> Edit:
        """Return the edit of only the bytes that differ."""
        before, after = self.source[edit.start : edit.end], edit.text
        most = min(len(before), len(after))
        head = next((i for i in range(most) if before[i] != after[i]), most)
        most -= head
        tail = next((i for i in range(most) if before[-1 - i] != after[-1 - i]), most)
        return Edit(edit.start + head, edit.end - tail, after[head : len(after) - tail].decode())

    def lines(self, edits: Sequence[Edit]) -> tuple[int, int]:
        """Return the first and the last line of the file that edits change."""
        first, last = min(one.start for one in edits), max(one.end for one in edits)
        starts = self._starts[:-1]
        return (
            self.first + bisect_right(starts, first) - 1,
            self.first + bisect_right(starts, last) - 1,
        )

    def line_after(self, edits: Sequence[Edit]) -> str:
        """Return the line, or lines, after the edits, unindented."""
        first, last = self.lines(edits)
        start, end = self._starts[first - self.first], self._starts[last - self.first + 1]
        inside = [Edit(e.start - start, e.end - start, e.text.decode()) for e in edits]
        return _applied(self.source[start:end], inside).decode().strip()

    def text_after(self, node: ast.expr | ast.stmt, edits: Sequence[Edit]) -> str:
        """Return a statement or an expression after edits, of all its lines."""
        start = min([self.start(node), *(one.start for one in edits)])
        end = max([self.end(node), *(one.end for one in edits)])
        inside = [Edit(one.start - start, one.end - start, one.text.decode()) for one in edits]
        return _applied(self.source[start:end], inside).decode()

    def edited(self, edits: Sequence[Edit]) -> CodeType:
        """Return the function's code with its text edited; raises SyntaxError, ValueError."""
        source = _applied(self.source, edits)
        if source != self._last[0]:  # an edit is run at one point after the other
            self._last = source, self._compiled(source)
        return self._last[1]

    def _compiled(self, source: bytes) -> CodeType:
        text = self._head + source.decode() + self._tail
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            own = self.code.co_flags & _FUTURE
            code = compile(text, self.file, "exec", flags=own, dont_inherit=True)
        found = next(islice(_codes_in(code, self.code.co_name), self._nth, None), None)
        if found is None or found.co_freevars != self.code.co_freevars:
            raise ValueError("other free names")
        return found

    @contextmanager
    def running(self, code: CodeType) -> Iterator[None]:
        """Make all calls of the function run other code, and of those that it has made."""
        edited = [(function, code) for function in self.functions]
        for own, made in zip(codes_within(self.code), codes_within(code), strict=False):
            if (own.co_name, own.co_freevars) == (made.co_name, made.co_freevars):
                edited += [(function, made) for function in self.made.get(id(own), ())]
        before = [function.__code__ for function, _ in edited]
        try:
            for function, new in edited:
                function.__code__ = new
            yield
        finally:
            for (function, _), own in zip(edited, before, strict=True):
                function.__code__ = own


def units_of(codes: Sequence[CodeType], inner: Sequence[CodeType] = ()) -> list[Unit]:
    """Return the functions of codes, as far as their text is known.

    `inner` are codes within these: an edit changes their functions, too.
    """
    functions = functions_of(codes, inner)
    made = {id(one): few for one, few in zip(inner, functions[len(codes) :], strict=True)}
    found = list[Unit]()
    for code, own in zip(codes, functions, strict=False):
        try:
            found.append(Unit(code, own, made))
        except (Unreadable, SyntaxError):
            continue
    return found


def _applied(source: bytes, edits: Sequence[Edit]) -> bytes:
    for edit in sorted(edits, key=lambda one: one.start, reverse=True):
        source = source[: edit.start] + edit.text + source[edit.end :]
    return source


def codes_within(code: CodeType) -> Iterator[CodeType]:
    """Yield the codes inside another, each before those inside itself."""
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from codes_within(one)


def _codes_in(code: CodeType, name: str) -> Iterator[CodeType]:
    """Yield the codes of a name inside another, one that holds others before these."""
    for one in code.co_consts:
        if isinstance(one, CodeType):
            if one.co_name == name:
                yield one
            yield from _codes_in(one, name)
