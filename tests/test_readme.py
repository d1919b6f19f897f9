"""The README says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradtui.cli.arguments import COMMANDS as SHELL_COMMANDS
from gradtui.diagnosis.runs.registry import RUN_RULES
from gradtui.engine.ops import FUNCTIONS
from gradtui.scenario.load import load_problem
from gradtui.tui.commands import COMMANDS
from gradtui.tui.keys import Keys

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_the_key_table_holds_every_command(command):
    keys = " ".join(f"`{key}`" for key in Keys().shown(command.id).split())
    said = Keys().fill(command.help).replace("|", r"\|")
    assert f"| {keys} | {said} |" in README


@pytest.mark.parametrize("command", SHELL_COMMANDS, ids=lambda command: command.name)
def test_the_command_table_holds_every_shell_command(command):
    assert f"| `gradtui {command.name} " in README


@pytest.mark.parametrize("rule", RUN_RULES.values(), ids=lambda rule: rule.name)
def test_the_table_of_rules_over_runs_holds_every_rule(rule):
    assert f"| `{rule.name}` | {rule.summary} |" in README


def test_the_example_scenario_loads(tmp_path):
    (example,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "example.toml"
    file.write_text(example, encoding="utf-8")
    assert load_problem(file).steps == 12


def test_the_function_table_holds_every_function_and_no_other():
    table = README[README.index("| | functions |") :].split("\n\n")[0]
    cells = re.findall(r"`([^`]+)`", table)
    named = [name for cell in cells for name in re.sub(r"\(.*\)", "", cell).split()]
    assert sorted(set(named)) == sorted(FUNCTIONS)


def test_the_pictures_are_there():
    pictures = re.findall(r"\]\((\.github/[^)]+)\)", README)
    assert len(pictures) == 5
    assert all((Path(__file__).parent.parent / picture).is_file() for picture in pictures)
