"""What the terminal sends, as messages: pastes are text whatever is in them, and always end."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.events import Key, Paste

from gradtui.tui import typed
from gradtui.tui.typed import Answered, Typed

START, END = "\x1b[200~", "\x1b[201~"


class Line:
    """A terminal's line, and a clock that stands until something is waited for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(typed.time, "monotonic", lambda: self.now)
        monkeypatch.setattr("textual._parser.get_time", lambda: self.now)
        self.parser = Typed()

    def send(self, data: str, busy: float = 0.0) -> list[str]:
        """Return what characters are read as, where the program is held up after it."""
        found = [*self.parser.feed(data)]
        self.now += busy
        return shown([*found, *self.parser.tick()])

    def wait(self, seconds: float) -> list[str]:
        """Return what comes of waiting."""
        until, found = self.now + seconds, []
        while self.now < until:
            self.now += 0.1
            found += self.parser.tick()
        return shown(found)


def shown(messages: list) -> list[str]:
    assert all(isinstance(message, Key | Paste | Answered) for message in messages)
    found = [message for message in messages if not isinstance(message, Answered)]
    answers = ["answered"] * (len(messages) - len(found))
    return [m.key if isinstance(m, Key) else f"pasted {m.text}" for m in found] + answers


@pytest.fixture
def line(monkeypatch):
    return Line(monkeypatch)


def test_what_is_pasted_is_no_key_whatever_is_in_it(line):
    found = line.send(f"{START}a\x1bWq\x1b[A{START}\x1bq{END}n")
    assert found == [r"pasted a\x1bWq\x1b[A\x1b[200~\x1bq", "n"]


def test_of_a_paste_the_first_line_is_taken_and_nothing_in_it_acts_on_the_terminal(line):
    found = line.send(f"{START}\r\rw\x9b2J\u202e\u200b+\t1\rq\r{END}n")
    assert found == [r"pasted w\x9b2J\u202e\u200b+ 1", "n"]
    assert line.send(START + "a" * 10**6 + END) == ["pasted " + "a" * 10_000]
    assert line.send(START + "\r\r" + END) == ["pasted "]


@given(st.text("\x1b[20~1aé"), st.lists(st.integers(0, 400), max_size=6))
def test_a_paste_that_comes_in_parts_to_a_busy_program_is_one(text, cuts):
    with pytest.MonkeyPatch.context() as patch:
        line = Line(patch)
        data = START + text.replace(END, "") + END
        ends = [6, *sorted({at for at in cuts if 6 < at < len(data)}), len(data)]
        found = line.send(data[:6])
        for start, end in pairwise(ends):
            found += line.send(data[start:end], busy=5.0)
        pasted = data[6:-6].replace("\x1b", r"\x1b")
        assert found == [f"pasted {pasted}"]
        assert line.send("n") == ["n"]


def test_a_start_that_comes_in_parts_begins_a_paste(line):
    assert line.send("n\x1b[20", busy=5.0) == ["n"]
    assert line.send("0~q") == []
    assert line.send(END) == ["pasted q"]


def test_a_paste_without_an_end_is_over_when_nothing_comes(line):
    assert line.send(START + "abc") == []
    assert line.wait(1.5) == []
    assert line.send("def") == []
    assert line.wait(2.5) == ["pasted abcdef"]
    assert line.send("n") == ["n"]
    assert line.send(f"{END}n") == ["n"]


def test_a_key_that_comes_in_parts_to_a_busy_program_is_that_key(line):
    assert line.send("\x1b[", busy=5.0) == []
    assert line.send("A") == ["up"]


@pytest.mark.parametrize(
    "part", ["\x1b", "\x1b[", "\x1bO", "\x1bP", "\x1b]", "\x1bP+r", "\x1b[20", "\x1b_G"]
)
def test_a_sequence_without_an_end_swallows_nothing_after_it(line, part):
    found = line.send(part) + line.wait(0.3)
    assert found
    assert line.send("n") == ["n"]
    assert line.send(f"{START}q{END}") == ["pasted q"]


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[?62;22c",  # what it is, with a `c`, and a `?`: commands both
        "\x1b[>41;354;0c",
        "\x1b[1;5z",  # a key that Textual does not know
        "\x1b[9999999999u",
        "\x1b[97:65;2u",
        "\x1b]11;rgb:0000/0000/0000\x1b\\",
        "\x1b]11;rgb:0000/0000/0000\x07",
        "\x1bP1$r0m\x1b\\",
        "\x1bP>|XTerm(390)\x1b\\",
    ],
)
@pytest.mark.parametrize("parts", [1, 2, 30])
def test_an_answer_to_another_program_or_an_unknown_key_is_no_command(line, sequence, parts):
    found, length = [], -(-len(sequence) // parts)
    for start in range(0, len(sequence), length):
        found += line.send(sequence[start : start + length], busy=0.05)
    assert found + line.send("n") + line.wait(1.0) == ["n"]


def test_an_answer_without_an_end_is_over_when_nothing_comes(line):
    assert line.send("\x1b]11;rgb:00") == []
    assert line.wait(0.3) == []
    assert line.send("n") == ["n"]
    assert line.send("\x1b]11;rgb:00\rn") == ["n"]


def test_every_key_that_textual_knows_is_read_as_by_textual(line):
    known = [*ANSI_SEQUENCES_KEYS, "\x1b[97;5u"]
    for sequence in known:
        alone = [*XTermParser().feed(sequence), *XTermParser().feed("")]
        assert [*map(repr, Typed().feed(sequence))] == [*map(repr, alone)], sequence


def test_the_answer_to_how_it_is_is_no_key_and_none_is_lost(line):
    answer = "\x1b[0n"
    assert line.send(f"n{answer}{answer}b") == ["n", "b", "answered", "answered"]
    assert line.send("\x1b[") == []
    assert line.send("0nn") == ["n", "answered"]
    assert line.send(f"\x1b{answer}") == ["escape", "answered"]
    assert line.send("\x1b[3n") == []
