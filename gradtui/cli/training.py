"""`gradtui run`: trains without a screen and prints the steps."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from gradtui.base.source import InputError
from gradtui.base.streams import tell, working
from gradtui.base.text import EXACT, clean, number
from gradtui.cli.files import load_file
from gradtui.cli.output import FAILED, OK, line_width, print_json

if TYPE_CHECKING:
    from gradtui.engine.tape import Tape
    from gradtui.explain.run_table import RunTable
    from gradtui.scenario.problem import Problem

_MANY = 100_000
"""From this size of a step on, in numbers, slow ones show progress."""


def train(arguments: argparse.Namespace) -> int:
    """Train without a screen and print the steps."""
    problem = load_file(arguments.file, arguments.set, ascii=arguments.ascii)
    last = problem.steps if arguments.steps is None else arguments.steps
    write = _writer(problem, last, arguments)
    trainer, state, step = problem.trainer, problem.trainer.initial, 0
    finite, slow = True, True  # compiling for the first step takes time, too
    while True:
        with working(f"step {step:,} of {arguments.file}") if slow else nullcontext():
            tape = trainer.record(state, step)
            write(tape)
        loss = float(tape.value(problem.graph.loss))
        finite, slow = finite and math.isfinite(loss), trainer.numbers > _MANY
        if step >= last:
            changed = [*arguments.set, *([f"run.steps={last}"] if last > problem.steps else [])]
            return _outcome(problem, last, changed, finite=finite)
        ahead = min(arguments.every, last - step)
        with working(f"training {arguments.file}") if slow or ahead > 1 else nullcontext():
            state, step = trainer.run(state, ahead, step), step + ahead


def _writer(problem: Problem, last: int, arguments: argparse.Namespace) -> Callable[[Tape], None]:
    """Print the names of the columns, and return the printer of steps."""
    from gradtui.explain.report import step_record

    if arguments.format == "jsonl":
        if arguments.columns is not None:
            raise InputError("--columns is for a table or csv: jsonl has all", file=arguments.file)
        return lambda tape: print_json(step_record(problem, tape))
    if arguments.format == "table" or arguments.columns is not None:
        table = _table(problem, last, arguments)
        if arguments.format == "table":
            print(table.head())
            return lambda tape: print(table.row(tape))
        print(_csv_row(["step", *(column.name for column in table.columns)]))
        return lambda tape: print(
            _csv_row([str(tape.step), *(number(c.read(tape), EXACT) for c in table.columns)])
        )
    return _Csv(problem)


class _Csv:
    """Prints all numbers of a step, and the names of the columns before the first."""

    def __init__(self, problem: Problem) -> None:
        self._problem, self._begun = problem, False

    def __call__(self, tape: Tape) -> None:
        """Print a step."""
        from gradtui.explain.report import record_columns, step_record

        names, numbers = record_columns(step_record(self._problem, tape))
        if not self._begun:
            print(_csv_row(names))
        self._begun = True
        print(_csv_row([str(tape.step), *(number(x, EXACT) for x in numbers[1:])]))


def _csv_row(cells: Iterable[str]) -> str:
    return ",".join(f'"{cell}"' if "," in cell else cell for cell in cells)


def _table(problem: Problem, last: int, arguments: argparse.Namespace) -> RunTable:
    """Return the requested columns, or else those that fit the terminal."""
    from gradtui.explain.run_table import chosen_table, fitting_table

    if arguments.columns is not None:
        try:
            table = chosen_table(arguments.columns, problem, last, line_width())
        except InputError as error:
            raise error.within("--columns", [arguments.columns]) from None
        if table.width > line_width() and sys.stdout.isatty() and arguments.format == "table":
            tell(clean(f"{problem.path}: these columns are wider than the terminal: choose fewer, "
                       "or --format csv"))  # fmt: skip
        return table
    table = fitting_table(problem, last, line_width())
    if table.left_out and sys.stderr.isatty():
        example = ",".join(["loss", *(f"d{node.name}" for node in problem.graph.parameters[:1])])
        what = f"{table.left_out:,} more column{'s' if table.left_out > 1 else ''}"
        tell(clean(f"{problem.path}: {what}: --columns {example} chooses, --format csv or jsonl "
                   "has all"))  # fmt: skip
    return table


def _outcome(problem: Problem, last: int, changed: Sequence[str], *, finite: bool) -> int:
    """Say where the loss of a run becomes nan or diverges, and return the exit status.

    The check examines the run of the file, which may be sound without what was `changed`.
    """
    from gradtui.diagnosis.runs.registry import is_lost
    from gradtui.diagnosis.runs.work import TOO_LARGE, TooLargeError

    said = ""
    try:
        with working(f"judging {problem.path}"):
            said = is_lost(problem, last)
    except TooLargeError:
        tell(clean(f"{problem.path}: whether the loss diverges is {TOO_LARGE}"))
    said = said or ("" if finite else "the loss is not finite")
    if said:
        where = f" of a file with {', '.join(changed)}" * bool(changed)
        tell(clean(f"{problem.path}: {said}; `gradtui check`{where} says why"))
    return FAILED if said else OK
