"""What a search finds of the scenarios."""

import pytest

from gradtui.manual.pages import TOPICS
from gradtui.scenario.bundled import list_bundled, read_chapters
from gradtui.scenario.searching import read_ahead, search

ENTRIES = list_bundled()


WORDS = {name: f"{one.title} {one.about}" for one in read_chapters() for name in one.names}


def found(text):
    hits = search(ENTRIES, text, WORDS)
    return [entry.name for entry in (*hits.heads, *hits.texts)]


def pages(text):
    return [hit.page.topic for hit in search(ENTRIES, text, WORDS).pages]


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
        ("chain", "practice"),  # the chapter comes before a name such as chain_exploding
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
    hits = search(ENTRIES, "nan", WORDS)
    assert [entry.name for entry in hits.heads] == ["late_nan"]
    assert "late_stable" in [entry.name for entry in hits.texts]
    assert search(ENTRIES, "zzz", WORDS).is_empty


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("backprop", "one_weight"),
        ("backpropagation", "two_weights"),
        ("jacobian", "five_parcels"),
        ("too small", "five_parcels_rate_0_001"),
        ("too large", "two_weights_rate_3"),
        ("explode", "five_parcels_rate_1_5"),
        ("sign error", "grad_sign"),
        ("stuck", "flat_start"),
        ("stuck", "dead_relu"),
        ("local minimum", "flat_start"),
        ("nan", "late_nan"),
        ("momentum", "ravine_momentum"),
        ("attention", "transformer_block"),
        ("dead relu", "dead_relu"),
        ("diverges", "practice_rate_2"),
        ("loss goes up", "update_uphill"),
        ("bias", "bias_weight"),
    ],
)
def test_what_people_type_is_found_among_the_first(typed, name):
    assert name in found(typed)[:5]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("normalization", "grad_normalised"),
        ("standardize", "scales_standardised"),
        ("standardization", "scales_standardised"),
        ("initialization", "chain_exploding"),
        ("regularization", "update_adamw"),
        ("overfitting", "minibatches"),
        ("L2", "update_adamw"),
        ("MSE", "five_parcels"),
        ("optimiser", "ravine_momentum"),
        ("layernorm", "transformer_block"),
        ("crossentropy", "softmax_classifier"),
        ("warm up", "warmup"),
    ],
)
def test_another_spelling_or_word_for_a_topic_is_found(text, name):
    assert name in found(text)


def test_the_pitfalls_come_before_what_is_only_tagged_so():
    pitfalls = next(one for one in read_chapters() if one.title == "The pitfalls")
    tagged = {entry.name for entry in ENTRIES if "pitfall" in entry.tags}
    first = tagged.intersection(pitfalls.names)
    assert first and set(found("pitfall")[: len(first)]) == first


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("pytorch", "pytorch"),
        ("torch", "pytorch"),
        ("dropout", "pytorch"),
        ("LSTM", "pytorch"),
        ("convolution", "pytorch"),
        ("gpu", "pytorch"),
        ("autograd", "pytorch"),
        ("numpy", "numpy"),
        ("jax", "numpy"),
        ("optimizer", "optimizers"),
        ("nesterov", "optimizers"),
        ("accuracy", "breakpoints"),
        ("cross entropy", "language"),
        ("color", "terminals"),
        ("keys", "keys"),
        ("ssh", "terminals"),
    ],
)
def test_what_the_manual_says_is_found(text, topic):
    assert topic in pages(text)[:3]


@pytest.mark.parametrize(
    "text",
    [
        "relu", "batch", "attention", "softmax", "overfit", "vanishing", "nan", "momentum", "sign",
        "transpose", "broadcast", "accuracy", "backprop", "optimizer", "initialisation", "dropout",
        "pytorch", "torch", "numpy", "learning rate", "cross entropy", "gradient check",
        "chain rule", "regularization", "initialization",
    ],
)  # fmt: skip
def test_no_word_of_the_field_leads_nowhere(text):
    assert not search(ENTRIES, text, WORDS).is_empty


def test_a_mistyped_word_finds_what_the_right_one_does():
    hits = search(ENTRIES, "softmx", WORDS)
    assert hits.instead == "softmax"
    assert hits.heads == search(ENTRIES, "softmax", WORDS).heads
    assert search(ENTRIES, "softmax", WORDS).instead == ""


def test_a_compound_is_found_before_its_parts():
    assert found("zero_grad")[0] == "grad_accumulated"


def test_what_is_tagged_comes_before_what_is_in_a_chapter_of_that_name():
    tagged = {entry.name for entry in ENTRIES if "pitfall" in entry.tags}
    assert {*found("pitfall")[: len(tagged)]} == tagged


def test_the_texts_are_read_one_at_a_time_before_a_search():
    entries = list_bundled()
    reading = read_ahead(entries)
    for _ in TOPICS:
        next(reading)
    assert not any("prose" in vars(entry) for entry in entries)
    next(reading)
    assert ["prose" in vars(entry) for entry in entries[:2]] == [True, False]
    assert len([*reading]) == len(entries) - 1
    assert all("prose" in vars(entry) for entry in entries)
