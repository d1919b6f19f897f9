import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, mutually_broadcastable_shapes

from engine.references import REFERENCE
from engine_models import gradients, graph, trainer, value
from gradtui.engine.builder import Builder
from gradtui.engine.compiler import Compiler, Mode
from gradtui.engine.graph import Graph, Kind, Statement
from gradtui.engine.operation import Operation
from gradtui.engine.ops import FUNCTIONS, OPS, register_operations
from gradtui.engine.program import build_step
from gradtui.engine.reverse import differentiate
from gradtui.engine.shapes import (
    broadcast,
    expanded,
    multiplied,
    reduced,
    summed_axes,
    swapped,
    transposed,
)
from gradtui.engine.trainer import Trainer

LABELS = 3
"""Labels and tokens of the tests are below this."""


NOT_DIFFERENTIATED = ("c", "labels", "tokens", "index")


sides = st.integers(1, 3)


shapes_of_any_rank = array_shapes(min_dims=0, max_dims=3, max_side=3)


@st.composite
def reductions(draw):
    shape = draw(shapes_of_any_rank)
    rank, axis = len(shape), None
    if rank:
        one = st.integers(-rank, rank - 1)
        several = st.sets(st.integers(0, rank - 1)).map(lambda axes: tuple(sorted(axes)))
        axis = draw(st.none() | one | several)
    return [shape], {"axis": axis, "keepdims": draw(st.booleans())}


@st.composite
def products(draw):
    rank_a, rank_b = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    rows, inner, columns, batch = (draw(sides) for _ in range(4))
    batches = [batch, 1] if draw(st.booleans()) else [batch, batch]
    lead_a, lead_b = draw(st.permutations(batches))
    a = {1: (inner,), 2: (rows, inner), 3: (lead_a, rows, inner)}[rank_a]
    b = {1: (inner,), 2: (inner, columns), 3: (lead_b, inner, columns)}[rank_b]
    return [a, b], {}


@st.composite
def expansions(draw):
    shape = draw(array_shapes(min_dims=0, max_dims=2, max_side=3))
    rank = len(shape) + draw(st.integers(1, 2))
    axes = draw(st.permutations(range(rank)))[: rank - len(shape)]
    return [shape], {"axis": tuple(sorted(axes))}


@st.composite
def stretches(draw):
    found = draw(mutually_broadcastable_shapes(num_shapes=1, max_dims=3, max_side=3))
    (shape,) = found.input_shapes
    full = draw(shapes_of_any_rank) if shape == () else None
    if full is None:
        lead = draw(st.lists(sides, max_size=3 - len(shape)))
        full = (*lead, *(draw(sides) if size == 1 else size for size in shape))
    return [shape], {"shape": full}


@st.composite
def collections(draw):
    (target,), options = draw(stretches())
    shape = options["shape"]
    drop, keep = summed_axes(shape, target)
    return [shape], {"shape": target, "drop": drop, "keep": keep}


@st.composite
def rows(draw, op):
    """Labels below LABELS, and what they label."""
    labels = draw(array_shapes(min_dims=0, max_dims=2, max_side=3))
    more = draw(array_shapes(min_dims=0, max_dims=2, max_side=3))
    size = LABELS + draw(st.integers(0, 2))
    return {
        "cross_entropy": ([(*labels, size), labels], {}),
        "one_hot": ([labels], {"k": size}),
        "take": ([(size, *more), labels], {}),
        "scatter": ([labels + more, labels], {"rows": size}),
    }[op]


@st.composite
def moves(draw, op):
    """An array of more than LABELS elements, and positions below that."""
    shape = (*draw(array_shapes(min_dims=0, max_dims=2, max_side=3)), LABELS)
    index = draw(shapes_of_any_rank)
    return ([shape, index], {}) if op == "gather" else ([index, index], {"shape": shape})


@st.composite
def contractions(draw, op):
    """Arrays whose axes have letters, each of which is in two of them or in the result, too."""
    count = len(OPS[op].operands) + 1
    sizes, places = {}, st.sets(st.integers(0, count - 1), min_size=2)
    parts = [""] * count
    for letter in "ijkl"[: draw(st.integers(0, 4))]:
        sizes[letter] = draw(sides)
        for at in draw(places):
            parts[at] = draw(st.sampled_from([parts[at] + letter, letter + parts[at]]))
    *given, result = parts
    shapes = [tuple(sizes[c] for c in part) for part in given]
    return shapes, {"subscripts": f"{','.join(given)}->{result}"}


