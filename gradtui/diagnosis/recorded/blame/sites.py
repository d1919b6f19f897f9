"""The calls that values count to, where several lines call the function that computes them.

Of a helper such as `multiply(a, b, out)`, a line tells little: it is right in most of its calls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from types import CodeType, FrameType

from msgspec import Struct

from gradtui.diagnosis.recorded.blame.entered import Entered, Entries
from gradtui.diagnosis.recorded.blame.told import Line, Told
from gradtui.recording.places import is_users_file
from gradtui.recording.recorder import Recorder
from gradtui.recording.tape import Leaf, Tape


class Counts(Struct, frozen=True, eq=False):
    """The line that each value of a run counts to."""

    lines: Sequence[Line | None]
    others: Mapping[Line, frozenset[Line]]
    """Line of a call to which values count -> the other lines that call the same function."""


class _Call(Entered, eq=False, kw_only=True):
    """A call of one of the user's functions by another one."""

    line: Line
    outer: _Call | None
    site: Line | None = None
    """The line to which its values count; None for their own."""


class Sites(Entries[_Call]):
    """The calls of the user's functions in a recorded run."""

    def __init__(self) -> None:
        super().__init__()
        self._callers = defaultdict[CodeType, set[Line]](set)

    def counts(self, tape: Tape) -> Counts | None:
        """Return the lines for the values of the same run; None if they are all their own."""
        mine = [] if self._recorder is None else self._recorder.tape.nodes
        theirs = tape.nodes[: len(mine)]  # what is returned is read behind them
        if [one.place for one in mine] != [one.place for one in theirs]:
            return None
        found = [
            None if isinstance(node, Leaf) or node.place is None
            else (node.place.file, node.place.line) for node in tape.nodes
        ]  # fmt: skip
        own, others = [*found], defaultdict[Line, set[Line]](set)
        for one in self._calls:
            callers = self._callers[one.code]
            one.site = None if one.outer is None else one.outer.site
            if one.site is None and len(callers) > 1:
                one.site = one.line
                others[one.line] |= callers - {one.line}
            for id in range(one.first, one.last):
                found[id] = own[id] and (one.site or own[id])
        if found == own:
            return None
        return Counts(found, {line: frozenset(some) for line, some in others.items()})

    def _entered(self, frame: FrameType, recorder: Recorder, outer: _Call | None) -> _Call | None:
        code, caller = frame.f_code, frame.f_back
        if caller is None or not is_users_file(caller.f_code.co_filename):
            return None  # such as by a library's function
        line = caller.f_code.co_filename, caller.f_lineno
        self._callers[code].add(line)
        return _Call(code=code, frame=frame, line=line, outer=outer, first=len(recorder.tape))


class Calls(Struct, frozen=True, eq=False):
    """What is told of the calls of functions that several lines call."""

    told: Told
    lines: Sequence[Line | None]
    """The line that each value counts to."""
    others: Mapping[Line, Collection[Line]]
    """Line of a call -> the other lines that call the same function."""

    def are_told(self, lines: Collection[Line]) -> bool:
        """Return whether values are told of calls in some lines."""
        return any(line in self.others for line in lines)

    def is_right_elsewhere(self, lines: Collection[Line]) -> bool:
        """Return whether the function that is called in some lines is right in another call.

        That of the forward half is, by definition.
        """
        others = {one for line in lines for one in self.others.get(line, ())}
        return not others.isdisjoint(self.told.known | self.told.forward)
