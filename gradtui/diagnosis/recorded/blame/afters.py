"""Missing lines: what is to be done with the value that a statement stores, right after it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.computing import own_functions
from gradtui.diagnosis.recorded.blame.constants import Constant
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.owned import copied_first, is_own
from gradtui.diagnosis.recorded.blame.roles import is_backward, uncalled
from gradtui.diagnosis.recorded.blame.scope import Shape
from gradtui.diagnosis.recorded.blame.slots import Slot
from gradtui.diagnosis.recorded.blame.trees import block_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit


class After(Slot):
    """The stored value of a statement, to be changed by a missing line after it."""

    def __init__(self, s: Statement, node: ast.expr, name: str, shape: Shape | None) -> None:
        super().__init__(s, node, shape)
        self.name, self.gap = name, _gap(s.unit, s.node)
        self.alone = isinstance(s.node, ast.Assign) and s.node.targets == [node]
        """Whether the statement stores nothing else, so that it lacks the part itself."""

    def times(self, factor: str) -> Edit:
        """Return the edit that multiplies it."""
        below = factor.removeprefix("1 / ")
        return self._changed(self.name, f"/ {below}" if below != factor else f"* {factor}")

    def plus(self, term: str) -> Edit:
        """Return the edit that adds to it, or takes what has a minus from it."""
        text = f"- {term[1:]}" if term.startswith("-") else f"+ {term}"
        return self._changed(self.name, text)

    def term(self, text: str, value: float) -> Iterator[Candidate]:
        """Yield it with a multiple of a term, which is not what the statement itself adds."""
        node = self.s.node
        own = self.s.text(node.value) if isinstance(node, ast.AugAssign) else ""
        if text not in (own, f"({own})"):
            yield from super().term(text, value)

    def scaled(self, constant: Constant) -> Edit:
        """Return the edit that multiplies or divides it by a number."""
        return self._changed(self.name, constant.text)

    def negated(self) -> Candidate:
        """Return it with the other sign."""
        edit = self._changed(self.name, "* -1")
        return Candidate((edit,), "sign", "its sign is wrong", 1, "-1", self.node)

    def _changed(self, name: str, by: str) -> Edit:
        """Return the edit that changes a value: in place, if it is the function's own."""
        own = is_own(self.s, name)
        return self.line(f"{name} {by.replace(' ', '= ', 1)}" if own else f"{name} = {name} {by}")

    def kept(self) -> Iterator[tuple[str, Edit]]:
        """Yield the lines that add it to another value of its shape."""
        for text, held in self.s.scope.items():
            if held.kind == "f" and held.shape == self.shape and text != self.name:
                yield text, self._changed(text, f"+ {self.name}")

    def calls(self) -> Iterator[Candidate]:
        """Yield the lines that pass it to an omitted call, such as a layer among others."""
        for function in self._uncalled():
            line = self.line(f"{self.name} = {function}({self.name})")
            told = f"{function} is not called"
            yield Candidate((line,), "missing-factor", told, 1, function, self.node)

    def _uncalled(self) -> Iterator[str]:
        """Yield what is called nowhere: methods like its own, and functions of gradients."""
        forgotten = uncalled(self.s.unit.tree)
        yield from (name for name, n in own_functions(self.s) if n == 1 and name in forgotten)
        call = self.s.value()
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            return
        method, owner = call.func.attr, ast.unparse(call.func.value).rpartition(".")[0]
        called = {
            ast.unparse(node.value) for node in self.s.unit.of(ast.Attribute) if node.attr == method
        }
        for text, held in self.s.scope.items():
            beside = text.rpartition(".")[0] == owner and (owner or is_backward(method))
            if beside and held.kind[0] == ":" and not held.shape and text not in called:
                yield f"{text}.{method}"

    def picked(self) -> Iterator[Candidate]:
        """Yield the lines that subtract 1 at the labels, as a softmax's slope needs."""
        for labels, at in self._labels():
            told = f"1 must be subtracted from it at {labels}"
            line = self.line(f"{copied_first(self.s, self.name)}{self.name}[{at}] -= 1")
            yield Candidate((line,), "missing-term", told, 2, "1", self.node)

    def _labels(self) -> Iterator[tuple[str, str]]:
        """Yield the arrays of labels in scope, each with the index of the elements that they pick.

        With more axes than rows and classes, that is one by which the file picks others.
        """
        axes = len(self.shape or ())
        for text, held in self.s.scope.items():
            if self.shape and axes > 1 and (held.kind, held.shape) == ("i", self.shape[:-1]):
                if axes == 2:
                    yield text, f"{self.s.numpy}arange(len({text})), {text}"
                own = text.rpartition(".")[2]
                for index in _indices(self.s.unit.tree, axes) if axes > 2 else ():
                    if isinstance(last := index.elts[-1], ast.Name) and last.id == own:
                        yield text, ", ".join([*map(ast.unparse, index.elts[:-1]), text])

    def line(self, text: str) -> Edit:
        """Return the edit that adds a line after the statement, in the place of an idle one."""
        return _line(self.s.unit, self.s.node, self.s.margin, text)


def afters(s: Statement) -> Iterator[After]:
    """Yield a statement's stored values that its own expression does not determine alone."""
    if not s.margin.isspace():
        return
    node = s.node
    targets: list[ast.expr] = []
    if isinstance(node, ast.AugAssign):
        targets = [node.target]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        targets = node.value.args[:1]  # the target of np.add.at and the like
    elif isinstance(node, ast.Assign):
        targets = [one for target in node.targets for one in _parts(target)]
    for target in targets:
        while isinstance(target, ast.Subscript) and not is_leaf(target):
            target = target.value
        held = s.stored(target)
        if held is not None and held.kind == "f" and held.shape:
            yield After(s, target, s.spelled(ast.unparse(target)), held.shape)


def _indices(tree: ast.Module, axes: int) -> Iterator[ast.Tuple]:
    """Yield the indices along so many axes of a file."""
    found = (one.slice for one in walked(tree) if isinstance(one, ast.Subscript))
    yield from (one for one in found if isinstance(one, ast.Tuple) and len(one.elts) == axes)


def line_behind(unit: Unit, node: ast.stmt, text: str) -> Edit | None:
    """Return the edit that adds a line after a statement; None if that shares its line."""
    start = unit.start(node)
    margin = unit.between(unit.source.rfind(b"\n", 0, start) + 1, start)
    return _line(unit, node, margin, text) if margin.isspace() else None


def _line(unit: Unit, node: ast.stmt, margin: str, text: str) -> Edit:
    gap, end = _gap(unit, node), unit.end(node)
    if gap is not None:
        return Edit(unit.start(gap), unit.end(gap), text)
    rest = unit.source[end:].partition(b"\n")[0]
    end += len(rest) if rest.lstrip()[:1] == b"#" else 0  # a comment stays with its statement
    return Edit(end, end, f"\n{margin}{text}")


def _gap(unit: Unit, node: ast.stmt) -> ast.Pass | None:
    """Return the statement behind another that does nothing, where one may have been lost.

    It may be all that is done under a condition.
    """
    block = block_of(unit.node, node)
    match block[block.index(node) + 1 :][:1]:
        case [ast.Pass() as gap] | [ast.If(body=[ast.Pass() as gap], orelse=[])]:
            return gap
        case _:
            return None


def _parts(target: ast.expr) -> list[ast.expr]:
    return target.elts if isinstance(target, ast.Tuple) else [target]
