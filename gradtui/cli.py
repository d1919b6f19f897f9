"""The commands. Imports the screen only when a screen is wanted, and numpy only for numbers."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from gradtui import __version__
from gradtui.folders import config_file, short_path
from gradtui.source import InputError, did_you_mean
from gradtui.text import clean

if TYPE_CHECKING:
    from gradtui.explain.spans import Line
    from gradtui.scenario.problem import Notice, Problem
    from gradtui.session import Session

_CELLS = 13
"""Cells of a column of a table: `-1.23457e-308`."""
_DIGITS = 9
"""Digits of a number of steps."""
OK, FAILED, UNUSABLE = 0, 1, 2
_INTERRUPTED, _BROKEN_PIPE = 130, 141
"""As a shell reports SIGINT and SIGPIPE."""


class Command(NamedTuple):
    """One command of the shell."""

    name: str
    summary: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


class _Parser(argparse.ArgumentParser):
    """A parser whose errors, which quote what was typed, cannot act on the terminal."""

    def error(self, message: str) -> NoReturn:
        """Print usage and error, and exit with status 2."""
        super().error(clean(message))


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status: 0 fine, 1 a finding, 2 unusable input."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Read as numpy is imported. With more, threads of OpenBLAS spin between two products: ten times
    # the work of one with a matrix of a million numbers. So does no run depend on the cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        if hasattr(getattr(sys, name), "reconfigure"):
            getattr(sys, name).reconfigure(errors="backslashreplace")
    parsed = _parse(arguments)
    with _output(parsed):
        return _run_command(parsed)


def _output(parsed: argparse.Namespace) -> AbstractContextManager[None]:
    """Let all output be in ASCII, if asked for or if the locale has nothing else."""
    from gradtui.terminals import ascii_only, ascii_output

    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # without one it takes any text
    parsed.ascii = parsed.ascii or ascii_only(os.environ, encoding)
    return ascii_output() if parsed.ascii else nullcontext()


def _run_command(parsed: argparse.Namespace) -> int:
    try:
        status: int = parsed.run(parsed)
        sys.stdout.flush()
        return status
    except InputError as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    except BrokenPipeError:
        _abandon_output()
        return _BROKEN_PIPE
    except OSError as error:
        _abandon_output()
        print(f"gradtui: the output cannot be written: {error.strerror}", file=sys.stderr)
        return UNUSABLE
    except MemoryError:
        print("gradtui: there is not enough memory for a model of this size", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        return _INTERRUPTED


def _abandon_output() -> None:
    """Throw away what is still buffered: Python would try to write it once more on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parse(arguments: list[str]) -> argparse.Namespace:
    names = {command.name for command in COMMANDS}
    if arguments and arguments[0] in names:
        command = next(c for c in COMMANDS if c.name == arguments[0])
        parser = _Parser(f"gradtui {command.name}", description=command.summary)
        command.arguments(parser)
        _ascii_argument(parser)
        parser.set_defaults(run=command.run)
        return parser.parse_args(arguments[1:])
    listed = "\n".join(f"  gradtui {c.name:<7} {c.summary}" for c in COMMANDS)
    parser = _Parser(
        "gradtui",
        usage="gradtui [FILE] [--step N | --resume] [--theme NAME] [--no-mouse] [--ascii]\n"
        "       gradtui COMMAND ...",
        description="A terminal debugger for training: steps through a run, forward and backward.",
        epilog=f"commands (each has --help):\n{listed}\n\n"
        "FILE is a path or the name of a bundled scenario; without it a list opens.\n"
        f"Keys and colours of your own: {short_path(config_file())} (? in the debugger says how).",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="scenario to open")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--step", type=_count, default=0, metavar="N", help="open at this step")
    place.add_argument("--resume", action="store_true", help="open where it was left")
    parser.add_argument("--theme", default="", metavar="NAME", help="its colours: dark, light, 16")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    _ascii_argument(parser)
    parser.add_argument("--version", action="version", version=f"gradtui {__version__}")
    parser.set_defaults(run=_debug)
    parsed, unknown = parser.parse_known_args(arguments)
    if unknown and parsed.file and not unknown[0].startswith("-"):
        parser.error(f"'{parsed.file}' is not a command" + did_you_mean(parsed.file, names))
    if parsed.resume and parsed.file is None:
        parser.error("--resume needs a FILE: what is left of it is resumed")
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return parsed


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 on, got '{text}'")
    if len(text) > _DIGITS:
        raise argparse.ArgumentTypeError(f"at most {_DIGITS} digits, got {len(text)}")
    return int(text)


