"""What each command of the shell does. Imports the screen, and numpy, only where it is wanted."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from gradtui.base.source import InputError, did_you_mean
from gradtui.base.streams import tell, working
from gradtui.base.text import clean
from gradtui.cli.running import (
    RaisedError,
    is_code,
    refuse_unnamed,
    report_code,
    tell_raised,
    trace_code,
)

if TYPE_CHECKING:
    from gradtui.debugger.session import Session
    from gradtui.diagnosis.check import Check
    from gradtui.explain.spans import TextRow
    from gradtui.scenario.problem import Notice, Problem

_CELLS = 13
"""Cells of a column of a table: `-1.23457e-308`."""
_MANY = 100_000
"""Numbers of a step beyond which a person is told of each one that takes long."""
OK, FAILED, UNUSABLE = 0, 1, 2


def debug(arguments: argparse.Namespace) -> int:
    """Open the debugger, or the picker, on the terminal."""
    from gradtui.base.terminal import mend_environment
    from gradtui.cli.screen import NO_TERMINAL, on_terminal, open_screen

    if not on_terminal():
        other = "`gradtui show FILE` and `gradtui run FILE` print plain text"
        tell(f"gradtui: {NO_TERMINAL}; {other}")
        return UNUSABLE
    mend_environment(os.environ)
    import gc

    # Nothing made up to the first paint is garbage; collecting it took a tenth of the start.
    gc.disable()
    session: Session | None = None
    if arguments.resume and is_code(arguments.file):
        raise InputError("nothing is kept of code that is run: it may be another every time",
                         file=arguments.file)  # fmt: skip
    if arguments.file is not None:
        session = _open(arguments.file, ascii=arguments.ascii)
        session.seek(arguments.step)
    return open_screen(session, ascii=arguments.ascii, theme=arguments.theme,
                       mouse=not arguments.no_mouse, resume=arguments.resume)  # fmt: skip


def _open(file: str, *, ascii: bool) -> Session:
    from gradtui.debugger.session import Session

    if is_code(file):
        with working(f"running {file}"):
            return trace_code(file)
    problem = _load(file, ascii=ascii)
    with working(f"opening {file}"):
        return Session(problem)


def _load(
    file: str, overrides: Sequence[str] = (), *, notices: bool = True, ascii: bool = False
) -> Problem:
    from gradtui.scenario.bundled import find_scenario, is_bundled
    from gradtui.scenario.load import load_problem

    if is_bundled(file) and os.path.isfile(file):
        tell(clean(f"{file}: the bundled scenario; the file that is here is ./{file}"))
    if is_code(file):
        raise InputError(
            "your own code is one call, which trains nothing: `gradtui FILE.py:NAME` opens it, "
            "`gradtui show` prints it, `gradtui check` checks it", file=file,
        )  # fmt: skip
    refuse_unnamed(file)
    pairs = {}
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise InputError(
                f"--set {override}: expected KEY=VALUE, as optimizer.lr=0.1", file=file
            )
        pairs[key.strip()] = value.strip()
    with working(f"reading {file}"):
        problem = load_problem(find_scenario(file), pairs, ascii=ascii)
    if notices:
        _print_notices(problem, problem.notices)
    return problem


def _print_notices(problem: Problem, notices: Iterable[Notice]) -> None:
    for notice in notices:
        tell(problem.describe(notice))


def list_scenarios(arguments: argparse.Namespace) -> int:
    """Print the bundled scenarios."""
    from gradtui.base.ascii import spell
    from gradtui.explain.report import to_json
    from gradtui.explain.spans import columns
    from gradtui.scenario.bundled import list_bundled

    entries = list_bundled()
    if arguments.json:
        fields = ("name", "title", "about", "tags", "path")
        print(to_json([{field: getattr(e, field) for field in fields} for e in entries]))
        return OK
    told = spell if arguments.ascii else str
    _print_lines(columns([(told(t), "name") for t in (e.name, e.title, e.about)] for e in entries))
    return OK


def train(arguments: argparse.Namespace) -> int:
    """Train without a screen and print the steps."""
    from gradtui.explain.report import step_record

    problem = _load(arguments.file, arguments.set, ascii=arguments.ascii)
    last = problem.steps if arguments.steps is None else arguments.steps
    trainer, state, step, widths = problem.trainer, problem.trainer.initial, 0, list[int]()
    finite, slow = True, True  # what the first step compiles takes its time, too
    if arguments.format == "table":
        _print_left_out(problem)
    while True:
        with working(f"step {step} of {arguments.file}") if slow else nullcontext():
            record = step_record(problem, trainer.record(state, step))
        if arguments.format == "jsonl":
            _print_json(record)
        else:
            _print_rows(record, widths, csv=arguments.format == "csv")
        finite, slow = finite and math.isfinite(record["loss"]), trainer.numbers > _MANY
        if step >= last:
            return _outcome(problem, last, finite=finite)
        ahead = min(arguments.every, last - step)
        with working(f"training {arguments.file}") if slow or ahead > 1 else nullcontext():
            state, step = trainer.run(state, ahead, step), step + ahead


def _print_json(value: object) -> None:
    """Print JSON on one line, part by part."""
    from gradtui.explain.report import json_parts

    for part in json_parts(value):
        sys.stdout.write(part)
    sys.stdout.write("\n")


def _print_rows(record: dict[str, Any], widths: list[int], *, csv: bool) -> None:
    """Print a step; before the first one, where there are no `widths` yet, the names."""
    from gradtui.base.text import EXACT, number, pad
    from gradtui.explain.report import record_columns
    from gradtui.explain.values import LISTED

    names, numbers = record_columns(record, None if csv else LISTED)
    rows = [[str(record["step"]), *(number(x, EXACT if csv else 6) for x in numbers[1:])]]
    if not widths:
        widths += [max(_CELLS, len(name)) for name in names]
        rows.insert(0, names)
    for row in rows:
        if csv:
            print(",".join(f'"{cell}"' if "," in cell else cell for cell in row))
        else:
            padded = zip(row, widths, strict=True)
            print(" ".join(pad(cell, width, right=True) for cell, width in padded))


def _outcome(problem: Problem, last: int, *, finite: bool) -> int:
    """Say where the loss of a run is lost or diverges, and return the exit status."""
    from gradtui.diagnosis.runs.registry import is_lost
    from gradtui.diagnosis.runs.work import TOO_LARGE, TooLargeError

    said = ""
    try:
        with working(f"judging {problem.path}"):
            said = is_lost(problem, last)
    except TooLargeError:
        tell(clean(f"{problem.path}: whether the loss diverges is {TOO_LARGE}"))
    said = said or ("" if finite else "the loss is lost: it is not finite")
    if said:
        tell(clean(f"{problem.path}: {said}; `gradtui check` says why"))
    return FAILED if said else OK


def _print_left_out(problem: Problem) -> None:
    """Print which parameters have more numbers than a table has columns for."""
    from gradtui.explain.values import LISTED

    for node in problem.graph.parameters:
        size = math.prod(node.shape)
        if size > LISTED:
            said = f"the first {LISTED} of {size:,} numbers are in the table"
            text = f"{problem.path}: {node.name}: {said}; --format csv or jsonl has all"
            tell(clean(text))


def show_step(arguments: argparse.Namespace) -> int:
    """Print one step in words and numbers."""
    from gradtui.explain.report import show_json, show_lines

    session = _open(arguments.file, ascii=arguments.ascii)
    names = [node.name for node in session.problem.graph.parameters]
    name, bracket, _ = (arguments.param or "").partition("[")
    if arguments.param is not None and name not in names:
        hint = did_you_mean(name, names) or f"; expected one of {', '.join(names)}"
        raise InputError(f"'{name}' is not a parameter{hint}", file=arguments.file)
    if arguments.level == "operations":
        session.toggle_level()
    with working(f"computing step {arguments.step} of {arguments.file}"):
        session.seek(arguments.step)
    if session.message:
        raise InputError(f"--step {arguments.step}: {session.message}", file=arguments.file)
    if bracket or arguments.row is not None:
        row = "" if arguments.row is None else f" row {arguments.row}"
        if not name:
            raise InputError(f"--row {arguments.row}: expected an element too, as "
                             f"--param '{names[0]}[0]'", file=arguments.file)  # fmt: skip
        session.selection.look(arguments.param + row)
        if session.message:
            raise InputError(f"--param {arguments.param}{row}: {session.message}",
                             file=arguments.file)  # fmt: skip
    with working(f"step {session.step} of {arguments.file}"):
        if arguments.json:
            told = show_json(session.frame, name or None)
        else:
            session.investigation.judge()
            lines = show_lines(session.frame, name or None)
    if arguments.json:
        _print_json(told)
    else:
        _print_lines(lines)
    return OK


def check_files(arguments: argparse.Namespace) -> int:
    """Verify what files claim and print what is wrong."""
    from gradtui.explain.outcome import errors_text, outcome_text, unsaid
    from gradtui.explain.report import to_json

    status = OK
    for file in arguments.files:
        if is_code(file):
            status = max(status, _check_code(file, arguments))
            continue
        try:
            problem = _load(file, ascii=arguments.ascii, notices=False)
            with working(f"checking {file}"):
                outcome = _checked(problem)
        except InputError as error:
            if arguments.json:
                print(to_json({"file": file, "error": str(error)}))
            tell(error)
            status = UNUSABLE
            continue
        if outcome.failed or (arguments.strict and outcome.warned):
            status = max(status, FAILED)
        if not arguments.quiet:
            _print_notices(problem, unsaid(problem.notices, outcome.findings))
        if arguments.json:
            print(to_json(outcome.as_dict()))
        elif not arguments.quiet:
            print(outcome_text(outcome))
        elif text := errors_text(outcome, strict=arguments.strict):
            print(text)
    return status


def _check_code(file: str, arguments: argparse.Namespace) -> int:
    """Check a function of a file of Python and return the exit status."""
    from gradtui.explain.report import to_json

    try:
        with working(f"running {file}"):
            failed, warned = report_code(file, arguments)
    except RaisedError as error:
        if arguments.json:
            print(to_json({"file": file, "error": error.text}))
        tell_raised(error)
        return UNUSABLE
    except InputError as error:
        if arguments.json:
            print(to_json({"file": file, "error": str(error)}))
        tell(error)
        return UNUSABLE
    return FAILED if failed or (arguments.strict and warned) else OK


def _checked(problem: Problem) -> Check:
    """Verify a scenario; where gradtui itself fails at it, that is what is found."""
    from gradtui.diagnosis.check import Check, check_problem
    from gradtui.diagnosis.internal import internal

    try:
        return check_problem(problem)
    except (InputError, MemoryError):
        raise
    except Exception as error:
        return Check(problem, "not-compared", (internal("the scenario", error),))


def _print_lines(lines: Sequence[TextRow]) -> None:
    from gradtui.explain.spans import line_text

    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for row in lines:
        text = "".join(f"{_SGR[role]}{part}\x1b[0m" if role in _SGR else part for part, role in row)
        print((text if colours else line_text(row)).rstrip())


_SGR = {
    "heading": "\x1b[1m",
    "dim": "\x1b[2m",
    "local": "\x1b[33m",
    "gradient": "\x1b[36m",
    "good": "\x1b[32m",
    "bad": "\x1b[31m",
}
