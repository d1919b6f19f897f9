"""What a search finds in the manual."""

from gradtui.base.words import sought
from gradtui.manual.searching import find_pages


def test_the_page_on_a_topic_comes_first_with_what_it_says():
    first = find_pages(sought("pytorch"))[0]
    assert first.page.topic == "pytorch" and "PyTorch" in first.passage


def test_all_words_stand_in_one_place():
    assert [hit.page.topic for hit in find_pages(sought("dead relu"))] == ["findings"]
    assert find_pages(sought("dropout ssh")) == []


def test_words_of_the_title_alone_quote_nothing():
    found = {hit.page.topic: hit.passage for hit in find_pages(sought("tmux ssh"))}
    assert "terminals" in found
