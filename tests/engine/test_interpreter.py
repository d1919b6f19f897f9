"""Nodes one by one are what the compiled function gives."""

import numpy as np
import pytest

from gradtui.engine.compiler import Compiler, Mode
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.lowering import Leaf, build_graph
from gradtui.engine.reverse import differentiate
from gradtui.language.parser import parse_program

POINTS = 5
PROGRAMS = {
    "scalars": ("e = a*b - 2\nL = e**2 + tanh(a)", {"a": (), "b": ()}),
    "layer": ("z = X@W + c\nh = relu(z)\nL = mean(h*h)", {"X": (4, 3), "W": (3, 2), "c": (2,)}),
    "softmax": ("z = X@W\nL = -mean(log(softmax(z)))", {"X": (4, 3), "W": (3, 2)}),
    "turned": ("z = X.T@X\nL = sum(z, axis=0)@v", {"X": (4, 3), "v": (3,)}),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_values_at_many_points_are_those_of_the_compiled_batch(name):
    code, shapes = PROGRAMS[name]
    graph = build_graph([Leaf(n, s) for n, s in shapes.items()], [], parse_program(code))
    nodes = differentiate(graph).nodes
    rng = np.random.default_rng(3)
    leaves = {p.id: rng.normal(size=(POINTS, *p.shape)) for p in graph.parameters}
    wanted = [node.id for node in nodes]
    compiled = Compiler(nodes, {}, Mode.BATCH, "float64").evaluate(list(leaves), wanted, leaves)
    at = Interpreter(nodes, leaves, POINTS)
    for id, value in zip(wanted, compiled(*leaves.values()), strict=True):
        expected = np.broadcast_to(value, (POINTS, *nodes[id].shape))
        assert np.array_equal(at.value(id), expected)


def test_replacing_a_value_changes_what_follows_from_it_and_nothing_else():
    graph = build_graph([Leaf("a", ())], [], parse_program("b = 2*a\nc = 3*a\nL = b*c"))
    id = graph.names
    at = Interpreter(graph.nodes, {id["a"]: np.array([1.0, 2.0])}, 2)
    changed = at.replacing({id["b"]: np.array([10.0, 20.0])})
    assert changed.value(id["L"]).tolist() == [30.0, 120.0]
    assert changed.value(id["c"]).tolist() == [3.0, 6.0]
    assert at.value(id["L"]).tolist() == [6.0, 24.0]


def test_what_was_replaced_keeps_its_value_when_something_before_it_is_replaced_too():
    graph = build_graph([Leaf("a", ())], [], parse_program("b = 2*a\nc = 3*b\nL = b + c"))
    id = graph.names
    at = Interpreter(graph.nodes, {id["a"]: np.array([1.0, 2.0])}, 2)
    changed = at.replacing({id["c"]: np.array([10.0, 20.0])}).replacing({id["b"]: np.zeros(2)})
    assert changed.value(id["L"]).tolist() == [10.0, 20.0]


@pytest.mark.parametrize("name", PROGRAMS)
def test_variants_of_a_value_are_what_each_gives_alone(name):
    code, shapes = PROGRAMS[name]
    graph = build_graph([Leaf(n, s) for n, s in shapes.items()], [], parse_program(code))
    rng = np.random.default_rng(5)
    leaves = {p.id: rng.normal(size=(POINTS, *p.shape)) for p in graph.parameters}
    at = Interpreter(graph.nodes, leaves, POINTS)
    root = graph.statements[0].root
    variants = rng.normal(size=(3, POINTS, *graph.nodes[root].shape))
    together = at.replacing({root: variants})
    assert together.value(graph.loss).shape == (3, POINTS)
    for row, values in enumerate(variants):
        alone = at.replacing({root: values}).value(graph.loss)
        assert np.array_equal(together.value(graph.loss)[row], alone)
        assert np.array_equal(together.at(row).value(graph.loss), alone)
    some = together.at(slice(1, 3)).value(graph.loss)
    assert np.array_equal(some, together.value(graph.loss)[1:])
