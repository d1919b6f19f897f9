"""What a model kind is: a model, its numbers, and backward passes written in several styles."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Numbers:
    """Random numbers of a shape; `low` is the least of positive ones, `classes` counts labels."""

    shape: tuple[int, ...] = ()
    low: float | None = None
    classes: int = 0
    form: str = ""
    """What is special about them: one-hot, shares, signs, symmetric, count."""
    value: float = 0.0
    """Of a count."""

    def draw(self, random):
        if self.form == "count":
            return self.value
        if self.form:
            return np.round(in_form(random, self.form, self.shape), 4).tolist()
        if self.classes:
            labels = random.integers(0, self.classes, self.shape)
            labels.flat[0] = self.classes - 1
            if self.classes == 2:
                labels.flat[1] = 0
            return labels.tolist()
        if self.low is not None:
            return np.round(random.uniform(self.low, self.low + 1.5, self.shape), 2).tolist()
        return np.round(random.normal(0, 0.8, self.shape) + 0.003, 2).tolist()


def in_form(random, form, shape):
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


def real(*shape):
    return Numbers(shape)


def positive(*shape):
    return Numbers(shape, low=0.3)


def labels(classes, *shape):
    return Numbers(shape, classes=classes)


def count(value):
    return Numbers((), form="count", value=float(value))


@dataclass(frozen=True)
class Style:
    """A sound backward pass, as a person writes it."""

    code: str
    claims: tuple[tuple[str, str], ...] = ()
    """(name in the program, what it claims)."""
    state: str = ""


@dataclass(frozen=True)
class Kind:
    """A model and its backward passes by style."""

    name: str
    data: dict[str, Numbers]
    parameters: dict[str, Numbers]
    model: str
    styles: dict[str, Style]

    def text(self, code, claims=(), state=""):
        """Return the scenario whose backward program is `code`, without leading line break."""
        random = np.random.default_rng(zlib.crc32(self.name.encode()))
        tables = []
        for table in ("data", "parameters"):
            numbers = getattr(self, table)
            rows = "\n".join(f"{name} = {n.draw(random)}" for name, n in numbers.items())
            tables.append(f"[{table}]\n{rows}\n")
        parts = [
            f'title = "{self.name}"\n',
            *tables,
            f'[model]\ncode = """{self.model}"""\n',
            '[optimizer]\nname = "sgd"\nlr = 0.05\n\n[run]\nsteps = 3\n',
            "[backward]",
        ]
        if claims:
            pairs = ", ".join(f'{name} = "{target}"' for name, target in claims)
            parts.append(f"claims = {{ {pairs} }}")
        if state:
            parts.append(f"state = {{ {state} }}")
        parts.append(f'code = """\n{code}"""\n')
        return "\n".join(parts)


def first_line(text):
    """Return the line of the file on which the backward program's first line stands."""
    before, _, _ = text.partition("[backward]")
    after = text[len(before) :].partition('code = """\n')[0]
    return (before + after).count("\n") + 2


def style(code, state="", **claims):
    return Style(code.strip("\n") + "\n", tuple(claims.items()), state)


def programs(kinds):
    """Return (kind, style's name) for each backward pass of some kinds."""
    return [(kind, name) for kind in kinds for name in kind.styles]


def program_name(program):
    """Return what a test of a backward pass is called."""
    kind, style = program
    return f"{kind.name}-{style}"
