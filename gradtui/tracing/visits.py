"""The lines of the user's files that a run executes, in order, and what they assign.

A visit is one execution of one statement.  Knows nothing of the loss's dependencies.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

import numpy as np
from msgspec import Struct

from gradtui.recording.functions import asked
from gradtui.recording.places import is_users_file
from gradtui.recording.recorder import Recorder
from gradtui.tracing.syntax import Loop, Sentence, Syntax, Target, syntax_of

MOST_VISITS = 200_000
"""Most visits kept of a run."""
_MOST = 100
"""Largest dict whose entries may be named arrays: a larger one is data."""
_LONGEST = 40
"""Longest text, in characters, shown as the value of a variable."""


class Round(Struct, frozen=True):
    """The round of a loop in which a visit happens."""

    line: int
    """The place of the loop."""
    entry: int
    """The number of this beginning of a loop, over the whole run."""
    number: int
    """From 1."""
    variables: tuple[tuple[str, str], ...]
    """(name, value) of its variables that are numbers or short texts."""


class Bound(Struct, frozen=True, eq=False):
    """A value that a visit assigned."""

    target: str
    """The target as written, with values for variables in an index: h, self.db, hs[3]."""
    indexed: bool
    """Whether the index contains a loop's variable, which tells rounds apart."""
    node: int | None
    """The node of the tape; None if the value was not recorded."""
    value: Any
    """The value without a node: a number or a short text."""


class Visit(Struct, eq=False):
    """One execution of one statement."""

    file: str
    first: int
    last: int
    """The first and the last line of the statement."""
    function: str
    scope: tuple[int, int]
    """The first and the last line of the body of its function."""
    rounds: tuple[Round, ...]
    """The rounds of all loops around it, those around its callers first."""
    calls: bool = False
    """Whether it called another function of the user's code."""
    bound: tuple[Bound, ...] = ()


class _Call:
    """A call of one of the user's functions in progress."""

    def __init__(self, frame: FrameType, syntax: Syntax, outer: tuple[Round, ...]) -> None:
        self.frame, self.syntax, self.outer = frame, syntax, outer
        self.sentence: Sentence | None = None
        self.visit: int = -1
        self.rounds: dict[int, tuple[int, int]] = {}
        """Line of a loop -> the number of its beginning and of its round."""


