"""The one input of the debugger: go to, search, command line, conditions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from gradtui.base.source import InputError, Place
from gradtui.base.text import cell_width, clean, clip, wrap
from gradtui.explain.spans import Span, folded, line_text
from gradtui.tui.lately import Lately
from gradtui.tui.lean import Still
from gradtui.tui.listing import Listing
from gradtui.tui.shortcuts import PROMPT, QUESTION, bindings

_WORD_ROWS = 8
"""Most rows of completions."""
Completion = tuple[int, Sequence[tuple[str, str]]]
"""The start of the typed word; its completions, each with a remark."""


class Field(Input, Still):
    """An input that submits as soon as Enter is pressed, before later keys are read."""

    # Its class is there from the start: given later, it would have all of it styled again.
    compact: Reactive[bool] = Reactive(True, repaint=False)

    def __init__(self, value: str, hint: str, submit: Callable[[], None]) -> None:
        super().__init__(
            value, placeholder=hint, select_on_focus=False, compact=True, validate_on=(),
            classes="-textual-compact",
        )  # fmt: skip
        self.cursor_blink = False  # at rest, nothing is written
        self._submit = submit

    async def action_submit(self) -> None:
        """Submit the text."""
        self._submit()


class _Row(Horizontal, Still):
    """The row of the input."""


class _Text(Static, Still):
    """A text beside or below it."""


class Prompt(Vertical, Still):
    """A label and an input in the last row, until it is answered or closed.

    `check` raises InputError for an unusable text: then the prompt stays open with the error below,
    as it does at the start with an `error` of the first `value`.  ↑ and ↓ go through `offers`.
    With `bare`, an empty text is an answer, too.  `complete` returns the completions of a text:
    the start of the typed word, and its completions with remarks; Tab takes one.  `begun` is what
    was typed before it opened.  With a `listing`, completions stand in rows, and ↑ ↓ choose one.
    A `note` says below the input what may be typed and what follows.  It `yields` to a first
    character that is the key of a command.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(PROMPT[:-1]),
        *bindings(PROMPT[-1:], first=True),
    ]

    def __init__(
        self,
        label: str,
        answer: Callable[[str], None],
        value: str = "",
        *,
        offers: Sequence[str] = (),
        hint: str = "",
        bare: bool = False,
        check: Callable[[str], object] | None = None,
        error: InputError | None = None,
        complete: Callable[[str], Completion] | None = None,
        begun: str = "",
        listing: Listing | None = None,
        note: str = "",
        yields: Callable[[str], bool] | None = None,
    ) -> None:
        super().__init__()
        self._label = label
        self._answer = answer
        self._field = Field(begun or value, hint, self._submit)
        self._begun = begun
        self._words = Lately(self, self._field, lambda text: self._show_words())
        self._rows = _Text(id="refusal", classes="-words" if error is None else "")
        self._offers, self._offered = tuple(offers), -1
        self._bare, self._note = bare, clean(note)
        self._check, self._yields = check, yields
        self._error = error
        self._complete, self._listing = complete, listing
        self._chosen: str | None = None
        """What was taken from the listing last."""
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        """Make the label, the input, and the rows of an error."""
        with _Row():
            yield _Text(self._label, id="label", markup=False)
            yield self._field
        yield self._rows

    def on_mount(self) -> None:
        """Take the keys from the panel that has them."""
        if not self._there:
            return
        self._before = self.screen.focused
        # If selected on focus, a key that came before the focus event would be overwritten.
        if self._begun:
            self._field.action_end()
        else:
            self._field.action_select_all()
        self.screen.set_focus(self._field)
        self._open(self._error)

    @property
    def _there(self) -> bool:
        """Whether it has its parts: it can be closed, and the app ended, before it is complete."""
        return bool(self.query(Input))

    def _open(self, error: InputError | None = None) -> None:
        """Show the error of the first value, or its completions, so that they are laid out once."""
        if error is not None:
            self.refuse(error)
        else:
            self._show_words()

    @property
    def _width(self) -> int:
        """The cells of a row; before the first layout, those of the screen, which it takes all."""
        return max(20, self.size.width or self.app.size.width)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Remove the error when the text is changed."""
        event.stop()
        if self._error is None:
            self._words.changed()
        self._error = None

    def _submit(self) -> None:
        """Close and submit the typed text, if any; an error keeps it open for another try."""
        text = self._field.value.strip()
        if not text and not self._bare:
            self.action_leave()
            return
        try:
            if text and self._check is not None:
                self._check(self._field.value)
        except InputError as error:
            self.refuse(error)
            return
        self.action_leave()
        self._answer(text)

    def refuse(self, error: InputError) -> None:
        """Show an error, with its caret under the mistake in the text."""
        self._words.settle()
        field, rows = self._field, self._rows
        place = error.place or Place(1)
        value = field.value
        # behind the mistake, so that Backspace removes it
        field.cursor_position = min(len(value), place.column - 1 + place.width)
        rows.update(Content("\n".join(self._refusal(error.message, place, value))))
        rows.set_class(False, "-words")
        rows.display = True

    def _refusal(self, message: str, place: Place, value: str) -> list[str]:
        width = self._width
        before, rows = cell_width(self._label), list[str]()
        if before + cell_width(clean(value)) + 2 > width:
            # The input shows a part of the text: the caret gets one of its own.
            start = max(0, place.column - width // 2)
            rows.append(clip(clean(value[start:]), width))
            at = cell_width(clean(value[start : place.column - 1]))
        else:
            at = before + cell_width(clean(value[: place.column - 1]))
        carets = "^" * max(1, min(place.width, width - at))
        if at + len(carets) + 1 + cell_width(clean(message)) <= width:
            return [*rows, " " * at + carets + " " + clean(message)]
        return [*rows, " " * at + carets, *wrap(message, width)]

    def _show_words(self) -> None:
        """Show the completions, in place of an error."""
        field, rows = self._field, self._rows
        if self._listing is not None and self._complete is not None:
            if field.value != self._chosen:
                self._listing.fill(self._complete(field.value)[1])
                self._chosen = None
            self._show_listing(self._listing)
            return
        if self._note:
            rows.update(Content("\n".join(wrap(self._note, self._width))))
            rows.set_class(True, "-words")
            rows.display = True
            return
        words = () if self._complete is None else self._complete(field.value)[1]
        shown: list[Span] = [
            (f"{clean(f'{word} {now}'.strip())}  ", "plain") for word, now in words
        ]
        # Of a setting without a completion there is its present value, which no key inserts.
        said = "Tab: " if words and words[0][0] else "now: "
        lines = list(map(line_text, folded((said, "plain"), shown, self._width)))
        if len(lines) > _WORD_ROWS:
            lines = [*lines[: _WORD_ROWS - 1], f"{lines[_WORD_ROWS - 1]} …"]
        rows.update(Content("\n".join(map(clean, lines))))
        rows.set_class(True, "-words")
        rows.display = bool(shown)

    def _show_listing(self, listing: Listing) -> None:
        texts = listing.texts(self._width, max(2, self.app.size.height // 2 - 1))
        parts = [(clean(text), "bold" if chosen else "") for text, chosen in texts]
        self._rows.update(Content("\n").join(Content.styled(*part) for part in parts))
        self._rows.set_class(True, "-words")
        self._rows.display = bool(texts)

    def action_complete(self) -> None:
        """Take the common start of all completions, or the first of them."""
        if self._complete is None:
            return
        field = self._field
        start, words = self._complete(field.value)
        if words and words[0][0]:
            common = _common([word for word, _ in words])
            typed = field.value[start:]
            only = len(words) == 1 or common == typed
            taken = words[0][0] + " " if only else common
            field.value = field.value[:start] + taken
            field.cursor_position = len(field.value)

    def action_offer(self, by: int) -> None:
        """Put the next example, or the next of the list, into the input."""
        if self._listing is not None:
            self._chosen = self._listing.choose(by) or self._chosen
            self._field.value = self._chosen or self._field.value
            self._field.cursor_position = len(self._field.value)
            self._show_listing(self._listing)
        elif self._offers:
            first = 0 if by > 0 else len(self._offers) - 1
            at = first if self._offered < 0 else (self._offered + by) % len(self._offers)
            self._offered = at
            self._field.value = self._offers[at]
            self._field.cursor_position = len(self._field.value)

    def yields(self, char: str) -> bool:
        """Close if nothing is typed yet and a key is meant for a command; return whether it is."""
        leaves = not self._field.value and self._yields is not None and self._yields(char)
        if leaves:
            self.action_leave()
        return leaves

    def action_leave(self) -> None:
        """Give the keys back to the panel that had them."""
        _give_back(self, self._before)


class Question(Static, can_focus=True):
    """A question in the last row, answered by one key; the keys state their effects."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(QUESTION)]

    def __init__(self, text: str, answer: Callable[[bool], None]) -> None:
        super().__init__(Content(text))
        self._answer = answer
        self._before: Widget | None = None

    def on_mount(self) -> None:
        """Take the keys from the panel that has them."""
        self._before = self.screen.focused
        self.screen.set_focus(self)

    def action_answer(self, yes: int) -> None:
        """Give the keys back, and the answer."""
        self.action_leave()
        self._answer(bool(yes))

    def action_leave(self) -> None:
        """Give the keys back to the panel that had them."""
        _give_back(self, self._before)


def _give_back(widget: Widget, before: Widget | None) -> None:
    """Remove the widget with the keys at once, so that the next one can take them."""
    if before is None or not before.is_attached or isinstance(before, Input):
        before = widget.screen.query_one("#graph")
    widget.screen.set_focus(before)
    widget.remove()


def leave_prompt(screen: Screen[None]) -> bool:
    """Leave the prompt of a screen; return whether one was open."""
    prompts = [*screen.query(Prompt), *screen.query(Question)]
    for prompt in prompts:
        prompt.action_leave()
    return bool(prompts)


def _common(words: Sequence[str]) -> str:
    """Return the common start of all words."""
    first, last = min(words), max(words)
    same = (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(same, min(len(first), len(last)))]
