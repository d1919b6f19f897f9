"""Programs in the shapes that people write: sound ones are silent, each mistake is found."""

import linecache
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import gradtui
from gradtui import Finding

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
MISTAKES = [
    pytest.param(path, *mistake, id=f"{path.stem}-{index}")
    for path in PROGRAMS
    for index, mistake in enumerate(runpy.run_path(str(path))["MISTAKES"])
]


@pytest.fixture
def checked(tmp_path: Path) -> Iterator[object]:
    names: list[str] = []

    def check(path: Path, source: str) -> list[Finding]:
        name = f"program_{path.stem}"
        file = tmp_path / f"{name}.py"
        file.write_text(source)
        module = ModuleType(name)
        module.__file__ = str(file)
        sys.modules[name] = module
        names.append(name)
        exec(compile(source, file, "exec"), module.__dict__)
        if hasattr(module, "case"):
            return gradtui.check(module.case)
        return gradtui.check(module.forward, module.backward)

    yield check
    linecache.clearcache()
    for name in names:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_sound_program_is_silent(path, checked):
    assert checked(path, path.read_text()) == []


@pytest.mark.parametrize(("path", "old", "new", "wrong"), MISTAKES)
def test_a_mistake_makes_the_gradients_wrong_that_it_spoils(path, old, new, wrong, checked):
    source = path.read_text()
    assert source.count(old) >= 1

    findings = checked(path, source.replace(old, new))

    assert {one.target for one in findings if one.severity == "error"} == set(wrong.split())
    assert all(one.line is not None and one.place is not None for one in findings)
