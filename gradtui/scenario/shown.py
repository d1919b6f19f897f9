"""`[labels]`: how names of a model are shown, alone and in texts. Knows no numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from gradtui.base.ascii import spell
from gradtui.base.source import InputError, did_you_mean
from gradtui.scenario.lesson import Lesson
from gradtui.scenario.positions import Positions
from gradtui.scenario.problem import Problem


def in_ascii(problem: Problem) -> Problem:
    """Return the same problem with names and texts in ASCII."""
    labels = problem.labels

    def revised(tables: Mapping[str, Any]) -> Problem:
        return in_ascii(problem.revised(tables))

    return replace(
        problem,
        title=spell(problem.title, labels),
        about=spell(problem.about, labels),
        notes=spell(problem.notes, labels),
        lessons=tuple(_spelled(one, labels) for one in problem.lessons),
        labels=MappingProxyType({n: label for n, label in labels.items() if label.isascii()}),
        revised=revised,
        ascii=True,
    )


def _spelled(lesson: Lesson, labels: Mapping[str, str]) -> Lesson:
    question = lesson.question
    if question is not None:
        question = replace(question, hint=spell(question.hint, labels))
    return replace(lesson, text=spell(lesson.text, labels), question=question)


def check_labels(labels: Mapping[str, str], names: Collection[str], positions: Positions) -> None:
    """Refuse a label of an unknown name, or one that is taken already."""
    shown = {name: name for name in names if name not in labels}
    for name, label in labels.items():
        if name not in names:
            raise InputError(
                f"[labels] names '{name}', which the model does not have"
                + did_you_mean(name, names),
                positions.key(("labels", name)),
            )
        if label in shown:
            raise InputError(
                f"'{name}' would be shown as '{label}', like '{shown[label]}': "
                "each name needs its own label",
                positions.value(("labels", name)),
            )
        shown[label] = name
