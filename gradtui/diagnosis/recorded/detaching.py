"""Where code says that a value is detached: `stop_gradient(x)`, `x.detach()`, and their names."""

from __future__ import annotations

import ast
import linecache
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gradtui.base.source import Place
from gradtui.recording.names import DETACHING

_FILES = 16
"""Most files whose expressions are kept."""
Position = tuple[int, int]
Span = tuple[Position, Position]
"""The first line and column of an expression, and those behind its last."""


def is_detached(place: Place) -> bool:
    """Return whether what an expression computes is detached in its statement.

    It is an operand of a call that detaches, or computed of nothing but the result of one.
    """
    if place.file is None or not says_detached(place.file):
        return False
    written = _written(place.file)
    own = written.span_of(place)
    if any(_within(own, span) for span in written.detaching):
        return True
    inner = [span for span in written.detaching if _within(span, own)]
    return bool(inner) and not any(
        _within(name, own) and not any(_within(name, span) for span in inner)
        for name in written.names
    )


def is_within_block(place: Place) -> bool:
    """Return whether an expression stands in a block such as `with torch.no_grad():`.

    A function is one, too, if it is decorated by such a call.  In the forward half of a custom
    function PyTorch records nothing anyway: there such a block says nothing.
    """
    if place.file is None or not says_detached(place.file):
        return False
    written = _written(place.file)
    own = written.span_of(place)
    around = [node for span, node in written.blocks if _within(own, span)]
    blocked = any(any(map(_is_result, _openings(node))) for node in around)
    return blocked and not _is_forward_half(around)


def _is_forward_half(around: Sequence[ast.stmt]) -> bool:
    """Return whether what stands around is the forward half of a custom function of PyTorch's."""
    names = {one.name for one in around if isinstance(one, ast.FunctionDef)}
    static = {
        one.name
        for kind in around if isinstance(kind, ast.ClassDef)
        for one in kind.body if isinstance(one, ast.FunctionDef)
        if any(isinstance(by, ast.Name) and by.id == "staticmethod" for by in one.decorator_list)
    }  # fmt: skip
    return "forward" in names and static >= {"forward", "backward"}


def _openings(node: ast.stmt) -> Sequence[ast.expr]:
    """Return what a block is entered by, or a function decorated."""
    match node:
        case ast.With(items=items):
            return [one.context_expr for one in items]
        case ast.FunctionDef(decorator_list=decorators):
            return decorators
    return []


class _Written:
    """The expressions and statements of a file, by what is asked of each value that it computes."""

    def __init__(self, nodes: Sequence[ast.expr | ast.stmt]) -> None:
        self._ends = defaultdict[Position, list[Position]](list)
        """Where an expression begins -> where those that begin there end."""
        for node in nodes:
            if isinstance(node, ast.expr):
                start, end = _span(node)
                self._ends[start].append(end)
        self.calls = [node for node in nodes if isinstance(node, ast.Call)]
        self.detaching = [_span(node) for node in self.calls if _is_detaching(node)]
        """Where there are calls that detach."""
        self.names = [*_names(nodes, self.calls)]
        """Where there are names of values."""
        self.blocks = [
            (_span(node), node) for node in nodes
            if isinstance(node, ast.With | ast.FunctionDef | ast.ClassDef)
        ]  # fmt: skip
        self.functions = [
            (span, node) for span, node in self.blocks if isinstance(node, ast.FunctionDef)
        ]
        self.conditions = [_span(node) for node in nodes if isinstance(node, ast.If)]
        """Where there are statements that may not run."""
        self.given = defaultdict[str, list[ast.Assign | ast.AugAssign]](list)
        """A name -> the statements that give it a value."""
        for node in nodes:
            if isinstance(node, ast.Assign | ast.AugAssign):
                for name in {one.id for one in _targets(node) if isinstance(one, ast.Name)}:
                    self.given[name].append(node)

    def span_of(self, place: Place) -> Span:
        """Return where an expression begins and ends: its place tells only its first line."""
        start = place.line, place.column - 1
        end = place.line, place.column - 1 + place.width
        ends = self._ends.get(start, [])
        return start, end if end in ends else max([end, *ends])


