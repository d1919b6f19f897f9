"""`gradtui print`: the value of an expression at a step."""

from __future__ import annotations

import argparse

from gradtui.base.source import InputError
from gradtui.base.streams import working
from gradtui.cli.files import open_session
from gradtui.cli.output import OK, line_width, print_json, print_lines, prints_apart


def print_value(arguments: argparse.Namespace) -> int:
    """Print an expression at a step: value, shape, the first rows."""
    from gradtui.debugger.inspection import inspect, whole_data, wording
    from gradtui.explain.arrays import value_rows
    from gradtui.explain.assigned import assigned_note
    from gradtui.explain.training import part_text

    with prints_apart(arguments):
        session = open_session(arguments.file, ascii=arguments.ascii)
    with working(f"computing step {arguments.step:,} of {arguments.file}"):
        session.seek(arguments.step)
    if session.message:
        raise InputError(f"--step {arguments.step}: {session.message}", file=arguments.file)
    try:
        value = inspect(arguments.expression, session)
    except InputError as error:
        raise error.within("EXPRESSION", [arguments.expression]) from None
    step = None if session.problem.call is not None else session.step
    whole = whole_data(arguments.expression, session.problem)
    note = assigned_note(arguments.expression, session.frame)
    if arguments.all:
        if whole is None:
            message = f"--all: '{arguments.expression}' is not data cut into batches"
            raise InputError(message, file=arguments.file)
        value, step = whole, None
    elif whole is not None:
        note = f"{part_text(len(value), len(whole))} (--all prints all)"
    if arguments.json:
        print_json({
            "expression": arguments.expression, "step": session.step, "shape": list(value.shape),
            "value": value if value.shape else float(value),
        })  # fmt: skip
        return OK
    words = wording(arguments.expression, session.problem)
    rows = value_rows(arguments.expression, step, value, line_width(), arguments.rows, note, words)
    print_lines(rows)
    return OK
