"""Operations along axes: reductions, products, and those that rearrange elements."""

from __future__ import annotations

from collections.abc import Sequence

from gradtui.engine import indices
from gradtui.engine.operation import Kink, Operation
from gradtui.engine.shapes import (
    Shape,
    crossed,
    dotted,
    expanded,
    joined,
    multiplied,
    normed,
    permuted,
    reduced,
    settled_broadcast,
    settled_expansion,
    settled_join,
    settled_order,
    settled_part,
    settled_reduction,
    settled_shape,
    sliced,
    stated,
    swapped,
    transposed,
)
from gradtui.language.parser import Option


def _matmul_vjps(shapes: Sequence[Shape]) -> tuple[str, ...]:
    match tuple(min(len(shape), 3) for shape in shapes):
        case (1, 1):
            return "G*b", "G*a"
        case (2, 1):
            return "G[:, None]*b", "a.T@G"
        case (1, 2):
            return "b@G", "a[:, None]*G"
        case (2, 2):
            return "G@b.T", "a.T@G"
        case (3, 1):
            return "expand(G, axis=-1)*b", "a*expand(G, axis=-1)"
        case (1, 3):
            return "sum(b*expand(G, axis=-2), axis=-1)", "expand(a, axis=-1)*expand(G, axis=-2)"
        case _:
            return "G@mT(b)", "mT(a)@G"


def _layer_norm_vjps(shapes: Sequence[Shape]) -> tuple[str, ...]:
    (shape,) = shapes
    centred = (
        f"G - sum(G, axis=-1, keepdims=True)/{shape[-1]} - out*mean(G*out, axis=-1, keepdims=True)"
    )
    return (f"({centred})/sqrt(var(a, axis=-1, keepdims=True) + 1e-5)",)


_REDUCTION: tuple[tuple[str, Option], ...] = (("axis", None), ("keepdims", False))

REDUCTIONS = (
    Operation(
        "sum",
        ("a",),
        "total({a}, {axis}, None, None, {keepdims})",
        reduced,
        ("1",),
        elements=indices.folded,
        scalar="{a}",
        options=_REDUCTION,
        settle=settled_reduction,
        linear=True,
        summary="add up all elements, or those along an axis",
    ),
    Operation(
        "mean",
        ("a",),
        "total({a}, {axis}, None, None, {keepdims}) / {n}",
        reduced,
        ("1/n",),
        meaning="sum(a, axis=axis, keepdims=keepdims)/n",
        scalar="{a}",
        options=_REDUCTION,
        settle=settled_reduction,
        linear=True,
        summary="the average of all elements, or along an axis",
    ),
    Operation(
        "max",
        ("a",),
        "largest({a}, {axis}, {keepdims})",
        reduced,
        ("(a == out)/sum(a == out, axis=axis, keepdims=True)",),
        elements=indices.folded,
        fold="maximum",
        scalar="{a}",
        options=_REDUCTION,
        settle=settled_reduction,
        kink=Kink(
            "sum(a == out, axis=axis, keepdims=True) > 1",
            "several elements are equally the "
            "largest; they are taken to share the gradient equally",
        ),
        rounds=False,
        summary="the largest of all elements, or along an axis",
    ),
    Operation(
        "var",
        ("a",),
        "variance({a}, {axis}, {n}, {keepdims})",
        reduced,
        ("2*(a - mean(a, axis=axis, keepdims=True))/n",),
        meaning="sum((a - mean(a, axis=axis, keepdims=True))**2, axis=axis, keepdims=keepdims)/n",
        scalar="({a} - {a})",
        options=_REDUCTION,
        settle=settled_reduction,
        summary="the population's variance: the mean of the squared distances from the mean",
    ),
)

NORMS = (
    Operation(
        "layer_norm",
        ("a",),
        "layer_norm({a})",
        normed,
        vjps=_layer_norm_vjps,
        meaning="(a - mean(a, axis=-1, keepdims=True))/sqrt(var(a, axis=-1, keepdims=True) + 1e-5)",
        longer=(("a", "gamma", "beta"), "layer_norm(a)*gamma + beta"),
        summary="mean 0 and variance 1 along the last axis, 1e-5 added to the variance",
    ),
)

