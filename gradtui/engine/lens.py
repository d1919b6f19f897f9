"""The chain rule of one element, number by number: every factor on its paths to the loss.

Each local derivative is an element of a Jacobian, each ∂L/∂element one of the tape's adjoints.
Only one element and one row are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.engine.elements import Element
from gradtui.engine.graph import Statement
from gradtui.engine.indices import Index
from gradtui.engine.jacobian import Jacobians
from gradtui.engine.tape import Tape

Array = NDArray[Any]
Readers = Callable[[int], Sequence[Statement]]
"""Node -> the statements, or operations, that read it and that the loss depends on."""
KEPT = 4
"""Most terms of a sum that are listed: the largest."""
FOLLOWED = 3
"""Most elements of one node that are followed to the loss."""
LINKS = 12
"""Most elements followed in all: the nearest ones, because nobody reads more."""


class Lens(Struct, frozen=True):
    """An element under the lens, with a row of its readers."""

    node: int
    index: Index
    row: int


class Term(Struct, frozen=True):
    """One path on from an element: the element of a statement's result that it affects."""

    statement: Statement
    target: Element
    local: float
    """∂target/∂element."""
    adjoint: float
    """∂L/∂target."""

    @property
    def product(self) -> float:
        """The contribution along this path."""
        return self.local * self.adjoint


class Link(Struct, frozen=True):
    """∂L/∂element in terms of the elements that it acts on."""

    element: Element
    terms: tuple[Term, ...]
    others: int
    """The number of terms not listed."""
    rest: float
    """The sum of these."""
    total: float


class Rows(Struct, frozen=True, eq=False):
    """∂L/∂element as a sum over the rows of its readers."""

    contributions: Array
    """The contribution of each row, (rows,); a single one if it is not read row by row."""
    axis: int | None
    """The axis of the reader that counts the rows."""
    reader: int
    """The node with these rows."""
    touched: tuple[int, ...]
    """Rows that the element affects."""
    scale: float
    """The sizes of all terms, and of the gradients in them."""


class Trace(Struct, frozen=True, eq=False):
    """The chain rule of one element for one row."""

    lens: Lens
    rows: Rows
    links: tuple[Link, ...]
    """The element's own link first, then those it acts on, in the order of the forward pass."""
    left: tuple[int, ...]
    """Nodes whose gradients are taken as given, though the paths continue to the loss."""
    gradient: float
    """∂L/∂element by the backward pass of the tensors, over all rows."""
    tolerance: float
    """The tolerance of the rows' sum, relative to their sizes."""

    @property
    def total(self) -> float:
        """The sum of all rows' contributions."""
        with np.errstate(all="ignore"):
            return float(np.sum(self.rows.contributions))

    @property
    def agrees(self) -> bool:
        """Whether the rows add up to the gradient, except for rounding and overflow."""
        if not (np.isfinite(self.gradient) and np.isfinite(self.total)):
            return not np.isfinite(self.total)
        scale = max(self.rows.scale, abs(self.gradient))
        return abs(self.total - self.gradient) <= self.tolerance * scale

    @property
    def is_chain(self) -> bool:
        """Whether a single path leads to the loss."""
        return all(len(link.terms) == 1 and not link.others for link in self.links)


def trace(tape: Tape, jacobians: Jacobians, readers: Readers, lens: Lens) -> Trace:
    """Return the chain rule of an element."""
    rows, first = _first_link(tape, jacobians, readers, lens)
    gradient = float(tape.adjoint(lens.node)[lens.index])
    links, pending = [first], _targets({}, first)
    while pending and len(links) < LINKS:
        node = min(pending)
        for link in _links(tape, jacobians, readers(node), node, pending.pop(node)):
            links.append(link)
            _targets(pending, link)
    here = Lens(lens.node, lens.index, min(lens.row, len(rows.contributions) - 1))
    exact = tape.adjoint(lens.node).dtype == np.float64
    left = tuple(sorted(pending))
    return Trace(here, rows, tuple(links), left, gradient, 1e-9 if exact else 1e-4)


def _targets(pending: dict[int, list[Index]], link: Link) -> dict[int, list[Index]]:
    """Note the elements to follow next."""
    for term in link.terms:
        node, index = term.target
        if node != link.element[0] and term.statement.root == node:
            known = pending.setdefault(node, [])
            if index not in known and len(known) < FOLLOWED:
                known.append(index)
    return pending


