"""Missing lines of a program, which would assign a state that no line assigns.

Knows the possible lines, not whether they help.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.diagnosis.updates.remedies import Added, unstored_in
from gradtui.diagnosis.updates.scope import BIAS, RATE, TIME, Rules, Scope
from gradtui.engine.handwritten import UpdateProgram
from gradtui.language.parser import Name, Number, Tree
from gradtui.language.trees import NOWHERE, expression, is_call, names_read, part_at, substituted

_NEAR = 12
"""Most helpers tried as the value kept: the last ones of a longer program."""


def lacking_lines(program: UpdateProgram, ours: UpdateProgram, scope: Scope) -> Iterator[Added]:
    """Yield lines that could assign an unassigned state; `ours` is the optimizer's program.

    Lines that only pass on a value come first; others are given as far as their form is known.
    """
    for kept in unstored_in(program):
        for index, tree in (*_handed_on(program, scope), *_stated(program, ours, scope, kept)):
            above = (line.name for line in program.lines[:index])
            known = {"w", "g", "t", "lr", *scope.constants, *program.state, *above}
            if known.issuperset(names_read(tree)):
                yield Added((), tree, index, kept, _rules(scope, tree), 1.0)


def _rules(scope: Scope, tree: Tree) -> Rules:
    """Return the rules for a value that is not kept."""
    names = scope.names(tree)
    if scope.is_signal(names):
        return scope.form
    if not scope.timed:
        return (RATE, TIME)
    return (BIAS, TIME) if names & {*scope.means} else (TIME, BIAS)


def _handed_on(program: UpdateProgram, scope: Scope) -> Iterator[tuple[int, Tree]]:
    """Yield a helper below its line, and the weight and the gradient before the next ones."""
    last = len(program.lines)
    helpers = [(i, one.name) for i, one in enumerate(program.lines) if one.name in scope.meaning]
    for index, name in reversed(helpers[-_NEAR:]):
        yield from ((place, Name(name, NOWHERE)) for place in dict.fromkeys((index + 1, last)))
    moving = [i for i, line in enumerate(program.lines) if line.name == "w"]
    yield from ((place, Name("w", NOWHERE)) for place in (*moving, last))
    yield last, Name("g", NOWHERE)


def _stated(
    program: UpdateProgram, ours: UpdateProgram, scope: Scope, kept: str
) -> Iterator[tuple[int, Tree]]:
    """Yield the values that may be kept, above the state's first reader and below all lines."""
    last = len(program.lines)
    reads = (i for i, line in enumerate(program.lines) if kept in names_read(line.value))
    for place in dict.fromkeys((next(reads, last), last)):
        above = [line.name for line in program.lines[:place] if line.name in scope.meaning]
        helpers = [Name(name, NOWHERE) for name in above[-_NEAR:]]
        for tree in _forms(ours, scope, Name(kept, NOWHERE)):
            yield place, tree
            for helper in reversed(helpers):
                yield from ((place, other) for other in _with_helper(tree, helper))


def _with_helper(tree: Tree, helper: Name) -> Iterator[Tree]:
    """Yield a form with a helper for the gradient, for its square, for all that is new."""
    if "g" in names_read(tree):
        yield substituted(tree, {"g": helper})
    if is_call(tree, "+"):
        before, new = part_at(tree, (0,)), part_at(tree, (1,))
        yield expression("+", before, helper)
        if is_call(new, "*") and is_call(part_at(new, (1,)), "**"):
            yield expression("+", before, expression("*", part_at(new, (0,)), helper))


def _forms(ours: UpdateProgram, scope: Scope, kept: Name) -> Iterator[Tree]:
    """Yield the optimizer's states, with and without weights or the rate, then its counts."""
    g, rate, one = Name("g", NOWHERE), Name("lr", NOWHERE), Number(1.0, NOWHERE)
    for line in ours.lines:
        if line.name in ours.state:
            yield substituted(line.value, {line.name: kept})
    for mean in (Name(name, NOWHERE) for name in scope.means):
        weighed = expression("*", mean, kept)
        yield from (expression("+", weighed, new) for new in (g, expression("**", g, _TWO)))
        for sign in "-+":
            yield expression(sign, weighed, expression("*", rate, g))
        yield weighed
        yield expression("+", weighed, expression("-", one, mean))
    yield expression("-", Name("w", NOWHERE), expression("*", rate, g))
    yield expression("+", kept, one)
    for number in (value for value in scope.numbers if 0 < value < 1):
        yield expression("*", Number(number, NOWHERE), kept)


_TWO = Number(2.0, NOWHERE)