class Visits:
    """Records the visits of one run."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.cut = False
        """Whether there were more than are kept."""
        self.names: dict[int, str] = {}
        """Node -> the name of an argument or global variable that holds it."""
        self.given: list[tuple[int, Bound]] = []
        """(the visit that comes next, value) for each array that a function is called with."""
        self.returned: dict[int, tuple[str, tuple[Round, ...]]] = {}
        """Node -> the function that returned it first, and in which rounds of loops."""
        self.finished: list[int] = []
        """The visits in the order in which they ended."""
        self.totals: dict[int, int] = {}
        """Beginning of a loop -> its number of rounds."""
        self._calls: list[_Call] = []
        self._entries = 0
        self._starts: list[int] = [0]
        self._owners: list[int] = [-1]
        self._recorder: Recorder | None = None
        self._modules: set[int] = set()

    def of(self, node: int) -> int:
        """Return the visit that created a node; -1 for none."""
        return self._owners[bisect_right(self._starts, node) - 1]

    def precedes(self, node: int) -> bool:
        """Return whether a node was created before any of the user's lines was executed."""
        return len(self._starts) < 2 or node < self._starts[1]

    @contextmanager
    def watched(self, recorder: object) -> Iterator[None]:
        """Watch the user's functions during a recorded run."""
        if not isinstance(recorder, Recorder):
            yield
            return
        self._recorder = recorder
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            yield
        finally:
            sys.settrace(before)
            while self._calls:
                self._leave()

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        """Note a call; the lines of code that is not the user's are ignored."""
        file = frame.f_code.co_filename
        if event != "call" or not is_users_file(file) or _is_generated(frame):
            return None
        outer = self._calls[-1] if self._calls else None
        rounds: tuple[Round, ...] = ()
        if outer is not None and outer.visit >= 0:
            self.visits[outer.visit].calls = True
            rounds = self.visits[outer.visit].rounds
        self._calls.append(_Call(frame, syntax_of(file), rounds))
        self._note_arguments(frame)
        return self._local

    def _local(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        if event == "line":
            while self._calls and self._calls[-1].frame is not frame:
                self._leave()
            if self._calls:
                self._line(self._calls[-1], frame)
        elif event == "return" and self._calls and self._calls[-1].frame is frame:
            self._return(self._calls[-1], argument)
            self._leave()
        return self._local

    def _line(self, call: _Call, frame: FrameType) -> None:
        sentence = call.syntax.at(frame.f_lineno)
        before = call.sentence
        if sentence is before and sentence.first != sentence.last:
            return  # a further line of the same statement
        self._finish(call)
        if len(self.visits) >= MOST_VISITS:
            self.cut = True
            return
        if sentence.loop is not None:
            self._count(call, sentence.loop, before)
        call.sentence = sentence
        code = frame.f_code
        scope = call.syntax.functions.get(code.co_firstlineno) or _scope_of(code)
        rounds = (*call.outer, *(self._round(call, frame, loop) for loop in sentence.loops))
        self.visits.append(
            Visit(code.co_filename, sentence.first, sentence.last, code.co_qualname, scope,
                  rounds)
        )  # fmt: skip
        call.visit = len(self.visits) - 1
        self._mark(call.visit)

    def _count(self, call: _Call, loop: Loop, before: Sentence | None) -> None:
        """Note that a loop's header is executed: a round begins, or the loop ends."""
        inside = before is not None and (
            before.loop is loop or any(one is loop for one in before.loops)
        )
        if inside and loop.line in call.rounds:
            entry, number = call.rounds[loop.line]
            call.rounds[loop.line] = entry, number + 1
        else:
            self._entries += 1
            call.rounds[loop.line] = self._entries, 1

    def _round(self, call: _Call, frame: FrameType, loop: Loop) -> Round:
        entry, number = call.rounds.get(loop.line, (0, 1))
        self.totals[entry] = max(number, self.totals.get(entry, 0))
        values = [(name, _number(frame.f_locals.get(name))) for name in loop.variables]
        told = tuple((name, str(value)) for name, value in values if value is not None)
        return Round(loop.line, entry, number, told)

    def _finish(self, call: _Call) -> None:
        """Note the assignments of the statement that has just ended."""
        if call.sentence is None or call.visit < 0:
            return
        self.finished.append(call.visit)
        variables = {name for loop in call.sentence.loops for name in loop.variables}
        found = [
            one
            for target in call.sentence.targets
            if (one := self._bound(target, call.frame, variables)) is not None
        ]
        self.visits[call.visit].bound = tuple(found)

    def _bound(self, target: Target, frame: FrameType, variables: set[str]) -> Bound | None:
        held = _held(target, frame)
        if held is None:
            return None
        values = {
            name: value
            for name in target.variables
            if (value := _number(frame.f_locals.get(name))) is not None
        }
        text, indexed = target.filled(values), bool(variables & values.keys())
        if target.appends:
            if type(held) is not list or not held:
                return None
            text, indexed, held = f"{text}[{len(held) - 1}]", True, held[-1]
        assert self._recorder is not None
        node = self._recorder.known(held)
        if node is not None:
            return Bound(text, indexed, node, None)
        if isinstance(held, bool | int | float | str | np.number) and len(repr(held)) <= _LONGEST:
            return Bound(text, indexed, None, held)
        return None

    def _return(self, call: _Call, value: Any) -> None:
        """Note which function was the first to return a value."""
        name = call.frame.f_code.co_name
        assert self._recorder is not None
        node = self._recorder.known(value)
        if node is not None and call.visit >= 0 and name.isidentifier():
            self.returned.setdefault(node, (name, self.visits[call.visit].rounds))

    def _leave(self) -> None:
        self._finish(self._calls.pop())
        self._mark(self._calls[-1].visit if self._calls else -1)

    def _mark(self, visit: int) -> None:
        assert self._recorder is not None
        at = len(self._recorder.tape)
        if self._starts[-1] == at:
            self._owners[-1] = visit
        else:
            self._starts.append(at)
            self._owners.append(visit)

    def _note_arguments(self, frame: FrameType) -> None:
        """Note the arrays that a function is given, and the names of those that it can see."""
        assert self._recorder is not None
        code = frame.f_code
        for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
            node = self._recorder.known(frame.f_locals.get(name))
            if node is not None:
                self.given.append((len(self.visits), Bound(name, False, node, None)))
        if id(frame.f_globals) not in self._modules:
            self._modules.add(id(frame.f_globals))
            self._name_all("", frame.f_globals)
        self._name_all("", frame.f_locals)

    def _name_all(self, prefix: str, held: Mapping[Any, Any]) -> None:
        assert self._recorder is not None
        for name, value in list(held.items()):
            if not isinstance(name, str):
                continue
            text = prefix.format(name) if prefix else name
            if (node := self._recorder.known(value)) is not None:
                self.names.setdefault(node, text)
            elif prefix:
                continue
            elif type(value) is dict and len(value) <= _MOST:
                self._name_all(f'{name}["{{}}"]', value)
            elif is_users_object(value):
                self._name_all(f"{name}.{{}}", vars(value))


def _scope_of(code: CodeType) -> tuple[int, int]:
    """Return the first and the last line of a function without a `def` in its file."""
    lines = {line for _, _, line in code.co_lines() if line}
    body = {line for line in lines if line > code.co_firstlineno} or lines
    return min(body), max(body)


def is_users_object(value: Any) -> bool:
    """Return whether an object is of a class of the user's code, with attributes."""
    module = sys.modules.get(type(value).__module__)
    file = getattr(module, "__file__", None)
    own = type(value).__module__ == "__main__" or (isinstance(file, str) and is_users_file(file))
    return own and isinstance(asked(value, "__dict__"), dict)


def _is_generated(frame: FrameType) -> bool:
    """Return whether Python wrote the code: the constructor of a named tuple or a dataclass."""
    code, module = frame.f_code, str(frame.f_globals.get("__name__"))
    made = module.startswith("namedtuple_") or code.co_name.startswith("__")
    return made and code.co_filename == "<string>"


def _held(target: Target, frame: FrameType) -> Any:
    """Return the value of a target; None if reading it would have side effects."""
    if target.text.isidentifier():
        return frame.f_locals.get(target.text, frame.f_globals.get(target.text))
    if target.code is None:
        return None
    try:
        return eval(target.code, frame.f_globals, dict(frame.f_locals))
    except Exception:
        return None  # the statement itself may have raised, or a property of the user's class


def _number(value: Any) -> int | str | None:
    """Return a whole number or a short text; None for anything else."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST // 2 else None
    return int(value) if isinstance(value, bool | int | np.integer) else None
