"""Ctrl+C, whenever it comes: the program is ended by the signal, and prints nothing of its own."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from gradtui.cli.arguments import main
from program import Program

ROOT = Path(__file__).parents[2]
GRADTUI = [sys.executable, "-m", "gradtui"]
AT_IMPORT = """
import os, sys

class Interrupter:
    def find_spec(self, name, path, target=None):
        if name == os.environ["INTERRUPTED_IMPORT"]:
            os.kill(os.getpid(), 2)

sys.meta_path.insert(0, Interrupter())
"""
EARLY = ["gradtui.cli.arguments", "argparse", "gradtui.cli.commands", "gradtui.base.text"]


@pytest.fixture
def interrupted(tmp_path, monkeypatch):
    """Let every Python that is started interrupt itself when it imports a module."""
    (tmp_path / "sitecustomize.py").write_text(AT_IMPORT)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))

    def at(module: str) -> None:
        monkeypatch.setenv("INTERRUPTED_IMPORT", module)

    return at


@pytest.mark.parametrize("module", [*EARLY, "numpy", "numpy.linalg", "gradtui.engine.trainer"])
@pytest.mark.parametrize("command", ["run", "check"])
def test_while_a_command_is_loaded(interrupted, command, module):
    interrupted(module)
    result = subprocess.run([*GRADTUI, command, "two_weights"], capture_output=True, cwd=ROOT)
    assert (result.returncode, result.stdout, result.stderr) == (-signal.SIGINT, b"", b"")


@pytest.mark.parametrize("module", [*EARLY, "numpy", "textual.app", "gradtui.tui.ending"])
def test_while_the_debugger_is_loaded(interrupted, tmp_path, module):
    interrupted(module)
    program = Program(tmp_path / "state", "two_weights")
    assert program.wait() == -signal.SIGINT
    # a slow machine says what it is reading, on a line that it wipes
    assert b"\n" not in program.output
    program.close()


def test_what_is_ignored_stays_ignored(interrupted):
    interrupted("gradtui.engine.trainer")
    shell = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *GRADTUI, "run", "two_weights"]
    result = subprocess.run(shell, capture_output=True, cwd=ROOT)
    assert (result.returncode, result.stderr) == (0, b"")


def test_a_run_ends_with_a_whole_row():
    command = [*GRADTUI, "run", "two_weights", "--steps", "1000000", "--format", "jsonl"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        printed = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        printed += process.stdout.read()
        assert process.stderr.read() == b""
    assert process.returncode == -signal.SIGINT
    assert printed.startswith(b'{"step": 0') and printed.endswith(b"}\n")


def test_no_row_that_is_printed_waits_for_the_next_one(monkeypatch):
    class Pipe(io.RawIOBase):
        written: ClassVar[list[bytes]] = []

        def writable(self):
            return True

        def write(self, data):
            self.written.append(bytes(data))
            return len(data)

    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(Pipe())))
    assert main(["run", "two_weights", "--steps", "3", "--format", "jsonl"]) == 0
    assert [json.loads(row)["step"] for row in Pipe.written] == [0, 1, 2, 3]