def _at_least_one(text: str) -> int:
    count = _count(text)
    if count < 1:
        raise argparse.ArgumentTypeError("expected at least 1")
    return count


def _debug(arguments: argparse.Namespace) -> int:
    environ = os.environ
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()
    if not on_terminal or environ.get("TERM") in ("dumb", "unknown"):
        print(
            "gradtui: the debugger needs a terminal; `gradtui show FILE` and `gradtui run FILE` "
            "print plain text",
            file=sys.stderr,
        )
        return UNUSABLE
    import gc

    # Nothing made up to the first paint is garbage; collecting it took a tenth of the start.
    gc.disable()
    session: Session | None = None
    if arguments.file is not None:
        session = _open(arguments.file, ascii=arguments.ascii)
        session.seek(arguments.step)
    from gradtui.terminals import Display, colours
    from gradtui.tui.app import run_app
    from gradtui.tui.config import read_config
    from gradtui.tui.themes import find_theme

    config = read_config()
    try:
        theme = find_theme(arguments.theme) or config.theme
    except InputError as error:
        raise InputError(error.message, file=f"--theme {arguments.theme}") from None
    display = Display(colours(environ), theme, not arguments.no_mouse, arguments.ascii)
    return run_app(session, display, config.keys, resume=arguments.resume)


def _open(file: str, *, ascii: bool) -> Session:
    from gradtui.session import Session

    return Session(_load(file, ascii=ascii))


def _load(
    file: str, overrides: Sequence[str] = (), *, notices: bool = True, ascii: bool = False
) -> Problem:
    from gradtui.scenario.bundled import find_scenario
    from gradtui.scenario.load import load_problem

    pairs = {}
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise InputError(
                f"--set {override}: expected KEY=VALUE, as optimizer.lr=0.1", file=file
            )
        pairs[key.strip()] = value.strip()
    problem = load_problem(find_scenario(file), pairs, ascii=ascii)
    if notices:
        _print_notices(problem, problem.notices)
    return problem


def _print_notices(problem: Problem, notices: Iterable[Notice]) -> None:
    for notice in notices:
        print(problem.describe(notice), file=sys.stderr)


def _list(arguments: argparse.Namespace) -> int:
    from gradtui.ascii import spell
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


def _new(arguments: argparse.Namespace) -> int:
    from gradtui.scenario.template import TEMPLATE
    from gradtui.writing import reason, write_file

    path = Path(arguments.file)
    try:
        write_file(path, TEMPLATE.encode(), new=True)
    except FileExistsError:
        raise InputError("the file is there already; choose another name", file=str(path)) from None
    except OSError as error:
        raise InputError(f"cannot be written: {reason(error)}", file=str(path)) from None
    print(clean(f"wrote {path}: open it with `gradtui {path}`"))
    return OK


