"""What the user's editor is told."""

from __future__ import annotations

import pytest

from gradtui.tui.editor import chosen_editor, editor_command, run_editor


@pytest.mark.parametrize(
    ("editor", "command"),
    [
        ("vi", ["vi", "+7", "/d/m.toml"]),
        ("nano", ["nano", "+7", "/d/m.toml"]),
        ("/usr/bin/nvim -u NONE", ["/usr/bin/nvim", "-u", "NONE", "+7", "/d/m.toml"]),
        ("emacs -nw", ["emacs", "-nw", "+7", "/d/m.toml"]),
        ("micro", ["micro", "+7", "/d/m.toml"]),
        ("code -w", ["code", "-w", "--goto", "/d/m.toml:7"]),
        ("code", ["code", "--wait", "--goto", "/d/m.toml:7"]),
        ("subl -w", ["subl", "-w", "/d/m.toml:7"]),
        ("hx", ["hx", "/d/m.toml:7"]),
        ("'/my editors/odd'", ["/my editors/odd", "/d/m.toml"]),
    ],
)
def test_each_editor_is_told_the_line_in_its_own_way(editor, command):
    assert editor_command(editor, "/d/m.toml", 7) == command


def test_a_file_is_one_argument_and_never_an_option():
    name = "-a $(touch x);'\".toml"
    assert editor_command("vi", name, 1) == ["vi", "+1", f"./{name}"]


def test_visual_comes_before_editor():
    assert chosen_editor({"VISUAL": "a", "EDITOR": "b"}) == "a"
    assert chosen_editor({"VISUAL": " ", "EDITOR": "b"}) == "b"
    assert chosen_editor({}) == ""


def test_what_is_wrong_with_an_editor_is_said(tmp_path):
    missing = str(tmp_path / "none")
    assert (
        run_editor([missing])
        == f"the editor {missing} cannot be started: no such file or directory"
    )
    assert run_editor(["false"]) == "the editor ended with status 1"
    assert run_editor(["true"]) == ""