@st.composite
def along_an_axis(draw, op):
    shape = draw(array_shapes(min_dims=1, max_dims=3, max_side=3))
    options = {"axis": draw(st.integers(-len(shape), len(shape) - 1))}
    if op == "logsumexp":
        options["keepdims"] = draw(st.booleans())
    return [shape], options if draw(st.booleans()) else {}


@st.composite
def reshapes(draw):
    shape = draw(shapes_of_any_rank)
    size = math.prod(shape)
    options = [shape[::-1], (size,), (-1,), (1, size, 1), (*shape[:1], -1)]
    return [shape], {"shape": draw(st.sampled_from(options))}


@st.composite
def plain_products(draw):
    rank_a, rank_b = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    rows, inner, columns = (draw(sides) for _ in range(3))
    return [(rows, inner)[2 - rank_a :], (inner, columns)[:rank_b]], {}


@st.composite
def vectors(draw):
    return [(draw(sides),), (draw(sides),)], {}


@st.composite
def permutations(draw):
    shape = draw(shapes_of_any_rank)
    order = draw(st.none() | st.permutations(range(len(shape))).map(tuple))
    return [shape], {"axes": order}


@st.composite
def joins(draw):
    shape = list(draw(array_shapes(min_dims=1, max_dims=3, max_side=3)))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    other = shape.copy()
    other[axis] = draw(st.integers(0, 3))
    return [tuple(shape), tuple(other)], {"axis": axis}


@st.composite
def parts(draw):
    shape = draw(array_shapes(min_dims=1, max_dims=3, max_side=4))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    bound = st.none() | st.integers(-5, 5)
    return [shape], {"axis": axis, "start": draw(bound), "stop": draw(bound)}


SPECIAL = {
    "broadcast_to": stretches,
    "collect": collections,
    "dot": plain_products,
    "outer": vectors,
    "transpose": permutations,
    "concat": joins,
    "slice": parts,
}


def broadcasts(count):
    found = mutually_broadcastable_shapes(num_shapes=count, max_dims=3, max_side=3)
    return found.map(lambda shapes: (list(shapes.input_shapes), {}))


def operands_of(op):
    """Return a strategy of (shapes, options) that the operation accepts."""
    entry = OPS[op]
    if op in SPECIAL:
        return SPECIAL[op]()
    if op in ("cross_entropy", "one_hot", "take", "scatter"):
        return rows(op)
    if op in ("gather", "spread"):
        return moves(op)
    if op in ("einsum", "einsum3"):
        return contractions(op)
    if op == "reshape":
        return reshapes()
    if op == "layer_norm":
        return array_shapes(min_dims=1, max_dims=3, max_side=3).map(lambda s: ([s], {}))
    if op in ("softmax", "log_softmax", "logsumexp"):
        return along_an_axis(op)
    return {
        broadcast: broadcasts(len(entry.operands)),
        reduced: reductions(),
        multiplied: products(),
        transposed: shapes_of_any_rank.map(lambda shape: ([shape], {})),
        swapped: array_shapes(min_dims=2, max_dims=3, max_side=3).map(lambda s: ([s], {})),
        expanded: expansions(),
    }[entry.shape]


def draw_point(op, slot, shape, rng):
    """Return operands inside the domain and, where the derivative jumps, away from ties and 0."""
    entry = OPS[op]
    low, high = entry.domain
    if op == "where" and slot == 0:
        return rng.choice([0.0, 1.0, -3.0], shape)
    if entry.operands[slot : slot + 1] in (("labels",), ("tokens",), ("index",)):
        return rng.integers(0, LABELS, shape).astype(float)
    if op == "max" and slot == 0:
        return 0.1 * rng.permutation(math.prod(shape)).reshape(shape)
    if entry.kink is None:
        return rng.uniform(low, high, shape)
    cells = round((high - low) / 0.1)
    return low + 0.1 * rng.integers(0, cells, shape) + 0.03 + 0.04 * slot


