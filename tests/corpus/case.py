"""A case: a scenario, and what is true of it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from corpus.judge import Verdict, claims_of, judge
from corpus.load import first_line
from corpus.numerics import names_in, parse
from corpus.update_judge import judge_update

PYTHON = "source"
"""The style in which the backward pass is a function of a Python file."""
GIVEN = "given"
"""The style of the programs that are right at numbers of their own."""
FUNCTION = '''"""A backward pass written by hand."""

import numpy as np


def backward({given}):
    """Return the gradients of the parameters."""
{code}
    return {claims}
'''
BEFORE = FUNCTION.partition("{code}")[0].count("\n")
"""Lines of the Python file before the program."""


@dataclass(frozen=True)
class Bug:
    """One wrong line."""

    line: int
    """In the file, from 1."""
    target: str
    """The name that the line assigns."""
    original: str
    mutated: str
    kind: str
    """What was done."""
    rules: tuple[str, ...]
    """Rule ids that are right, the one an expert would give first in front."""
    elsewhere: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """Other lines where one edit makes the same claims, and the rules that name that edit."""

    @property
    def places(self) -> dict[int, tuple[str, ...]]:
        """Line -> rules, for every line that may be blamed."""
        return {self.line: self.rules, **dict(self.elsewhere)}


@dataclass(frozen=True)
class Case:
    """A scenario and what is true of it."""

    name: str
    topic: str
    model: str
    style: str
    learnt: bool
    """Whether the diagnosis has been built with it."""
    toml_text: str
    sound: bool
    bugs: tuple[Bug, ...] = ()

    @property
    def repairs(self) -> list[tuple[int, str]]:
        """(line, text) of each line as it was right."""
        return [(bug.line, bug.original) for bug in self.bugs]


def write(case: Case, folder: Path) -> Path:
    """Write the files of a case and return the scenario's path."""
    path = folder / f"{case.name}.toml"
    text = case.toml_text
    if case.style == PYTHON:
        code = tomllib.loads(text)["backward"]["code"]
        text = text.replace(f'code = """\n{code}"""', 'source = "net.py:backward"')
        (folder / "net.py").write_text(_function(case.toml_text), encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    return path


def _function(toml_text: str) -> str:
    """Return a Python file with the backward pass of a scenario, each line of it on one line."""
    raw = tomllib.loads(toml_text)
    backward = raw["backward"]
    lines = parse(backward["code"])
    own = {*(line.name for line in lines), *backward.get("state", {})}
    read = dict.fromkeys(name for line in lines for name in names_in(line.tree))
    return FUNCTION.format(
        given=", ".join(name for name in read if name not in own),
        code="\n".join(f"    {row}" for row in backward["code"].splitlines()),
        claims=", ".join(name for name, _ in claims_of(raw, lines, raw["parameters"])),
    )


def line_in_case(case: Case, line: int) -> int:
    """Return the line of the case's text that a line of the written files is."""
    return line - BEFORE - 1 + first_line(case.toml_text) if case.style == PYTHON else line


def replaced(case: Case, lines: Iterable[tuple[int, str]]) -> str:
    """Return a case's text with lines replaced, as (line, text)."""
    rows = case.toml_text.splitlines()
    for line, text in lines:
        rows[line - 1] = text
    return "\n".join(rows) + "\n"


def verdict_after(case: Case, fixes: Iterable[tuple[int, str]]) -> Verdict:
    """Return the judge's verdict on a case after lines have been replaced, as (line, text)."""
    text = replaced(case, fixes)
    return judge_update(text) if "\n[update]\n" in text else judge(text)
