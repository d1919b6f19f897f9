"""How a command's FILE becomes a problem or a session, with messages on the way."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gradtui.base.source import InputError
from gradtui.base.streams import tell, working
from gradtui.base.text import clean
from gradtui.cli.running import is_code, refuse_unnamed, trace_code

if TYPE_CHECKING:
    from gradtui.debugger.session import Session
    from gradtui.scenario.problem import Notice, Problem

_DATA = (
    'is data, not a scenario: a scenario names it, [data] file = "{name}"; '
    "`gradtui new NAME.toml` writes one to start from"
)
_NO_SCENARIO = {
    ".csv": _DATA,
    ".npz": _DATA,
    ".ipynb": "is a notebook, not a scenario: call gradtui.check in a cell of it",
}
"""The end of a file's name -> what to do with such a file."""


def open_session(file: str, *, ascii: bool, at_once: bool = False) -> Session:
    """Return a session on a scenario, or on one call of code, which is run.

    With `at_once`, the gradients of code are compared in another process meanwhile.  Raises
    InputError if it cannot be used, RaisedError for exceptions of the code.
    """
    from gradtui.debugger.session import Session

    if is_code(file):
        with working(f"running {file}"):
            return trace_code(file, at_once=at_once)
    problem = load_file(file, ascii=ascii)
    with working(f"opening {file}"):
        return Session(problem)


def load_file(
    file: str, overrides: Sequence[str] = (), *, notices: bool = True, ascii: bool = False
) -> Problem:
    """Return the problem of a scenario with other settings, `KEY=VALUE`; raises InputError.

    Its notices are printed, unless `notices` is False.
    """
    from gradtui.scenario.bundled import find_scenario, is_bundled
    from gradtui.scenario.load import load_problem

    if is_bundled(file) and os.path.isfile(file):
        tell(clean(f"{file}: opening the bundled scenario; the file here is ./{file}"))
    if is_code(file):
        raise InputError(
            "your own code is one call, which trains nothing: `gradtui FILE.py:NAME` opens it, "
            "`gradtui show` prints it, `gradtui check` checks it", file=file,
        )  # fmt: skip
    refuse_unnamed(file)
    _refuse_data(file)
    pairs = {}
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise InputError(
                "expected KEY=VALUE, such as optimizer.lr=0.1", file=f"--set {override}"
            )
        pairs[key.strip()] = value.strip()
    with working(f"reading {file}"):
        problem = load_problem(find_scenario(file), pairs, ascii=ascii)
    if notices:
        print_notices(problem, problem.notices)
    return problem


def _refuse_data(file: str) -> None:
    """Raise InputError for a file of numbers, or a notebook, in a scenario's place."""
    suffix = os.path.splitext(file)[1].lower()
    if not os.path.isfile(file) or suffix not in _NO_SCENARIO:
        return
    raise InputError(_NO_SCENARIO[suffix].format(name=os.path.basename(file)), file=file)


def print_notices(problem: Problem, notices: Iterable[Notice]) -> None:
    """Print the notices of a scenario on standard error."""
    for notice in notices:
        tell(problem.describe(notice))
