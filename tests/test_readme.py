"""The README says what the program does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import gradtui
from gradtui.cli.arguments import COMMANDS as SHELL_COMMANDS
from gradtui.cli.arguments import main
from gradtui.manual.pages import TOPICS, Table, read_blocks
from gradtui.scenario.bundled import is_bundled, read_chapters
from gradtui.tui.commands import COMMANDS
from gradtui.tui.keys import Keys

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
LESSON, KEYS = (block for block in read_blocks(README.split("\n")) if isinstance(block, Table))


def keys_of(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_it_is_a_page_or_two():
    assert len(README.split("\n")) <= 160


def test_it_names_a_scenario_of_every_chapter_of_the_course():
    chapters = [chapter for chapter in read_chapters() if chapter.in_course]
    for chapter, (_, scenario, _keys) in zip(chapters, LESSON.rows, strict=True):
        assert scenario.strip("`") in chapter.names


@pytest.mark.parametrize("row", [*LESSON.rows, *KEYS.rows], ids=str)
def test_the_keys_that_it_names_are_there(row):
    known = {key for command in COMMANDS for key in Keys().shown(command.id).split()}
    assert set(keys_of(row[-1] if len(row) == 3 else row[0])) <= known


def test_the_example_scenario_loads(tmp_path):
    (example,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "example.toml"
    file.write_text(example, encoding="utf-8")
    assert gradtui.load(file).frame.gradients["w"] == 4.0


def test_the_commands_on_code_of_your_own_print_what_it_shows(tmp_path, monkeypatch, capsys):
    example = r"```sh\n(gradtui new net.py.*?)\n```\n\n```\n(.*?)```"
    ((command, output),) = re.findall(example, README, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    statuses = [main(shlex.split(one)[1:]) for one in command.split("; ")]
    assert statuses == [0, 1]
    assert capsys.readouterr().out.endswith(f"`gradtui check net.py:case`\n{output}")


def test_a_new_scenario_is_written_and_checked(tmp_path, monkeypatch, capsys):
    assert "gradtui new net.toml; gradtui net.toml" in README
    assert "gradtui check net.toml net.py:case" in README
    monkeypatch.chdir(tmp_path)
    assert [main(["new", "net.toml"]), main(["check", "net.toml"])] == [0, 0]


def test_the_commands_and_topics_that_it_names_are_there():
    (listed,) = re.findall(r"explains the commands: (.*)\.\n", README)
    assert keys_of(listed) == [command.name for command in SHELL_COMMANDS]
    assert set(re.findall(r"gradtui help ([a-z]+)", README)) <= set(TOPICS)
    assert is_bundled("two_weights") and ".venv/bin/gradtui two_weights\n" in README


def test_the_files_that_it_links_are_there():
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert len(links) == 9
    assert all((ROOT / link).exists() for link in links)
