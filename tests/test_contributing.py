"""What ARCHITECTURE and CONTRIBUTING name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = ("ARCHITECTURE", "CONTRIBUTING")
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("gradtui", "tests")
    for path in (ROOT / folder).rglob("*.py")
)
FOLDERS = ("", "gradtui", "gradtui/tui", "gradtui/diagnosis", "gradtui/diagnosis/backward",
           "gradtui/diagnosis/runs", "gradtui/diagnosis/recorded", "gradtui/scenario",
           "gradtui/manual", "tests/runs")  # fmt: skip
"""Where a file that is named without its folder may be."""


def named(page: str) -> set[str]:
    text = (ROOT / f".github/{page}.md").read_text(encoding="utf-8")
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))


@pytest.mark.parametrize("page", PAGES)
def test_the_files_that_it_names_are_there(page):
    files = [
        one for one in named(page) if re.fullmatch(r"[\w./]+\.(py|md|toml|txt|tcss)|\w+/", one)
    ]
    gone = [
        one for one in files if not any((ROOT / folder / one).exists() for folder in FOLDERS)
        and "NAME" not in one and one not in ("net.toml",)
    ]  # fmt: skip
    assert len(files) > 15 and gone == []


@pytest.mark.parametrize("page", PAGES)
def test_the_names_of_code_that_it_names_are_there(page):
    names = {one.rpartition(".")[2] for one in named(page) if re.fullmatch(r"[A-Za-z_.]+", one)}
    others = {"py", "md", "toml", "txt", "tcss", "mypy"}
    words = set(re.findall(r"\w+", SOURCES)) | others
    assert len(names) > 20 and names - words == set()


@pytest.mark.parametrize("page", PAGES)
def test_the_scripts_that_it_runs_are_there(page):
    text = (ROOT / f".github/{page}.md").read_text(encoding="utf-8")
    scripts = re.findall(r"(?:python|pytest) ((?:tests|\.ci)/[\w/.]+)", text)
    assert all((ROOT / script).exists() for script in scripts)
