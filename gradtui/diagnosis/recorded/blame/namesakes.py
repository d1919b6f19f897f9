"""Values that are kept or restored under a name, in place of the one that has that name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import names_in
from gradtui.diagnosis.recorded.blame.forgotten import forgotten

_NAME = re.compile(r"[^\W\d]\w*")
_PLURALS = ("{}s", "{}_list", "{}_all", "all_{}")


def namesakes(s: Statement) -> Iterator[Candidate]:
    """Yield the value that has the name under which a statement keeps or restores another."""
    for node, name in namesakes_of(s):
        told = f"{s.text(node)} must be {name}"
        edit = s.replaced(node, s.spelled(name))
        yield Candidate((edit,), "wrong-variable", told, 0, s.spelled(name), node, named=True)


def namesakes_of(s: Statement) -> Iterator[tuple[ast.expr, str]]:
    """Yield the value of a statement, with the one that has its name.

    That is what an object or a context keeps and nothing reads, as in `n = x.shape[-1]` with
    `ctx.n`, or a name of the function, as in `ctx.n = x.shape[0]` with `n = x.size`, or in
    `zs.append(w @ x)` with `z = w @ x + b`.  Or a name for the parameter that has it, or in a line
    such as `w = 1 if w is None else v`.
    """
    for call in (one for one in s.nodes if isinstance(one, ast.Call)):
        yield from _handed(s, call)
    match s.node:
        case ast.Assign(
            [ast.Name(name)],
            ast.IfExp(ast.Compare(ast.Name(asked), [ast.Is() | ast.IsNot() as how],
                                  [ast.Constant(None)]), given, lacking),
        ) if name == asked:  # fmt: skip
            other = lacking if isinstance(how, ast.Is) else given
            if isinstance(other, ast.Name) and other.id != name:
                yield other, name
        case ast.Assign([ast.Name(name)], value) if not isinstance(value, ast.Constant):
            known = name in _NAME.findall(ast.unparse(value))
            for text in forgotten(s) if not known else ():
                if text != name and _NAME.findall(text)[-1] == name:
                    yield value, text
        case ast.Assign([ast.Attribute(ast.Name(), name)], value):
            if name in s.recent and name not in names_in(value):
                yield value, name
        case ast.Expr(ast.Call(ast.Attribute(kept, "append"), [value])):
            plural, read = _NAME.findall(ast.unparse(kept))[-1], names_in(value)
            for name in s.recent:
                if name not in read and plural in [one.format(name) for one in _PLURALS]:
                    yield value, name
        case _:
            return


def _handed(s: Statement, call: ast.Call) -> Iterator[tuple[ast.expr, str]]:
    """Yield another name that is handed to a parameter, as `f(a=a, b=a)` does, with its own."""
    named = [(one.arg, one.value) for one in call.keywords
             if one.arg is not None and isinstance(one.value, ast.Name)]  # fmt: skip
    own = [name for name, value in named if ast.unparse(value) == name]
    passed = {ast.unparse(one) for one in (*call.args, *(one.value for one in call.keywords))}
    for name, value in named:
        if ast.unparse(value) in own and name not in (*own, *passed) and name in s.scope:
            yield value, name
