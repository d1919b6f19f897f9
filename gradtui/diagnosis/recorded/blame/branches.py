"""Missing lines that are like others of the function with names renamed, such as of one branch.

A sum over queries, keys and values has the same lines for each: what one of them lacks is there
for the others.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from copy import deepcopy
from itertools import islice

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.names import difference
from gradtui.diagnosis.recorded.blame.trees import block_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit

_MOST = 24
"""Most missing lines that are tried for a statement."""

_NEIGHBOUR = re.compile(r"\b(\w+)\[(\w+) [+-] 1\]")
_AXIS = re.compile(r"\b(axis ?= ?|dim ?= ?|sum\(|mean\()([01])\b")

Names = dict[str, str]
Change = tuple[str, str]
"""A part of names, and what stands there in others."""


def branches(s: Statement) -> Iterator[Candidate]:
    """Yield the lines like a statement that its function lacks, with names renamed alike.

    They are the likelier if there are several like it.  A statement that returns stands for all
    lines that write into an array.
    """
    writing = [one for one in s.unit.of(ast.stmt) if _writes(one)]
    likes = writing if isinstance(s.node, ast.Return) else {s.node}.intersection(writing)
    yield from islice((one for like in likes for one in _missing(s, like, writing)), _MOST)


def _writes(node: ast.stmt) -> bool:
    """Return whether a statement writes into an array, instead of making a value.

    What is saved for the backward half a second time would only replace the first.
    """
    match node:
        case ast.AugAssign() | ast.Assign(targets=[ast.Subscript()]):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=array, attr=name))):
            return not isinstance(array, ast.Call) and name != "save_for_backward"
        case _:
            return False


def _missing(s: Statement, like: ast.stmt, writing: Sequence[ast.stmt]) -> Iterator[Candidate]:
    made = {
        text: (names, change)
        for names, change in _renamings(s, like) for text in _along_axes(s, like, names)
    }  # fmt: skip
    # What is stored in the very place of a line beside would only replace that.
    stores = (one for one in block_of(s.unit.node, like) if isinstance(one, ast.Assign))
    same = tuple(f"{s.text(one.targets[0])} =" for one in stores)
    texts = {text: ast.unparse(ast.parse(text)) for text in made
             if "\n" not in text and not text.startswith(same)}  # fmt: skip
    own = {s.unit.plain(one) for one in writing} if texts else set()
    several = not own.isdisjoint(texts.values())
    for text, whole in texts.items():
        names, change = made[text]
        places = []
        if whole not in own:
            places.append((text, *_place(s, like, change)))
        if len(names) > 1:  # of one alone, there are too many
            places += _in_this_round(s, like, text)
        for line, beside, behind in places:
            edit = inserted(s, beside, line, behind=behind)
            told = f"{line} is missing: line {like.lineno} does the same for others"
            cost = int(not several)
            yield Candidate((edit,), "missing-path", told, cost, line, beside, named=several)


def _in_this_round(s: Statement, like: ast.stmt, text: str) -> Iterator[tuple[str, ast.stmt, bool]]:
    """Yield a line with what a round of a loop stores, in place of what the next or last one does.

    It belongs behind the first line that has that.
    """
    block = block_of(s.unit.node, like)
    for name, index in dict.fromkeys(_NEIGHBOUR.findall(text)):
        own = f"{name}[{index}]"
        line = re.sub(rf"\b{name}\[{index} [+-] 1\]", own, text)
        beside = (one for one in block[block.index(like) + 1 :] if own in s.text(one))
        if line not in map(s.text, block) and (first := next(beside, None)) is not None:
            yield line, first, True


def _renamed(s: Statement, like: ast.stmt, names: Names) -> str:
    """Return the text of a statement with its names replaced, but not those of arguments."""
    start, text = s.unit.start(like), s.text(like).encode()
    places = {
        (s.unit.start(one) - start, s.unit.end(one) - start): names[ast.unparse(one)]
        for one in walked(like)
        if isinstance(one, ast.expr) and is_leaf(one) and ast.unparse(one) in names
    }
    outer = [one for one in places if not any(_is_inside(one, other) for other in places)]
    for first, last in sorted(outer, reverse=True):
        text = text[:first] + places[first, last].encode() + text[last:]
    return text.decode()


def _along_axes(s: Statement, like: ast.stmt, names: Names) -> Iterator[str]:
    """Yield a statement with its names replaced, and along the other axis if shapes differ."""
    text = _renamed(s, like, names)
    yield text
    if any(s.scope[one].shape != s.scope[other].shape for one, other in names.items()):
        yield _AXIS.sub(lambda found: f"{found[1]}{1 - int(found[2])}", text)


def _is_inside(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one != other and other[0] <= one[0] and one[1] <= other[1]


def _renamings(s: Statement, like: ast.stmt) -> list[tuple[Names, Change]]:
    """Return the ways to rename the names of a statement alike, to others of as many axes."""
    names = dict.fromkeys(
        ast.unparse(one) for one in walked(like)
        if isinstance(one, ast.expr) and is_leaf(one)
        and (held := s.held(one)) is not None and held.kind != ":function"
    )  # fmt: skip
    found = dict[tuple[str, ...], tuple[Names, Change]]()
    for name in names:
        for other in s.scope:
            before, after = change = difference(name, other)
            if before and after and before != name:
                alike = {one: one.replace(before, after) for one in names if before in one}
                alike = {one: made for one, made in alike.items() if made in s.scope}
                for some in (alike | _in_other_case(s, names, change), alike):
                    if all(_are_alike(s, *pair) for pair in some.items()):
                        found.setdefault(tuple(some.values()), (some, change))
    return sorted(found.values(), key=lambda one: -len(one[0]))


def _in_other_case(s: Statement, names: Collection[str], change: Change) -> Names:
    """Return the names that are renamed alike in the other case: `pf` to `po` as `dF` to `dO`."""
    before, after = map(str.swapcase, change)
    renamed = {one: one.replace(before, after) for one in names if before in one}
    return {one: other for one, other in renamed.items() if other in s.scope}


def _are_alike(s: Statement, name: str, other: str) -> bool:
    one, two = s.scope.get(name), s.scope.get(other)
    return one is not None and two is not None and (
        one.kind == two.kind and len(one.shape) == len(two.shape)
    )  # fmt: skip


def _place(s: Statement, like: ast.stmt, change: Change) -> tuple[ast.stmt, bool]:
    """Return beside which statement a missing line belongs, and whether it is behind it.

    What stands before or behind the line that it is like has its own like there.
    """
    block = block_of(s.unit.node, like)
    at = block.index(like)
    for behind, near in ((True, block[max(0, at - 1) : at]), (False, block[at + 1 : at + 2])):
        for one in near:
            text = ast.unparse(_Renamed(*change).visit(deepcopy(one)))
            if text != s.unit.plain(one):
                for other in block:
                    if s.unit.plain(other) == text:
                        return other, behind
    return like, True


class _Renamed(ast.NodeTransformer):
    """Changes a part of all names."""

    def __init__(self, before: str, after: str) -> None:
        self._before, self._after = before, after

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """Return another name."""
        return ast.Name(node.id.replace(self._before, self._after), node.ctx)


def inserted(s: Statement, beside: ast.stmt, line: str, *, behind: bool) -> Edit:
    """Return the edit that puts a line behind a statement, or before it."""
    start, end = s.unit.start(beside), s.unit.end(beside)
    rest = s.unit.source[end:].partition(b"\n")[0]
    if rest.lstrip().startswith(b"#"):  # the comment belongs to the statement
        end += len(rest)
    margin = s.unit.between(s.unit.source.rfind(b"\n", 0, start) + 1, start)
    at, text = (end, f"\n{margin}{line}") if behind else (start, f"{line}\n{margin}")
    return Edit(at, at, text)
