"""How a scenario trains: batches, validation data, optimizer, schedule."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from msgspec import Struct

from gradtui.base.source import InputError, did_you_mean
from gradtui.base.text import number, shape_text
from gradtui.engine.batches import Batches
from gradtui.engine.graph import Graph
from gradtui.engine.program import ByHand, build_step
from gradtui.engine.schedules import SCHEDULES, RateSchedule, WatchingSchedule
from gradtui.engine.shapes import Shape
from gradtui.engine.size import check_size
from gradtui.engine.trainer import Trainer
from gradtui.scenario.data import Data, read_data
from gradtui.scenario.labels import check_labels
from gradtui.scenario.positions import Positions
from gradtui.scenario.problem import Array, read_only
from gradtui.scenario.schema import ScenarioFile, constants_of, name_of

BuildGraph = Callable[[Mapping[str, Shape]], Graph]
"""The model's graph for data of these shapes."""


class Training(Struct, frozen=True, eq=False):
    """How a model trains, apart from its first values and hand-written lines."""

    graph: Graph
    """The model, in the shapes of a training step."""
    batches: Batches | None
    checked: tuple[Graph, Mapping[str, Array]] | None
    """The model in the shapes of the validation, and the validation's own data."""
    optimizer: str
    constants: Mapping[str, float]
    lr: float
    clip_norm: float | None
    rate: Callable[[int], float] | None
    """The rate of each step; None if it depends on more than the step."""
    watching: tuple[WatchingSchedule, Mapping[str, float], float] | None
    dtype: str

    def trainer(self, values: Mapping[str, Array], hand: ByHand | None) -> Trainer:
        """Return the trainer on the data and first parameters `values`.

        Raises InputError where a step takes too much.
        """
        step = build_step(
            self.graph, self.optimizer, self.constants, self.clip_norm, hand,
            self.checked, self.watching,
        )  # fmt: skip
        check_size(step)
        own = {} if self.checked is None else self.checked[1]
        return Trainer(step, values, self.lr, self.dtype, self.rate, self.batches, own)

    def first_batch(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """Return the rows of the batched data that step 0 sees."""
        if self.batches is None:
            return {}
        rows = self.batches.at(0)
        return {name: read_only(values[name][rows]) for name in self.batches.over}


def read_training(
    parsed: ScenarioFile,
    data: Data,
    file: str,
    positions: Positions,
    build: BuildGraph,
    before: Training | None = None,
) -> Training:
    """Return how a scenario trains on `data`; raises InputError.

    `before` is the training before a change of settings, with the same model and data.
    """
    return _Reader(parsed, data, file, positions, build).training(before)


class _Reader:
    def __init__(
        self, parsed: ScenarioFile, data: Data, file: str, positions: Positions, build: BuildGraph
    ) -> None:
        self.parsed = parsed
        self.data = data
        self.file = file
        self.positions = positions
        self.build = build

    def training(self, before: Training | None) -> Training:
        parsed, batches = self.parsed, self._batches()
        graph = self._graph(batches) if before is None else before.graph
        constants = self._optimizer()
        lr, clip_norm = constants.pop("lr"), constants.pop("clip_norm", None)
        rate, watching = self._schedule(lr)
        checked = self._checked(batches) if before is None else before.checked
        return Training(
            graph, batches, checked, name_of(parsed.optimizer), constants, lr,
            clip_norm, rate, watching, parsed.run.dtype,
        )  # fmt: skip

    def _graph(self, batches: Batches | None) -> Graph:
        shapes = _shapes(self.data)
        for name in () if batches is None else batches.over:
            assert batches is not None
            shapes[name] = (batches.size, *shapes[name][1:])
        graph = self.build(shapes)
        check_labels(graph, [self.data])
        return graph

    def _schedule(
        self, lr: float
    ) -> tuple[
        Callable[[int], float] | None,
        tuple[WatchingSchedule, Mapping[str, float], float] | None,
    ]:
        if self.parsed.schedule is None:
            return None, None
        entry = SCHEDULES[name_of(self.parsed.schedule)]
        given = self._finite("schedule", self.parsed.schedule)
        match entry:
            case RateSchedule():
                return entry.at(self.parsed.run.steps, lr, given), None
            case WatchingSchedule():
                return None, (entry, given, lr)

    def _checked(self, batches: Batches | None) -> tuple[Graph, Mapping[str, Array]] | None:
        validation = self._validation()
        if validation is None:
            return None
        try:
            graph = self.build({**_shapes(self.data), **_shapes(validation)})
        except InputError as error:
            message = f"the model does not fit the data of [validation]: {error.message}"
            raise InputError(message, error.place) from None
        check_labels(graph, [self.data, validation])
        cut = () if batches is None else batches.over
        return graph, {**{name: self.data.values[name] for name in cut}, **validation.values}

    def _batches(self) -> Batches | None:
        table = self.parsed.batches
        if table is None:
            return None
        path = ("batches", "over")
        if not table.over:
            raise InputError("batches.over is empty: name some data", self.positions.value(path))
        rows = 0
        for index, name in enumerate(table.over):
            place = self.positions.value((*path, index))
            if name not in self.data.values:
                hint = did_you_mean(name, self.data.values) or ": batches are cut from data"
                raise InputError(f"'{name}' is not a name of [data]{hint}", place)
            if name in table.over[:index]:
                raise InputError(f"'{name}' appears twice", place)
            shape = self.data.values[name].shape
            if not shape:
                raise InputError(f"'{name}' is a single number: it has no rows", place)
            if index == 0:
                rows = shape[0]
            elif shape[0] != rows:
                raise InputError(
                    f"'{name}' has {shape[0]:,} rows, '{table.over[0]}' has {rows:,}: batches need "
                    "the same number", place,
                )  # fmt: skip
        if table.size > rows:
            raise InputError(f"a batch of {table.size:,} is larger than the data: {rows:,} rows",
                             self.positions.value(("batches", "size")))  # fmt: skip
        return Batches(tuple(table.over), rows, table.size, table.shuffle, table.seed)

    def _validation(self) -> Data | None:
        entries = self.parsed.validation
        if entries is None:
            return None
        found = read_data("validation", entries, self.file, self.positions, self.data.classes)
        if not found.values:
            raise InputError("[validation] is empty: it replaces names of [data]",
                             self.positions.key(("validation",)))  # fmt: skip
        for name, value in found.values.items():
            place = self.positions.key(("validation", name))
            if name not in self.data.values:
                hint = did_you_mean(name, self.data.values) or ": [validation] replaces such names"
                raise InputError(f"'{name}' is not a name of [data]{hint}", place)
            shape = self.data.values[name].shape
            if len(value.shape) != len(shape) or value.shape[1:] != shape[1:]:
                expected = shape_text(shape)
                raise InputError(f"expected shape {expected} as in [data], or another number of "
                                 f"rows, got {shape_text(value.shape)}", place)  # fmt: skip
        return found

    def _optimizer(self) -> dict[str, float]:
        constants = self._finite("optimizer", self.parsed.optimizer)
        if constants["lr"] < 0.0:
            raise InputError(f"the learning rate must be at least 0, got {number(constants['lr'])}",
                             self.positions.value(("optimizer", "lr")))  # fmt: skip
        if constants.get("nesterov") and not constants["momentum"]:
            raise InputError("nesterov needs a momentum above 0",
                             self.positions.key(("optimizer", "nesterov")))  # fmt: skip
        return constants

    def _finite(self, table: str, parsed: Struct) -> dict[str, float]:
        """Return the numbers of a table; refuses those that are not finite."""
        constants = constants_of(parsed)
        for key, value in constants.items():
            if not math.isfinite(value):
                what = "the learning rate" if key == "lr" else f"{table}.{key}"
                raise InputError(f"{what} must be finite, got {number(value)}",
                                 self.positions.value((table, key)))  # fmt: skip
        return constants


def _shapes(data: Data) -> dict[str, Shape]:
    return {name: value.shape for name, value in data.values.items()}
