"""The lesson of a scenario on the screen: going on in it, and answering its questions."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

from gradtui.base.failures import report_failure
from gradtui.base.files import reason
from gradtui.base.source import InputError
from gradtui.base.text import number
from gradtui.debugger import tour
from gradtui.debugger.asides import HINT_KEY, asks_for_hint
from gradtui.debugger.guide import HELD, TRIES, UNTOLD, Guide, is_close
from gradtui.debugger.session import Session
from gradtui.scenario.bundled import name_of
from gradtui.tui.commands import COMMANDS, TELLING
from gradtui.tui.host import Handlers, Host, Part
from gradtui.tui.panels.base import Panel

if TYPE_CHECKING:
    from gradtui.saving.course import Score
    from gradtui.scenario.lesson import Question

_OFF = "off"
_ASIDE = "the next digit opens a panel; after it digits answer again"
_ON = "done: {escape} shows how the lesson goes on"
"""What is said where the panel of the lesson is not on the screen."""
_RIGHTING = frozenset({"fix", "drive"})
"""Commands that show what is right where the lines by hand are wrong: as telling as a finding."""
_BEGINNINGS = "(+-._|∂√"
"""What an expression may begin with, besides letters and digits."""
_NO_QUESTION = "no question is open: a hint belongs to a question of the lesson"
_FIRST = "this is the first part of the lesson"
_NONE = "this scenario has no lesson: `gradtui learn` lists those that do"


class Lessons(Part):
    """The way through a lesson."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._kept: Guide | None = None
        """The lesson whose score has been kept."""
        self._aside = False
        """Whether Esc was the last key, so that the next one is no answer."""

    @property
    def handlers(self) -> Handlers:
        """What each of its commands does."""
        return {
            "lesson": self.go_on, "lesson-back": lambda text: self._back(), "hint": self._hint,
        }  # fmt: skip

    def begin(self) -> None:
        """Begin the lesson of an opened scenario, if it has one."""
        tour.begin(self._session)

    def look(self) -> None:
        """Tick a goal that has just been reached; keep the score after the last of a lesson."""
        before = None if self._session.guide is None else self._session.guide.place
        tour.look(self._session)
        guide = self._session.guide
        if guide is not None and guide.place != before and not self._notes.display:
            self._session.message = self._host.keys.fill(_ON)
        if guide is None or guide.lesson is not None or guide is self._kept:
            return
        name = name_of(self._session.problem.path)
        if name:
            self._kept = guide
            score = guide.progress.right, guide.progress.questions
            Thread(target=self._keep, args=(name, score), daemon=True).start()

    @property
    def _notes(self) -> Panel:
        return self._host.screen.query_one("#notes", Panel)

    def _keep(self, name: str, score: Score) -> None:
        """Write in a thread, because the disk may be slow."""
        from gradtui.saving.course import keep_score

        try:
            keep_score(name, score)
        except OSError as error:
            trouble = f"the score cannot be kept: {reason(error)}"
        except Exception as error:
            trouble = report_failure("the score could not be kept", error)
        else:
            return
        self._host.screen.call_later(self._host.say, trouble)

    def held(self, id: str) -> str:
        """Return why a command waits for the answer to a question; empty if it does not."""
        session = self._session
        if id in _RIGHTING and session.guide is not None and session.guide.untold:
            return UNTOLD
        return HELD if session.asking and id in TELLING else ""

    def take_key(self, key: str, char: str) -> bool:
        """Begin the answer to the open question if a key begins a number; return whether it did.

        After Esc, the key does what it does without a question.
        """
        guide, keys = self._session.guide, self._host.keys
        if guide is None or key in keys.of("repaint"):
            return False  # what is on the screen stays
        self.look()  # keys that come fast share a frame: the last one may have led to a question
        aside, self._aside = self._aside, False
        if not isinstance(self._host.screen.focused, Panel | None):
            if key in keys.of("prompt-leave") and self.step_aside():
                self._host.show_frame()
            return False
        if aside:
            self._host.say("")
        question = guide.question
        if question is None or aside:
            return False
        if char == HINT_KEY and keys.is_free(char, "help"):
            self._host.uncover_notes()
            self._hint("")
            return True
        if not keys.begins_number(char):
            return False
        self._host.uncover_notes()
        self._ask_for(question, "", begun=char)
        return True

    def step_aside(self) -> bool:
        """Let the next key be no answer to the open question; return whether there is one."""
        self._aside = self._session.asking
        if self._aside:
            self._session.message = _ASIDE
        return self._aside

    def take_enter(self) -> bool:
        """Let Enter go on in the lesson; return whether there is one in progress."""
        guide = self._session.guide
        if guide is None or (guide.lesson is None and guide.following is None):
            return False
        self.go_on("")
        return True

    def go_on(self, text: str) -> None:
        """Go to the next step of the lesson, or answer its question, asking for the answer.

        After the last step, open the next lesson of the course.
        """
        guide = self._session.guide
        if guide is None and self._session.unguided and text != _OFF:
            self._begin_again()
        elif guide is None:
            self._host.say(tour.OFF if self._session.unguided else _NONE)
        elif text == _OFF:
            self._host.screen.set_class(False, "-lesson")
            self._host.do(tour.leave)
        elif guide.lesson is None and guide.following is not None:
            self._host.open_scenario(guide.following.name)
        elif guide.question is None:
            self._host.do(self._next_part)
        else:
            self._ask_for(guide.question, text)

    def _ask_for(self, question: Question, text: str, begun: str = "") -> None:
        """Take a text as the answer to a question, or ask for it."""
        from gradtui.explain.predictions import asked_text

        self._ask(
            f"{asked_text(self._session.frame, question)} = ", text, self._check, self._answer,
            bare=True, hint=f"a number, or an expression of known numbers; {self._help}",
            begun=begun, yields=self._is_command,
        )  # fmt: skip

    @property
    def _help(self) -> str:
        guide = self._session.guide
        what = "the answer" if guide is not None and guide.hinted else "a hint"
        return f"{HINT_KEY} for {what}"

    def _hint(self, text: str) -> None:
        """Give the hint to the open question; when that is given, the answer."""
        guide = self._session.guide
        if guide is None or guide.question is None:
            self._host.say(_NONE if guide is None else _NO_QUESTION)
        else:
            self._answer(HINT_KEY)

    def _check(self, typed: str) -> None:
        """Refuse what is no answer, naming the command whose key was typed."""
        if asks_for_hint(typed, self._session.problem.graph.names):
            return
        try:
            tour.read_answer(typed, self._session)
        except InputError as error:
            key, keys = typed.strip(), self._host.keys
            meant = next((one for one in COMMANDS if key in keys.shown(one.id).split()), None)
            if meant is None or key.isdigit():
                raise
            text = f"{key} is no number; for the key {key} ({meant.title}), leave the answer with "
            raise InputError(text + keys.first("prompt-leave"), error.place) from None

    def _is_command(self, char: str) -> bool:
        """Return whether a character is the key of a command and begins no expression."""
        keys = self._host.keys
        own = any(char in keys.shown(one.id).split() for one in COMMANDS)
        return own and not (char.isalnum() or char in _BEGINNINGS)

    def _begin_again(self) -> None:
        self._session.unguided = False
        self._host.screen.set_class(True, "-lesson")
        self._host.do(tour.begin)

    def _next_part(self, session: Session) -> None:
        """Go to the next part, after doing what the present one asks for, if that is not done."""
        guide = session.guide
        assert guide is not None
        skipped = tour.skip(session)
        tour.enter(session, guide.place + 1)
        if skipped and not session.message:
            session.message = self._host.keys.fill(skipped)

    def _back(self) -> None:
        """Go to the part before."""
        guide = self._session.guide
        if guide is None:
            self._host.say(tour.OFF if self._session.unguided else _NONE)
        elif not guide.place:
            self._host.say(_FIRST)
        else:
            self._host.do(lambda session: tour.enter(session, guide.place - 1))

    def _answer(self, typed: str) -> None:
        """Take an answer; the input stays open until the question is settled, or Esc closes it."""

        def answer(session: Session) -> None:
            guide = session.guide
            assert guide is not None
            helpless = asks_for_hint(typed, session.problem.graph.names)
            guide.said = hint_said(session, guide) if helpless else judge(session, guide, typed)
            session.position = session.position

        if typed:
            self._host.do(answer)
        guide = self._session.guide
        if guide is not None and guide.question is not None:
            self.go_on("")


