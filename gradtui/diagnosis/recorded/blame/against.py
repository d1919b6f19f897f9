"""What tells against an edit, however right it makes the results."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.expressions import summands
from gradtui.diagnosis.recorded.blame.units import Edit


def takes_back(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether an edit takes from a value what the line adds, or gives to a call itself.

    Or it multiplies by what the line divides by. Then that is wrong, perhaps as it begins, and
    nothing is missing.
    """
    value = s.value()
    if value is None:
        return False
    parts = [*value.args] if isinstance(value, ast.Call) else [*summands(value)]
    added = {one.id for one in parts if isinstance(one, ast.Name)}
    names = [f" - {name}" for name in (*added, *_begun_as(s, added))]
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div | ast.Mult):
        back = "*" if isinstance(value.op, ast.Div) else "/"
        names.append(f" {back} {s.right(value)}")
    return any(one.text.decode().endswith(tuple(names)) for one in edits)


def _begun_as(s: Statement, names: Collection[str]) -> Iterator[str]:
    """Yield what some names begin as before a line, or as a copy of."""
    for one in s.unit.of(ast.Assign) if names else ():
        match one:
            case ast.Assign(targets=[ast.Name(name)], value=value) if name in names:
                if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
                    value = value.func.value if value.func.attr == s.copying else value
                if one.lineno < s.node.lineno:
                    yield s.text(value)


def evens_out(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether both cases of a choice would do the same, so that nobody would choose."""
    own, edited = s.node, _edited(s, edits)
    if b" if " in s.unit.source and _is_even(edited):
        return True
    for node in s.unit.of(ast.If):
        if [own] in (node.body, node.orelse):
            other = node.orelse if node.body == [own] else node.body
            return [s.text(one) for one in other] == [edited]
    return False


def _is_even(text: str) -> bool:
    """Return whether both cases of a choice within a line are the same."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return False  # such as the head of a loop without its body
    return any(
        isinstance(one, ast.IfExp) and ast.dump(one.body) == ast.dump(one.orelse)
        for one in ast.walk(tree)
    )


def _edited(s: Statement, edits: Sequence[Edit]) -> str:
    start, source = s.unit.start(s.node), s.unit.source
    text, at = "", start
    for one in sorted(edits, key=lambda edit: edit.start):
        text += source[at : one.start].decode() + one.text.decode()
        at = one.end
    return text + source[at : s.unit.end(s.node)].decode()
