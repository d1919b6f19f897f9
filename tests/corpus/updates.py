"""Cases of hand-written updates: right, with one wrong line, and with two."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from corpus.case import Bug, Case, verdict_after
from corpus.load import OPTIMIZERS, Slip, Update, assignments, first_line, updates

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


def cases() -> Iterator[Case]:
    """Yield the sound programs, and each with one of its lines wrong, then with two."""
    for (optimizer, style), update in updates().items():
        name = f"{optimizer}-{style}"
        yield _case(f"{name}-sound", update, ())
        for number, slip in enumerate(update.slips):
            yield _case(f"{name}-slip{number}", update, (slip,))
        pairs = itertools.combinations(update.slips[::2], 2)
        doubles = (
            _case(f"{name}-slips{number}", update, pair)
            for number, pair in enumerate(pairs)
            if pair[0].target != pair[1].target
        )
        yield from itertools.islice(filter(_needs_both, doubles), PAIRS)


def _needs_both(case: Case) -> bool:
    """Whether a program with two wrong lines is wrong, and stays so when one is repaired."""
    repaired = [[(bug.line, bug.original)] for bug in case.bugs]
    return all(verdict_after(case, fix).state == "wrong" for fix in ([], *repaired))


def _case(name: str, update: Update, slips: Iterable[Slip]) -> Case:
    optimizer, style, _ = name.split("-")
    rows, replaced = update.code.splitlines(), []
    at = {row.partition(" = ")[0]: index for index, row in enumerate(rows)}
    for slip in slips:
        replaced.append((slip, rows[at[slip.target]]))
        rows[at[slip.target]] = slip.line
    text = SCENARIO.format(
        title=f"{optimizer}-{style}",
        optimizer="\n".join(assignments(update.optimizer)),
        state=f"state = {{ {', '.join(assignments(update.state))} }}\n" if update.state else "",
        code="\n".join(rows) + "\n",
    )
    first = first_line(text)
    bugs = tuple(
        Bug(
            first + at[slip.target],
            slip.target,
            original,
            slip.line,
            slip.what,
            slip.rules,
            tuple((first + at[other], rules) for other, rules in slip.also.items()),
        )
        for slip, original in replaced
    )
    return Case(name, OPTIMIZERS, optimizer, style, update.learnt, text, not bugs, bugs)
