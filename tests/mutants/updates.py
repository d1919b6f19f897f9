"""Hand-written updates, sound and with one wrong line, by optimizer and style."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mutants.case import Bug, Case

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


@dataclass(frozen=True)
class Wrong:
    """One line as it should not be."""

    rules: tuple[str, ...]
    line: str
    kind: str
    extra_state: str = ""


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
    """Return an update; each wrong line is (rules, line, what was done)."""
    code = code.strip("\n") + "\n"
    return Update(optimizer, state, code, tuple(Wrong(*w) for w in wrong))


def cases_of_updates(updates: dict[str, Update]) -> Iterator[Case]:
    """Return the sound programs, and each with one of its lines wrong, then with two."""
    for name, entry in updates.items():
        kind, _, style = name.partition("-")
        yield Case(f"{name}-sound", kind, style, entry.text(name, entry.code), True)
        for number, wrong in enumerate(entry.wrong):
            yield _case(f"{name}-bug{number:02}", kind, style, entry, (wrong,))


def _case(name: str, kind: str, style: str, entry: Update, wrongs: Iterable[Wrong]) -> Case:
    lines, changed = entry.code.splitlines(), []
    for wrong in wrongs:
        target = wrong.line.split(" = ")[0]
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{target} = "))
        changed.append((at, target, lines[at], wrong))
        lines[at] = wrong.line
    text = entry.text(name, "\n".join(lines) + "\n")
    first = text.partition("[update]")[0].count("\n") + text.partition("[update]")[2].partition(
        'code = """\n'
    )[0].count("\n")
    bugs = tuple(
        Bug(first + at + 2, target, original, wrong.line, wrong.kind, wrong.rules)
        for at, target, original, wrong in changed
    )
    return Case(name, kind, style, text, False, bugs)
