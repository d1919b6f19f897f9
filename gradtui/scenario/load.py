"""A scenario file -> Problem. Nothing in the file is executed."""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from msgspec import Struct

from gradtui.engine.expression import parse_program
from gradtui.engine.graph import Graph, needed_for
from gradtui.engine.lowering import Leaf, build_graph
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.program import build_step
from gradtui.engine.schedules import SCHEDULES
from gradtui.engine.tape import Tape
from gradtui.engine.trainer import Trainer
from gradtui.engine.unparse import formula
from gradtui.scenario.arrays import check_name, read_array
from gradtui.scenario.handwritten import by_hand, read_backward, read_update, unused_state
from gradtui.scenario.initial import read_parameters
from gradtui.scenario.positions import Positions, parse_toml
from gradtui.scenario.problem import (
    Array,
    Drive,
    Expectation,
    Fact,
    HandUpdate,
    Handwritten,
    Notice,
    Problem,
    read_only,
)
from gradtui.scenario.reading import DATA_LIMIT, SCENARIO_LIMIT, read_beside, read_text
from gradtui.scenario.rules import FINDABLE
from gradtui.scenario.scanner import Path
from gradtui.scenario.schema import Expect, constants_of, name_of, parse_scenario
from gradtui.source import InputError, Place, did_you_mean
from gradtui.text import clip, number, shape_text

Overrides = Mapping[str, str]
"""`optimizer.lr` -> the text of a TOML value."""


def load_problem(path: str | os.PathLike[str], overrides: Overrides | None = None) -> Problem:
    """Return the problem that a scenario file states; raises InputError if it is unusable."""
    file = os.fspath(path)
    text = read_text(file, SCENARIO_LIMIT)
    raw, positions = parse_toml(text, file)
    try:
        for key, value in (overrides or {}).items():
            _override(raw, key, value)
        return _Loader(file, raw, positions).problem()
    except InputError as error:
        raise _blame_override(error, overrides or {}).within(file, positions.lines) from None


def _override(raw: dict[str, Any], key: str, value: str) -> None:
    *tables, last = key.split(".")
    try:
        parsed = tomllib.loads(f"value = {value}")
    except (tomllib.TOMLDecodeError, RecursionError):
        parsed = {}
    if set(parsed) != {"value"}:
        raise InputError(f"--set {key}={value}: the value is not a TOML value")
    table = raw
    for part in tables:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise InputError(f"--set {key}: '{part}' is not a table")
    table[last] = parsed["value"]


def _blame_override(error: InputError, overrides: Overrides) -> InputError:
    """Return an error that says which settings replace what stands in the file."""
    if not overrides or error.file or error.message.startswith("--set"):
        return error
    given = " ".join(f"--set {key}={value}" for key, value in overrides.items())
    return InputError(f"{error.message} (with {given})", error.place)