def hint_said(session: Session, guide: Guide) -> str:
    """Return the hint to the open question, or its answer with the way to it after that."""
    from gradtui.explain.predictions import way_text

    question = guide.question
    assert question is not None
    step = question.step
    if not guide.ask_hint():
        return f"A hint: {question.hint}"
    frame = session.frame_of_file(step)
    before = session.branches.root.history.tape(step - 1) if step else None
    way = way_text(frame, question, before, session.step)
    return f"The answer: {way} = {number(guide.truth(question, frame.tape))}."


def judge(session: Session, guide: Guide, typed: str) -> str:
    """Take an answer, and return the remark on it."""
    from gradtui.debugger.digits import digits_of
    from gradtui.explain.guesses import moved_by
    from gradtui.explain.predictions import asked_text, mistake_text, way_text
    from gradtui.explain.slips import size_said

    question = guide.question
    assert question is not None
    step, here = question.step, session.step
    frame = session.frame_of_file(step)
    given, truth = tour.read_answer(typed, session), guide.truth(question, frame.tape)
    before = session.branches.root.history.tape(step - 1) if step else None
    digits = digits_of(typed)
    close = is_close(given, truth, moved_by(question, truth, before))
    right = close and digits.agree(given, truth)
    guide.answer(right)
    way = way_text(frame, question, before, here)
    told = f"{way} = {number(truth)}."
    if right:
        return f"Right: {told}"
    elsewhere = tour.numbers_elsewhere(session, question)
    mistake = mistake_text(frame, question, given, truth, before, elsewhere, digits)
    wrong = f"{number(given)}: {mistake or 'not that'}."
    if not mistake and question.text != "lr" and (size := size_said(given, truth)):
        wrong = f"{wrong} {size}"
    if guide.question is None:
        # the hint is the way to a number that has no other
        hint = question.hint if way == asked_text(frame, question, here) else ""
        return " ".join(part for part in (wrong, hint, told) if part)
    hint = question.hint if guide.tries >= TRIES - 1 else ""
    return f"{wrong} {hint or 'Try again.'}"
