"""The import contracts of pyproject.toml hold, and each fails where it is broken."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

import pytest

ROOT = Path(__file__).parents[1]
LINT = "import sys; from importlinter.cli import lint_imports_command as lint; sys.exit(lint())"
UNDER_TYPE_CHECKING = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from gradtui.tui.debugger import Debugger
"""
IN_A_FUNCTION = """
def _late() -> None:
    from gradtui.tui.debugger import Debugger
"""
BREAKS = {
    "a module in no layer": ("left_out.py", "", "layers"),
    "an import across a layer": ("explain/step.py", "import gradtui.saving.store", "layers"),
    "a cycle under TYPE_CHECKING": ("tui/commands.py", UNDER_TYPE_CHECKING, "no import cycles"),
    "a cycle inside a function": ("tui/saving.py", IN_A_FUNCTION, "no import cycles"),
    "textual outside the screen": ("explain/step.py", "import textual", "only the screen"),
    "plotext at the root": ("__init__.py", "import plotext", "only the screen"),
    "a file format in the engine": ("engine/graph.py", "import json", "the engine and"),
}
"""What is broken -> the file in which it is, the text added to it, how the contract begins."""


def broken_contracts(folder: Path) -> list[str]:
    """Return the names of the contracts that a copy of the package breaks."""
    done = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"],
        cwd=folder, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    told = re.findall(r"^(.+) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE)
    broken = [name for name, verdict in told if verdict == "BROKEN"]
    assert told and done.returncode == bool(broken), done.stdout + done.stderr
    return broken


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Copy the modules and their contracts."""

    without = ignore_patterns("__pycache__")
    copytree(ROOT / "gradtui", tmp_path / "gradtui", ignore=without)
    copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_package_keeps_every_contract(package):
    assert broken_contracts(package) == []


@pytest.mark.parametrize("what", BREAKS)
def test_a_contract_fails_where_it_is_broken(package, what):
    file, text, contract = BREAKS[what]
    with open(package / "gradtui" / file, "a") as changed:
        changed.write(text)
    (broken,) = broken_contracts(package)
    assert broken.startswith(contract)
