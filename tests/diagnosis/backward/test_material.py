"""The formulas that a line may be mended with."""

import pytest

import gradtui
from gradtui.diagnosis.backward.material import as_tree


@pytest.mark.parametrize(("factors", "has_a_tree"), [(100, True), (150, False)])
def test_a_formula_of_too_many_operations_in_a_row_is_no_material(write, factors, has_a_tree):
    code = "L = w" + "*x" * factors
    graph = gradtui.load(write(code, data="x = 1.0", parameters="w = 1.0")).problem.graph
    assert (as_tree(graph.nodes, graph.loss, graph.names, written=True) is not None) == has_a_tree
