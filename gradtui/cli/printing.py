"""`gradtui print`: the value of an expression at a step."""

from __future__ import annotations

import argparse

from gradtui.base.source import InputError
from gradtui.base.streams import working
from gradtui.cli.files import open_session
from gradtui.cli.output import OK, line_width, print_json, print_lines


def print_value(arguments: argparse.Namespace) -> int:
    """Print an expression at a step: value, shape, the first rows."""
    from gradtui.debugger.inspection import inspect
    from gradtui.explain.arrays import value_rows

    session = open_session(arguments.file, ascii=arguments.ascii)
    with working(f"computing step {arguments.step:,} of {arguments.file}"):
        session.seek(arguments.step)
    if session.message:
        raise InputError(f"--step {arguments.step}: {session.message}", file=arguments.file)
    try:
        value = inspect(arguments.expression, session)
    except InputError as error:
        raise error.within("EXPRESSION", [arguments.expression]) from None
    if arguments.json:
        print_json({
            "expression": arguments.expression, "step": session.step, "shape": list(value.shape),
            "value": value if value.shape else float(value),
        })  # fmt: skip
        return OK
    step = None if session.problem.call is not None else session.step
    print_lines(value_rows(arguments.expression, step, value, line_width(), arguments.rows))
    return OK