def weighted(op, shapes, options):
    """Return the graph of `L = sum(f(…)*weights)`, built by hand so that internal ones are reached.

    Every operand is a parameter, except where the difference quotient jumps: the condition of
    `where`, labels, tokens.
    """
    builder, names = Builder(), {}
    for formal, shape in zip(OPS[op].operands, shapes, strict=True):
        kind = Kind.DATA if formal in NOT_DIFFERENTIATED else Kind.PARAMETER
        names[formal] = builder.leaf(kind, formal, shape)
    f = names["f"] = builder.apply(op, tuple(names.values()), options)
    builder.rename(f, "f", None)
    names["weights"] = builder.leaf(Kind.DATA, "weights", builder.nodes[f].shape)
    product = builder.apply("*", (f, names["weights"]))
    total = names["L"] = builder.apply("sum", (product,))
    builder.rename(total, "L", None)
    statements = (Statement("f", f, (f,), None), Statement("L", total, (total, product), None))
    return Graph(tuple(builder.nodes), names, statements, total)


def complex_step(loss, operands, slot):
    """Return dloss/doperand: the imaginary part left by an imaginary step, exact to rounding."""
    gradient = np.empty(np.shape(operands[slot]))
    for index in np.ndindex(gradient.shape):
        moved = [np.array(operand, dtype=complex) for operand in operands]
        moved[slot][index] += 1e-20j
        gradient[index] = np.imag(loss(moved)) / 1e-20
    return gradient


@pytest.mark.parametrize("op", OPS)
@settings(max_examples=20)
@given(data=st.data())
def test_value_and_gradient_agree_with_plain_numpy(op, data):
    shapes, options = data.draw(operands_of(op))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    graph = weighted(op, shapes, options)
    formals = OPS[op].operands
    operands = [draw_point(op, slot, shape, rng) for slot, shape in enumerate(shapes)]
    weights = rng.uniform(-2, 2, graph.nodes[graph.names["weights"]].shape)
    values = {**dict(zip(formals, operands, strict=True)), "weights": weights}
    trainer = Trainer(build_step(graph, "sgd", {}), values, 0.1)
    tape = trainer.record(trainer.initial, 0)

    expected = REFERENCE[op](*operands, **options)
    f = graph.names["f"]
    assert graph.nodes[f].shape == np.shape(expected)
    np.testing.assert_allclose(tape.value(f), expected, rtol=1e-13, atol=1e-15)

    def loss(point):
        return np.sum(REFERENCE[op](*point, **options) * weights)

    differences = trainer.central_differences(trainer.initial, range(trainer.width))
    for position, update in enumerate(trainer.program.updates):
        gradient, part = tape.gradient(position), trainer.slices[position]
        numeric = differences[part.start : part.stop].reshape(part.shape)
        np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-7)
        slot = formals.index(graph.nodes[update.parameter].name)
        exact = complex_step(loss, operands, slot)
        np.testing.assert_allclose(gradient, exact, rtol=1e-10, atol=1e-13)


def test_the_reference_knows_every_operation_and_no_other():
    assert set(REFERENCE) == set(OPS)


def test_a_derivative_that_calls_no_operation_is_refused():
    with pytest.raises(ValueError, match="the derivative of cosh calls sinh, no operation"):
        register_operations([Operation("cosh", ("a",), ("sinh(a)",))])


@pytest.mark.parametrize("op", OPS)
def test_what_an_entry_says_of_its_operands_holds_together(op):
    entry = OPS[op]
    assert (entry.below is None) == (not entry.index)
    assert entry.index in ("", *entry.operands)
    assert entry.full_slope == 0 or (entry.squashes and len(entry.operands) == 1)
    assert not entry.rearranges or not (entry.linear or entry.rounds)


@settings(max_examples=20)
@given(data=st.data())
@pytest.mark.parametrize(
    "op", [op for op, entry in OPS.items() if entry.linear or entry.rearranges]
)
def test_a_linear_operation_makes_of_a_sum_the_sum_of_its_terms(op, data):
    ([shape], options) = data.draw(operands_of(op))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    one, other = rng.normal(size=(2, *shape))
    both = [REFERENCE[op](a, **options) for a in (one, other)]
    np.testing.assert_allclose(REFERENCE[op](one + other, **options), sum(both), atol=1e-14)


def test_a_program_calls_functions_only():
    assert not set(FUNCTIONS) & {"T", "mT", "neg", "expand", "slice", "collect", "identity"}
    assert {"exp", "sum", "where", "maximum"} <= set(FUNCTIONS)


