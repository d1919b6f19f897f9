"""Hand-written updates, sound and with one wrong line, by optimizer and style."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mutants.case import Bug, Case, verdict_after

SCENARIO = '''title = "{title}"

[data]
X = [[0.43, -1.12], [1.37, 0.58], [-0.74, 0.91]]
y = [0.85, -0.36, 1.21]

[parameters]
a = [0.67, -0.29]
b = 0.18

[model]
code = """
e = X@a + b - y
L = mean(e**2)
"""

[optimizer]
{optimizer}

[run]
steps = 8

[update]
{state}code = """
{code}"""
'''
PAIRS = 2

SIGN = ("update-sign",)
RATE = ("update-rate",)
BIAS = ("missing-bias-correction",)
TIME = ("wrong-time-index",)
EPS = ("epsilon-placement",)
ROOT = ("missing-root",)
DECAY = ("decay-coupling",)
MOMENTUM = ("momentum-form",)
CONSTANT = ("wrong-hyperparameter",)
OTHER = ("unexplained-update",)
SMALL = ("relies-on-data", *EPS)
"""Of an eps that changes nothing where gradients are as large as here."""


@dataclass(frozen=True)
class Wrong:
    """One line as it should not be."""

    rules: tuple[str, ...]
    line: str
    kind: str
    also: str = ""
    """The name that another line assigns where an edit by the same rule cures as well."""


@dataclass(frozen=True)
class Update:
    """A sound update and its wrong lines."""

    optimizer: str
    """The table's text."""
    state: str
    code: str
    wrong: tuple[Wrong, ...] = ()

    def text(self, title, code):
        state = f"state = {{ {self.state} }}\n" if self.state else ""
        optimizer = self.optimizer.replace("; ", "\n")
        return SCENARIO.format(title=title, optimizer=optimizer, state=state, code=code)


def update(optimizer, state, code, *wrong):
    """Return an update; a wrong line is (rules, line, what was done, a line that cures as well)."""
    code = code.strip("\n") + "\n"
    return Update(optimizer, state, code, tuple(Wrong(*w) for w in wrong))


def cases_of_updates(updates: dict[str, Update]) -> Iterator[Case]:
    """Return the sound programs, and each with one of its lines wrong, then with two."""
    for name, entry in updates.items():
        kind, _, style = name.partition("-")
        yield Case(f"{name}-sound", kind, style, entry.text(name, entry.code), True)
        for number, wrong in enumerate(entry.wrong):
            yield _case(f"{name}-bug{number:02}", kind, style, entry, (wrong,))
        pairs = itertools.combinations(entry.wrong[::2], 2)
        doubles = (
            _case(f"{name}-two{number}", kind, style, entry, pair)
            for number, pair in enumerate(pairs)
            if _target(pair[0]) != _target(pair[1])
        )
        yield from itertools.islice(filter(_needs_both, doubles), PAIRS)


def _needs_both(case: Case) -> bool:
    """Whether a program with two wrong lines is wrong, and stays so when one is repaired."""
    repaired = [[(bug.line, bug.original)] for bug in case.bugs]
    return all(verdict_after(case, fix).state == "wrong" for fix in ([], *repaired))


def _target(wrong: Wrong) -> str:
    return wrong.line.split(" = ")[0]


def _case(name: str, kind: str, style: str, entry: Update, wrongs: Iterable[Wrong]) -> Case:
    lines, changed = entry.code.splitlines(), []
    for wrong in wrongs:
        target = _target(wrong)
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{target} = "))
        changed.append((target, lines[at], wrong))
        lines[at] = wrong.line
    text = entry.text(name, "\n".join(lines) + "\n")
    first = text.partition("[update]")[0].count("\n") + text.partition("[update]")[2].partition(
        'code = """\n'
    )[0].count("\n")
    line_of = {line.split(" = ")[0]: first + at + 2 for at, line in enumerate(lines)}
    bugs = []
    for target, original, wrong in changed:
        elsewhere = ((line_of[wrong.also], wrong.rules),) if wrong.also else ()
        parts = (target, original, wrong.line, wrong.kind, wrong.rules, elsewhere)
        bugs.append(Bug(line_of[target], *parts))
    return Case(name, kind, style, text, False, tuple(bugs))
