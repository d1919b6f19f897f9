"""The corpus as it is written: `TOPIC.toml`, a table for each model or optimizer."""

from __future__ import annotations

import functools
import tomllib
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

FOLDER = Path(__file__).parent
OPTIMIZERS = "optimizers"
"""The topic whose programs are updates; the others' are backward passes."""


class Numbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Random numbers of a shape."""

    shape: tuple[int, ...]
    classes: int = 0
    """Of labels."""
    form: str = ""
    """What is special about them: positive, one-hot, shares, signs, symmetric."""

    def draw(self, random: np.random.Generator) -> Any:
        """Return numbers as a scenario has them."""
        if self.form == "positive":
            return np.round(random.uniform(0.3, 1.8, self.shape), 2).tolist()
        if self.form:
            return np.round(in_form(random, self.form, self.shape), 4).tolist()
        if self.classes:
            labels = random.integers(0, self.classes, self.shape)
            labels.flat[0] = self.classes - 1
            if self.classes == 2:
                labels.flat[1] = 0
            return labels.tolist()
        return np.round(random.normal(0, 0.8, self.shape) + 0.003, 2).tolist()


def in_form(random: np.random.Generator, form: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return random numbers with a structure."""
    match form:
        case "one-hot":
            return np.eye(shape[-1])[random.integers(0, shape[-1], shape[:-1])]
        case "shares":
            eighths = random.multinomial(8, np.full(shape[-1], 1 / shape[-1]), shape[:-1])
            return eighths / 8
        case "signs":
            return random.choice([-1.0, 1.0], shape)
        case "symmetric":
            square = random.normal(0, 0.8, shape)
            return (square + square.T) / 2
    raise AssertionError(form)


class Slip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A wrong line in the place of the one that assigns the same name."""

    line: str
    what: str
    """What was done."""
    rules: tuple[str, ...]
    """Rule ids that are right, the one an expert would give first in front."""
    also: dict[str, tuple[str, ...]] = {}
    """Names whose lines may be blamed as well, and the rules that name the mistake there."""
    unresolved: str = ""
    """Why central differences in float64 do not show that it is wrong."""

    @property
    def target(self) -> str:
        return self.line.partition(" = ")[0]


class Pass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A right backward pass, as a person writes it, and mistakes that people make in it."""

    code: str
    learnt: bool | None = None
    """Whether the diagnosis has been built with it; without, as its model says."""
    claims: dict[str, str] = {}
    """Name in the pass -> what it claims the gradient of, where `dNAME` does not say so."""
    state: dict[str, Any] = {}
    slips: tuple[Slip, ...] = ()
    pair: tuple[Slip, ...] = ()
    """Two mistakes at once, neither of which any single line's repair cures."""
    named: dict[str, tuple[str, ...]] = {}
    """Line of an edit -> further rules that name it."""


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model and its backward passes by style."""

    name: str
    topic: str
    learnt: bool
    """Whether the diagnosis has been built with it."""
    data: dict[str, Numbers | int | float]
    parameters: dict[str, Numbers]
    model: str
    backward: dict[str, Pass]
    unusual: dict[str, Pass] = {}
    """Right passes that look as if they were not; no mistakes are put into them."""

    def is_learnt(self, written: Pass) -> bool:
        """Whether the diagnosis has been built with a pass."""
        return self.learnt if written.learnt is None else written.learnt

    def text(self, written: Pass, code: str = "", state: Iterable[str] = ()) -> str:
        """Return the scenario with a backward pass, or with other lines and more state in it."""
        random = np.random.default_rng(zlib.crc32(self.name.encode()))
        parts = [
            f'title = "{self.name}"\n',
            f"[data]\n{_drawn(self.data, random)}",
            f"[parameters]\n{_drawn(self.parameters, random)}",
            f'[model]\ncode = """\n{self.model}"""\n',
            '[optimizer]\nname = "sgd"\nlr = 0.05\n\n[run]\nsteps = 3\n',
            "[backward]",
        ]
        if written.claims:
            pairs = (f'{name} = "{target}"' for name, target in written.claims.items())
            parts.append(f"claims = {{ {', '.join(pairs)} }}")
        if carried := [*assignments(written.state), *state]:
            parts.append(f"state = {{ {', '.join(carried)} }}")
        parts.append(f'code = """\n{code or written.code}"""\n')
        return "\n".join(parts)


class Update(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A right update of an optimizer, and mistakes that people make in it."""

    learnt: bool
    optimizer: dict[str, Any]
    code: str
    slips: tuple[Slip, ...]
    state: dict[str, float] = {}


def topics() -> list[str]:
    """Return the topics that the corpus has."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(topic: str) -> dict[str, Any]:
    """Return the tables of a topic by name."""
    return tomllib.loads((FOLDER / f"{topic}.toml").read_text(encoding="utf-8"))


@functools.cache
def programs(topic: str) -> tuple[Program, ...]:
    """Return the models of a topic whose numbers are drawn."""
    return tuple(
        msgspec.convert({"name": name, "topic": topic, **table}, Program)
        for name, table in read(topic).items()
        if isinstance(table.get("backward"), dict)
    )


@functools.cache
def updates() -> dict[tuple[str, str], Update]:
    """Return the updates by optimizer and style."""
    return msgspec.convert(
        {
            (name, style): update
            for name, styles in read(OPTIMIZERS).items()
            for style, update in styles.items()
        },
        dict[tuple[str, str], Update],
    )


def passes(topic: str) -> Iterator[tuple[Program, str]]:
    """Yield the model and style of each backward pass of a topic that mistakes are put into."""
    return ((program, style) for program in programs(topic) for style in program.backward)


def assignments(values: dict[str, Any]) -> list[str]:
    """Return `name = value` of each value, as TOML writes it."""
    return [f"{name} = {_toml(value)}" for name, value in values.items()]


def first_line(text: str) -> int:
    """Return the line of a scenario on which its backward pass or update begins."""
    table = "[update]" if "\n[update]\n" in text else "[backward]"
    before, _, after = text.partition(table)
    return (before + after.partition('code = """\n')[0]).count("\n") + 2


def _drawn(table: dict[str, Any], random: np.random.Generator) -> str:
    given = (n.draw(random) if isinstance(n, Numbers) else n for n in table.values())
    return "\n".join(assignments(dict(zip(table, given, strict=True)))) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)