def _run(arguments: argparse.Namespace) -> int:
    from gradtui.explain.report import record_columns, step_record, to_json
    from gradtui.text import EXACT, number, pad

    problem = _load(arguments.file, arguments.set, ascii=arguments.ascii)
    last = problem.steps if arguments.steps is None else arguments.steps
    trainer, state, step, widths = problem.trainer, problem.trainer.initial, 0, list[int]()
    while True:
        record = step_record(problem, trainer.record(state, step))
        if arguments.format == "jsonl":
            print(to_json(record))
        else:
            names, numbers = record_columns(record)
            csv = arguments.format == "csv"
            rows = [[str(step), *(number(x, EXACT if csv else 6) for x in numbers[1:])]]
            if not widths:
                widths = [max(_CELLS, len(name)) for name in names]
                rows.insert(0, names)
            for row in rows:
                if csv:
                    print(",".join(f'"{cell}"' if "," in cell else cell for cell in row))
                else:
                    padded = zip(row, widths, strict=True)
                    print(" ".join(pad(cell, width, right=True) for cell, width in padded))
        if step >= last:
            return OK
        ahead = min(arguments.every, last - step)
        state, step = trainer.run(state, ahead, step), step + ahead


def _show(arguments: argparse.Namespace) -> int:
    from gradtui.explain.report import show_json, show_lines, to_json

    session = _open(arguments.file, ascii=arguments.ascii)
    names = [node.name for node in session.problem.graph.parameters]
    name, bracket, _ = (arguments.param or "").partition("[")
    if arguments.param is not None and name not in names:
        hint = did_you_mean(name, names) or f"; expected one of {', '.join(names)}"
        raise InputError(f"'{name}' is not a parameter{hint}", file=arguments.file)
    if arguments.level == "operations":
        session.toggle_level()
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
    if arguments.json:
        print(to_json(show_json(session.frame, name or None)))
    else:
        session.inquiry.judge()
        _print_lines(show_lines(session.frame, name or None))
    return OK


def _check(arguments: argparse.Namespace) -> int:
    from gradtui.diagnosis.check import check_problem
    from gradtui.explain.outcome import outcome_text, unsaid
    from gradtui.explain.report import to_json

    status = OK
    for file in arguments.files:
        try:
            problem = _load(file, ascii=arguments.ascii, notices=False)
            outcome = check_problem(problem)
        except InputError as error:
            if arguments.json:
                print(to_json({"file": file, "error": str(error)}))
            print(error, file=sys.stderr)
            status = UNUSABLE
            continue
        if outcome.failed:
            status = max(status, FAILED)
        elif arguments.quiet and not arguments.json:
            continue
        _print_notices(problem, unsaid(problem.notices, outcome.findings))
        if arguments.json:
            print(to_json(outcome.as_dict()))
        else:
            print(outcome_text(outcome))
    return status


def _print_lines(lines: Sequence[Line]) -> None:
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


def _file_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="path of a scenario, or a bundled name")


def _ascii_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ascii", action="store_true", help="draw in ASCII, as where the locale is not UTF-8"
    )


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one array of objects")


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    _file_argument(parser)
    parser.add_argument("--steps", type=_count, metavar="N", help="train N steps")
    parser.add_argument(
        "--every", type=_at_least_one, default=1, metavar="K", help="print every K-th step"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="as optimizer.lr=1.5"
    )
    parser.add_argument("--format", choices=("table", "jsonl", "csv"), default="table")


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    _file_argument(parser)
    parser.add_argument("--step", type=_count, default=0, metavar="N")
    parser.add_argument(
        "--param", metavar="NAME", help="only this parameter's chain rule; as 'W[3,1]' an element's"
    )
    parser.add_argument(
        "--row", type=_count, metavar="N", help="the element's way through this row of the batch"
    )
    parser.add_argument("--level", choices=("named", "operations"), default="named")
    parser.add_argument("--json", action="store_true")


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="paths or bundled names")
    parser.add_argument("--json", action="store_true", help="one line a file")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")


COMMANDS = (
    Command("list", "the bundled scenarios", _list_arguments, _list),
    Command("new", "write a commented scenario to start from", _file_argument, _new),
    Command("run", "train without a screen", _run_arguments, _run),
    Command("show", "one step in words and numbers", _show_arguments, _show),
    Command(
        "check", "verify gradients, updates, the run and the stated facts", _check_arguments, _check
    ),
)
