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
def test_a_mistake_is_found_at_its_line_with_a_fix_that_mends_it(path, old, new, wrong, checked):
    source = path.read_text()
    assert source.count(old) >= 1
    broken = source.replace(old, new)

    errors = [one for one in checked(path, broken) if one.severity == "error"]

    spoilt = {name for one in errors for name in one.evidence.get("gradients", [one.target])}
    assert spoilt == set(wrong.split())
    planted = {1 + broken[:at].count("\n") for at in places_of(broken, new)}
    assert {one.line for one in errors} <= planted
    assert checked(path, mended(broken, errors)) == []


def places_of(text: str, part: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(part, at)]


def mended(source: str, errors: list[Finding]) -> str:
    """Put the fix of each finding in place of its line."""
    lines = source.split("\n")
    for one in errors:
        assert one.line is not None and one.fix is not None
        line = lines[one.line - 1]
        lines[one.line - 1] = line[: len(line) - len(line.lstrip())] + one.fix
    return "\n".join(lines)
