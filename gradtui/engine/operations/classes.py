"""Operations on scores of classes, and on whole numbers that mean classes or rows."""

from __future__ import annotations

from collections.abc import Sequence

from gradtui.engine import indices
from gradtui.engine.operation import Operation
from gradtui.engine.shapes import (
    Shape,
    count,
    encoded,
    gathered,
    reduced,
    same,
    scattered,
    scored,
    settled_axis,
    settled_reduction,
)
from gradtui.language.parser import Option


def _cross_entropy_vjps(shapes: Sequence[Shape]) -> tuple[str, ...]:
    logits, labels = shapes
    rows = count(labels, range(len(labels)))
    return f"G*(softmax(logits) - one_hot(labels, k={logits[-1]}))/{rows}", "0"


def _cross_entropy_meaning(shapes: Sequence[Shape]) -> str:
    logits, labels = shapes
    rows = count(labels, range(len(labels)))
    return f"-sum(one_hot(labels, k={logits[-1]})*log_softmax(logits))/{rows}"


_LAST: tuple[tuple[str, Option], ...] = (("axis", -1),)

_POWERS = (("powers", "exponentials({a}, {axis})"),)

CLASSES = (
    Operation(
        "softmax",
        ("a",),
        parts=_POWERS,
        code="shares(*{powers})",
        shape=same,
        vjps=lambda shapes: ("out*(G - sum(G*out, axis=axis, keepdims=True))",),
        meaning="exp(a)/sum(exp(a), axis=axis, keepdims=True)",
        shifts=True,
        options=_LAST,
        settle=settled_axis,
        squashes=True,
        tried=True,
        summary="turn scores into shares that add up to 1 along axes, the last one by default",
    ),
    Operation(
        "log_softmax",
        ("a",),
        parts=_POWERS,
        code="log_shares(*{powers})",
        shape=same,
        vjps=lambda shapes: ("G - exp(out)*sum(G, axis=axis, keepdims=True)",),
        meaning="a - log(sum(exp(a), axis=axis, keepdims=True))",
        shifts=True,
        options=_LAST,
        settle=settled_axis,
        tried=True,
        summary="logarithms of the softmax along axes, the last one by default",
    ),
    Operation(
        "logsumexp",
        ("a",),
        ("softmax(a, axis=axis)",),
        parts=_POWERS,
        code="log_total(*{powers}, {axis}, {keepdims})",
        shape=reduced,
        meaning="log(sum(exp(a), axis=axis, keepdims=keepdims))",
        shifts=True,
        options=(*_LAST, ("keepdims", False)),
        settle=settled_reduction,
        summary="log of the sum of exp along axes, the last one by default: a smooth max",
    ),
    Operation(
        "cross_entropy",
        ("logits", "labels"),
        parts=(
            ("powers", "exponentials({logits}, (-1,))"),
            ("classes", "classes({labels}, {width})"),
        ),
        code="surprise(*{powers}, *{classes}, {rank_b})",
        shape=scored,
        vjps=_cross_entropy_vjps,
        meaning=_cross_entropy_meaning,
        shifts=True,
        index="labels",
        below=lambda shapes, out: shapes[0][-1],
        summary="mean over the batch of -log of the softmax at the right class, in nats",
    ),
    Operation(
        "one_hot",
        ("labels",),
        code="one_hot({labels}, {k})",
        shape=encoded,
        vjps=lambda shapes: ("0",),
        elements=indices.encoded,
        options=(("k", None),),
        positional="k",
        rounds=False,
        index="labels",
        below=lambda shapes, out: out[-1],
        compares=True,
        summary="a row of k numbers for each label: 1 at the label, 0 elsewhere",
    ),
    Operation(
        "take",
        ("a", "tokens"),
        code="take({a}, {tokens}, {rank_a}, {rank_b})",
        shape=gathered,
        vjps=lambda shapes: (f"scatter(G, tokens, rows={shapes[0][0]})", "0"),
        elements=indices.taken,
        rounds=False,
        index="tokens",
        below=lambda shapes, out: shapes[0][0],
        own=True,
        summary="rows of a matrix by their number, from 0",
    ),
    Operation(
        "scatter",
        ("a", "tokens"),
        code="scatter({a}, {tokens}, {rank_a}, {rank_b}, {rows})",
        shape=scattered,
        vjps=lambda shapes: ("take(G, tokens)", "0"),
        elements=indices.scattered,
        options=(("rows", 0),),
        internal=True,
        index="tokens",
        below=lambda shapes, out: out[0],
        summary="add up what belongs to each row",
    ),
)
