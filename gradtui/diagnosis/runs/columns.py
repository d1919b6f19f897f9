"""Features of different sizes that meet in one product or sum, and what standardising gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from gradtui.base.text import element_text
from gradtui.diagnosis.runs.run import Array, Run
from gradtui.engine.curvature import EXACT, ROUNDING
from gradtui.engine.graph import Kind, Node


class Columns(Struct, frozen=True):
    """The two features of most different sizes among those that one parameter weighs."""

    source: str
    """The name of the data."""
    node: int
    large: str
    small: str
    sizes: tuple[float, float]
    weighed: tuple[tuple[int, tuple[str, ...]], ...]
    """The parameters that weigh features, and the feature of each place on their first axis."""
    data: tuple[tuple[int, int], ...]
    """The nodes that hold the features, and how many of their first axes are examples."""

    @property
    def ratio(self) -> float:
        """The size of the large one over that of the small one."""
        return self.sizes[0] / self.sizes[1]


def widest(run: Run) -> Columns | None:
    """Return the two features of most different sizes that meet in one product or sum."""
    found = [*_of_matrices(run), *_of_scalars(run)]
    return max(found, key=lambda columns: columns.ratio, default=None)


def mostly(run: Run, columns: Columns, direction: Array) -> str:
    """Return the feature, or the parameter, that most of a direction moves; "" if none is most."""
    shares: dict[str, float] = {}
    for entry, part in enumerate(direction.tolist()):
        label = _label(run, columns, entry)
        shares[label] = shares.get(label, 0.0) + part * part
    most = max(shares, key=lambda label: shares[label])
    return most if shares[most] > sum(shares.values()) / 2.0 else ""


def standardised_condition(run: Run, columns: Columns) -> float | None:
    """Return the condition number at the start if each feature had mean 0 and spread 1.

    None if that is unknown: for features that are computed, batches, or a large model.
    """
    known = all(run.graph.nodes[id].kind is Kind.DATA and axes for id, axes in columns.data)
    if not known or run.noisy or run.curvature.size > EXACT:
        return None
    replaced = {}
    for id, axes in columns.data:
        value, examples = np.asarray(run.tape(0).value(id), np.float64), tuple(range(axes))
        spread = np.std(value, axis=examples)
        replaced[id] = (value - np.mean(value, axis=examples)) / np.where(spread > 0.0, spread, 1.0)
    return condition_of(run.hessian(0, replaced))


def condition_of(matrix: Array) -> float:
    """Return the condition number over the positive eigenvalues that are not rounding."""
    values = np.linalg.eigvalsh(matrix)
    values = values[values > ROUNDING * np.max(values, initial=0.0)]
    return float(values[-1] / values[0]) if values.size else 1.0


def _label(run: Run, columns: Columns, entry: int) -> str:
    name, place = run.parameter_of(entry)
    id = run.graph.names[name]
    for parameter, labels in columns.weighed:
        if parameter == id:
            return labels[place[0] if place else 0]
    added = any(node.op == "+" and id in node.inputs for node in run.graph.nodes)
    return f"the bias {name}" if added else element_text(name, place)


def _size(values: Array) -> float:
    """Return the root mean square of the numbers that are not 0: rare features are not small."""
    used = values[values != 0.0]
    return float(np.sqrt(np.mean(used * used))) if used.size else 0.0


def _of_matrices(run: Run) -> Iterator[Columns]:
    nodes = run.graph.nodes
    for node in nodes:
        if node.op != "@":
            continue
        left, right = node.inputs
        if left in run.trained or right not in run.trained or len(nodes[left].shape) < 1:
            continue
        value = np.asarray(run.tape(0).value(left), np.float64)
        names = tuple(f"column {c}" for c in range(value.shape[-1]))
        sizes = [(name, _size(value[..., c])) for c, name in enumerate(names)]
        yield from _extremes(run, nodes[left], sizes, [(right, names)], [(left, value.ndim - 1)])


def _of_scalars(run: Run) -> Iterator[Columns]:
    """Yield the features of `w1*x1 + w2*x2`: data multiplied by a parameter."""
    nodes = run.graph.nodes
    for statement in run.graph.statements:
        sizes: dict[str, float] = {}
        weighed, features = list[tuple[int, tuple[str, ...]]](), list[tuple[int, int]]()
        for id in statement.operations:
            if nodes[id].op != "*":
                continue
            a, b = (nodes[i] for i in nodes[id].inputs)
            weight, data = (a, b) if a.kind is Kind.PARAMETER else (b, a)
            if weight.kind is Kind.PARAMETER and data.kind is Kind.DATA:
                sizes[data.name] = _size(np.asarray(run.tape(0).value(data.id), np.float64))
                weighed.append((weight.id, (data.name,)))
                features.append((data.id, len(data.shape)))
        if features:
            yield from _extremes(run, nodes[features[0][0]], [*sizes.items()], weighed, features)


def _extremes(
    run: Run,
    node: Node,
    sizes: Sequence[tuple[str, float]],
    weighed: Sequence[tuple[int, tuple[str, ...]]],
    features: Sequence[tuple[int, int]],
) -> Iterator[Columns]:
    used = sorted((pair for pair in sizes if pair[1] > 0.0), key=lambda pair: pair[1])
    if len(used) > 1:
        small, *_, large = used
        yield Columns(
            run.name(node.id), node.id, large[0], small[0], (large[1], small[1]),
            tuple(weighed), tuple(dict.fromkeys(features)),
        )  # fmt: skip