def evaluator(graph, mode, batched=()):
    """Return (nodes of the backward pass, function of the leaves' values -> all nodes' values)."""
    nodes = differentiate(graph).nodes
    leaves = [node.id for node in nodes if node.kind in (Kind.PARAMETER, Kind.DATA)]
    return nodes, Compiler(nodes, {}, mode, "float64").evaluate(leaves, range(len(nodes)), batched)


def scalar_operations():
    """Return the operations that take scalars and give one."""
    found = []
    for op, entry in OPS.items():
        if (op != "logsumexp" and entry.shape in (broadcast, reduced, transposed)) or op in (
            "reshape",
            "broadcast_to",
            "transpose",
            "collect",
        ):
            found.append(op)
    return found


def test_only_products_and_axes_have_no_scalar_form():
    assert set(OPS) - set(scalar_operations()) == {
        *("@", "dot", "outer", "einsum", "einsum3", "concat", "slice", "mT", "expand"),
        *("softmax", "log_softmax", "logsumexp", "cross_entropy"),
        *("one_hot", "take", "scatter", "gather", "spread", "layer_norm"),
    }


@pytest.mark.parametrize("op", scalar_operations())
def test_floats_and_arrays_agree_on_scalars(op):
    options = {"shape": ()} if op in ("broadcast_to", "collect", "reshape") else {}
    graph = weighted(op, [()] * len(OPS[op].operands), options)
    nodes, with_floats = evaluator(graph, Mode.FLOAT)
    _, with_arrays = evaluator(graph, Mode.ARRAY)
    assert all(node.shape == () for node in nodes)
    rng = np.random.default_rng(5)
    for _ in range(50):
        point = [float(draw_point(op, slot, (), rng)) for slot in range(len(OPS[op].operands))]
        floats = with_floats(*point, 0.7)
        arrays = with_arrays(*map(np.float64, point), np.float64(0.7))
        assert all(type(number) is float for number in floats)
        # A power of bare numbers is the C library's, one of arrays NumPy's own.
        most = 4 if op == "**" else 1
        np.testing.assert_array_max_ulp(np.array(floats), np.array(arrays), maxulp=most)


