"""One change to a run, clause by clause: the settings and weights that it replaces.

Knows what the words mean; `changes` knows how they are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, get_args

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import InputError, Place, did_you_mean
from gradtui.base.text import element_text, number, shape_text
from gradtui.engine.casting import cast
from gradtui.engine.indices import Index
from gradtui.engine.lowered import Row
from gradtui.engine.shapes import Shape
from gradtui.engine.trainer import Trainer
from gradtui.scenario.load import read_value
from gradtui.scenario.problem import Array, Drive, Problem, read_only
from gradtui.scenario.references import read_index
from gradtui.scenario.schema import OPTIMIZER_TABLES, SCHEDULE_TABLES

NAMED: Mapping[str, Mapping[str, type[Struct]]] = {
    "optimizer": OPTIMIZER_TABLES,
    "schedule": SCHEDULE_TABLES,
}
"""Table -> the names it may have -> its keys."""


class Change(Struct, frozen=True, eq=False):
    """A change to a run from some step on."""

    text: str
    """The change in its own words."""
    tables: Mapping[str, Any] = MappingProxyType({})
    """The new tables, in place of those of the file."""
    elements: tuple[tuple[str, Index | None, Array], ...] = ()
    """(parameter, index or None for all of it, new value)."""
    drawn: tuple[str, ...] = ()
    """The parameters that are drawn again, with another seed."""
    _made: list[tuple[Problem, Problem]] = msgspec.field(default_factory=list)
    """The problem that was changed last, and what became of it."""

    def problem(self, before: Problem) -> Problem:
        """Return the problem with the settings of this change."""
        if not self.tables:
            return before
        if not self._made or self._made[0][0] is not before:
            changed = before.changed
            if self.tables.keys() & NAMED.keys():
                changed = f"{changed}, {self.text}" if changed else self.text
            after = replace(before.revised(self.tables), changed=changed, patches=before.patches)
            self._made[:] = [(before, after)]
        return self._made[0][1]

    def put(self, row: Row, trainer: Trainer) -> Row:
        """Return a state with the weights of this change."""
        found = row.copy()
        parameters = trainer.program.graph.parameters
        parts = {node.name: part for node, part in zip(parameters, trainer.slices, strict=False)}
        for name in self.drawn:
            part = parts[name]
            found[part.start : part.stop] = trainer.initial[part.start : part.stop]
        for name, index, value in self.elements:
            part = parts[name]
            whole = found[part.start : part.stop].reshape(part.shape)
            whole[() if index is None else index] = cast(value, trainer.dtype)
            found[part.start : part.stop] = whole.reshape(-1)
        return found


_ELEMENTS = 6
"""Most elements of a parameter that are offered one by one."""


class Word(Struct, frozen=True):
    """A completion, and its current value."""

    text: str
    now: str = ""


class Clause(Struct, frozen=True):
    """A head and its value, with their places in the text."""

    head: str
    index: str
    """The brackets after the head, if any."""
    value: str
    start: int
    value_start: int


class ClauseReader:
    """Reads clauses in order; each sees the changes of those before it."""

    def __init__(self, problem: Problem, clauses: Sequence[Clause]) -> None:
        self.problem = problem
        self.clauses = clauses
        self.tables: dict[str, dict[str, Any]] = {}
        self.elements: list[tuple[str, Index | None, Array]] = []
        self.drawn: list[str] = []
        self.texts: list[str] = []
        self.shapes = {node.name: node.shape for node in problem.graph.parameters}

    def change(self) -> Change:
        """Return the change that the clauses make together."""
        for clause in self.clauses:
            self.read(clause)
        self.check_drive()
        return Change(
            ", ".join(self.texts),
            MappingProxyType(dict(self.tables)),
            tuple(self.elements),
            tuple(dict.fromkeys(self.drawn)),
        )

    def words(self, weights: Mapping[str, Array] | None = None) -> list[Word]:
        """Return the heads that may follow the clauses, with their current values.

        `weights` are the current parameters, where they differ from the first ones.
        """
        for clause in self.clauses:
            try:
                self.read(clause)
            except InputError:
                break
        optimizer, schedule = self.now("optimizer"), self.now("schedule")
        found = [Word("lr", _shown(optimizer["lr"])), Word("optimizer", optimizer["name"])]
        found += self.constants("optimizer")
        found.append(Word("schedule", schedule.get("name", "constant")))
        found += self.constants("schedule")
        if not self.problem.undriven:
            found.append(Word("drive", self.problem.drive))
        if self.seeded or self.problem.trainer.batches:
            found.append(Word("seed", str(self.now("batches").get("seed", ""))))
        values = weights or self.problem.values
        for name, shape in self.shapes.items():
            found += _elements(name, shape, values[name])
        return found

    def constants(self, table: str) -> list[Word]:
        """Return the constants of the present optimizer or schedule besides the rate."""
        now = self.now(table)
        found = []
        for field in self.fields(table):
            value = now.get(field.name, field.default)
            shown = "" if value in (None, msgspec.NODEFAULT) else _shown(value)
            if field.name != "lr":
                found.append(Word(field.name, shown))
        return found

    def fields(self, table: str) -> tuple[msgspec.structs.FieldInfo, ...]:
        """Return the keys of the present optimizer or schedule."""
        shape = NAMED[table].get(self.now(table).get("name", ""))
        return () if shape is None else msgspec.structs.fields(shape)

    @property
    def seeded(self) -> list[str]:
        """The parameters that an initialiser draws."""
        start = self.problem.tables["parameters"]
        return [name for name, value in start.items() if isinstance(value, dict)]

    def now(self, table: str) -> dict[str, Any]:
        """Return a table after the clauses read so far."""
        return self.tables.get(table) or dict(self.problem.tables.get(table, {}))

    def read(self, clause: Clause) -> None:
        """Apply one clause."""
        head, value = clause.head, _parse(clause.value)
        table, _, key = head.rpartition(".")
        if head in self.shapes:
            self.set_weight(clause, value)
            return
        if clause.index:
            hint = did_you_mean(head, self.shapes)
            raise error_at(f"'{head}' is not a parameter{hint}", clause.start, len(head))
        if head in NAMED:
            self.choose(clause, value)
        elif head == "drive":
            self.set_drive(clause, value)
        elif key == "seed" and (not table or table in self.shapes or table == "batches"):
            self.set_seed(clause, table, value)
        else:
            self.set_constant(clause, table, key, value)

    def say(self, head: str, value: Any, sign: str = " ") -> None:
        """Note a clause in its own words."""
        self.texts.append(f"{head}{sign}{_shown(value)}")

    def choose(self, clause: Clause, value: Any) -> None:
        """Switch the optimizer or the schedule; rate and clip_norm stay, the constants do not."""
        table, known = clause.head, NAMED[clause.head]
        name = "constant" if (table, value) == ("schedule", "none") else str(value).strip("\"'")
        if name not in known:
            hint = did_you_mean(name, known) or f"; expected one of {', '.join(known)}"
            raise error_at(f"unknown {table} '{name}'{hint}", clause.value_start, len(clause.value))
        kept = {k: v for k, v in self.now(table).items() if k in ("lr", "clip_norm")}
        self.tables[table] = {"name": name, **(kept if table == "optimizer" else {})}
        self.say(table, name)

    def set_constant(self, clause: Clause, table: str, key: str, value: Any) -> None:
        """Set a constant of the optimizer or of the schedule."""
        places = [table] if table in NAMED else [] if table else [*NAMED]
        for place in places:
            if key in {field.name for field in self.fields(place)}:
                self.tables[place] = {**self.now(place), key: value}
                self.say(key, value)
                return
        known = [word.text.split("[")[0] for word in ClauseReader(self.problem, []).words()]
        known += [word.text for word in self.words_of_tables()]
        hint = did_you_mean(clause.head, known)
        if not hint:
            constants = [word.text for word in self.words_of_tables()]
            hint = f"; expected {', '.join(['lr', 'optimizer', 'schedule', *constants])} "
            hint += "or a weight"
        raise error_at(f"nothing is called '{clause.head}' here{hint}", clause.start,
                     len(clause.head))  # fmt: skip

    def words_of_tables(self) -> list[Word]:
        """Return the constants that can be set."""
        return [*self.constants("optimizer"), *self.constants("schedule")]

    def set_seed(self, clause: Clause, table: str, value: Any) -> None:
        """Draw batches or parameters with another seed."""
        if not table and self.problem.trainer.batches is None and self.seeded:
            names = self.seeded
        elif table in self.seeded:
            names = [table]
        elif table in self.shapes:
            raise error_at(f"{table} is given as numbers, which no seed changes", clause.start,
                         len(clause.head))  # fmt: skip
        else:
            names = []
            self.set_batches_seed(clause, value)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise error_at("expected a whole number from 0", clause.value_start, len(clause.value))
        start = self.now("parameters")
        for name in names:
            start = {**start, name: {**start[name], "seed": value}}
            self.tables["parameters"] = start
        self.drawn += names
        self.say(clause.head, value)

    def set_batches_seed(self, clause: Clause, value: Any) -> None:
        """Shuffle the data with another seed."""
        batches = self.problem.trainer.batches
        if batches is None or not batches.shuffle:
            what = "nothing is random here" if batches is None else "the batches are not shuffled"
            raise error_at(f"{what}: a seed changes nothing", clause.start, len(clause.head))
        self.tables["batches"] = {**self.now("batches"), "seed": value}

    def set_drive(self, clause: Clause, value: Any) -> None:
        """Let the true gradients, or the hand-written lines, move the weights."""
        if self.problem.undriven:
            raise error_at(f"{self.problem.undriven}: there is no other drive",
                         clause.start, len(clause.head))  # fmt: skip
        if value not in get_args(Drive):
            hint = f"; expected one of {', '.join(get_args(Drive))}"
            raise error_at(f"unknown drive '{clause.value}'{hint}", clause.value_start,
                         len(clause.value))  # fmt: skip
        self.tables["run"] = {**self.now("run"), "drive": value}
        self.say("drive", value)

    def check_drive(self) -> None:
        """Refuse an optimizer that would move nothing; keep the current drive."""
        problem = self.problem
        if not self.tables:
            return
        drive = self.tables.get("run", {}).get("drive", problem.drive)
        if drive == "hand" and problem.update is not None:
            for clause in self.clauses:
                if clause.head in ("optimizer", "optimizer.name"):
                    raise error_at(
                        "a hand-written update moves the weights: add drive autodiff",
                        clause.start, len(clause.head),
                    )  # fmt: skip
        self.tables["run"] = {**self.now("run"), "drive": drive}
        if problem.undriven:
            del self.tables["run"]

    def set_weight(self, clause: Clause, value: Any) -> None:
        """Set a weight to a number, or to an array that fits."""
        shape = self.shapes[clause.head]
        index = self.index(clause, shape) if clause.index else None
        wanted: Shape = () if index is not None else shape
        try:
            found = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            found = None
        if found is None or isinstance(value, str | bool):
            raise error_at("expected a number" + (" or lists of numbers" if wanted else ""),
                         clause.value_start, len(clause.value))  # fmt: skip
        if not np.all(np.isfinite(found)):
            raise error_at("a weight must be finite", clause.value_start, len(clause.value))
        if found.shape not in ((), wanted):
            raise error_at(
                f"expected shape {shape_text(wanted)}, got {shape_text(found.shape)}",
                clause.value_start, len(clause.value),
            )  # fmt: skip
        self.elements.append((clause.head, index, read_only(found)))
        self.say(clause.head + clause.index.replace(" ", ""), value, " = ")

    def index(self, clause: Clause, shape: Shape) -> Index:
        """Return the index in brackets after a parameter, which must select one element."""
        try:
            return read_index(clause.index, clause.head, shape)
        except ValueError as error:
            start = clause.start + len(clause.head)
            raise error_at(str(error), start, len(clause.index)) from None


def _elements(name: str, shape: Shape, values: Array) -> list[Word]:
    """Return a parameter's elements with their values, or the first of many, and up to which."""
    first, *others = [element_text(name, index) for index in np.ndindex(shape)] or [""]
    if len(others) < _ELEMENTS:
        numbers = (number(one, 4) for one in values.reshape(-1))
        return list(map(Word, (first, *others), numbers))
    return [Word(first, f"to {others[-1]}")]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return number(value, 17)
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return str(value)


def error_at(message: str, start: int, width: int) -> InputError:
    """Return an error at a stretch of the typed text."""
    return InputError(message, Place(1, start + 1, max(1, width)))


def _parse(text: str) -> Any:
    """Return a value: a number, true or false, a list, or else the word itself."""
    value = read_value(text)
    if value is not None:
        return value
    try:
        return float(text)
    except ValueError:
        return text
