import numpy as np
import pytest

from engine_models import trainer
from gradtui.engine.kinks import kink_mask, on_kink
from gradtui.engine.ops import OPS

ON_A_KINK = {
    "relu": "z = relu(w)",
    "abs": "z = abs(w)",
    "maximum": "z = maximum(x, w)",
    "minimum": "z = minimum(w, x)",
    "where": "z = where(w, 5*w, x)",
    "clip": "z = clip(w, x, 9)",
    "max": "z = max(v)",
    **{op: f"z = w {op} x" for op in ("<", ">", "<=", ">=", "==", "!=")},
}


def tape_of(code, w=0.0, v=(1.0, 3.0, 3.0), x=0.0, dtype="float64"):
    model = trainer(f"{code}\nL = sum(z)", {"w": w, "v": v}, {"x": x}, dtype=dtype)
    return model.record(model.initial, 0)


def kinks(tape):
    """Return the nodes of the model that sit on a kink, in evaluation order."""
    ids = range(len(tape.program.graph.nodes))
    return tuple(id for id in ids if kink_mask(tape, id) is not None)


def test_every_operation_with_a_kink_is_tried():
    assert ON_A_KINK.keys() == {op for op, entry in OPS.items() if entry.kink}


@pytest.mark.parametrize("op", ON_A_KINK)
def test_a_node_on_its_kink_is_found_and_its_convention_told(op):
    tape = tape_of(ON_A_KINK[op])
    z = tape.program.graph.names["z"]
    assert kinks(tape) == (z,)
    assert on_kink(tape, z) == OPS[op].kink.convention
    assert on_kink(tape, tape.program.graph.loss) is None


@pytest.mark.parametrize("op", ON_A_KINK)
@pytest.mark.parametrize("w", [1e-300, -1e-300, 2.0, np.nan])
def test_a_node_beside_its_kink_is_not_on_it(op, w):
    tape = tape_of(ON_A_KINK[op], w, v=(1.0, 3.0, 3.0 - 1e-15))
    assert kinks(tape) == ()
    assert on_kink(tape, tape.program.graph.names["z"]) is None


@pytest.mark.parametrize(
    ("code", "where"),
    [
        ("z = relu(v)", [True, False, True]),
        ("z = maximum(v, 2)", [False, True, False]),
        ("z = clip(v, 0, 2)", [True, True, True]),
        ("z = where(v, w, 3)", [True, False, True]),
        ("z = v[:, None] > v[None, :]", np.eye(3) + np.eye(3)[::-1] > 0),
        ("z = max(v[None, :]*v[:, None], axis=1)", [True, False, True]),
        ("z = max(v[None, :]*v[:, None], axis=1, keepdims=True)", [[True], [False], [True]]),
    ],
)
def test_the_elements_on_the_kink_are_told(code, where):
    tape = tape_of(code, v=(0.0, 2.0, 0.0))
    np.testing.assert_array_equal(kink_mask(tape, tape.program.graph.names["z"]), where)


@pytest.mark.parametrize(
    "code",
    [
        "z = relu(x)*w",
        "z = where(x == 0, w, 2)",
        "z = maximum(1, 1)*w",
        "z = where(x, w, 2)",
        "z = relu((w > 3)*1)",
    ],
)
def test_what_no_parameter_moves_is_on_no_kink(code):
    assert kinks(tape_of(code, w=1.0)) == ()


def test_a_condition_on_its_tie_is_the_kink_not_the_choice_it_makes():
    tape = tape_of("mask = w > x\nz = where(mask, w, 2)")
    assert kinks(tape) == (tape.program.graph.names["mask"],)


def test_a_value_of_the_update_is_on_no_kink():
    tape = tape_of("z = relu(w)")
    assert [on_kink(tape, id) for id in range(len(tape.program.graph.nodes), 12)] == [None] * (
        12 - len(tape.program.graph.nodes)
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_bound_written_in_the_program_is_met_in_either_precision(dtype):
    tape = tape_of("z = clip(v, 0.1, 1)", v=(0.1, 0.5, 0.7), dtype=dtype)
    found = kink_mask(tape, tape.program.graph.names["z"])
    np.testing.assert_array_equal(found, [True, False, False])
