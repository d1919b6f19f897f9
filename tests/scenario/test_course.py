"""The chapters of the course, and what a search finds of the scenarios."""

import tomllib

import pytest

from gradtui.scenario.bundled import lesson_after, list_bundled, name_of, read_chapters
from gradtui.scenario.searching import search

ENTRIES = list_bundled()
WORDS = {name: f"{one.title} {one.about}" for one in read_chapters() for name in one.names}


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
    assert all(" ".join(text.lower().split()) in " ".join(entry.prose.split()) for text in said)


def found(text):
    return [entry.name for entries in search(ENTRIES, text, WORDS) for entry in entries]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("sign error", "grad_sign"),
        ("Rate 3", "two_weights_rate_3"),
        ("exploding", "chain_exploding"),
        ("five_parcels", "five_parcels"),
        ("dead relu", "dead_relu"),
        ("vanishing gradients problem", "sigmoids_deep"),
        ("0.001", "five_parcels_rate_0_001"),
    ],
)
def test_the_best_match_comes_first(text, name):
    assert found(text)[0] == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("explode", "chain_exploding"),
        ("explode", "five_parcels_rate_1_5"),
        ("too small", "five_parcels_rate_0_001"),
        ("jacobian", "softmax_classifier"),
        ("zero_grad", "grad_accumulated"),
    ],
)
def test_words_of_chapters_notes_and_other_forms_are_found(text, name):
    assert name in found(text)


def test_what_stands_in_the_text_alone_comes_apart():
    heads, texts = search(ENTRIES, "nan", WORDS)
    assert [entry.name for entry in heads] == ["late_nan"]
    assert "late_stable" in [entry.name for entry in texts]
    assert search(ENTRIES, "zzz", WORDS) == ([], [])


def test_only_a_bundled_scenario_has_a_name_in_the_course(tmp_path):
    assert name_of(ENTRIES[0].path) == "one_weight"
    mine = str(tmp_path / "one_weight.toml")
    assert name_of(mine) is None and lesson_after(mine) is None
