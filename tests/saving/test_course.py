"""What was finished of the course is kept, and no damage of its file does harm."""

import platformdirs
import pytest

from gradtui.saving.course import keep_score, read_scores


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(platformdirs, "user_state_path", lambda name, **options: tmp_path / name)
    return tmp_path / "gradtui" / "course.progress"


def test_scores_come_back(file):
    assert read_scores() == ({}, "")
    keep_score("one_weight", (1, 2))
    keep_score("two_weights", (0, 0))
    keep_score("one_weight", (2, 2))
    assert read_scores() == ({"one_weight": (2, 2), "two_weights": (0, 0)}, "")
    assert file.stat().st_mode & 0o77 == 0


def test_a_damaged_file_is_told_of_and_set_aside(file):
    keep_score("one_weight", (1, 2))
    raw = file.read_bytes()
    for damaged in (b"", raw[:-1], raw.replace(b"[1,2]", b"[2,2]"), b"\0" * 80, raw + b" "):
        file.write_bytes(damaged)
        found, trouble = read_scores()
        assert found == {} and trouble.startswith("what was finished is not known: ")
        keep_score("two_weights", (1, 1))
        assert read_scores() == ({"two_weights": (1, 1)}, "")
        assert file.with_suffix(".aside").read_bytes() == damaged


def test_a_folder_in_the_place_of_the_file_is_told_of(file):
    file.mkdir(parents=True)
    assert read_scores()[1].startswith("what was finished is not known: ")
