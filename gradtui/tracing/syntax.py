"""The statements of Python files: their lines, their assignments, their loops.

Knows nothing of a run.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from types import CodeType

from msgspec import Struct
from msgspec.structs import replace

_PURE = (
    ast.Name, ast.Constant, ast.Slice, ast.Tuple, ast.BinOp, ast.UnaryOp, ast.Attribute,
    ast.Subscript, ast.operator, ast.unaryop, ast.expr_context,
)  # fmt: skip
"""Expressions that can be evaluated again without side effects."""
_TEXTS = 4096


class Target(Struct, frozen=True, eq=False):
    """A target that a statement assigns."""

    text: str
    code: CodeType | None
    """The expression that reads it; None if that would have side effects."""
    variables: tuple[str, ...]
    """The names inside brackets."""
    appends: bool = False
    """Whether it is a list, of which the statement appends the last entry."""

    def filled(self, values: Mapping[str, int | str]) -> str:
        """Return it as written, with values for the names in brackets: hs[3]."""
        told = tuple((name, values[name]) for name in self.variables if name in values)
        return _filled(self.text, told) if told else self.text


Targets = tuple[Target, ...]


class Loop(Struct, frozen=True, eq=False):
    """A loop, or the header of one."""

    line: int
    last: int
    """The last line of its body."""
    variables: tuple[str, ...]
    """Names that each round assigns; none for a `while`."""


class Sentence(Struct, frozen=True, eq=False):
    """One simple statement, or the header of a compound one."""

    first: int
    last: int
    """Its first and last line."""
    targets: Targets = ()
    """Its targets, those in a tuple one by one."""
    loops: tuple[Loop, ...] = ()
    """The loops of its function around it, outermost first."""
    loop: Loop | None = None
    """The loop whose header it is, if any."""


class Syntax:
    """The statements of one file."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._at: dict[int, Sentence] = {}
        self.functions: dict[int, tuple[int, int]] = {}
        """Line of a `def`, or of its first decorator -> the first and the last line of its body,
        after its docstring."""
        try:
            tree = ast.parse("".join(lines))
        except (SyntaxError, ValueError):
            return  # such as a notebook's cell with magic commands: each line is its own statement
        for sentence in self._sentences(tree.body, ()):
            for line in range(sentence.first, sentence.last + 1):
                self._at.setdefault(line, sentence)

    def at(self, line: int) -> Sentence:
        """Return the statement that a line belongs to."""
        return self._at.get(line) or Sentence(line, line)

    def _sentences(self, body: Sequence[ast.stmt], loops: tuple[Loop, ...]) -> Iterator[Sentence]:
        for statement in body:
            yield from self._sentence(statement, loops)

    def _sentence(self, statement: ast.stmt, loops: tuple[Loop, ...]) -> Iterator[Sentence]:
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                first = min([first, *(one.lineno for one in statement.decorator_list)])
                body = statement.body[1:] if _is_text(statement.body[0]) else statement.body
                scope = (body[0].lineno if body else last, last)
                self.functions[first] = self.functions[statement.lineno] = scope
                yield Sentence(first, statement.body[0].lineno - 1)
                yield from self._sentences(statement.body, ())
            case ast.ClassDef():
                yield from self._sentences(statement.body, ())
            case ast.For() | ast.AsyncFor() | ast.While():
                yield from self._loop(statement, loops)
            case ast.If() | ast.With() | ast.AsyncWith() | ast.Try() | ast.Match():
                yield from self._compound(statement, loops)
            case _:
                targets = (*map(_target, _targets(statement)), *_appending(statement))
                yield Sentence(first, last, targets, loops)

    def _loop(
        self, statement: ast.For | ast.AsyncFor | ast.While, loops: tuple[Loop, ...]
    ) -> Iterator[Sentence]:
        targets = [] if isinstance(statement, ast.While) else list(_parts(statement.target))
        names = tuple(one.id for one in targets if isinstance(one, ast.Name))
        end = statement.body[-1].end_lineno or statement.lineno
        own = Loop(statement.lineno, end, names)
        last = max(statement.lineno, statement.body[0].lineno - 1)
        yield Sentence(statement.lineno, last, (), loops, own)
        yield from self._sentences(statement.body, (*loops, own))
        yield from self._sentences(statement.orelse, loops)

    def _compound(self, statement: ast.stmt, loops: tuple[Loop, ...]) -> Iterator[Sentence]:
        bodies: list[ast.stmt] = []
        for name in ("body", "handlers", "cases", "orelse", "finalbody"):
            for one in getattr(statement, name, ()):
                bodies += [one] if isinstance(one, ast.stmt) else one.body
        first = bodies[0].lineno
        yield Sentence(statement.lineno, max(statement.lineno, first - 1), (), loops)
        yield from self._sentences(bodies, loops)


