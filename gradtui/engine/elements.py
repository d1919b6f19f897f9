"""One element of a tensor expression written out in scalars, in the same expression language.

`X@w` at 2 is `X[2,0]*w[0] + X[2,1]*w[1]`.  The registry states what an element consists of.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind, Node
from gradtui.engine.indices import Factor, Index, aligned
from gradtui.engine.lowering import lower_tree
from gradtui.engine.ops import OPS
from gradtui.language.parser import Name, parse_rule

Element = tuple[int, Index]
"""(node, index of one of its elements)."""
_Product = tuple[Factor, ...]
"""A term of a sum."""
FEW = 4
"""Most terms of a sum that are all written; of more, the first two, the last, and one to keep."""
_LISTED = 300
"""Most terms of a sum that are examined; if more remain, the last is not written."""
_SOUGHT = 10_000
"""Most terms among which the one to keep is sought."""
_BUDGET = 3_000
"""Most elements of one expression, beyond which nobody would read it."""


class Scalars(Struct, frozen=True, eq=False):
    """An expression of scalars."""

    nodes: tuple[Node, ...]
    root: int
    stands_for: Mapping[int, Element | None]
    """Leaf of `nodes` -> the element it represents; None for omitted terms."""


def write_out(
    nodes: Sequence[Node],
    root: Element,
    is_leaf: Callable[[Node], bool],
    read: Callable[[int], NDArray[Any]],
    given: Mapping[int, NDArray[Any]],
    keep: Collection[Element] = (),
) -> Scalars | None:
    """Return one element as an expression in elements of leaves; None if it is too long.

    `read` returns the value of a node with whole numbers, such as labels; `given` has numbers that
    replace leaves, where zeros remove their products.  Of a long sum, the first term with one of
    the leaves to `keep` is written.
    """
    return _Writer(nodes, is_leaf, read, given, keep).write(root)


class _Plan(Struct, frozen=True):
    """The parts of an element, and their combination."""

    needs: tuple[Element, ...]
    join: Callable[[Sequence[int]], int]


class _Writer:
    def __init__(
        self,
        nodes: Sequence[Node],
        is_leaf: Callable[[Node], bool],
        read: Callable[[int], NDArray[Any]],
        given: Mapping[int, NDArray[Any]],
        keep: Collection[Element],
    ) -> None:
        self.tensors = Builder(nodes)
        self.scalars = Builder(simplify=True)
        self.is_leaf, self.read, self.given, self.keep = is_leaf, read, given, keep
        self.count = len(nodes)
        self.done: dict[Element, int] = {}
        self.leaves: dict[int, Element | None] = {}
        self.meanings: dict[int, int] = {}
        self.varies = set(given)
        self._note_varying(nodes)

    def _note_varying(self, nodes: Sequence[Node]) -> None:
        """Note the nodes that depend on given numbers: their terms may vanish."""
        for node in nodes:
            if any(source in self.varies for source in node.inputs):
                self.varies.add(node.id)

    def write(self, root: Element) -> Scalars | None:
        """Write out an element, without recursion: a sum of thousands of terms is as deep."""
        pending: list[Element | tuple[Element, _Plan]] = [root]
        plans = 0
        while pending:
            part = pending.pop()
            if isinstance(part[1], _Plan):
                element, plan = part
                self.done[element] = plan.join([self.done[e] for e in plan.needs])
            elif part not in self.done:
                plan = self._plan(part)
                plans += 1 + len(plan.needs)
                if plans > _BUDGET:
                    return None
                pending.append((part, plan))
                pending.extend(reversed(plan.needs))
        return Scalars(tuple(self.scalars.nodes), self.done[root], self.leaves)

    def _plan(self, element: Element) -> _Plan:
        id, index = element
        node = self.tensors.nodes[id]
        if id in self.given:
            value = float(self.given[id][index])
            return _Plan((), lambda parts: self.scalars.constant(value))
        if node.kind is Kind.CONSTANT and not node.name:
            return _Plan((), lambda parts: self.scalars.constant(node.value))
        if node.kind is not Kind.OPERATION or (
            id < self.count and id not in self.varies and self.is_leaf(node)
        ):
            return _Plan((), lambda parts: self._leaf(element))
        entry = OPS[node.op]
        if entry.elementwise:
            shapes = [self.tensors.nodes[i].shape for i in node.inputs]
            needs = [(i, aligned(index, s)) for i, s in zip(node.inputs, shapes, strict=True)]
            return _Plan(tuple(needs), lambda parts: self._apply(node.op, tuple(parts)))
        if entry.meaning:
            return _Plan(((self._meaning(node), index),), lambda parts: parts[0])
        return self._sum(node, index)

    def _meaning(self, node: Node) -> int:
        """Return the node of an operation expressed in simpler ones."""
        if node.id not in self.meanings:
            entry, options = OPS[node.op], dict(node.options)
            shapes = [self.tensors.nodes[i].shape for i in node.inputs]
            text = entry.meaning if isinstance(entry.meaning, str) else entry.meaning(shapes)
            names = dict(zip(entry.operands, node.inputs, strict=True))
            count = options.get("n")
            if isinstance(count, int):
                names["n"] = self.tensors.constant(float(count))

            def resolve(name: Name) -> int:
                return names[name.name]

            self.meanings[node.id] = lower_tree(parse_rule(text), self.tensors, resolve, options)
            self._note_varying(self.tensors.nodes[self.count :])
        return self.meanings[node.id]

    def _sum(self, node: Node, index: Index) -> _Plan:
        entry = OPS[node.op]
        assert entry.elements is not None, node.op
        shapes = [self.tensors.nodes[i].shape for i in node.inputs]

        def read(slot: int) -> NDArray[Any]:
            return self.read(node.inputs[slot])

        terms = entry.elements(shapes, dict(node.options), index, read)
        left = (term for term in terms if not self._vanishes(node, term))
        found = [*islice(left, _LISTED + 1)]
        whole = len(found) <= FEW or (
            len(found) <= _LISTED and any(i in self.varies for i in node.inputs)
        )
        shown = [*found] if whole else self._shortened(node, found, left)
        needs = tuple((node.inputs[slot], at) for term in shown for slot, at in term or ())

        def join(parts: Sequence[int]) -> int:
            rest = iter(parts)
            made = [
                self._leaf(None) if term is None else self._product([*islice(rest, len(term))])
                for term in shown
            ]
            return self._total(entry.fold, made, cut=not whole)

        return _Plan(needs, join)

    def _shortened(
        self, node: Node, found: list[_Product], more: Iterator[_Product]
    ) -> list[_Product | None]:
        """Return the terms of a long sum that are written, with None for those left out."""
        terms = enumerate(chain(found, islice(more, _SOUGHT)) if self.keep else ())
        kept = next(
            ((at, term) for at, term in terms
             if any(self._keeps((node.inputs[slot], index)) for slot, index in term)),
            None,
        )  # fmt: skip
        written = dict(enumerate(found[:2])) | ({} if kept is None else {kept[0]: kept[1]})
        if len(found) <= _LISTED:
            written[len(found) - 1] = found[-1]
        shown: list[_Product | None] = []
        following = 0
        for at in sorted(written):
            shown += [None] * (at > following)
            shown.append(written[at])
            following = at + 1
        return shown if len(found) <= _LISTED else [*shown, None]

    def _keeps(self, element: Element) -> bool:
        """Return whether an element is one to keep, or elementwise computed from one."""
        id, index = element
        node = self.tensors.nodes[id]
        if element in self.keep or node.kind is not Kind.OPERATION or self.is_leaf(node):
            return element in self.keep
        shapes = [self.tensors.nodes[i].shape for i in node.inputs]
        return OPS[node.op].elementwise and any(
            self._keeps((i, aligned(index, s))) for i, s in zip(node.inputs, shapes, strict=True)
        )

    def _vanishes(self, node: Node, term: Iterable[Factor]) -> bool:
        return any(
            node.inputs[slot] in self.given and self.given[node.inputs[slot]][at] == 0
            for slot, at in term
        )

    def _product(self, factors: Sequence[int]) -> int:
        made = factors[0] if factors else self.scalars.constant(1.0)
        for factor in factors[1:]:
            made = self._apply("*", (made, factor))
        return made

    def _total(self, fold: str, terms: list[int], *, cut: bool) -> int:
        if fold == "+":
            terms = [term for term in terms if not self._is(term, 0.0)]
        if not cut and len(terms) > FEW:
            terms = [*terms[:2], self._leaf(None), terms[-1]]
        made = terms[0] if terms else self.scalars.constant(0.0)
        for term in terms[1:]:
            made = self._apply(fold, (made, term))
        return made

    def _apply(self, op: str, parts: tuple[int, ...]) -> int:
        if op == "-" and self._is(parts[0], 0.0):
            return self._apply("neg", parts[1:])
        if op in ("*", "/") and self._is(parts[0], 0.0):
            return parts[0]
        first = self.scalars.nodes[parts[0]]
        if op == "*" and first.op == "/" and self._is(first.inputs[0], 1.0):
            return self._apply("/", (parts[1], first.inputs[1]))
        return self.scalars.apply(op, parts)

    def _leaf(self, element: Element | None) -> int:
        made = self.scalars.leaf(Kind.DATA, "element", ())
        self.leaves[made] = element
        return made

    def _is(self, id: int, value: float) -> bool:
        node = self.scalars.nodes[id]
        return node.kind is Kind.CONSTANT and node.value == value


def place_of(index: Index, shape: Sequence[int]) -> int:
    """Return the place of an element in row order."""
    return int(np.ravel_multi_index(index, tuple(shape))) if shape else 0


def flat_index(place: int, shape: Sequence[int]) -> Index:
    """Return the index of an element by its place in row order."""
    return tuple(map(int, np.unravel_index(place, tuple(shape)))) if shape else ()
