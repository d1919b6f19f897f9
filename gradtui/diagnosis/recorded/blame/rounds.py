"""Lines with which the rounds of another loop end or begin, and which those of one lack."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.branches import inserted
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import names_in
from gradtui.diagnosis.recorded.blame.trees import walked

_MOST = 4
"""Most other loops."""
_Loop = ast.For | ast.While


def rounds(s: Statement) -> Iterator[Candidate]:
    """Yield the lines that count on in another loop, behind the last of a loop or before its first.

    Without it, all rounds of a loop that goes through an array by an index read the same part.
    """
    loops = [one for one in s.unit.nodes if isinstance(one, _Loop)]
    for loop in (one for one in loops if s.node in (one.body[0], one.body[-1])):
        known = {ast.dump(one) for one in walked(loop) if isinstance(one, ast.stmt)}
        others = [one for one in loops if one is not loop and s.node not in walked(one)]
        for other in others[:_MOST]:
            for place, behind in ((-1, True), (0, False)):
                line = other.body[place]
                fits = isinstance(line, ast.AugAssign) and ast.dump(line) not in known
                if fits and s.node is loop.body[place] and _is_known(s, line):
                    text = s.text(line)
                    told = f"{text} is missing: the loop in line {other.lineno} has it"
                    edit = inserted(s, s.node, text, behind=behind)
                    yield Candidate((edit,), "missing-path", told, 0, text, s.node, named=True)


def _is_known(s: Statement, line: ast.stmt) -> bool:
    """Return whether all names that a line has mean something at the statement."""
    names = names_in(line)
    return names <= s.locals.keys() | s.unit.globals.keys()
