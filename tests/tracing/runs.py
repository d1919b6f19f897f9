"""Recorded runs for the tests: the tape of a function, and the problem that is made of it."""

import linecache
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from gradtui.debugger.session import Session
from gradtui.diagnosis.recorded.target import target_of
from gradtui.diagnosis.recorded.trace import record_call
from gradtui.engine.graph import Graph
from gradtui.recording.sweep import gradients
from gradtui.scenario.problem import Executed, Problem
from gradtui.tracing.lowering import Lowered, lower_tape
from gradtui.tracing.problem import Recording, problem_of

RNN = """
    def case(W=np.eye(3) / 2, h0=np.ones(3)):
        h, loss = h0, 0.0
        hs = {-1: h0}
        for t in range(4):
            z = W @ hs[t - 1]
            hs[t] = np.tanh(z)
            loss += hs[t].sum()
        dW, dh = np.zeros_like(W), 0.0
        for t in reversed(range(4)):
            dz = (1 + dh) * (1 - hs[t] ** 2)
            dW += np.outer(dz, hs[t - 1])
            dh = W.T @ dz
        return loss, {"W": dW, "h0": dh}
    """
"""A recurrent network, and its backward pass through time by hand."""

NET = """
import numpy as np

X, y = np.arange(6.0).reshape(3, 2), np.ones(3)


def case(w=np.array([0.5, -1.0])):
    e = X @ w - y
    loss = np.mean(e**2)
    de = FACTOR * e / len(y)
    return loss, X.T @ de
"""
"""A regression, whose gradient has a FACTOR to be filled in."""


class Run(NamedTuple):
    """A recorded run of a case, its graph and its problem."""

    recording: Recording
    lowered: Lowered
    problem: Problem

    @property
    def graph(self) -> Graph:
        return self.lowered.graph

    @property
    def session(self) -> Session:
        return Session(self.problem)

    @property
    def true(self) -> dict[str, Any]:
        """The gradients by reverse mode over the tape."""
        tape = self.recording.tape
        ids = {name: tape.arguments[name] for name in self.recording.parameters}
        found = gradients(tape, self.recording.root, list(ids.values()))
        return {name: found[id] for name, id in ids.items()}


def watched(function: Callable[..., Any], backward: Callable[..., Any] | None = None) -> Run:
    """Record a case with its defaults, or the halves of a layer."""
    one = record_call(target_of(function, backward, (), {}))
    lowered = lower_tape(one.tape, one.root, one.visits, one.parameters, one.place)
    return Run(one, lowered, problem_of(one))


def module_of(path: Path) -> ModuleType:
    """Return a file as the module that running it makes."""
    module = ModuleType(f"traced_{path.stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # classes are known by it
    linecache.checkcache(str(path))
    exec(compile(path.read_text(), path, "exec"), module.__dict__)
    return module


def apart(one: Any, other: Any) -> float:
    """Return how far two arrays differ, relative to the largest number of the second."""
    scale = float(np.max(np.abs(other), initial=1.0))
    return float(np.max(np.abs(np.asarray(one) - other), initial=0.0)) / scale


def lines_of(run: Run, number: int) -> list[Executed]:
    """Return the visits of a line of the user's file."""
    return [line for line in run.problem.call.lines if line.place.line == number]
