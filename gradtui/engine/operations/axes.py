"""Operations along axes: reductions, products, and those that rearrange elements."""

from __future__ import annotations

from collections.abc import Sequence

from gradtui.engine import indices
from gradtui.engine.operation import Kink, Operation
from gradtui.engine.shapes import (
    Shape,
    contracted,
    crossed,
    dotted,
    expanded,
    joined,
    multiplied,
    normed,
    permuted,
    reduced,
    settled_broadcast,
    settled_contraction,
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


def _contraction(name: str, operands: tuple[str, ...]) -> Operation:
    """Return the product of some arrays along axes named by letters."""

    def vjps(shapes: Sequence[Shape]) -> tuple[str, ...]:
        given = (", ".join("G" if one == own else one for one in operands) for own in operands)
        return tuple(f"{name}({inner}, subscripts=to_{own})"
                     for own, inner in zip(operands, given, strict=True))  # fmt: skip

    return Operation(
        name,
        operands,
        code=f"contract({{subscripts!r}}, {', '.join(f'{{{one}}}' for one in operands)})",
        shape=contracted,
        vjps=vjps,
        elements=indices.contracted,
        options=(("subscripts", ""),),
        settle=settled_contraction,
        internal=True,
        summary="multiply along axes of the same letter, and add up along those the result lacks",
    )


_REDUCTION: tuple[tuple[str, Option], ...] = (("axis", None), ("keepdims", False))

REDUCTIONS = (
    Operation(
        "sum",
        ("a",),
        ("1",),
        code="total({a}, {axis}, {keepdims})",
        shape=reduced,
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
        ("1/n",),
        code="total({a}, {axis}, {keepdims}) / {n}",
        shape=reduced,
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
        ("(a == out)/sum(a == out, axis=axis, keepdims=True)",),
        code="largest({a}, {axis}, {keepdims})",
        shape=reduced,
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
        ("2*(a - mean(a, axis=axis, keepdims=True))/n",),
        code="variance({a}, {axis}, {n}, {keepdims})",
        shape=reduced,
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
        shape=normed,
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
        shape=multiplied,
        vjps=_matmul_vjps,
        elements=indices.multiplied,
        batched="matmul({a}, {b}, {rank_a}, {rank_b})",
        summary="matrix product: rows times columns",
    ),
    Operation(
        "dot",
        ("a", "b"),
        code="{a} @ {b}",
        shape=dotted,
        vjps=_matmul_vjps,
        elements=indices.multiplied,
        batched="matmul({a}, {b}, {rank_a}, {rank_b})",
        summary="the product of vectors or matrices, the same as @",
    ),
    Operation(
        "outer",
        ("a", "b"),
        shape=crossed,
        vjps=lambda shapes: ("G@b", "a@G"),
        elements=indices.crossed,
        summary="every element of one vector times every element of another, as a matrix",
    ),
    _contraction("einsum", ("a", "b")),
    _contraction("einsum3", ("a", "b", "c")),
)

ARRANGEMENTS = (
    Operation(
        "T",
        ("a",),
        code="{a}.T",
        shape=transposed,
        vjps=lambda shapes: ("G.T",),
        elements=indices.transposed,
        scalar="{a}",
        batched="transpose({a}, {rank_a})",
        rounds=False,
        rearranges=True,
        summary="swap rows and columns",
    ),
    Operation(
        "transpose",
        ("a",),
        code="permute({a}, {axes})",
        shape=permuted,
        vjps=lambda shapes: ("transpose(G, axes=back)",),
        elements=indices.permuted,
        scalar="{a}",
        options=(("axes", None),),
        settle=settled_order,
        positional="axes",
        rounds=False,
        rearranges=True,
        summary="put the axes in another order, reversed by default",
    ),
    Operation(
        "mT",
        ("a",),
        code="swapaxes({a}, -1, -2)",
        shape=swapped,
        vjps=lambda shapes: ("mT(G)",),
        elements=indices.swapped,
        internal=True,
        rounds=False,
        rearranges=True,
        summary="swap rows and columns of every matrix of a stack",
    ),
    Operation(
        "expand",
        ("a",),
        code="expand({a}, {axis})",
        shape=expanded,
        vjps=lambda shapes: ("sum(G, axis=axis)",),
        elements=indices.expanded,
        options=(("axis", None), ("entries", 0)),
        settle=settled_expansion,
        rounds=False,
        rearranges=True,
        summary="add an axis of size 1",
    ),
    Operation(
        "broadcast_to",
        ("a",),
        code="stretch({a}, {shape})",
        shape=stated,
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
        code="concat({a}, {b}, {axis}, {rank_a})",
        shape=joined,
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
        code="part({a}, {axis}, {start}, {stop})",
        shape=sliced,
        vjps=lambda shapes: (
            "concat(concat(broadcast_to(0, shape=before), G, axis=axis), "
            "broadcast_to(0, shape=after), axis=axis)",
        ),
        elements=indices.sliced,
        options=(("axis", 0), ("start", None), ("stop", None), ("entries", 0), ("single", False)),
        settle=settled_part,
        rounds=False,
        linear=True,
        summary="the elements from one position to before another along an axis",
    ),
    Operation(
        "collect",
        ("a",),
        code="collect({a}, {drop}, {keep})",
        shape=stated,
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
        code="reshape({a}, {rank_a}, {shape})",
        shape=stated,
        vjps=lambda shapes: (f"reshape(G, shape={shapes[0]})",),
        elements=indices.reshaped,
        scalar="{a}",
        options=(("shape", None),),
        settle=settled_shape,
        positional="shape",
        rounds=False,
        rearranges=True,
        summary="the same elements, row by row, in another shape; -1 stands for what is left",
    ),
)
