"""What may be typed: arguments, settings, help; and what is loaded for it."""

import os
import re
import subprocess
import sys

import pytest

import gradtui
from cli.shell import ROOT, rows_of, shell
from gradtui.cli.arguments import COMMANDS, main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["LIST", "more"], "'LIST' is not a command; did you mean 'list'?"),
        (["Chek", "two_weights"], "'Chek' is not a command; did you mean 'check'?"),
        (["chek", "two_weights"], "'chek' is not a command; did you mean 'check'?"),
        (["lern"], "'lern' is not a command; did you mean 'learn'?"),
        (["two_wieghts"], "no file and no bundled scenario is called 'two_wieghts'"),
        (["--bogus"], "unrecognized arguments: --bogus"),
        (["show", "two_weights", "--bogus"], "unrecognized arguments: --bogus"),
        (["show"], "the following arguments are required: FILE"),
        (["check"], "the following arguments are required: FILE"),
        (["show", "two_weights", "more"], "unrecognized arguments: more"),
        (["run", "two_weights", "--steps", "-1"], "expected a whole number from 0 on, got '-1'"),
        (["run", "two_weights", "--steps", "1.5"], "expected a whole number from 0 on, got '1.5'"),
        (["run", "two_weights", "--steps", "٣"], "expected a whole number from 0 on, got '٣'"),
        (["run", "two_weights", "--steps", "1" * 12], "at most 9 digits, got 12"),
        (["run", "two_weights", "--every", "0"], "expected at least 1"),
        (["run", "two_weights", "--format", "xml"], "invalid choice: 'xml'"),
        (["show", "two_weights", "--level", "both"], "invalid choice: 'both'"),
        (["--step", "x"], "expected a whole number from 0 on, got 'x'"),
    ],
)
def test_arguments_that_are_none(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "optimizer.lr",
            "--set optimizer.lr:1:1: error: expected KEY=VALUE, such as optimizer.lr=0.1",
        ),
        ("optimizer.lr=abc", "optimizer.lr: expected a number, got text"),
        ("optimizer.lr=1,5", "--set optimizer.lr=1,5:1:1: error: the value is not a TOML value"),
        (
            "optimizer.lr=1\nx=2",
            "--set optimizer.lr=1\\x0ax=2:1:1: error: the value is not a TOML value",
        ),
        ("title.x=5", "--set title.x=5:1:1: error: 'title' is not a table"),
        ("optimizer.lr=nan", "the learning rate must be finite, got nan (with --set "),
        ('optimizer.lr="a"', 'expected a number, got text in quotes (with --set optimizer.lr="a")'),
        ("optimizer.rl=1", "unknown key 'rl'; expected one of name, lr, "),
        ("lr=1", "--set lr=1:1:1: error: a file has no key 'lr'; did you mean 'optimizer.lr'?"),
        (
            "steps=1",
            "--set steps=1:1:1: error: a file has no key 'steps'; did you mean 'run.steps'?",
        ),
        ("w1=1", "--set w1=1:1:1: error: a file has no key 'w1'; did you mean 'parameters.w1'?"),
        ("titel=1", "--set titel=1:1:1: error: a file has no key 'titel'; did you mean 'title'?"),
        ("qqq=1", "--set qqq=1:1:1: error: a file has no key 'qqq': expected TABLE.KEY, such as"),
        (
            "rate=1",
            "--set rate=1:1:1: error: a file has no key 'rate'; did you mean 'optimizer.lr'?",
        ),
        ("epochs=1", "a file has no key 'epochs'; did you mean 'run.steps'?"),
        ("a.b.c=5", "unknown key 'a'; expected one of title, "),
        ("optimizer=5", "optimizer: expected a table, got a whole number (with --set "),
        ("parameters.w1=[1.0, 2.0]", "the loss 'L' must be a scalar, but it has the shape [2]"),
    ],
)
def test_settings_that_are_none(run, setting, message):
    status, out, err = run("run", "two_weights", "--set", setting)
    assert (status, out) == (2, "")
    assert ".toml:" in err or err.startswith("--set ")
    assert message in err


def test_every_command_has_help(run):
    for command in COMMANDS:
        status, out, _ = run(command.name, "--help")
        assert status == 0
        assert command.summary in out
    status, out, _ = run("--help")
    assert status == 0
    assert all(f"gradtui {command.name}" in out for command in COMMANDS)
    assert run("--version") == (0, f"gradtui {gradtui.__version__}\n", "")


def test_python_m_gradtui_runs():
    result = shell("run", "two_weights", "--format", "jsonl", "--steps", "3")
    assert (result.returncode, result.stderr) == (0, "")
    assert [row["loss"] for row in rows_of(result.stdout)] == pytest.approx(
        [9, 0.81, 0.0729, 0.006561]
    )


@pytest.mark.parametrize(
    ("name", "usual"), [("OPENBLAS_NUM_THREADS", "1"), ("NUMPY_MADVISE_HUGEPAGE", "0")]
)
@pytest.mark.parametrize("chosen", [None, "3"])
def test_one_thread_computes_in_small_pages_unless_the_user_wants_more(
    run, monkeypatch, name, usual, chosen
):
    monkeypatch.setenv(name, chosen or "")
    if chosen is None:
        monkeypatch.delenv(name)
    run("list")
    assert os.environ[name] == (chosen or usual)


def modules_after(code):
    """Return the packages that are loaded after `code`, in a process of its own."""
    program = (
        f"import sys\n{code}\nprint('LOADED', *sorted({{m.split('.')[0] for m in sys.modules}}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(result.stdout.rpartition("LOADED ")[2].split())


RUN = "from gradtui.cli.arguments import main\ntry: main({})\nexcept SystemExit: pass"


SCREEN = {"textual", "rich", "plotext"}


def test_a_command_waits_for_no_other():
    waits = "import gradtui.cli.arguments\nnames = {m for m in sys.modules if '.cli.' in m}\n"
    others = ("checking", "creating", "manual", "printing", "training")
    modules_after(waits + f"assert not names & {{*map('gradtui.cli.'.__add__, {others})}}, names")


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_help_and_version_load_no_numbers_and_no_screen(option):
    loaded = modules_after(RUN.format([option]))
    assert "gradtui" in loaded
    assert not loaded & {*SCREEN, "numpy", "msgspec"}


@pytest.mark.parametrize(
    "code",
    [
        "import gradtui.cli.arguments",
        "import gradtui; gradtui.load('two_weights').frame.loss",
        *(RUN.format([command, "two_weights"]) for command in ("show", "run", "check")),
    ],
)
def test_nothing_below_the_screen_loads_it(code):
    loaded = modules_after(code)
    assert "gradtui" in loaded
    assert not loaded & SCREEN


def test_what_is_typed_cannot_act_on_the_terminal(capsys):
    for arguments in (["\x1b]0;a\x07\u202e", "x"], ["show", "x", "--step", "\x9b2J"], ["--\u200b"]):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        err = capsys.readouterr().err
        assert left.value.code == 2
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e]", err)
