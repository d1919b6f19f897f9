"""The typed shape of a scenario file. Knows which keys there are, not what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args

import msgspec
from msgspec import Meta, Struct

from gradtui.base.source import InputError, did_you_mean
from gradtui.base.text import clip
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.registry import Constant
from gradtui.engine.schedules import SCHEDULES
from gradtui.scenario.positions import Positions
from gradtui.scenario.problem import Drive
from gradtui.scenario.scanner import Path

MAX_STEPS = 10_000_000
Dtype = Literal["float64", "float32"]
Positive = Annotated[float, Meta(gt=0)]


class Model(Struct, forbid_unknown_fields=True, frozen=True):
    """`[model]`."""

    code: str | None = None
    source: str | None = None
    loss: str | None = None


class Backward(Struct, forbid_unknown_fields=True, frozen=True):
    """`[backward]`."""

    code: str | None = None
    source: str | None = None
    file: str | None = None
    claims: dict[str, str] = {}
    state: dict[str, Any] = {}


class Update(Struct, forbid_unknown_fields=True, frozen=True):
    """`[update]`."""

    code: str | None = None
    source: str | None = None
    state: dict[str, Any] = {}


def _tagged(entry: str, constants: Iterable[Constant], *shared: Any) -> type[Struct]:
    """Return the shape of a table whose `name` is `entry`, from the registry's constants."""
    fields: list[Any] = [*shared]
    fields += [(c.name, _type_of(c), *([] if c.default is None else [c.default]))
               for c in constants]  # fmt: skip
    fields.sort(key=len)  # those without a default first
    return msgspec.defstruct(
        entry, fields, tag=entry, tag_field="name", forbid_unknown_fields=True, frozen=True
    )


def _type_of(constant: Constant) -> Any:
    if isinstance(constant.default, bool):
        return bool
    bounds: dict[str, Any] = {
        "ge": constant.at_least,
        "gt": constant.above,
        "le": constant.at_most,
        "lt": constant.below,
    }
    return Annotated[int if constant.whole else float, Meta(**bounds)]


_CLIP = ("clip_norm", Positive | None, None)
OPTIMIZER_TABLES: Mapping[str, type[Struct]] = {
    name: _tagged(name, entry.hyperparameters, ("lr", float), _CLIP)
    for name, entry in OPTIMIZERS.items()
}
SCHEDULE_TABLES: Mapping[str, type[Struct]] = {
    name: _tagged(name, entry.constants) for name, entry in SCHEDULES.items()
}
if TYPE_CHECKING:
    OptimizerTable = Any
    ScheduleTable = Any
else:
    OptimizerTable = Union[tuple(OPTIMIZER_TABLES.values())]  # noqa: UP007
    ScheduleTable = Union[tuple(SCHEDULE_TABLES.values())]  # noqa: UP007


def name_of(table: Struct) -> str:
    """Return the `name` of an optimizer's or a schedule's table."""
    return str(table.__struct_config__.tag)


def constants_of(table: Struct) -> dict[str, float]:
    """Return the numbers of an optimizer's or a schedule's table, in the order of the registry."""
    return {key: value for key, value in msgspec.structs.asdict(table).items() if value is not None}


class Run(Struct, forbid_unknown_fields=True, frozen=True):
    """`[run]`."""

    steps: Annotated[int, Meta(ge=0, le=MAX_STEPS)] = 100
    dtype: Dtype = "float64"
    drive: Drive | None = None


class BatchesTable(Struct, forbid_unknown_fields=True, frozen=True):
    """`[batches]`."""

    over: list[str]
    size: Annotated[int, Meta(ge=1)]
    shuffle: bool = False
    seed: Annotated[int, Meta(ge=0)] = 0


