"""Conditions that a choice or a mask may lack: of a loop's round, as the code has elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import COMPARED
from gradtui.engine.shapes import stretches

_MOST = 12
"""Most conditions of each kind."""
_GATHERED = (":list", ":dict", ":tuple")


def conditions(s: Statement) -> Iterator[Candidate]:
    """Yield conditions for a choice that is made always, or never."""
    for node in s.nodes:
        if isinstance(node, ast.If | ast.IfExp) and isinstance(node.test, ast.Constant):
            for text in dict.fromkeys([*_of_rounds(s), *_elsewhere(s), *_of_numbers(s)]):
                told = f"the condition must be {text}"
                edit = s.replaced(node.test, text)
                yield Candidate((edit,), "wrong-variable", told, 1, text, node)


def compared(s: Statement) -> Iterator[Candidate]:
    """Yield comparisons with an array that the function never reads, such as the largest values."""
    for node in s.nodes:
        if not isinstance(node, ast.Compare) or len(node.ops) > 1:
            continue
        shape, own = s.shape(node.left), COMPARED.get(type(node.ops[0]))
        for name in s.idle if shape and own is not None else ():
            held = s.scope.get(name)
            if held is None or held.kind != "f" or not stretches(held.shape, shape or ()):
                continue
            for sign in dict.fromkeys(("==", own)):
                text = f"{s.inside(node.left, 1)} {sign} {name}"
                told = f"it must be {text}: {s.unit.code.co_name} does not use {name}"
                yield Candidate((s.replaced(node, text, 0),), "wrong-variable", told, 0, text, node)


def _of_rounds(s: Statement) -> Iterator[str]:
    """Yield whether the round of a loop is among some, or a mask holds for it."""
    rounds = [one for one in dict.fromkeys(s.loops) if one in s.scope]
    for at in reversed(rounds):
        gathered = [text for text, held in s.scope.items() if held.kind in _GATHERED]
        for text in gathered[:_MOST]:
            yield from (f"{at} not in {text}", f"{at} in {text}")
        masks = [text for text, held in s.scope.items() if held.kind == "b" and held.shape]
        for text in masks[:_MOST]:
            yield from (f"{text}[{at}]", f"not {text}[{at}]")


def _elsewhere(s: Statement) -> Iterator[str]:
    """Yield the other conditions of the function."""
    tests = [one.test for one in s.unit.nodes if isinstance(one, ast.If | ast.IfExp)]
    texts = [s.text(one) for one in tests if not isinstance(one, ast.Constant)]
    yield from [one for one in texts if "\n" not in one][:_MOST]


def _of_numbers(s: Statement) -> Iterator[str]:
    """Yield whether a number is positive, or not."""
    single = [text for text, held in s.scope.items() if held.kind == "f" and not held.shape]
    for text in sorted(single, key=lambda one: -s.recent.get(one, 0))[:_MOST]:
        yield from (f"{text} > 0", f"{text} <= 0")
