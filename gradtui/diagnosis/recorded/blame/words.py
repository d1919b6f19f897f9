"""Conditions that compare a name with a word, such as a mode, of which the code knows others."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import permutations

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.trees import nodes_of

_FILES, _MOST = 32, 8
"""Most files whose words are kept, and most of a name."""


def words(s: Statement) -> Iterator[Candidate]:
    """Yield comparisons with another of the words that a name has, or is compared with."""
    known, cost = _words_of(s.unit.tree), int(not is_tested_twice(s))
    for node in s.nodes:
        sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        others = dict.fromkeys(word for one in sides for word in known.get(_name_of(one), ()))
        for side in sides:
            own = word_of(side)
            for word in others if own is not None else ():
                if word != own:
                    text = s.spelled(repr(word))
                    told, edit = f"{s.text(side)} must be {text}", s.replaced(side, text)
                    yield Candidate((edit,), "wrong-variable", told, cost, text, side)
        for one, other in permutations(sides, 2):
            for text in _compared_with(s.unit.tree).get(word_of(other) or "", ()):
                if text != ast.unparse(one):
                    told, edit = f"{s.text(one)} must be {text}", s.replaced(one, s.spelled(text))
                    yield Candidate((edit,), "wrong-variable", told, 0, text, one, named=True)


@lru_cache(_FILES)
def _compared_with(tree: ast.Module) -> Mapping[str, Sequence[str]]:
    """Return what a file compares with each word, the most frequent first."""
    counts = defaultdict[str, Counter[str]](Counter)
    for node in nodes_of(tree):
        if isinstance(node, ast.Compare):
            for one, other in permutations([node.left, *node.comparators], 2):
                if (word := word_of(other)) is not None:
                    counts[word][ast.unparse(one)] += 1
    return {word: [text for text, _ in some.most_common(_MOST)] for word, some in counts.items()}


def is_tested_twice(s: Statement) -> bool:
    """Return whether another branch of a choice has the same test, so that one of them never runs.

    A statement is one of the branches.
    """
    if not isinstance(s.node, ast.If):
        return False
    own, chains = ast.dump(s.node.test), map(_branches, s.unit.of(ast.If))
    tests = ([ast.dump(one.test) for one in chain] for chain in chains if s.node in chain)
    return any(some.count(own) > 1 for some in tests)


def _branches(choice: ast.If) -> Sequence[ast.If]:
    """Return a choice with those that follow as its `elif`."""
    rest = choice.orelse[0] if len(choice.orelse) == 1 else None
    return [choice, *(_branches(rest) if isinstance(rest, ast.If) else ())]


@lru_cache(_FILES)
def _words_of(tree: ast.Module) -> Mapping[str, Sequence[str]]:
    """Return the words that a file gives to each name, or compares it with; the first of many."""
    found = defaultdict[str, dict[str, None]](dict)
    for name, value in _given(tree):
        word = word_of(value)
        if name and word is not None:
            found[name][word] = None
    return {name: [*some][:_MOST] for name, some in found.items()}


def _given(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield names with what they are compared with or given; arguments begin with their defaults.

    An attribute or an entry has the last part of its name.
    """
    for node in nodes_of(tree):
        match node:
            case ast.Compare(left, _, comparators):
                for one, other in permutations([left, *comparators], 2):
                    yield _name_of(one), other
            case ast.keyword(str() as name, value):
                yield name, value
            case ast.Assign(targets, value):
                yield from ((_name_of(one), value) for one in targets)
            case ast.arguments():
                placed = [*node.posonlyargs, *node.args][::-1]
                named = zip(node.kwonlyargs, node.kw_defaults, strict=True)
                pairs = [*zip(placed, node.defaults[::-1], strict=False), *named]
                yield from ((one.arg, value) for one, value in pairs if value is not None)


def _name_of(node: ast.expr) -> str:
    match node:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(str() as name)):
            return name
        case _:
            return ""


def word_of(node: ast.expr) -> str | None:
    """Return the text that stands for itself in code; None for other expressions."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
