"""Scores that a mask hides from a softmax: one that a function makes or is given and never reads.

A backward half that computes the shares of an attention again forgets it easily.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.engine.shapes import stretches

_SHARES = ("softmax", "log_softmax", "logsumexp")


def hidden(s: Statement) -> Iterator[Candidate]:
    """Yield the scores of a statement's softmax hidden by a mask, or by its opposite."""
    held = ((name, s.scope.get(name)) for name in s.idle)
    masks = [(name, one.shape) for name, one in held if one and one.kind == "b" and one.shape]
    if not masks or s.dialect.module.__name__ != "torch":
        return
    for scores in _scores(s):
        own = s.shape(scores)
        for name, shape in masks:
            if own is not None and not stretches(shape, own):
                continue
            told = f"the mask {name}, which {s.unit.code.co_name} does not use, hides no scores"
            for cost, mask in enumerate((name, f"~{name}")):
                text = s.spelled(f"{s.inside(scores, 9)}.masked_fill({mask}, float('-inf'))")
                edits = (s.replaced(scores, text),)
                yield Candidate(edits, "missing-factor", told, cost, mask, scores)


def _scores(s: Statement) -> Iterator[ast.expr]:
    """Yield what a softmax takes, which is a function or a method."""
    for node in s.nodes:
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Attribute(value, name) if name in _SHARES and not s.is_module(value):
                yield value
            case ast.Name(name) | ast.Attribute(attr=name) if name in _SHARES:
                yield from node.args[:1]
