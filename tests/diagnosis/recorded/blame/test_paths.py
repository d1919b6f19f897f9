"""Paths are told apart where a rearrangement parts them; elsewhere no array is computed."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame import paths
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.target import target_of

W = np.array([0.5, -1.0, 2.0, 0.25])


def stored_one_by_one(w):
    out = np.zeros(4)
    for i in range(4):
        out[i] = w[i] * w[i]
    return out.sum(), 2 * w


def sliced(w):
    whole = w * 2
    part = whole[1:]
    return (part * part).sum() + (3 * part).sum(), w


def paths_of(case):
    point = Runs(target_of(case, None, (), {"w": W})).point({"w": W}, ("w",), near=True)
    tape = point.result.tape
    forward = [id for id in tape.sources(point.root) if tape.active[id]]
    adjoints = point.adjoints(forward)
    return paths.Paths(tape, forward, adjoints), forward


def test_that_paths_do_not_part_is_told_without_arrays(monkeypatch):
    found, forward = paths_of(stored_one_by_one)
    monkeypatch.delattr(paths, "through")
    assert not any(map(found.is_split, forward))


def test_paths_part_after_a_slice():
    found, forward = paths_of(sliced)
    (split,) = [id for id in forward if found.is_split(id)]
    assert len(found.to(split)) == 2
    assert sum(found.to(split).values()) == pytest.approx([0, -1, 11, 4])
