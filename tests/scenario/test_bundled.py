"""The chapters of the course, and the scenarios in them."""

import tomllib

import pytest

from gradtui.base.words import spelt
from gradtui.scenario.bundled import lesson_after, list_bundled, name_of, read_chapters

ENTRIES = list_bundled()


def test_every_scenario_stands_in_one_chapter():
    listed = [name for chapter in read_chapters() for name in chapter.names]
    assert listed == [entry.name for entry in ENTRIES]


def test_the_course_has_the_lesson_s_chapters_in_its_order():
    course = [chapter for chapter in read_chapters() if chapter.in_course]
    assert [chapter.title for chapter in course] == [
        "One weight", "Two weights", "The chain rule", "The step",
        "Rates too large and too small", "Many parcels", "Adam", "The ravine", "Schedules",
        "Sparse words", "The surface", "A network", "A transformer block", "The pitfalls",
        "Your own gradient",
    ]  # fmt: skip
    assert all(chapter.about and 1 <= len(chapter.names) <= 6 for chapter in course)
    assert read_chapters()[: len(course)] == tuple(course)


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])
def test_an_entry_is_what_its_file_says(entry):
    raw = tomllib.loads(entry.text)
    assert (entry.title, entry.about, list(entry.tags)) == (
        raw["title"], raw["about"], raw["tags"],
    )  # fmt: skip
    assert entry.has_lesson == ("lesson" in raw)
    said = [raw["notes"], *(one["text"] for one in raw.get("lesson", ()))]
    assert all(" ".join(spelt(text).split()) in " ".join(entry.prose.split()) for text in said)


def test_only_a_bundled_scenario_has_a_name_in_the_course(tmp_path):
    assert name_of(ENTRIES[0].path) == "one_weight"
    mine = str(tmp_path / "one_weight.toml")
    assert name_of(mine) is None and lesson_after(mine) is None
