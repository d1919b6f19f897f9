"""A scenario file -> Problem. Nothing in the file is executed."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from gradtui.base.source import InputError, Place, did_you_mean, nearest
from gradtui.base.text import clip, shape_text
from gradtui.engine.graph import Graph, needed_for
from gradtui.engine.lowering import Leaf, build_graph
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.shapes import Shape
from gradtui.engine.size import check_operations
from gradtui.engine.trainer import Trainer
from gradtui.language.parser import Assignment
from gradtui.language.several import Bundle
from gradtui.scenario.code import (
    Sources,
    check_one_of,
    check_parameters,
    read_code,
    returned_loss,
    without_gradients,
)
from gradtui.scenario.data import Data, read_data
from gradtui.scenario.files import files_named
from gradtui.scenario.handwritten import by_hand, read_backward, read_update
from gradtui.scenario.ignoring import notices_of
from gradtui.scenario.initial import read_parameters
from gradtui.scenario.labels import label_names
from gradtui.scenario.lessons import read_lessons
from gradtui.scenario.positions import parse_toml
from gradtui.scenario.problem import (
    Array,
    Drive,
    Expectation,
    Fact,
    HandUpdate,
    Handwritten,
    Notice,
    Problem,
)
from gradtui.scenario.reading import SCENARIO_LIMIT, read_text
from gradtui.scenario.rules import FINDABLE
from gradtui.scenario.scanner import Path
from gradtui.scenario.schema import Expect, name_of, parse_scenario, settings_of
from gradtui.scenario.shown import check_labels, in_ascii
from gradtui.scenario.training import Training, read_training

_SETTING = ("parameters", "optimizer", "schedule", "batches", "run")
"""The tables of a file that may change during a run."""
Overrides = Mapping[str, str]
"""`optimizer.lr` -> the text of a TOML value."""


def load_problem(
    path: str | os.PathLike[str],
    overrides: Overrides | None = None,
    texts: Mapping[str, str] = MappingProxyType({}),
    *,
    ascii: bool = False,
) -> Problem:
    """Return the problem that a scenario file states; raises InputError if it is unusable.

    `texts` replace the contents of the files at these paths.  With `ascii`, a name whose label is
    not ASCII is shown as the name, also in title, about and notes.
    """
    file = os.fspath(path)
    text = texts[file] if file in texts else read_text(file, SCENARIO_LIMIT)
    raw, positions = parse_toml(text, file)
    sources = Sources(file, positions, {file: tuple(positions.lines)}, texts)
    try:
        for key, value in (overrides or {}).items():
            _override(raw, key, value)
        problem = _Loader(raw, sources).problem()
        return in_ascii(problem) if ascii else problem
    except InputError as error:
        raise sources.complete(_blame_override(error, overrides or {})) from None


_WORD = r"(?!(true|false|inf|nan)$)[A-Za-z_][A-Za-z0-9_.-]*"
"""A text without quotes."""
_CALLED = {
    "rate": "lr", "learning_rate": "lr", "learningrate": "lr", "alpha": "lr", "eta": "lr",
    "epochs": "steps", "iterations": "steps", "batch_size": "size",
}  # fmt: skip
"""What others call a setting -> its key."""


def _override(raw: dict[str, Any], key: str, value: str) -> None:
    *tables, last = key.split(".")
    option = f"--set {key}={value}"
    # A shell takes the quotes away from a text.
    parsed = read_value(f'"{value}"' if re.fullmatch(_WORD, value) else value)
    if parsed is None:
        raise InputError("the value is not a TOML value", file=option)
    if not tables and last not in (known := settings_of(raw)):
        near = _CALLED.get(last.lower()) or nearest(last, [one.rpartition(".")[2] for one in known])
        full = [f"'{path}'" for path in known if near and path.rpartition(".")[2] == near]
        hint = (
            f"; did you mean {' or '.join(full)}?"
            if full
            else ": expected TABLE.KEY, such as optimizer.lr"
        )
        raise InputError(f"a file has no key '{clip(last, 80)}'{hint}", file=option)
    table = raw
    for part in tables:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise InputError(f"'{part}' is not a table", file=option)
    table[last] = parsed


def read_value(text: str) -> Any:
    """Return the value of a TOML text; None if it is not a value."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return None
    return parsed["value"] if set(parsed) == {"value"} else None


def _blame_override(error: InputError, overrides: Overrides) -> InputError:
    """Return the error with the settings that override the file added."""
    if not overrides or error.file:
        return error
    given = " ".join(f"--set {key}={value}" for key, value in overrides.items())
    return InputError(f"{error.message} (with {given})", error.place)


