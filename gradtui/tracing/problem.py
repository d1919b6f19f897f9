"""A recorded run -> Problem: its graph, its numbers, its executed lines."""

from __future__ import annotations

import functools
import inspect
import linecache
import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import InputError, Place
from gradtui.base.text import clean
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.program import ByHand, build_step
from gradtui.engine.size import check_call, check_size
from gradtui.engine.trainer import Trainer
from gradtui.recording.functions import name_of
from gradtui.recording.slopes import Untold
from gradtui.recording.tape import Tape
from gradtui.scenario.problem import Call, Drive, Handwritten, Problem
from gradtui.tracing.executed import executed_lines, given_values
from gradtui.tracing.lowering import lower_tape
from gradtui.tracing.visits import MOST_VISITS, Visits

Array = NDArray[Any]
_STAYS = UpdateProgram((), MappingProxyType({}), "")
"""An update that moves no parameter."""


class Recording(Struct, frozen=True, eq=False):
    """One recorded run of a function, with its results."""

    function: Callable[..., Any]
    place: Place
    """The place of the function."""
    tape: Tape
    visits: Visits
    root: int
    """The node of the loss."""
    parameters: tuple[str, ...]
    """The arguments whose gradients are judged."""
    gradients: Mapping[str, tuple[Array, int | None]]
    """Argument -> its returned gradient, and the node of that if it was recorded."""


class _Texts(dict[str, tuple[str, ...]]):
    """The lines of files; a finding may be in one of which the run executed no line."""

    def __missing__(self, file: str) -> tuple[str, ...]:
        self[file] = tuple(line.rstrip("\n") for line in linecache.getlines(file))
        return self[file]


def problem_of(run: Recording) -> Problem:
    """Return a recorded run as a problem that is one call; raises InputError if it is too large."""
    try:
        if run.visits.cut:
            raise InputError(f"the call executes more than {MOST_VISITS:,} lines", run.place)
        return _problem_of(run)
    except Untold as error:
        message = f"the run cannot be shown: gradtui does not know what {error} does"
        raise InputError(message, run.place, file=run.place.file) from None
    except InputError as error:
        file = error.file or (error.place.file if error.place else "") or run.place.file
        said = InputError(f"{error.message}; `gradtui check` compares its gradients", error.place)
        raise said.within(file, list(_lines_of(file, run.visits))) from None


def _problem_of(run: Recording) -> Problem:
    lowered = lower_tape(run.tape, run.root, run.visits, run.parameters, run.place)
    graph = lowered.graph
    check_call(graph)
    single = all(run.tape.value(id).dtype == np.float32 for id in run.tape.arguments.values())
    program = build_step(graph, "sgd", by_hand=ByHand(update=_STAYS))
    check_size(program)
    trainer = Trainer(program, lowered.values, 0.0, "float32" if single else "float64")
    lines = executed_lines(run.tape, run.visits, lowered, trainer, {
        name: node for name, (_, node) in run.gradients.items() if node is not None
    })  # fmt: skip
    file = run.place.file
    files = dict.fromkeys([file, *(visit.file for visit in run.visits.visits)])
    texts = _Texts({one: _lines_of(one, run.visits) for one in files})
    name = name_of(run.function)

    def revised(tables: Mapping[str, Any]) -> Problem:
        raise InputError("one call of your own code has no settings", file=file)

    def build(drive: Drive) -> Trainer:
        return trainer

    hand = {name: value for name, (value, _) in run.gradients.items()}
    return Problem(
        path=file,
        files=(),
        texts=MappingProxyType(texts),
        title=clean(f"{os.path.basename(file)}:{name}"),
        about="one call of your own code",
        tags=(),
        notes=clean(_own_text(run.function), newlines=True),
        labels=MappingProxyType({} if "L" in graph.names else {graph.nodes[graph.loss].name: "L"}),
        values=lowered.values,
        model=(),
        trainer=trainer,
        optimizer="",
        steps=0,
        facts=(),
        expected=(),
        notices=(),
        backward=Handwritten((), {}, {}, MappingProxyType(hand), file, texts[file]),
        update=None,
        drive="autodiff",
        rate_place=run.place,
        build=build,
        tables=MappingProxyType({}),
        revised=revised,
        call=Call(lines, given_values(run.tape, run.visits, lines)),
    )


def _own_text(function: object) -> str:
    """Return the docstring of a function or a class, not that of a class above it."""
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.cleandoc(getattr(function, "__doc__", None) or "")


def _lines_of(file: str, visits: Visits) -> tuple[str, ...]:
    """Return the lines of a file; empty ones if typed text was not kept."""
    lines = [line.rstrip("\n") for line in linecache.getlines(file)]
    ends = (max(one.last, one.scope[1]) for one in visits.visits if one.file == file)
    missing = max(ends, default=1) - len(lines)
    return (*lines, *[""] * max(0, missing))