@pytest.mark.parametrize("op", OPS)
@settings(max_examples=20)
@given(data=st.data())
def test_a_batch_equals_its_points_one_by_one(op, data):
    shapes, options = data.draw(operands_of(op))
    lead = data.draw(st.sampled_from([(1,), (4,), (2, 3)]))
    graph = weighted(op, shapes, options)
    leaves = [n for n in graph.nodes if n.kind in (Kind.PARAMETER, Kind.DATA)]
    chosen = data.draw(st.sets(st.sampled_from(leaves), min_size=1))
    batched = {node.id for node in chosen}
    nodes, together = evaluator(graph, Mode.BATCH, batched)
    _, alone = evaluator(graph, Mode.ARRAY)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    point = [
        np.asarray(draw_point(op, slot, (lead if n.id in batched else ()) + n.shape, rng))
        for slot, n in enumerate(leaves)
    ]
    results = together(*point)
    single = [
        alone(*(v[index] if n.id in batched else v[()] for v, n in zip(point, leaves, strict=True)))
        for index in np.ndindex(lead)
    ]
    for node, result, *expected in zip(nodes, results, *single, strict=True):
        assert np.shape(result) in (node.shape, lead + node.shape)
        stacked = np.reshape(expected, lead + node.shape)
        full = np.broadcast_to(result, stacked.shape)
        np.testing.assert_allclose(full, stacked, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(
    ("code", "w", "gradient"),
    [
        ("L = relu(w)", 0.0, 0.0),
        ("L = relu(w)", 1e-300, 1.0),
        ("L = relu(w)", -1e-300, 0.0),
        ("L = abs(w)", 0.0, 0.0),
        ("L = abs(w)", -2.0, -1.0),
        ("L = maximum(w, 3)", 3.0, 0.5),
        ("L = maximum(3, w)", 3.0, 0.5),
        ("L = minimum(w, 3)", 3.0, 0.5),
        ("L = minimum(3, w)", 3.0, 0.5),
        ("L = maximum(w, 2)", 3.0, 1.0),
        ("L = minimum(w, 2)", 3.0, 0.0),
        ("L = maximum(w, w)", 3.0, 1.0),
        ("L = clip(w, 0, 3)", 3.0, 1.0),
        ("L = clip(w, 3, 9)", 3.0, 1.0),
        ("L = clip(w, 0, 2)", 3.0, 0.0),
        ("L = clip(w, 4, 2)", 3.0, 0.0),
        ("L = max(w)", 3.0, 1.0),
        ("L = w*(w == 3)", 3.0, 1.0),
        ("L = where(w, 5*w, 2*w)", 0.0, 2.0),
        ("L = where(w, 5*w, 2*w)", 1.0, 5.0),
        ("L = where(w < 0, 5*w, 2*w)", -1.0, 5.0),
    ],
)
def test_a_kink_has_the_gradient_that_the_convention_gives(code, w, gradient):
    assert gradients(code, {"w": w})["w"] == gradient
    assert gradients(code.replace("L =", "a =") + "\nL = sum(a)", {"w": [w]})["w"] == [gradient]


HUGE_NUMBERS = [(1e4, "float64"), (1e4, "float32"), (1e30, "float32"), (1e300, "float64")]


HUGE = None


FAR_OUT = {
    # Operation -> its value and slope at +huge, then at -huge.
    "sigmoid": (1, 0, 0, 0),
    "tanh": (1, 0, -1, 0),
    "erf": (1, 0, -1, 0),
    "softplus": (HUGE, 1, 0, 0),
    "gelu": (HUGE, 1, 0, 0),
    "relu": (HUGE, 1, 0, 0),
}


@pytest.mark.parametrize("form", ["L = {}(w)", "L = sum({}(w))"])
@pytest.mark.parametrize(("huge", "dtype"), HUGE_NUMBERS)
@pytest.mark.parametrize("op", FAR_OUT)
def test_a_squashed_huge_number_has_the_value_and_slope_of_its_limit(op, huge, form, dtype):
    above, slope_above, below, slope_below = FAR_OUT[op]
    for w, expected, slope in ((huge, above, slope_above), (-huge, below, slope_below)):
        start = w if form == "L = {}(w)" else [w]
        model = trainer(form.format(op), {"w": start}, dtype=dtype)
        tape = model.record(model.initial, 0)
        limit = np.dtype(dtype).type(huge if expected is HUGE else expected)
        assert tape.value(model.program.graph.loss) == limit
        assert np.all(tape.gradient(0) == slope)


LOGITS = {
    "alone": [[1.0, 0.0, -1.0]],
    "tie": [[1.0, 1.0, 0.0], [-1.0, -1.0, -1.0]],
    "all far below": [[-1.0, -1.0, -0.5]],
}


@pytest.mark.parametrize(("huge", "dtype"), HUGE_NUMBERS)
@pytest.mark.parametrize("logits", LOGITS)
@pytest.mark.parametrize(
    "code",
    [
        "L = sum(softmax(X)*weights)",
        "L = sum(logsumexp(X))",
        "L = sum(log_softmax(X)*weights)/{huge}",
        "L = cross_entropy(X, labels)/{huge}",
        "L = -sum(one_hot(labels, 3)*log_softmax(X))/{huge}",
    ],
)
def test_a_huge_logit_gives_finite_numbers_that_are_right(code, logits, huge, dtype):
    X = huge * np.array(LOGITS[logits])
    data = {"labels": np.full(len(X), 2.0), "weights": np.arange(X.size).reshape(X.shape) + 1.0}
    model = trainer(code.format(huge=huge), {"X": X}, data, dtype=dtype)
    tape = model.record(model.initial, 0)
    assert all(np.all(np.isfinite(number)) for number in tape.recorded)
    # With scores this far apart the softmax is 1, or 1/n where n are equal, and 0 elsewhere.
    top = (np.max(X, axis=1, keepdims=True) == X).astype(float)
    shares = top / np.sum(top, axis=1, keepdims=True)
    right = np.eye(3)[[2] * len(X)]
    weights, rows = data["weights"], len(X)
    expected = {
        "L = sum(softmax": shares * (weights - np.sum(weights * shares, axis=1, keepdims=True)),
        "L = sum(logsumexp": shares,
        "L = sum(log_soft": (weights - shares * np.sum(weights, axis=1, keepdims=True)) / huge,
        "L = cross_entropy": (shares - right) / rows / huge,
        "L = -sum(one_hot": (shares - right) / huge,
    }
    (gradient,) = (slope for start, slope in expected.items() if code.startswith(start))
    tolerance = {"rtol": 1e-6, "atol": 1e-6 * np.max(np.abs(gradient), initial=1e-300)}
    np.testing.assert_allclose(tape.gradient(0), gradient, **tolerance)


def test_the_cross_entropy_of_a_score_of_10000_is_finite():
    code, data = "L = cross_entropy(X, y)", {"y": [0.0, 2.0]}
    scores = [[1e4, 0.0, -1e4], [1e4, 1e4, -1e4]]
    assert value(code, {"X": scores, **data}) == pytest.approx((0 + 2e4 + np.log(2)) / 2)
    found = gradients(code, {"X": scores}, data)
    np.testing.assert_allclose(found["X"], [[0, 0, 0], [0.25, 0.25, -0.5]], atol=1e-15)


def test_the_long_layer_norm_is_short_for_its_parts():
    values = {"X": [[1.0, 2.0, 4.0], [0.0, 1.0, 5.0]], "g": [1.0, 2.0, 3.0], "b": [0.5, 0.0, 1.0]}
    long, parts = (
        gradients(f"z = {code}\nL = sum(z*z*z)", values)
        for code in ("layer_norm(X, g, b)", "layer_norm(X)*g + b")
    )
    for name, gradient in long.items():
        np.testing.assert_array_equal(gradient, parts[name])


def test_a_token_that_comes_twice_collects_both_gradients():
    found = gradients("L = sum(take(E, t)*b[:, None])", {"E": [[1.0, 2.0]] * 4},
                      {"t": [3.0, 1.0, 3.0], "b": [1.0, 10.0, 100.0]})  # fmt: skip
    assert found["E"].tolist() == [[0, 0], [10, 10], [0, 0], [101, 101]]


@pytest.mark.parametrize("label", [-1.0, 3.0, 0.5, np.nan, np.inf, 1e300])
@pytest.mark.parametrize(
    "code",
    ["L = cross_entropy(X, y)", "L = sum(one_hot(y, 3)*X)", "L = sum(take(X, y))"],
)
def test_a_label_that_is_no_class_gives_nan_and_no_crash(code, label):
    data = {"y": [0.0, label, 1.0]}
    assert np.isnan(value(code, {"X": np.ones((3, 3)), **data}))
    assert gradients(code, {"X": np.ones((3, 3))}, data)["X"].shape == (3, 3)


def test_a_tie_shares_the_gradient_between_both_operands():
    found = gradients("L = maximum(a, b) + 10*minimum(a, b)", {"a": 3.0, "b": 3.0})
    assert found == {"a": 5.5, "b": 5.5}


def test_the_largest_elements_share_the_gradient_equally():
    found = gradients("L = sum(max(X, axis=1)*b)", {"X": [[2.0, 2.0, 1.0], [0.0, 5.0, 4.0]]},
                      {"b": [3.0, 7.0]})  # fmt: skip
    assert found["X"].tolist() == [[1.5, 1.5, 0.0], [0.0, 7.0, 0.0]]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("L = relu(x)", np.nan),
        ("L = abs(x)", np.nan),
        ("L = maximum(x, 1)", np.nan),
        ("L = minimum(1, x)", np.nan),
        ("L = sigmoid(x)", np.nan),
        ("L = tanh(x)", np.nan),
        ("L = clip(x, 0, 1)", np.nan),
        ("L = gelu(x)", np.nan),
        ("L = softplus(x)", np.nan),
        ("L = max(x)", np.nan),
        ("L = var(x)", np.nan),
        ("L = where(x, 1, 2)", 1.0),
        ("L = x == x", 0.0),
        ("L = x != x", 1.0),
        ("L = 1/x", np.nan),
        ("L = x**2", np.nan),
    ],
)
def test_a_nan_is_not_lost_on_the_way(code, expected):
    np.testing.assert_equal(value(code, {"x": np.nan}), expected)
    with_an_axis = code.replace("L =", "a =") + "\nL = sum(a)"
    np.testing.assert_equal(value(with_an_axis, {"x": [np.nan]}), expected)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("L = sigmoid(-1000*x)", 0.0),
        ("L = sigmoid(1000*x)", 1.0),
        ("L = sigmoid(x*0)", 0.5),
        ("L = tanh(1000*x)", 1.0),
        ("L = erf(1000*x)", 1.0),
        ("L = gelu(1000*x)", 1000.0),
        ("L = softplus(10000*x)", 10000.0),
        ("L = softplus(-10000*x)", 0.0),
        ("L = sin(exp(1000*x))", np.nan),
        ("L = 1/(x - 1)", np.inf),
        ("L = -1/(x - 1)", -np.inf),
        ("L = 0/(x - 1)", np.nan),
        ("L = log(x - 1)", -np.inf),
        ("L = log(x - 2)", np.nan),
        ("L = sqrt(x - 2)", np.nan),
        ("L = (x - 2)**0.5", np.nan),
        ("L = (x - 2)**1.5", np.nan),
        ("L = (x - 1)**-1", np.inf),
        ("L = exp(1000*x)", np.inf),
        ("L = (x*1e200)**2", np.inf),
        ("L = (x*1e200)*1e200", np.inf),
        ("L = (x*1e200)**7", np.inf),
    ],
)
def test_edges_of_the_domain_give_inf_and_nan_and_no_warning(code, expected):
    np.testing.assert_equal(value(code, {"x": 1.0}), expected)
    with_an_axis = code.replace("L =", "a =") + "\nL = sum(a)"
    np.testing.assert_equal(value(with_an_axis, {"x": [1.0]}), expected)