class _Loader:
    def __init__(self, file: str, raw: dict[str, Any], positions: Positions) -> None:
        self.file = file
        self.positions = positions
        self.parsed = parse_scenario(raw, positions)

    def problem(self) -> Problem:
        parsed, positions = self.parsed, self.positions
        data = self.read_data()
        parameters = read_parameters(parsed.parameters, positions)
        graph = self.build(parameters, data)
        constants = self.optimizer_constants()
        lr, clip_norm = constants.pop("lr"), constants.pop("clip_norm", None)
        backward, update = self.backward(graph), self.update(parameters)
        values = MappingProxyType({**data, **parameters})
        schedule = self.schedule(lr)

        def build(drive: Drive) -> Trainer:
            hand = by_hand(backward, update, drive)
            step = build_step(graph, name_of(parsed.optimizer), constants, clip_norm, hand)
            return Trainer(step, values, lr, parsed.run.dtype, schedule)

        drive = self.drive()
        trainer = build(drive)
        if update is not None and drive != "hand":
            build("hand")  # whether the lines of the update fit shows when they are used
        self.check_first_loss(trainer.record(trainer.initial, 0))
        for name in parsed.labels:
            if name not in graph.names:
                raise InputError(f"[labels] names '{name}', which the model does not have"
                                 + did_you_mean(name, graph.names),
                                 positions.key(("labels", name)))  # fmt: skip
        return Problem(
            path=self.file,
            lines=tuple(positions.lines),
            title=parsed.title,
            about=parsed.about,
            tags=tuple(parsed.tags),
            notes=parsed.notes,
            labels=MappingProxyType(dict(parsed.labels)),
            values=values,
            trainer=trainer,
            optimizer=name_of(parsed.optimizer),
            steps=parsed.run.steps,
            facts=tuple(self.facts(graph)),
            expected=tuple(self.expected()),
            notices=(*self.notices(graph), *self.hand_notices(backward, update)),
            backward=backward,
            update=update,
            drive=drive,
            build=build,
        )

    def backward(self, graph: Graph) -> Handwritten | None:
        table = self.parsed.backward
        if table is None:
            return None
        state = self.kept("backward", table.state)
        return read_backward(table, state, graph, self.positions, self.file)

    def update(self, parameters: Mapping[str, Array]) -> HandUpdate | None:
        table, optimizer = self.parsed.update, OPTIMIZERS[name_of(self.parsed.optimizer)]
        if table is None:
            return None
        constants = [constant.name for constant in optimizer.hyperparameters]
        state = self.kept("update", table.state)
        return read_update(table, state, constants, parameters, self.positions, self.file)

    def kept(self, table: str, state: Mapping[str, Any]) -> Mapping[str, Array]:
        """Return the first values of what a hand-written program keeps from step to step."""
        return MappingProxyType(
            {name: self.array((table, "state", name), value) for name, value in state.items()}
        )

    def drive(self) -> Drive:
        """Return what moves the weights."""
        parsed = self.parsed
        hand = parsed.backward is not None or parsed.update is not None
        if parsed.run.drive == "hand" and not hand:
            raise InputError("there is nothing to drive by hand: give [backward] or [update]",
                             self.positions.value(("run", "drive")))  # fmt: skip
        return parsed.run.drive or ("hand" if hand else "autodiff")

    def hand_notices(
        self, backward: Handwritten | None, update: HandUpdate | None
    ) -> Iterator[Notice]:
        for table, program in (("backward", backward), ("update", update)):
            if program is not None:
                yield from unused_state(table, program.program, program.state, self.positions)

    def optimizer_constants(self) -> dict[str, float]:
        constants = self.finite("optimizer", self.parsed.optimizer)
        if constants.get("nesterov") and not constants["momentum"]:
            raise InputError("nesterov needs a momentum above 0",
                             self.positions.key(("optimizer", "nesterov")))  # fmt: skip
        return constants

    def schedule(self, lr: float) -> Callable[[int], float] | None:
        """Return the rate as a function of the step; None where it never changes."""
        if self.parsed.schedule is None:
            return None
        constants = self.finite("schedule", self.parsed.schedule)
        return SCHEDULES[name_of(self.parsed.schedule)].at(self.parsed.run.steps, lr, constants)

    def finite(self, table: str, parsed: Struct) -> dict[str, float]:
        """Return the numbers of a table; refuses those that are not finite."""
        constants = constants_of(parsed)
        for key, value in constants.items():
            if not math.isfinite(value):
                what = "the learning rate" if key == "lr" else f"{table}.{key}"
                raise InputError(f"{what} must be finite, got {number(value)}",
                                 self.positions.value((table, key)))  # fmt: skip
        return constants

    def read_data(self) -> dict[str, Array]:
        entries = dict(self.parsed.data)
        file = entries.pop("file", None)
        if file is None:
            return {name: self.array(("data", name), value) for name, value in entries.items()}
        place = self.positions.value(("data", "file"))
        if not isinstance(file, str):
            raise InputError("data.file: expected the name of a file beside the scenario", place)
        if file.lower().endswith(".npz"):
            raise InputError("data in an NPZ file is not supported yet", place)
        if not file.lower().endswith(".csv"):
            raise InputError("data.file: expected a .csv file", place)
        from gradtui.scenario.tables import read_csv

        table = read_csv(read_beside(self.file, file, DATA_LIMIT, place), file)
        wanted: dict[str, None] = {}
        for name, value in entries.items():
            for column, at in _column_names(("data", name), value):
                table.check_name(column, self.positions.value(at))
                wanted.setdefault(column)
        columns = table.columns(wanted)
        return {
            name: self.from_columns(("data", name), value, columns)
            for name, value in entries.items()
        }

    def from_columns(self, path: Path, value: Any, columns: Mapping[str, Array]) -> Array:
        names = [column for column, _ in _column_names(path, value)]
        if not names:
            return self.array(path, value)
        if isinstance(value, str):
            return read_only(columns[value])
        return read_only(np.stack([columns[name] for name in names], axis=1))

    def array(self, path: Path, value: Any) -> Array:
        check_name(path, self.positions)
        return read_array(path, value, self.positions, columns=True)

    def build(self, parameters: Mapping[str, Array], data: Mapping[str, Array]) -> Graph:
        model, positions = self.parsed.model, self.positions
        code = positions.string_lines(("model", "code"))
        program = parse_program(model.code, code.place)
        if not program:
            raise InputError("the model's code is empty: expected lines `name = expression`",
                             positions.value(("model", "code")))  # fmt: skip
        leaves = [
            [Leaf(name, value.shape, positions.key((table, name))) for name, value in group.items()]
            for table, group in (("parameters", parameters), ("data", data))
        ]
        loss_place = positions.value(("model", "loss")) if model.loss is not None else None
        return build_graph(leaves[0], leaves[1], program, model.loss, loss_place)

    def check_first_loss(self, tape: Tape) -> None:
        """Refuse a loss that is not finite at step 0, at the operation that made it so."""
        graph = tape.program.graph
        if np.isfinite(tape.value(graph.loss)):
            return
        needed = needed_for(graph.nodes, [graph.loss])
        for node in graph.nodes:
            if node.id in needed and not np.all(np.isfinite(tape.value(node.id))):
                if not node.inputs:
                    dtype = self.parsed.run.dtype
                    raise InputError(f"'{node.name}' does not fit into {dtype}", node.place)
                operands = [_operand(tape, node.id, id) for id in dict.fromkeys(node.inputs)]
                bad = tape.value(node.id)
                raise InputError(
                    f"the loss is not finite at step 0: '{node.op}' gives "
                    f"{number(bad[~np.isfinite(bad)][0])} for {' and '.join(operands)}",
                    node.place,
                )

    def notices(self, graph: Graph) -> list[Notice]:
        used = needed_for(graph.nodes, [graph.loss])
        return [
            Notice(f"the loss does not use the parameter '{node.name}'", node.place)
            for node in graph.parameters
            if node.id not in used and node.place
        ]

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
                    raise InputError("'target' says what a finding is about: give 'finding' too",
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


def _column_names(path: Path, value: Any) -> Sequence[tuple[str, Path]]:
    """Return the columns that a value of [data] names, with their paths; none for numbers."""
    if isinstance(value, str):
        return [(value, path)]
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return [(item, (*path, index)) for index, item in enumerate(value)]
    return []


def _all_numbers(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_all_numbers, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _operand(tape: Tape, result: int, operand: int) -> str:
    """Return `x - 2 = 0`: an operand and its number where the result is not finite."""
    nodes = tape.program.nodes
    text, value = nodes[operand].name, _worst(tape, result, operand)
    if not text:
        text = clip(formula(nodes, operand, lambda node: node.name or None), 60)
    return value if text == value else f"{text} = {value}"


def _worst(tape: Tape, result: int, operand: int) -> str:
    """Return the operand's number at the first place where the result is not finite."""
    bad = ~np.isfinite(tape.value(result))
    values = tape.value(operand)
    if values.shape == bad.shape:
        return number(values[bad][0])
    if values.shape == ():
        return number(float(values))
    return f"an array of shape {shape_text(values.shape)}"
