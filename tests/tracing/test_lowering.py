"""A tape becomes a graph that computes the same values, and the same gradients in reverse mode."""

from pathlib import Path

import numpy as np
import pytest

from gradtui.engine.graph import Kind
from tracing.runs import apart, module_of, watched

PROGRAMS = sorted((Path(__file__).parents[1] / "diagnosis/recorded/programs").glob("*.py"))
RNG = np.random.default_rng(4)
W, X, STACK = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 3)), RNG.normal(size=(2, 3, 4))


def whole(run):
    """Every value and every gradient of a run is that of its tape, to rounding."""
    tape, step = run.recording.tape, run.session.frame.tape
    for theirs, ours in run.lowered.nodes.items():
        assert apart(step.value(ours), tape.value(theirs)) < 1e-12
    for name, true in run.true.items():
        assert apart(step.adjoint(run.graph.names[name]), true) < 1e-9
    return run


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_has_the_values_and_the_gradients_of_its_tape(path):
    module = module_of(path)
    if hasattr(module, "case"):
        whole(watched(module.case))
    else:
        whole(watched(module.forward, module.backward))


def sliced(w=W):
    y = w[1:, ::2] * 2 + w[:2, 1:3].T
    return np.sum(y * y), w


def masked(w=W):
    out = w * 3
    out[out < 0] = 0
    out[0] -= w[1]
    return np.sum(out * w), w


def rectified(w=W):
    out = w * 3
    out[out < 0] = 0
    return np.sum(out * w), w


def labelled(w=W):
    p = np.exp(X @ w)
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(5), [0, 1, 2, 3, 0]] -= 1
    return np.sum(p**2), w


def accumulated(w=W):
    total = np.zeros(4)
    for row in w:
        total += row * total + row
    return np.sum(total), w


def padded(w=W):
    wide = np.pad(w, ((1, 1), (0, 2)), constant_values=0.5)
    return np.sum(np.roll(wide, 1, axis=0) * wide), w


def transposed(w=W):
    stack = np.transpose(np.stack([w, 2 * w]), (2, 0, 1)) * np.flip(w, axis=0).T[:, None, :]
    return np.sum(np.broadcast_to(stack, (2, 4, 2, 3)) ** 2), w


def added(w=W):
    out = np.zeros((3, 4))
    np.add.at(out, [0, 2, 2], w)
    return np.sum(out**3), w


def stepped(h=W[0], w=W[:, :3] @ W[:, :3].T):
    states = {-1: h[:3]}
    for t in range(6):
        states[t] = np.tanh(w @ states[t - 1] + X[t % 5])
    return sum(float(1) * np.sum(s) for s in states.values()), (h, w)


def exotic(w=W):
    return np.sum(np.linalg.inv(w @ w.T) @ w) + np.sum(np.round(w, 1) * w) + np.sum(np.sinc(w)), w


def drawn(w=W):
    mask = (np.random.rand(*w.shape) < 0.5) / 0.5
    return np.sum(w * mask), w


def contracted(w=W, v=STACK):
    y = np.einsum("ij,bkj->bki", w, v)
    z = np.einsum("...ij,ik,...kj->...", y, X[:3], v[:, :, :3])
    return np.sum(y.T[0] ** 2) + np.sum(np.einsum("bij,ji,b->i", y, X[:3], z)), (w, v)


def unlettered(w=W):
    twice, alone = np.einsum("ii,j->j", w[:, :3], w[0]), np.einsum("ij,kl->il", w, w)
    stretched = np.einsum("ij,ij->ij", w[:, :1], w)
    return np.sum(twice**2) + np.sum(alone**2) + np.sum(stretched), w


def unused(w=W, v=X):
    return np.sum(w**2), (w, v)


CASES = [
    sliced, masked, labelled, accumulated, padded, transposed, added, stepped, drawn, unused,
    contracted, unlettered,
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_shape_of_program_has_the_values_and_the_gradients_of_its_tape(case):
    whole(watched(case))


def test_a_contraction_is_one_operation_whose_slopes_are_contractions():
    run = whole(watched(contracted))

    told = [dict(n.options).get("subscripts") for n in run.graph.nodes if n.op.startswith("ein")]
    assert told == ["ij,bkj->bki", "Aij,ik,Akj->A", "bij,ji,b->i"]
    assert "@" not in {node.op for node in run.graph.nodes}


def test_what_the_registry_has_nothing_for_keeps_its_value_and_takes_its_slope_by_differences():
    run = watched(exotic)

    step = run.session.frame.tape
    assert apart(step.value(run.graph.loss), run.recording.tape.value(run.recording.root)) < 1e-12
    assert apart(step.adjoint(run.graph.names["w"]), run.true["w"]) < 1e-6


def test_what_a_run_draws_is_neither_a_parameter_nor_data_and_has_no_gradient():
    run = watched(drawn)

    graph = run.graph
    made = [node for node in graph.nodes if node.kind is Kind.RECORDED]
    assert [node.name for node in graph.parameters] == ["w"] and graph.data == ()
    assert [node.shape for node in made] == [(3, 4)]
    assert made[0].id not in run.problem.trainer.program.reverse.adjoint


def test_a_view_is_written_with_its_brackets():
    run = watched(sliced)

    shown = [dict(node.options)["shown"] for node in run.graph.nodes if node.op == "gather"]
    assert sorted(shown) == ["[1:, ::2]", "[:2, 1:3].T"]


def test_every_node_outside_a_statement_that_it_reads_has_a_name():
    for case in CASES:
        graph = watched(case).graph
        for statement in graph.statements:
            for operation in statement.operations:
                for source in graph.nodes[operation].inputs:
                    node = graph.nodes[source]
                    own = source in statement.operations
                    assert own or node.name or node.kind is Kind.CONSTANT


def test_what_a_mask_writes_over_has_an_elementwise_derivative():
    run = whole(watched(rectified))

    (chosen,) = [node for node in run.graph.nodes if node.op == "where"]
    assert chosen.inputs[1] == run.graph.names["out"]
    np.testing.assert_array_equal(run.session.frame.tape.local((chosen.id, 1)), W > 0)
