"""The command line: its grammar and its exit status. Knows nothing of what commands do."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from gradtui import __version__
from gradtui.base.bare_numpy import leave_out
from gradtui.base.files import config_file, short_path
from gradtui.base.postponed import give_way
from gradtui.base.source import InputError, did_you_mean, nearest
from gradtui.base.streams import HUNG_UP, divert, has_vanished, open_streams, settle, tell
from gradtui.base.text import clean
from gradtui.cli.commands import debug, learn, list_scenarios, show_step
from gradtui.cli.output import UNUSABLE
from gradtui.cli.running import RaisedError, is_code, tell_raised

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_DIGITS = 9
"""Most digits of a number of steps."""
_BROKEN_PIPE = 141
"""The status that a shell reports for SIGPIPE."""


class Command(NamedTuple):
    """One command of the shell."""

    name: str
    summary: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def _imported_when_run(module: str, name: str) -> Callable[[argparse.Namespace], int]:
    """Return a command's function, imported when it is run: no other command waits for it."""

    def run(arguments: argparse.Namespace) -> int:
        status: int = getattr(import_module(f"gradtui.cli.{module}"), name)(arguments)
        return status

    return run


class _Parser(argparse.ArgumentParser):
    """A parser whose errors quote typed text without control characters."""

    def error(self, message: str) -> NoReturn:
        """Print usage and error, and exit with status 2."""
        super().error(clean(message))

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Print help or version; argparse itself would hide that it cannot be written."""
        if file is not sys.stdout:
            return super()._print_message(message, file)
        try:
            print(message, end="", flush=True)
        except OSError as error:
            self.exit(_unwritten(error))


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status: 0 fine, 1 a finding, 2 unusable input."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # NumPy reads this when imported. More threads of OpenBLAS spin between two products: ten times
    # the work of one with a matrix of a million numbers. So does no run depend on the cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Memory in huge pages is put together anew for each large array: twice the work of a step.
    os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")
    if any(map(is_code, arguments)):  # that may read NumPy's texts
        give_way()
    else:
        leave_out()
    open_streams()
    try:
        parsed = _parse(arguments)
        parsed.alone = argv is None  # the program itself, which nothing else runs in
        with _output(parsed):
            return _run_command(parsed)
    finally:
        settle()


def _output(parsed: argparse.Namespace) -> AbstractContextManager[None]:
    """Write all output in ASCII, on request or if the locale has nothing else."""
    from gradtui.base.terminal import ascii_only, ascii_output

    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # without one, any text is fine
    parsed.ascii = parsed.ascii or ascii_only(os.environ, encoding)
    return ascii_output() if parsed.ascii else nullcontext()


def _run_command(parsed: argparse.Namespace) -> int:
    try:
        status: int = parsed.run(parsed)
        sys.stdout.flush()
        return status
    except RaisedError as error:
        tell_raised(error)
        return UNUSABLE
    except InputError as error:
        tell(error)
        return UNUSABLE
    except OSError as error:
        return _unwritten(error)
    except MemoryError:
        tell("gradtui: not enough memory for a model of this size")
        return UNUSABLE


def _unwritten(error: OSError) -> int:
    """Say why the output cannot be written, unless its reader has left; return the exit status."""
    if has_vanished(sys.stdout):
        return HUNG_UP
    divert(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return _BROKEN_PIPE
    tell(f"gradtui: the output cannot be written: {error.strerror}")
    return UNUSABLE


def _parse(arguments: list[str]) -> argparse.Namespace:
    names = {command.name for command in COMMANDS}
    if arguments[:1] == ["help"] and names.intersection(arguments[1:2]):
        arguments = [arguments[1], "--help"]
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
        "FILE is a path or the name of a bundled scenario; without it, a list opens.\n"
        "FILE.py:NAME is a function of your own that returns a loss and its gradients: the file\n"
        "is run, as `python FILE.py` would run it, and one call of the function opens, with its\n"
        "defaults; it is not run again when the file changes.\n"
        f"Keys and colours of your own: {short_path(config_file())} (? in the debugger says how).",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="scenario to open")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--step", type=_count, default=0, metavar="N", help="open at this step")
    place.add_argument("--resume", action="store_true", help="open where you left it")
    _screen_arguments(parser)
    _ascii_argument(parser)
    parser.add_argument("--version", action="version", version=f"gradtui {__version__}")
    parser.set_defaults(run=debug, learn=False)
    parsed, unknown = parser.parse_known_args(arguments)
    more = unknown and not unknown[0].startswith("-")
    if parsed.file and (more or _is_misspelt(parsed.file, names)):
        parser.error(f"'{parsed.file}' is not a command" + did_you_mean(parsed.file, names))
    if parsed.resume and parsed.file is None:
        parser.error("--resume needs a FILE")
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return parsed


def _is_misspelt(word: str, commands: set[str]) -> bool:
    """Return whether a word that names no file is nearer to a command than to any scenario."""
    from gradtui.scenario.bundled import bundled_names, is_bundled

    if not word.isidentifier() or os.path.exists(word) or is_bundled(word):
        return False
    return nearest(word, [*bundled_names(), *commands]) in commands


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


def _file_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="path of a scenario, or a bundled name")


def _new_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="path of the scenario, or of the code where it ends in .py"
    )
    parser.add_argument(
        "--from", dest="origin", metavar="SCENARIO",
        help="copy this scenario, a path or a bundled name, with the files it names",
    )  # fmt: skip


def _ascii_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ascii", action="store_true", help="draw in ASCII, the default if the locale is not UTF-8"
    )


def _screen_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--theme", default="", metavar="NAME", help="the colours: dark, light, 16")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")


def _learn_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--list", action="store_true", help="print the chapters, with your progress"
    )
    _screen_arguments(parser)
    parser.set_defaults(file=None, step=0, resume=False, learn=True)


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="WORD", help="those with these words only")
    parser.add_argument("--json", action="store_true", help="one array of objects")


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    _file_argument(parser)
    parser.add_argument("--steps", type=_count, metavar="N", help="train N steps")
    parser.add_argument(
        "--every", type=_at_least_one, default=1, metavar="K", help="print every K-th step"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="for example optimizer.lr=1.5",
    )
    parser.add_argument(
        "--format",
        choices=("table", "jsonl", "csv"),
        default="table",
        help="how to print the steps (default table)",
    )
    parser.add_argument(
        "--columns", metavar="LIST",
        help="columns of the table or csv: names and expressions, for example loss,norm,W[0,1],dW",
    )  # fmt: skip


def _print_arguments(parser: argparse.ArgumentParser) -> None:
    _shown_argument(parser)
    parser.add_argument(
        "expression", metavar="EXPRESSION",
        help="a name, an element, or an expression: W, 'W[0,1]', 'grad(W)', 'X@w - y'",
    )  # fmt: skip
    parser.add_argument("--step", type=_count, default=0, metavar="N", help="at step N (default 0)")
    parser.add_argument(
        "--rows", type=_at_least_one, default=10, metavar="N", help="print N rows (default 10)"
    )
    parser.add_argument(
        "--all", action="store_true", help="of data cut into batches: all rows, not those of a step"
    )
    parser.add_argument("--json", action="store_true", help="one object, with all numbers")


def _shown_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE",
        help="path of a scenario, a bundled name, or FILE.py:NAME: the file is run, and one call "
        "of that function is shown",
    )  # fmt: skip


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    _shown_argument(parser)
    parser.add_argument("--step", type=_count, default=0, metavar="N", help="at step N (default 0)")
    parser.add_argument(
        "--param",
        metavar="NAME",
        help="only the chain rule of this parameter, or of an element: 'W[3,1]'",
    )
    parser.add_argument(
        "--row", type=_count, metavar="N", help="the element's path through this row of the batch"
    )
    parser.add_argument(
        "--level",
        choices=("named", "operations"),
        default="named",
        help="show the named values, or every operation",
    )
    parser.add_argument("--json", action="store_true", help="one object, with all numbers")


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    from gradtui.cli.checking import FORMATS

    parser.add_argument(
        "files", nargs="+", metavar="FILE",
        help="paths or bundled names; or FILE.py:NAME, a function of your own that returns a loss "
        "and its gradients: the file is run, as `python FILE.py` would run it, and the function "
        "is called with its defaults",
    )  # fmt: skip
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--format", choices=FORMATS, default="text",
        help="github: annotations of the lines of a pull request; sarif: one log of all files",
    )  # fmt: skip
    form.add_argument(
        "--json", action="store_const", dest="format", const="json", help="one line per file"
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument("--strict", action="store_true", help="fail on warnings, too")


def _help_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "topic", nargs="?", metavar="TOPIC",
        help="a topic, a command, or a name that a table of the manual explains: a key, a rule, "
        "a function, an optimizer; without it the topics are listed",
    )  # fmt: skip


COMMANDS = (
    Command("learn", "the course: lessons to do, one thing at a time", _learn_arguments, learn),
    Command(
        "list", "the bundled scenarios, or those with some words", _list_arguments, list_scenarios
    ),
    Command(
        "new",
        "write a commented scenario to start from, a copy, or NumPy code (FILE.py)",
        _new_argument,
        _imported_when_run("creating", "write_new"),
    ),
    Command(
        "run", "train without a screen", _run_arguments, _imported_when_run("training", "train")
    ),
    Command("show", "one step in words and numbers", _show_arguments, show_step),
    Command(
        "print",
        "the value of an expression at a step",
        _print_arguments,
        _imported_when_run("printing", "print_value"),
    ),
    Command(
        "check",
        "verify gradients, updates, the run and the stated facts",
        _check_arguments,
        _imported_when_run("checking", "check_files"),
    ),
    Command(
        "help",
        "the manual: a list of its topics, or one page",
        _help_arguments,
        _imported_when_run("manual", "print_manual"),
    ),
)