PRODUCTS = (
    Operation(
        "@",
        ("a", "b"),
        "{a} @ {b}",
        multiplied,
        vjps=_matmul_vjps,
        elements=indices.multiplied,
        batched="matmul({a}, {b}, {rank_a}, {rank_b})",
        summary="matrix product: rows times columns",
    ),
    Operation(
        "dot",
        ("a", "b"),
        "{a} @ {b}",
        dotted,
        vjps=_matmul_vjps,
        elements=indices.multiplied,
        batched="matmul({a}, {b}, {rank_a}, {rank_b})",
        summary="the product of vectors or matrices, the same as @",
    ),
    Operation(
        "outer",
        ("a", "b"),
        "outer({a}, {b})",
        crossed,
        vjps=lambda shapes: ("G@b", "a@G"),
        elements=indices.crossed,
        summary="every element of one vector times every element of another, as a matrix",
    ),
)

ARRANGEMENTS = (
    Operation(
        "T",
        ("a",),
        "{a}.T",
        transposed,
        vjps=lambda shapes: ("G.T",),
        elements=indices.transposed,
        scalar="{a}",
        batched="transpose({a}, {rank_a})",
        rounds=False,
        linear=True,
        rearranges=True,
        summary="swap rows and columns",
    ),
    Operation(
        "transpose",
        ("a",),
        "permute({a}, {axes})",
        permuted,
        vjps=lambda shapes: ("transpose(G, axes=back)",),
        elements=indices.permuted,
        scalar="{a}",
        options=(("axes", None),),
        settle=settled_order,
        positional="axes",
        rounds=False,
        linear=True,
        rearranges=True,
        summary="put the axes in another order, reversed by default",
    ),
    Operation(
        "mT",
        ("a",),
        "swapaxes({a}, -1, -2)",
        swapped,
        vjps=lambda shapes: ("mT(G)",),
        elements=indices.swapped,
        internal=True,
        rounds=False,
        linear=True,
        rearranges=True,
        summary="swap rows and columns of every matrix of a stack",
    ),
    Operation(
        "expand",
        ("a",),
        "expand({a}, {axis})",
        expanded,
        vjps=lambda shapes: ("sum(G, axis=axis)",),
        elements=indices.expanded,
        options=(("axis", None), ("entries", 0)),
        settle=settled_expansion,
        rounds=False,
        linear=True,
        rearranges=True,
        summary="add an axis of size 1",
    ),
    Operation(
        "broadcast_to",
        ("a",),
        "stretch({a}, {shape})",
        stated,
        vjps=lambda shapes: ("G",),
        options=(("shape", None),),
        elements=indices.stretched,
        settle=settled_broadcast,
        positional="shape",
        rounds=False,
        linear=True,
        summary="repeat along axes in front and along those of size 1, to fill a shape",
    ),
    Operation(
        "concat",
        ("a", "b"),
        "concat({a}, {b}, {axis}, {rank_a})",
        joined,
        vjps=lambda shapes: (
            "slice(G, axis=axis, start=0, stop=split)",
            "slice(G, axis=axis, start=split)",
        ),
        elements=indices.joined,
        options=(("axis", 0),),
        settle=settled_join,
        folds=True,
        rounds=False,
        own=True,
        summary="put arrays one after the other along an axis, the first one by default",
    ),
    Operation(
        "slice",
        ("a",),
        "part({a}, {axis}, {start}, {stop})",
        sliced,
        vjps=lambda shapes: (
            "concat(concat(broadcast_to(0, shape=before), G, axis=axis), "
            "broadcast_to(0, shape=after), axis=axis)",
        ),
        elements=indices.sliced,
        options=(("axis", 0), ("start", None), ("stop", None), ("entries", 0)),
        settle=settled_part,
        rounds=False,
        linear=True,
        summary="the elements from one position to before another along an axis",
    ),
    Operation(
        "collect",
        ("a",),
        "collect({a}, {drop}, {keep})",
        stated,
        vjps=lambda shapes: ("G",),
        options=(("shape", None), ("drop", ()), ("keep", ())),
        elements=indices.collected,
        internal=True,
        linear=True,
        summary="sum over the axes that broadcasting had added",
    ),
    Operation(
        "reshape",
        ("a",),
        "reshape({a}, {rank_a}, {shape})",
        stated,
        vjps=lambda shapes: (f"reshape(G, shape={shapes[0]})",),
        elements=indices.reshaped,
        scalar="{a}",
        options=(("shape", None),),
        settle=settled_shape,
        positional="shape",
        rounds=False,
        linear=True,
        rearranges=True,
        summary="the same elements, row by row, in another shape; -1 stands for what is left",
    ),
)