@cache
def _parsed(lines: tuple[str, ...]) -> Syntax:
    return Syntax(lines)


def syntax_of(file: str) -> Syntax:
    """Return the statements of a file, a notebook's cell or typed text, as Python parses it."""
    return _parsed(tuple(linecache.getlines(file)))


def _is_text(statement: ast.stmt) -> bool:
    """Return whether a statement is only a string, such as a docstring."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _targets(statement: ast.stmt) -> Iterator[ast.expr]:
    match statement:
        case ast.Assign(targets=targets):
            for target in targets:
                yield from _parts(target)
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            yield target
        case ast.Expr(value=ast.Call(keywords=keywords)):
            # `np.add(a, b, out=c)` assigns c.
            yield from (one.value for one in keywords if one.arg == "out")


def _appending(statement: ast.stmt) -> Iterator[Target]:
    """Yield the list that a statement appends one entry to, or begins with one."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=grown, attr="append"), args=[_])):
            pass
        case ast.AugAssign(target=grown, value=ast.List(elts=[_])):
            pass
        case ast.Assign(targets=[grown], value=ast.List(elts=[entry])) if not isinstance(
            entry,
            ast.Name,  # which has a name of its own
        ):
            pass
        case _:
            return
    if (found := _target(grown)).code is not None:
        yield replace(found, appends=True)


def _parts(target: ast.expr) -> Iterator[ast.expr]:
    match target:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _parts(part)
        case ast.Starred(value=value):
            yield value
        case _:
            yield target


def _target(expression: ast.expr) -> Target:
    """Return the target that an expression is; the whole container of an unreadable entry."""
    pure = all(isinstance(part, _PURE) for part in ast.walk(expression))
    if isinstance(expression, ast.Subscript) and not pure:
        return _target(expression.value)
    text = ast.unparse(expression).replace("'", '"')
    tree = ast.parse(text, mode="eval")
    names = {
        name.id: None
        for entry in ast.walk(tree.body)
        if isinstance(entry, ast.Subscript)
        for name in ast.walk(entry.slice)
        if isinstance(name, ast.Name)
    }
    code = compile(tree, "<gradtui>", "eval") if pure else None
    return Target(text, code, tuple(names))


class _Filler(ast.NodeTransformer):
    """Replaces names in brackets by values."""

    def __init__(self, values: Mapping[str, int | str]) -> None:
        self._values = values

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """Replace the names in these brackets, and in those before them."""
        node.value = self.visit(node.value)
        for name in ast.walk(node.slice):
            if isinstance(name, ast.Name) and name.id in self._values:
                name.id = repr(self._values[name.id])
        return node


@lru_cache(_TEXTS)
def _filled(text: str, values: tuple[tuple[str, int | str], ...]) -> str:
    """Return an expression with values for the names in its brackets."""
    tree = _Filler(dict(values)).visit(ast.parse(text, mode="eval"))
    return ast.unparse(tree).replace("'", '"')
