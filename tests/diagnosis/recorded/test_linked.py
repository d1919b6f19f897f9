"""One sweep has the gradients of all arguments of a run with other slopes."""

from functools import partial

import numpy as np
import pytest

from gradtui.diagnosis.recorded import linked
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.targets import code_of

RNG = np.random.default_rng(7)
V, W = RNG.normal(size=(4, 3)), RNG.normal(size=3)


def stepped(V, W):
    """The step has no slope: with one of 2, dV is 2 times dh V and dW is as it is."""
    h = np.sign(V @ W)
    return np.sum(h * V[:, 0]) + np.sum(W**2), {"V": np.zeros_like(V), "W": 2 * W}


def at_signs(point, slope):
    tape = point.result.tape
    signs = [id for id in range(point.root) if getattr(tape.nodes[id], "name", "") == "sign"]
    sources = {id: tape.nodes[id].inputs[0] for id in signs}
    return {id: (one, np.full(tape.shape(id), slope)) for id, one in sources.items()}


@pytest.fixture
def point():
    runs = Runs(code_of(stepped, [V, W], {}))
    return runs.point(runs.given, ("V", "W"), near=True)


def test_a_slope_of_its_own_gives_the_gradient_by_the_chain_rule(point):
    way = partial(at_signs, slope=2.0)

    dV, dW = (linked.linked(point, name, way) for name in ("V", "W"))

    through = np.outer(2 * V[:, 0], W)
    through[:, 0] += np.sign(V @ W)
    assert np.allclose(dV, through)
    assert np.allclose(dW, 2 * V[:, 0] @ V + 2 * W)


@pytest.mark.parametrize(("few", "sweeps"), [(2_000, 2), (0, 4)])
def test_arguments_share_a_sweep_unless_they_are_large(point, monkeypatch, few, sweeps):
    calls, sweep = [], linked.gradients
    monkeypatch.setattr(linked, "_FEW", few)
    monkeypatch.setattr(linked, "gradients", lambda *a, **k: calls.append(a) or sweep(*a, **k))
    ways = [partial(at_signs, slope=one) for one in (1.0, 3.0)]

    found = [linked.linked(point, name, way) for name in ("V", "W") for way in ways]

    own = [linked.gradient_past(point, name, way(point)) for name in ("V", "W") for way in ways]
    assert all(np.array_equal(one, other) for one, other in zip(found, own, strict=True))
    assert len(calls) - len(own) == sweeps