def _names(nodes: Sequence[ast.expr | ast.stmt], calls: Sequence[ast.Call]) -> Iterator[Span]:
    """Yield where there are names, except those of modules and of functions that are called."""
    functions = {id(node.func) for node in calls}
    modules = {one.asname or one.name for node in nodes
               if isinstance(node, ast.Import | ast.ImportFrom) for one in node.names}  # fmt: skip
    for node in nodes:
        if isinstance(node, ast.Name) and id(node) not in functions and node.id not in modules:
            yield _span(node)


def _written(file: str) -> _Written:
    return _of_text("".join(linecache.getlines(file)))


@lru_cache(_FILES)
def _of_text(text: str) -> _Written:
    """Return what a file says; nothing if it is not Python."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return _Written([])
    return _Written([node for node in ast.walk(tree) if isinstance(node, ast.expr | ast.stmt)])


def says_detached(file: str) -> bool:
    """Return whether any line of a file may detach something."""
    return _has_word(tuple(linecache.getlines(file)))


@lru_cache(_FILES)
def _has_word(lines: tuple[str, ...]) -> bool:
    return any(map(DETACHING.search, lines))


def detached_operands(place: Place) -> Iterator[bool]:
    """Yield for each operand of an expression whether it is a detached value as it is written."""
    for written in _operands(place):
        value = _origin(written)
        yield _is_result(_last_given(value.id, place) if isinstance(value, ast.Name) else value)


def _origin(written: ast.expr) -> ast.expr:
    """Return the value whose parts, attributes and methods an expression is."""
    while not _is_result(written):
        match written:
            case ast.Attribute(value=value) | ast.Subscript(value=value):
                written = value
            case ast.Call(func=ast.Attribute(value=value)):
                written = value
            case _:
                break
    return written


def _last_given(name: str, place: Place) -> ast.expr | None:
    """Return the value that a name was last given before, in the function around a place.

    A parameter is given what all calls of the function give it, if they detach it.
    """
    written = _written(place.file)
    own = (place.line, place.column - 1), (place.line, place.column)
    around = [(span, node) for span, node in written.functions if _within(own, span)]
    given = [
        node for node in written.given.get(name, ())
        if _span(node)[1] <= own[0] and all(_within(_span(node), span) for span, _ in around)
    ]  # fmt: skip
    if given:
        values = [_origin(node.value) for node in _last(given, written.conditions, own)]
        return next((one for one in values if not _is_result(one)), values[0])
    if not around:
        return None
    _, function = max(around, key=lambda one: one[0])
    passed = [*_passed(name, function, written.calls)]
    return passed[0] if all(map(_is_result, passed)) and passed else None


def _last(
    given: Sequence[ast.Assign | ast.AugAssign], conditions: Sequence[Span], own: Span
) -> Iterator[ast.Assign | ast.AugAssign]:
    """Yield the statement that gives a name a value last, after those that may do so or not."""
    for node in sorted(given, key=_span, reverse=True):
        yield node
        around = (span for span in conditions if _within(_span(node), span))
        if all(_within(own, span) for span in around):
            return


def _passed(
    name: str, function: ast.FunctionDef, calls: Sequence[ast.Call]
) -> Iterator[ast.expr | None]:
    """Yield what each call of a function gives one of its parameters; None if that is unknown."""
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    if name not in names:
        return
    for call in calls:
        bound = isinstance(call.func, ast.Attribute) and names[0] in ("self", "cls")
        if _name_of(call.func) != function.name:
            continue
        at = names.index(name) - bound
        given = {one.arg: one.value for one in call.keywords}
        value = call.args[at] if 0 <= at < len(call.args) else given.get(name)
        yield None if value is None else _origin(value)


def _name_of(called: ast.expr) -> str | None:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)


def _targets(node: ast.Assign | ast.AugAssign) -> Sequence[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _is_result(written: ast.expr | None) -> bool:
    """Return whether an expression is a call that detaches."""
    return isinstance(written, ast.Call) and _is_detaching(written)


def _operands(place: Place) -> list[ast.expr]:
    text = linecache.getline(place.file, place.line)[place.column - 1 :][: place.width]
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return []  # it goes on in the next line
    match tree:
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.Call(args=args):
            return args
        case ast.UnaryOp(operand=operand):
            return [operand]
    return []


def _is_detaching(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    return DETACHING.search(name) is not None


def _span(node: ast.expr | ast.stmt) -> Span:
    start = node.lineno, node.col_offset
    return start, (node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)


def _within(inner: Span, outer: Span) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]