@pytest.mark.parametrize("exponent", [1, 2, 3, 4])
def test_a_small_whole_power_is_a_product_of_factors(exponent):
    x = np.random.default_rng(exponent).uniform(-3, 3, 50)
    product = x.copy()
    for _ in range(exponent - 1):
        product = product * x
    assert [value(f"L = x**{exponent}", {"x": float(one)}) for one in x] == product.tolist()


def test_a_power_of_one_half_is_the_square_root():
    x = np.random.default_rng(1).uniform(0, 9, 50)
    assert [value("L = x**0.5", {"x": float(one)}) for one in x] == np.sqrt(x).tolist()


@pytest.mark.parametrize("exponent", ["-2", "-1", "-(1 + 1)", "3", "2", "1"])
def test_the_power_of_a_negative_number_has_a_gradient_by_the_base_alone(exponent):
    power = eval(exponent)
    found = gradients(f"L = w**{exponent}", {"w": -2.0})
    assert found["w"] == pytest.approx(power * (-2.0) ** (power - 1), rel=1e-14)


@pytest.mark.parametrize(("b", "slope"), [(2.0, 0.0), (0.5, 0.0), (0.0, 0.0), (-1.0, -np.inf)])
def test_a_power_of_zero_has_the_slope_by_its_exponent_that_its_limit_has(b, slope):
    assert gradients("L = x**b", {"b": b}, {"x": 0.0})["b"] == slope
    found = gradients("L = sum(x**b)", {"b": [b, b]}, {"x": [0.0, 2.0]})["b"]
    np.testing.assert_allclose(found, [slope, 2.0**b * np.log(2.0)], rtol=1e-15)


