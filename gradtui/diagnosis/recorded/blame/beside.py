"""The lines that tell of lines that compute nothing: of what they call, and of what uses theirs."""

from __future__ import annotations

import ast

from gradtui.diagnosis.recorded.blame.told import Line, Told
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.diagnosis.recorded.blame.uses import lines_with, lines_writing, read_behind
from gradtui.diagnosis.recorded.blame.watch import Watched


class Beside:
    """The lines that compute for lines that do not."""

    def __init__(self, flow: Told, watched: Watched) -> None:
        self._feeds, self._calls, self._order = flow.feeds, watched.calls, watched.order

    def called(self, lines: set[Line]) -> set[Line]:
        """Return the lines that run in the functions that non-computing lines call.

        If those compute nothing either, they include those of the functions that they call.
        """
        if any(line in self._feeds for line in lines):
            return set()
        found, pending = set[Line](), lines
        while pending and found.isdisjoint(self._feeds):
            pending = set().union(*[self._calls.get(one, ()) for one in pending]) - found
            found |= pending
        return found

    def is_called_again(self, lines: set[Line]) -> bool:
        """Return whether other calls run the same lines: they are right, and a call is wrong."""
        calls = self._calls.items()
        return sum(not lines.isdisjoint(one) for at, one in calls if at not in lines) > 1

    def using(self, unit: Unit, node: ast.stmt, lines: set[Line]) -> set[Line]:
        """Return the lines that use a value that a line only unpacks, renames, or writes into.

        Lines that it takes the value from count, too, and those that store what it returns.
        """
        if any(line in self._feeds for line in lines):
            return set()
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Name):
            stored = lines_writing(unit, node.value.id)
            return (stored | self.called(stored)) & set(self._feeds)
        if not isinstance(node, ast.Assign):
            return set()
        target = node.targets[0]
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Subscript | ast.IfExp):
            return read_behind(unit, node, target, self._order) & set(self._feeds)
        partial = isinstance(target, ast.Subscript) and isinstance(node.value, ast.Constant)
        if isinstance(target, ast.Subscript) and partial:
            target = target.value
        if not isinstance(target, ast.Name):
            return set()
        own = {type(one.ctx): one.id for one in walked(node) if isinstance(one, ast.Name)}
        if found := self._reading(unit, target.id):
            return found
        found = lines_with(unit, own.get(ast.Load), ast.Store)
        return (found | self.called(found)) & set(self._feeds)

    def _reading(self, unit: Unit, name: str) -> set[Line]:
        """Return the lines that compute with a name's value, or with what only views it."""
        found, pending, seen = set[Line](), [name], set[str]()
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                lines = lines_with(unit, name, ast.Load)
                found |= (lines | self.called(lines)) & set(self._feeds)
                pending += [
                    one.targets[0].id for one in unit.of(ast.Assign)
                    if isinstance(one.targets[0], ast.Name)
                    and (unit.file, one.lineno) in lines - found
                ]  # fmt: skip
        return found
