"""The plane of a classifier's two features: the data, and what is said of each point."""

from __future__ import annotations

import numpy as np
import pytest

import gradtui
from gradtui.debugger.boundary import boundary_of, find_plane


def boundary(session, size=(40, 20)):
    plane = find_plane(session.problem.graph)
    return boundary_of(session.problem.graph, plane, session.frame.tape, size)


def test_what_is_said_of_the_plane_is_what_the_model_says_there():
    session = gradtui.load("softmax_classifier")
    session.seek(60)
    found, frame = boundary(session), session.frame
    (left, right), (bottom, top) = found.ranges
    x = left + (right - left) * (np.arange(40) + 0.5) / 40
    y = bottom + (top - bottom) * (np.arange(20) + 0.5) / 20
    points = np.stack(np.meshgrid(x, y), axis=-1)
    w = frame.parameters
    scores = np.tanh(points @ w["W1"] + w["b1"]) @ w["W2"] + w["b2"]
    assert (found.said == scores.argmax(axis=-1)).all()
    assert len(np.unique(found.said)) == 3


def test_the_rows_of_the_step_are_in_view_with_what_is_said_of_them():
    session = gradtui.load("softmax_classifier")
    before = boundary(session).accuracy
    session.seek(60)
    found = boundary(session)
    low, high = np.array(found.ranges).T
    assert (found.places > low).all() and (found.places < high).all()
    assert found.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert found.accuracy == 1.0 > before


@pytest.mark.parametrize("name", ["two_weights", "five_parcels", "transformer_block"])
def test_what_is_no_classifier_of_two_features_has_no_plane(name):
    assert find_plane(gradtui.load(name).problem.graph) is None
