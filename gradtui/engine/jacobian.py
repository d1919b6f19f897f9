"""Local derivatives of one statement element by element: rows and columns of its Jacobian.

They come from the rules of the registry that the backward pass uses, so they cannot disagree with
it.  A row is the vector-Jacobian product of a one-hot adjoint.  That product is linear in the
adjoint, so its own vector-Jacobian product by the adjoint is a column: Townsend, "A new trick for
calculating Jacobian vector products" (2017).  The whole matrix is made only on
request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.engine.compiler import Compiler, Mode
from gradtui.engine.graph import Graph, Kind, Node, Statement, needed_for
from gradtui.engine.indices import Index
from gradtui.engine.reverse import statement_rule, transposed_rule
from gradtui.engine.shapes import Shape
from gradtui.engine.tape import Tape

Array = NDArray[Any]
_Key = tuple[int, tuple[int, ...], int]


class _Function(Struct, frozen=True, eq=False):
    """A compiled linear function of one array, and the nodes whose values it reads."""

    run: Callable[..., tuple[Any, ...]]
    reads: tuple[int, ...]
    shape: Shape
    """The shape of its argument."""
    result: Shape


def _key(statement: Statement, source: int) -> _Key:
    return statement.root, statement.operations, source


class Jacobians:
    """The Jacobians of a graph's statements by their inputs: compiled once, computed on demand."""

    def __init__(self, graph: Graph, dtype: str) -> None:
        self.graph = graph
        self._dtype = dtype
        self._rules: dict[_Key, tuple[tuple[Node, ...], int]] = {}
        self._rows: dict[_Key, _Function] = {}
        self._columns: dict[_Key, _Function] = {}

    def rule(self, statement: Statement, source: int) -> tuple[tuple[Node, ...], int]:
        """Return nodes and the root of the vector-Jacobian product.

        Its adjoint is the leaf after the graph's own nodes.
        """
        key = _key(statement, source)
        if key not in self._rules:
            self._rules[key] = statement_rule(self.graph, statement, source)
        return self._rules[key]

    def rows(
        self, tape: Tape, statement: Statement, source: int, indices: Sequence[Index]
    ) -> Array:
        """Return ∂root[index]/∂source for each index, (indices, *source's shape)."""
        key = _key(statement, source)
        if key not in self._rows:
            self._rows[key] = self._compile_rows(statement, source)
        return self._run(self._rows[key], tape, indices)

    def columns(
        self, tape: Tape, statement: Statement, source: int, indices: Sequence[Index]
    ) -> Array:
        """Return ∂root/∂source[index] for each index, (indices, *root's shape)."""
        key = _key(statement, source)
        if key not in self._columns:
            self._columns[key] = self._compile_columns(statement, source)
        return self._run(self._columns[key], tape, indices)

    def _compile_rows(self, statement: Statement, source: int) -> _Function:
        nodes, flow = self.rule(statement, source)
        shapes = self.graph.nodes[statement.root].shape, self.graph.nodes[source].shape
        return self._compile(nodes, len(self.graph.nodes), flow, *shapes)

    def _compile_columns(self, statement: Statement, source: int) -> _Function:
        nodes, flow = self.rule(statement, source)
        shapes = self.graph.nodes[source].shape, self.graph.nodes[statement.root].shape
        nodes, seed, root = transposed_rule(nodes, flow, len(self.graph.nodes), shapes[0])
        return self._compile(nodes, seed, root, *shapes)

    def _compile(
        self, nodes: Sequence[Node], given: int, root: int, shape: Shape, result: Shape
    ) -> _Function:
        """Compile a node as a function of the leaf `given`; the graph's values are read."""
        count = len(self.graph.nodes)
        leaves = [
            replace(node, kind=Kind.DATA, inputs=())
            if node.id < count and node.kind is Kind.OPERATION
            else node
            for node in nodes
        ]
        needed = needed_for(leaves, [root])
        reads = tuple(
            n.id for n in leaves[:count] if n.id in needed and n.kind is not Kind.CONSTANT
        )
        compiler = Compiler(leaves, {}, Mode.BATCH, self._dtype)
        run = compiler.evaluate([*reads, given], [root], [given])
        return _Function(run, reads, shape, result)

    def _run(self, function: _Function, tape: Tape, indices: Sequence[Index]) -> Array:
        seeds = np.zeros((len(indices), *function.shape), self._dtype)
        for number, index in enumerate(indices):
            seeds[(number, *index)] = 1
        (found,) = function.run(*(tape.value(id) for id in function.reads), seeds)
        return np.broadcast_to(np.asarray(found), (len(indices), *function.result))
