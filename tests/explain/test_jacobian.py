"""The Jacobian of an edge: its product is what flows back."""

import numpy as np
import pytest

import gradtui
from gradtui.explain.jacobian import LARGEST, Whole, jacobian_rows, whole_jacobian
from gradtui.explain.spans import line_text
from gradtui.scenario.bundled import list_bundled

NAMES = [entry.name for entry in list_bundled()]


@pytest.mark.parametrize("name", NAMES)
def test_every_jacobian_can_be_shown_and_its_product_is_what_flows_back(name):
    session = gradtui.load(name)
    for node in session.structure.nodes[:12]:
        session.selection.select(node)
        for source, target in session.frame.edges:
            session.selection.show_jacobian()
            assert session.frame.looked.jacobian == (source, target)
            rows = [line_text(row) for row in jacobian_rows(session.frame, 96, str)]
            shapes = [session.problem.graph.nodes[id].shape for id in (target, source)]
            sizes = [int(np.prod(shape)) for shape in shapes]
            assert f"a matrix of {sizes[0]:,}×{sizes[1]:,}" in rows[0]
            assert ("{print} shows it whole" in rows[-1]) == (max(sizes) > LARGEST)
            if np.prod(sizes) <= LARGEST**3:
                found = whole_jacobian(session.frame)
                assert isinstance(found, Whole) and found.across == shapes[1]
                matrix = found.value.reshape(sizes)
                above = session.frame.tape.adjoint(target).reshape(-1)
                flow = session.frame.edge_contribution(source, target).reshape(-1)
                assert above @ matrix == pytest.approx(flow, rel=1e-5, abs=1e-7)
        session.selection.show_jacobian()
        assert session.frame.looked.jacobian is None


def test_the_rule_of_a_jacobian_is_broken_where_it_is_wider_than_the_panel():
    session = gradtui.load("transformer_block")
    session.selection.select(session.problem.graph.names["a"])
    session.selection.show_jacobian()
    rows = [line_text(row) for row in jacobian_rows(session.frame, 76, str)]
    assert max(map(len, rows)) <= 76 and "matrix of 32×32" in rows[0]
    assert rows[3].endswith("/sqrt(var(x, axis=2, keepdims=True) + 1e-5)   through a alone")


def test_a_jacobian_of_millions_is_refused_and_so_is_one_not_yet_computed(tmp_path):
    file = tmp_path / "large.toml"
    file.write_text(
        'title = "Large"\n[parameters]\nW = { shape = [40, 40], init = "ones" }\n[model]\n'
        'code = """\nZ = W*2\nL = mean(Z)\n"""\n[optimizer]\nname = "sgd"\nlr = 0.1\n'
    )
    session = gradtui.load(str(file))
    session.selection.show_jacobian()
    assert whole_jacobian(session.frame) == "a Jacobian is shown up to 1,000,000 numbers"
    rows = [line_text(row) for row in jacobian_rows(session.frame, 96, str)]
    assert "print" not in rows[-1] and "{lens} one element" in rows[-1]

    small = gradtui.load("two_weights")
    small.position = 0
    small.selection.show_jacobian()
    assert whole_jacobian(small.frame) == "the Jacobian is not computed yet"