class Expect(Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[expect]]`: facts that must hold at a step, or a finding that must be made."""

    step: Annotated[int, Meta(ge=0, le=MAX_STEPS)] | None = None
    loss: float | None = None
    tolerance: Positive = 1e-6
    gradients: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    values: dict[str, Any] = {}
    finding: str | None = None
    target: str | None = None


class LessonTable(Struct, forbid_unknown_fields=True, frozen=True):
    """One `[[lesson]]`: a thing to do, or a number to predict."""

    text: str
    done: str | None = None
    ask: str | None = None
    step: Annotated[int, Meta(ge=0, le=MAX_STEPS)] | None = None
    hint: str = ""


class ScenarioFile(Struct, forbid_unknown_fields=True, frozen=True):
    """A whole scenario file."""

    title: str
    parameters: dict[str, Any]
    model: Model
    optimizer: OptimizerTable
    schedule: ScheduleTable | None = None
    validation: dict[str, Any] | None = None
    batches: BatchesTable | None = None
    about: str = ""
    tags: list[str] = []
    notes: str = ""
    data: dict[str, Any] = {}
    labels: dict[str, str] = {}
    run: Run = Run()
    backward: Backward | None = None
    update: Update | None = None
    expect: list[Expect] = []
    lesson: list[LessonTable] = []


_CHOICES: Mapping[str, Mapping[str, type[Struct]]] = {
    "optimizer": OPTIMIZER_TABLES,
    "schedule": SCHEDULE_TABLES,
}
"""Table -> its `name` -> its keys."""
_SETTINGS = ("optimizer", "schedule", "run", "batches")
"""The tables with settings of the training."""
_ENUMS = {"dtype": get_args(Dtype), "drive": get_args(Drive)}
_WHERE = r"(?s)^(.*?)(?: - at `(?:key in )?\$(.*)`)?$"
_STEP = r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\[\.\.\.\]"
_UNKNOWN = r"(?s)unknown field `(.*)`"
_MISSING = r"required field `(.*)`"


def parse_scenario(raw: dict[str, Any], positions: Positions) -> ScenarioFile:
    """Return the typed file; raises InputError at the first key that does not fit."""
    _check_choices(raw, positions)
    try:
        return msgspec.convert(raw, ScenarioFile)
    except msgspec.ValidationError as error:
        raise _explain(str(error), raw, positions) from None


def _check_choices(raw: dict[str, Any], positions: Positions) -> None:
    for key in _CHOICES:
        if isinstance(raw.get(key), dict) and "name" not in raw[key]:
            raise InputError(f"[{key}] lacks 'name'", positions.key((key,)))


def _explain(text: str, raw: dict[str, Any], positions: Positions) -> InputError:
    match = re.match(_WHERE, text)
    assert match
    message, path = match[1], tuple(_path(match[2] or ""))
    if unknown := re.search(_UNKNOWN, message):
        key = unknown[1]
        known = _fields_at(path, raw)
        hint = _elsewhere(key, raw) or did_you_mean(key, known)
        hint = hint or f"; expected one of {', '.join(known)}"
        return InputError(f"unknown key '{clip(key, 80)}'{hint}", positions.key((*path, key)))
    if missing := re.search(_MISSING, message):
        where = f"[{'.'.join(map(str, path))}] " if path else "the file "
        wanted = missing[1]
        table = wanted in ("model", "optimizer", "parameters") and not path
        if table:
            return InputError(f"[{wanted}] is missing", positions.key(path))
        return InputError(f"{where}lacks '{wanted}'", positions.key(path))
    if path == ("labels",) and isinstance(raw["labels"], dict):
        path = ("labels", next(k for k, v in raw["labels"].items() if not isinstance(v, str)))
    value = _value_at(raw, path)
    if message.startswith("Invalid value") and path[-1:] == ("name",):
        known = list(_CHOICES[str(path[0])])
        hint = did_you_mean(str(value), known) or f"; expected one of {', '.join(known)}"
        return InputError(f"unknown {path[0]} '{value}'{hint}", positions.value(path))
    if message.startswith("Invalid enum value"):
        enum = _ENUMS[str(path[-1])]
        hint = did_you_mean(str(value), enum) or f"; expected one of {', '.join(enum)}"
        return InputError(f"unknown {path[-1]} '{value}'{hint}", positions.value(path))
    name = ".".join(str(part) for part in path)
    told = _plain(message)
    if isinstance(value, float):
        told = told.replace("got a number", f"got {value!r}")
    return InputError(f"{name}: {told}", positions.value(path))


def _elsewhere(key: str, raw: Mapping[str, Any]) -> str:
    """Return `; it belongs to [run]` for a key of another table than the one it stands in."""
    tables = [table for table in _SETTINGS if key != "name" and key in _keys_of(table, raw)]
    return f"; it belongs to {' or '.join(f'[{table}]' for table in tables)}" if tables else ""


def _keys_of(table: str, raw: Mapping[str, Any]) -> list[str]:
    """Return the keys that a table of settings can have; none before its kind is chosen."""
    named, choices = raw.get(table), _CHOICES.get(table)
    chosen = named.get("name") in choices if choices and isinstance(named, dict) else False
    return _fields_at((table,), raw) if chosen or choices is None else []


def settings_of(raw: Mapping[str, Any]) -> list[str]:
    """Return the names of a file's settings, for example `optimizer.lr` and `parameters.w1`."""
    found = [field.name for field in msgspec.structs.fields(ScenarioFile)]
    for table in _SETTINGS:
        found += [f"{table}.{key}" for key in _keys_of(table, raw)]
    for table in ("parameters", "data"):
        named = raw.get(table)
        found += [f"{table}.{name}" for name in named] if isinstance(named, dict) else []
    return found


def _path(text: str) -> Iterator[str | int]:
    for match in re.finditer(_STEP, text):
        if match[1]:
            yield match[1]
        elif match[2]:
            yield int(match[2])


def _fields_at(path: Path, raw: Mapping[str, Any]) -> list[str]:
    types: dict[str, type[Struct]] = {
        "model": Model,
        "run": Run,
        "expect": Expect,
        "batches": BatchesTable,
        "backward": Backward,
        "update": Update,
    }
    key = str(path[0]) if path else ""
    if key in _CHOICES:
        table = _CHOICES[key][raw[key]["name"]]
        return ["name", *(field.name for field in msgspec.structs.fields(table))]
    return [field.name for field in msgspec.structs.fields(types.get(key, ScenarioFile))]


def _value_at(raw: Any, path: Path) -> Any:
    for part in path:
        try:
            raw = raw[part]
        except (KeyError, IndexError, TypeError):
            return None
    return raw


_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "object": "a table",
    "array": "a list",
    "null": "nothing",
    "datetime": "a date",
    "date": "a date",
    "time": "a time",
}


_BOUND = r" (>=|<=|>|<) (-?[0-9.]+)"
_BOUNDS = {">=": "of at least", "<=": "of at most", ">": "above", "<": "below"}


def _plain(message: str) -> str:
    """Return a message with TOML's names for types."""
    message = message.replace("Expected", "expected", 1)
    message = re.sub(r"`(\w+)( \| null)?`", lambda m: _TYPES.get(m[1], f"`{m[1]}`"), message)
    return re.sub(_BOUND, lambda m: f" {_BOUNDS[m[1]]} {float(m[2]):,.10g}", message)
