"""The words that belong to the numbers of an array: names of columns, and of classes."""

from __future__ import annotations

from msgspec import Struct

from gradtui.engine.classifier import find_classifier
from gradtui.scenario.problem import Problem

_COUNTED = ("confusion", "validation_confusion")


class Wording(Struct, frozen=True):
    """The words for an array's rows, columns and numbers, each empty without any."""

    columns: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    """The classes that its numbers stand for."""


NO_WORDS = Wording()
"""Of an array whose numbers are all there is."""


def predicted_classes(problem: Problem) -> tuple[str, ...]:
    """Return the names of the classes of the problem's classifier; empty without any."""
    nodes = problem.graph.nodes
    found = find_classifier(nodes, range(len(nodes)))
    words = () if found is None else problem.classes.get(nodes[found.labels].name, ())
    fits = found is not None and len(words) == nodes[found.scores].shape[-1]
    return words if fits else ()


def wording_of(name: str, problem: Problem) -> Wording:
    """Return the words that belong to the value of a name."""
    if name in _COUNTED and name not in problem.graph.names:
        words = predicted_classes(problem)
        return Wording(words, words)
    return Wording(problem.headings.get(name, ()), (), problem.classes.get(name, ()))
