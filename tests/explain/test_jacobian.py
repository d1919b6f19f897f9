"""The Jacobian of an edge: its product is what flows back."""

import numpy as np
import pytest

import gradtui
from gradtui.explain.jacobian import LARGEST, jacobian_rows
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
            rows = [line_text(row) for row in jacobian_rows(session.frame, 96)]
            shapes = [session.problem.graph.nodes[id].shape for id in (target, source)]
            sizes = [int(np.prod(shape)) for shape in shapes]
            assert f"a matrix of {sizes[0]:,}×{sizes[1]:,}" in rows[0]
            if max(sizes) <= LARGEST:
                matrix = session.frame.jacobians.rows(
                    session.frame.tape,
                    session.frame.step_to(target),
                    source,
                    [*np.ndindex(shapes[0])],
                ).reshape(sizes)
                above = session.frame.tape.adjoint(target).reshape(-1)
                flow = session.frame.edge_contribution(source, target).reshape(-1)
                assert above @ matrix == pytest.approx(flow, rel=1e-5, abs=1e-7)
        session.selection.show_jacobian()
        assert session.frame.looked.jacobian is None