def test_a_range_is_what_python_takes():
    data = {"v": [1.0, 2.0, 3.0, 4.0], "X": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]}
    for inside in ("1:", ":-1", "-3:-1", "1:99", "2:1", ":"):
        expected = eval(f"np.array([1.0, 2.0, 3.0, 4.0])[{inside}]")
        assert value(f"L = sum(v[{inside}])", data) == np.sum(expected)
    X = np.array(data["X"])
    assert value("L = sum(X[1:, None, :2])", data) == np.sum(X[1:, :2])
    assert value("L = sum(concat(X, 10*X, X, axis=1)[:, 2:4])", data) == 3 + 10 + 6 + 40


def test_the_power_zero_has_no_slope_even_at_zero():
    assert gradients("L = w**0", {"w": 0.0})["w"] == 0.0
    assert gradients("L = sum(w**0)", {"w": [0.0, 1.0]})["w"].tolist() == [0.0, 0.0]


def test_thousands_of_arrays_are_joined_without_copying_them_thousands_of_times():
    built = graph(f"c = concat({','.join(['v'] * 1024)})\nL = sum(c)", {}, {"v": [1.0, 2.0]})
    joined = [node for node in built.nodes if node.op == "concat"]
    assert len(joined) == 1023
    assert sum(node.shape[0] for node in joined) == 10 * 2048  # each of 10 halvings has them all
    assert value(f"L = sum(concat({','.join(['v'] * 1000)})[1999:])", {"v": [1.0, 2.0]}) == 2.0