def _first_link(
    tape: Tape, jacobians: Jacobians, readers: Readers, lens: Lens
) -> tuple[Rows, Link]:
    """Return the rows of the element's readers, and the terms of the lens's row."""
    parts: list[tuple[Statement, Array, int | None]] = []
    for statement in readers(lens.node):
        (column,) = jacobians.columns(tape, statement, lens.node, [lens.index])
        parts.append((statement, column, _axis_of(column)))
    size = max((c.shape[a] for _, c, a in parts if a is not None), default=1)
    sums, touched = np.zeros(size), np.zeros(size, bool)
    link, scale = _Gathered(), 0.0
    row = min(lens.row, size - 1)
    for statement, column, axis in parts:
        with np.errstate(all="ignore"):
            adjoint = tape.adjoint(statement.root)
            products = column * adjoint
            scale += float(np.sum(np.abs(products)) + np.sum(np.abs(adjoint)))
        along, changes = _by_row(products, axis), _by_row(column != 0, axis) != 0
        sums[: len(along)] += along
        touched[: len(along)] |= changes
        if row < len(along):
            link.add(tape, statement, column, _within(column, axis, row))
    by_rows = [(s.root, a) for s, _, a in parts if a is not None]
    reader, found = by_rows[0] if by_rows else (lens.node, None)
    indices = tuple(map(int, np.flatnonzero(touched)))
    return Rows(sums, found, reader, indices, scale), link.made((lens.node, lens.index))


def _axis_of(column: Array) -> int | None:
    """Return the first axis along which the affected elements vary; None for a single one."""
    places = np.argwhere(column != 0)
    for axis in range(column.ndim):
        if len(places) and np.any(places[:, axis] != places[0, axis]):
            return axis
    return None


def _by_row(values: Array, axis: int | None) -> Array:
    """Return the sums over all axes but one, (rows,); over all axes without rows."""
    others = tuple(a for a in range(values.ndim) if a != axis)
    with np.errstate(all="ignore"):
        return np.atleast_1d(np.add.reduce(values.astype(np.float64), axis=others))


def _within(column: Array, axis: int | None, row: int) -> Array:
    """Return which elements of a column belong to a row and are affected, or an unaffected one."""
    changes: Array = column != 0
    mask = changes
    if axis is not None:
        here = np.arange(column.shape[axis]) == row
        mask = changes & here.reshape([-1 if a == axis else 1 for a in range(column.ndim)])
    if not np.any(mask) and np.any(changes):
        mask = np.zeros(column.shape, bool)
        place = list(np.argwhere(changes)[0])
        place[axis or 0] = row
        mask[tuple(place)] = True
    return mask


def _links(
    tape: Tape,
    jacobians: Jacobians,
    statements: Sequence[Statement],
    node: int,
    indices: Sequence[Index],
) -> list[Link]:
    """Return one link for each of some elements of a node; none for the loss."""
    found = [_Gathered() for _ in indices]
    for statement in statements:
        columns = jacobians.columns(tape, statement, node, indices)
        for gathered, index, column in zip(found, indices, columns, strict=True):
            mask = np.array(column != 0)
            if not np.any(mask) and column.shape == tape.value(node).shape:
                mask[index] = True
            gathered.add(tape, statement, column, mask)
    made = [part.made((node, index)) for index, part in zip(indices, found, strict=True)]
    return [link for link in made if link.terms]


class _Gathered:
    """The terms of one link, keeping the largest."""

    def __init__(self) -> None:
        self.terms: list[Term] = []
        self.others = 0
        self.total = 0.0

    def add(self, tape: Tape, statement: Statement, column: Array, mask: Array) -> None:
        """Take the elements of a column of a statement's Jacobian where `mask` says so."""
        adjoint = tape.adjoint(statement.root)
        places = np.argwhere(mask)
        with np.errstate(all="ignore"):
            products = (column * adjoint)[mask]
            self.total += float(np.sum(products, dtype=np.float64))
        for place in np.sort(_largest(products)):
            index = tuple(map(int, places[place]))
            target = (statement.root, index)
            self.terms.append(Term(statement, target, float(column[index]), float(adjoint[index])))
        self.others += len(places) - min(len(places), KEPT)

    def made(self, element: Element) -> Link:
        """Return the link."""
        chosen = np.sort(_largest(np.array([term.product for term in self.terms])))
        terms = tuple(self.terms[place] for place in chosen)
        others = self.others + len(self.terms) - len(terms)
        rest = self.total - sum(term.product for term in terms) if others else 0.0
        return Link(element, terms, others, rest, self.total)


def _largest(products: Array) -> NDArray[np.intp]:
    """Return the places of the largest numbers in size; nan counts as large."""
    sizes = np.where(np.isnan(products), np.inf, np.abs(products))
    order: NDArray[np.intp] = np.argsort(-sizes, kind="stable")
    return order[:KEPT]