class _Loader:
    """Makes the problem from a file's tables; `before` made one with the same model."""

    def __init__(
        self, raw: dict[str, Any], sources: Sources, before: _Loader | None = None
    ) -> None:
        self.raw, self.before = raw, before
        self.file = sources.scenario
        self.files = files_named(raw, sources.scenario)
        self.sources = sources
        self.texts: Mapping[str, tuple[str, ...]] = (
            MappingProxyType(sources.texts) if before is None else before.texts
        )
        self.positions = sources.positions
        self.parsed = parse_scenario(raw, sources.positions)
        self.hand_notices: list[Notice] = []
        self.model: Sequence[Assignment] = () if before is None else before.model
        self.bundles: Mapping[str, Bundle] = {} if before is None else before.bundles
        self.data: Data
        self.training: Training

    def read(self) -> Mapping[str, Array]:
        """Read the data and the training, and return the parameters."""
        parsed, positions, before = self.parsed, self.positions, self.before
        if before is None:
            self.data = read_data("data", parsed.data, self.file, positions)
        else:
            self.data = before.data
        parameters = read_parameters(parsed.parameters, positions)
        self.training = read_training(
            parsed, self.data, self.file, positions, lambda shapes: self.build(parameters, shapes),
            None if before is None else before.training,
        )  # fmt: skip
        return parameters

    def problem(self) -> Problem:
        parameters = self.read()
        parsed, positions, data = self.parsed, self.positions, self.data
        training, graph = self.training, self.training.graph
        backward, update = self.backward(graph), self.update(parameters, training.constants)
        values = MappingProxyType({**data.values, **parameters})
        drive = self.drive(graph, backward, update)

        def build(drive: Drive) -> Trainer:
            return training.trainer(values, by_hand(backward, update, drive))

        trainer = build(drive)
        if self.before is None:
            if update is not None and drive != "hand":
                build("hand")  # only using the lines of the update shows whether they fit
            check_labels(parsed.labels, graph.names, positions)
        return Problem(
            path=self.file,
            files=self.files,
            texts=self.texts,
            title=parsed.title,
            about=parsed.about,
            tags=tuple(parsed.tags),
            notes=parsed.notes,
            labels=MappingProxyType(dict(parsed.labels)),
            values=MappingProxyType({**values, **training.first_batch(values)}),
            model=tuple(self.model),
            trainer=trainer,
            optimizer=name_of(parsed.optimizer),
            steps=parsed.run.steps,
            facts=tuple(self.facts(graph)),
            expected=tuple(self.expected()),
            headings=MappingProxyType(dict(data.headings)),
            classes=MappingProxyType(dict(data.classes)),
            lessons=read_lessons(parsed.lesson, trainer.program, positions),
            notices=(*self.notices(graph), *self.hand_notices, *self.ignoring()),
            backward=backward,
            update=update,
            drive=drive,
            rate_place=positions.value(("optimizer", "lr")),
            build=build,
            tables=MappingProxyType(
                {name: self.raw[name] for name in _SETTING if name in self.raw}
            ),
            revised=self.revised,
        )

    def revised(self, tables: Mapping[str, Any]) -> Problem:
        """Return the problem with some tables of the file replaced."""
        return _Loader({**self.raw, **tables}, self.sources, self).problem()

    def backward(self, graph: Graph) -> Handwritten | None:
        table = self.parsed.backward
        if table is None:
            return None
        whole = {name for name, value in self.parsed.data.items() if _all_whole(value)}
        unclaimed = whole | label_names(graph)
        backward, notices = read_backward(
            table, graph, self.model, unclaimed, self.sources, self.bundles
        )
        self.hand_notices += notices
        return backward

    def update(
        self, parameters: Mapping[str, Array], constants: Mapping[str, float]
    ) -> HandUpdate | None:
        table, optimizer = self.parsed.update, OPTIMIZERS[name_of(self.parsed.optimizer)]
        if table is None:
            return None
        given = optimizer.complete(constants)
        update, notices = read_update(table, given, parameters, self.sources)
        self.hand_notices += notices
        return update

    def drive(self, graph: Graph, backward: Handwritten | None, update: HandUpdate | None) -> Drive:
        """Return what moves the weights: without a claim of their gradients, the true ones."""
        wanted = self.parsed.run.drive
        if update is not None or (backward is not None and backward.moves(graph)):
            return wanted or "hand"
        if wanted == "hand":
            place = self.positions.value(("run", "drive"))
            if backward is None:
                raise InputError("nothing is hand-written: give [backward] or [update]", place)
            self.hand_notices.append(Notice("no line of [backward] claims the gradient of a "
                                            "weight: the true ones move them", place))  # fmt: skip
        return "autodiff"

    def build(self, parameters: Mapping[str, Array], data: Mapping[str, Shape]) -> Graph:
        model, positions = self.parsed.model, self.positions
        check_one_of("model", {"code": model.code, "source": model.source}, positions)
        code = read_code("model", model.code, model.source, self.sources)
        check_parameters(code, {**parameters, **data})
        self.model, self.bundles = code.program, code.bundles
        shapes = {name: value.shape for name, value in parameters.items()}
        leaves = [
            [Leaf(name, shape, positions.key((table, name))) for name, shape in group.items()]
            for table, group in (("parameters", shapes), ("data", data))
        ]
        loss, loss_place = model.loss, None
        if loss is not None:
            loss_place = positions.value(("model", "loss"))
        elif code.function is not None:
            loss, loss_place = returned_loss(code)
            code = without_gradients(code, loss)
            self.model = code.program
        graph = build_graph(leaves[0], leaves[1], code.program, loss, loss_place)
        check_operations(graph)
        return graph

    def notices(self, graph: Graph) -> list[Notice]:
        used = needed_for(graph.nodes, [graph.loss])
        return [
            Notice(f"the loss does not use the parameter '{node.name}'", node.place)
            for node in graph.parameters
            if node.id not in used and node.place
        ]

    def ignoring(self) -> Iterator[Notice]:
        """Yield a notice for each faulty comment that should silence findings."""
        for file, lines in self.texts.items():
            yield from notices_of(lines, "" if file == self.file else file)

    def facts(self, graph: Graph) -> list[Fact]:
        found: list[Fact] = []
        for index, expect in enumerate(self.parsed.expect):
            if expect.loss is not None:
                place = self.positions.value(("expect", index, "loss"))
                found.append(_fact(expect, "loss", "", expect.loss, place))
            tables = {"gradients": expect.gradients, "parameters": expect.parameters}
            for kind, table in {**tables, "values": expect.values}.items():
                for name, value in table.items():
                    path = ("expect", index, kind, name)
                    self.check_fact(graph, kind, name, value, path)
                    found.append(_fact(expect, kind, name, value, self.positions.value(path)))
        return found

    def expected(self) -> list[Expectation]:
        found: list[Expectation] = []
        for index, expect in enumerate(self.parsed.expect):
            if expect.finding is None:
                if expect.target is not None:
                    raise InputError("'target' belongs to a finding: give 'finding' too",
                                     self.positions.key(("expect", index, "target")))  # fmt: skip
                continue
            place = self.positions.value(("expect", index, "finding"))
            if expect.finding not in FINDABLE:
                hint = did_you_mean(expect.finding, FINDABLE)
                raise InputError(f"no rule has the name '{clip(expect.finding, 80)}'{hint}", place)
            if expect.loss is not None or expect.gradients or expect.parameters or expect.values:
                raise InputError("an [[expect]] states numbers or a finding, not both", place)
            found.append(Expectation(expect.finding, expect.target, expect.step, place))
        return found

    def check_fact(self, graph: Graph, kind: str, name: str, value: Any, path: Path) -> None:
        parameters = [node.name for node in graph.parameters]
        known = parameters if kind == "parameters" else list(graph.names)
        if name not in known:
            raise InputError(f"'{name}' is not a name of the model" + did_you_mean(name, known),
                             self.positions.key(path))  # fmt: skip
        try:
            shape = np.shape(np.asarray(value, dtype=np.float64))
        except (TypeError, ValueError):
            shape = None
        if shape is None or not _all_numbers(value):
            raise InputError("expected a number or lists of numbers",
                             self.positions.value(path))  # fmt: skip
        wanted = graph.nodes[graph.names[name]].shape
        if shape != wanted:
            raise InputError(f"expected shape {shape_text(wanted)}, got {shape_text(shape)}",
                             self.positions.value(path))  # fmt: skip


def _fact(expect: Expect, kind: str, name: str, value: Any, place: Place) -> Fact:
    return Fact(expect.step or 0, kind, name, value, expect.tolerance, place)


def _all_whole(value: Any) -> bool:
    """Return whether a TOML value is an integer or lists of integers."""
    if isinstance(value, list):
        return all(map(_all_whole, value))
    return isinstance(value, int)


def _all_numbers(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_all_numbers, value))
    return isinstance(value, int | float) and not isinstance(value, bool)
