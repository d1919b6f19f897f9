"""Recognises classifiers: the nodes with scores and labels, and how well these agree."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from msgspec import Struct

from gradtui.engine.builder import Builder
from gradtui.engine.graph import Node
from gradtui.engine.lowering import lower_tree
from gradtui.language.parser import parse_expression

_SCORING = ("softmax", "log_softmax")
_SAID = "(z == max(z, axis=1, keepdims=True))"
_SHARE = f"{_SAID}/sum({_SAID}, axis=1, keepdims=True)"
MEASURES = {
    "accuracy": f"mean(sum(one_hot(y, K)*{_SHARE}, axis=1))",
    "confusion": f"one_hot(y, K).T@({_SHARE})",
}
"""Name -> its expression in scores z (rows, K) and labels y (rows,).

A row whose largest score belongs to several classes counts in part for each.
"""


class Classifier(Struct, frozen=True):
    """Scores of classes, the largest of which is the prediction, and the labels."""

    scores: int
    """The node of (…, classes) scores, or of values that grow with them."""
    labels: int
    """The node of (…) labels."""

    @property
    def nodes(self) -> tuple[int, int]:
        """Both."""
        return self.scores, self.labels


def find_classifier(nodes: Sequence[Node], among: Iterable[int]) -> Classifier | None:
    """Return the classifier in a model's nodes, those `among` all; None without one.

    It is a cross_entropy, or else a softmax over as many classes as labels are encoded in.
    """
    found = [nodes[id] for id in among]
    for node in found:
        if node.op == "cross_entropy":
            return Classifier(*node.inputs)
    shapes = {node.shape: node.inputs[0] for node in found if node.op == "one_hot"}
    for node in found:
        if node.op in _SCORING and node.shape in shapes and len(node.shape) > 1:
            return Classifier(node.inputs[0], shapes[node.shape])
    return None


def lower_measure(builder: Builder, name: str, scores: int, labels: int) -> int:
    """Append one of the `MEASURES` and return its node: the accuracy, or (classes, classes) rows.

    The confusion has a row for each true class, a column for each predicted one.
    """
    classes = builder.nodes[scores].shape[-1]
    rows = math.prod(builder.nodes[labels].shape)
    names = {
        "y": builder.apply("reshape", (labels,), {"shape": (rows,)}),
        "z": builder.apply("reshape", (scores,), {"shape": (rows, classes)}),
    }
    tree = parse_expression(MEASURES[name].replace("K", str(classes)))
    return lower_tree(tree, builder, lambda read: names[read.name])
