"""The file that a command names: found, missing, or hiding a bundled scenario."""

import json
from pathlib import Path

import pytest

from cli.shell import ROOT
from gradtui.cli.arguments import main


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (
            "two_wieghts",
            "no file and no bundled scenario is called 'two_wieghts'; did you mean 'two_weights'?",
        ),
        ("", "no file and no bundled scenario is called ''"),
        ("a" * 5000, "no file and no bundled scenario is called 'aaaa"),
        ("nowhere/a.toml", "no such file"),
        ("nul\0byte", "no file and no bundled scenario is called 'nul\\x00byte'"),
        (".", "is a folder, not a file"),
    ],
)
def test_a_file_that_is_not_there(run, file, message):
    status, out, err = run("show", file)
    assert (status, out) == (2, "")
    assert ":1:1: error: " in err
    assert message in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("command", ["check", "show", "run"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("points.csv", 'is data, not a scenario: a scenario names it, [data] file = "points.csv";'),
        ("POINTS.NPZ", "is data, not a scenario"),
        ("lesson.ipynb", "is a notebook, not a scenario: call gradtui.check in a cell of it"),
    ],
)  # fmt: skip
def test_data_and_notebooks_are_no_scenarios(run, tmp_path, command, name, said):
    (tmp_path / name).write_text("x,y\n1,2\n")
    status, out, err = run(command, str(tmp_path / name))
    assert (status, out) == (2, "")
    assert f"{name}:1:1: error: {said}" in err


def test_a_folder_does_not_hide_a_bundled_scenario(run, tmp_path, monkeypatch):
    (tmp_path / "two_weights").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run("check", "two_weights")[0] == 0


def test_a_file_without_an_ending_is_found_and_hides_no_bundled_scenario(
    run, tmp_path, monkeypatch
):
    text = Path(ROOT, "scenarios", "practice.toml").read_text(encoding="utf-8")
    for name in ("mine", "two_weights"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    losses = {}
    for file in ("mine", "./two_weights", "two_weights"):
        _, out, losses[file, "told"] = run("show", file, "--json")
        losses[file] = json.loads(out)["loss"]
    assert losses["mine"] == losses["./two_weights"] == 0.25
    assert losses["two_weights"] == 9
    assert losses["mine", "told"] == losses["./two_weights", "told"] == ""
    said = "two_weights: opening the bundled scenario; the file here is ./two_weights\n"
    assert losses["two_weights", "told"] == said


def test_too_little_memory_is_an_error_and_no_traceback(capsys, monkeypatch):
    def exhausted(file, **rest):
        raise MemoryError

    monkeypatch.setattr("gradtui.cli.files.load_file", exhausted)
    assert main(["show", "two_weights"]) == 2
    assert "not enough memory" in capsys.readouterr().err
