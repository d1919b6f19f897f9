"""The offers of the last rows: the keys of the moment, and one hint. Knows no screen."""

from __future__ import annotations

from collections.abc import Callable, Collection

from msgspec import Struct

from gradtui.debugger.asides import HINT_KEY
from gradtui.debugger.folds import loops_in
from gradtui.debugger.frame import Frame
from gradtui.debugger.guide import Progress
from gradtui.explain.lesson import keys_named
from gradtui.scenario.bundled import name_of
from gradtui.tui.commands import COMMANDS, TELLING
from gradtui.tui.keys import Keys
from gradtui.tui.panels import PANELS

Offer = tuple[tuple[str, ...], str]
"""The ids of bindings, with their effects here."""


class Place(Struct, frozen=True):
    """The place that receives the keys of a moment."""

    panel: str
    """The name of the focused panel."""
    zoomed: bool
    """Whether it is zoomed."""
    playing: bool = False
    """Whether the run is played."""
    resuming: bool = False
    """Whether resuming where the scenario was left is offered."""


_RUN: tuple[Offer, ...] = (
    (("next", "back"), "step"), (("into", "out"), "into"), (("continue",), "continue"),
)  # fmt: skip
_ALONE: dict[tuple[str, ...], str] = {("back",): "step back", ("out",): "back"}
"""The effect of the second command of an offer, where the first has none."""
_PLAYING: tuple[Offer, ...] = (
    (("play",), "pause"), (("slower",), "slower"), (("faster",), "faster"),
)  # fmt: skip
_CALL: tuple[Offer, ...] = (
    (("into", "out"), "step"), (("finish",), "finish"), (("continue",), "continue"),
)  # fmt: skip
_LENS: tuple[Offer, ...] = (
    (("escape",), "leave"), (("down", "up"), "element"), (("scroll-left", "scroll-right"), "row"),
    (("lens",), "choose"), (("next", "back"), "step"), (("into", "out"), "into"),
)  # fmt: skip
_SURFACE: tuple[Offer, ...] = (
    (("surface",), "leave"), (("nearer", "farther"), "zoom"), (("whole",), "whole path"),
    (("axes",), "axes"),
)  # fmt: skip
_OF_PANEL: dict[str, tuple[Offer, ...]] = {
    "Graph": ((("down", "up"), "select"), (("operations",), "operations"), (("lens",), "element")),
    "Gradient": ((("down", "up"), "select"), (("lens",), "element"), (("what-if",), "what if")),
    "Chain": ((("lens",), "element"), (("jacobian",), "Jacobian"), (("down", "up"), "select")),
    "Update": ((("what-if",), "what if"), (("sweep",), "sweep"), (("branches",), "branches")),
    "Program": ((("edit",), "edit"), (("break",), "break"), (("fold",), "fold loop"),
                (("unfold",), "unfold")),
    "Loss": ((("next-view",), "view"), (("surface",), "surface"), (("log",), "log"),
             (("range",), "range")),
    "Notes": ((("watch",), "watch"), (("break",), "break")),
}  # fmt: skip
"""The most common commands for each focused panel."""
_PANELS = ("panel-1", f"panel-{len(PANELS)}")
_ELSE: tuple[Offer, ...] = (
    (("what-if",), "what if"), (("surface",), "surface"), (("zoom",), "zoom"), (_PANELS, "panel"),
    (("lens",), "element"), (("next-view",), "view"), (("sweep",), "sweep"),
)  # fmt: skip
_LAST: tuple[Offer, ...] = ((("help",), "help"), (("quit",), "quit"))
_ENTER: Offer = ("unfold",), "unfold"
_RESUME: Offer = ("resume",), "resume"
_MEND: Offer = ("edit",), "edit"
_BRANCH: Offer = ("branch-before", "next-branch"), "branch"
_LOG: Offer = ("log",), "log scale"
_LESSON_BACK: Offer = ("lesson-back",), "lesson back"
_LOW = 0.01
"""Below this part of their start curves lie on the bottom of their panel."""
_OWN = 2
"""Keys of the panel in focus that are always offered during a lesson."""
_NO_RUN = frozenset({"what-if", "sweep", "branches", "next-view", "log", "range", "watch", "break"})
"""Commands not offered for one call, which nothing moves."""
_FORWARD = frozenset({"next", "continue", "ten", "hundred", "last", "goto", "play"})
"""Commands that lead to a later step."""
_ROWS = frozenset({"scroll-left", "scroll-right"})
"""Commands that a lesson names for the rows under the lens."""
_WITHIN = frozenset({"into", "finish"})
"""Commands that lead to a later moment of the step."""
_OF_NODE = frozenset({"lens", "jacobian"})
"""Commands not offered for data, which have no gradient."""


def footer(frame: Frame, place: Place, keys: Keys, width: int) -> list[tuple[str, str]]:
    """Return the most important keys with their effects, as many as fit; always help and quit."""
    kept: list[tuple[str, str]] = []
    asks = frame.asking and keys.is_free(HINT_KEY, "help")

    def written(ids: tuple[str, ...]) -> str:
        if asks and ids == ("hint",):
            return HINT_KEY
        if asks and ids == ("help",):  # the key asks for a hint
            rest = [key for key in keys.shown("help").split() if key != HINT_KEY]
            return rest[0] if rest else ":help"
        return _written(ids, keys)

    listed = [(written(ids), title) for ids, title in _offers(frame, place)]
    last = [(written(ids), title) for ids, title in _LAST]
    room = width - 1 - sum(_cells(one) for one in last)
    for one in listed:
        known = {key for key, _ in kept} | {title for _, title in kept}
        if _cells(one) <= room and known.isdisjoint(one):
            kept.append(one)
            room -= _cells(one)
    return [*kept, *last]


def _cells(one: tuple[str, str]) -> int:
    return len(one[0]) + len(one[1]) + 3


def _written(ids: tuple[str, ...], keys: Keys) -> str:
    return ("-" if ids == _PANELS else " ").join(map(keys.first, ids))


def _offers(frame: Frame, place: Place) -> list[Offer]:
    """Return the offers, the most important first."""
    found = [_MEND] if frame.trouble else []
    found += [_RESUME] if place.resuming else []
    found += [*(_PLAYING if place.playing else ()), *_of_lesson(frame)]
    named = _named(frame)
    found += [(("escape",), "all panels")] if place.zoomed else []
    call = frame.problem.call
    moves = _RUN if call is None else _CALL
    if frame.looked.lens is not None:
        return [*_LENS[:1], *found, *named, *_LENS[1:]]
    if frame.looked.window is not None:
        other = "map" if frame.looked.data else "data"
        data: list[Offer] = [(("next-view",), other)] if frame.looked.plane is not None else []
        own = _SURFACE[:1] if frame.looked.data or frame.asking else _SURFACE
        large: list[Offer] = [] if place.zoomed else [(("zoom",), "large")]
        return [*found, *named, *data, *own, *_possible(moves, frame), *large]
    found += _possible(moves, frame)
    found += [_BRANCH] if frame.branch else []
    if frame.looked.jacobian is not None:
        found += [(("jacobian",), "next input"), (("escape",), "leave")]
    own = _OF_PANEL.get(place.panel, ())
    found += _of_findings(frame)
    found += [_LOG] if _lies_on_zero(frame) else []
    if frame.looked.pinned and frame.looked.jacobian is None and not place.zoomed:
        found.append((("escape",), "follow"))
    found += own
    loops = call is not None and bool(loops_in(call))
    out = frozenset() if call is None else _NO_RUN
    out |= frozenset() if loops else {"fold"}
    out |= TELLING.union(_PANELS) if frame.asking else frozenset()  # digits answer
    if frame.selected not in frame.structure.nodes:
        out |= _OF_NODE
    listed = [one for one in (*found, *_ELSE) if not out.intersection(one[0])]
    if frame.lesson is None:
        return listed
    free = [one for one in listed if one != _ENTER]  # a lesson has the key
    # Of the panel's own keys some come before those that the lesson's text names.
    first = [one for one in free if one in own][:_OWN]
    start = place.resuming + len(_PLAYING) * place.playing + len(_of_lesson(frame))
    start += place.zoomed + 1
    before = [one for one in free[:start] if one != _LESSON_BACK]
    later = [one for one in free if one not in before and one not in first]
    return [*before, *named, *first, *later]


def _lies_on_zero(frame: Frame) -> bool:
    """Return whether only a log scale shows the course of the curves, or tells them apart."""
    picture = frame.drawn.picture
    if picture.runs_off:
        return True
    ends = [float(curve.values[-1]) for curve in picture.curves if len(curve.values)]
    if picture.log or len(ends) < 2:
        return False
    start = max(float(curve.values[0]) for curve in picture.curves if len(curve.values))
    return all(0.0 < end < _LOW * start for end in ends)


def _possible(moves: tuple[Offer, ...], frame: Frame) -> list[Offer]:
    """Return the moves that an open question of a lesson does not hold up."""
    lesson = frame.lesson
    if lesson is None:
        return [*moves]
    held = _held(lesson)
    held |= {"back"} if held and not frame.step else set()
    held |= {"out"} if held and not (frame.step or frame.position) else set()
    left = [(tuple(id for id in ids if id not in held), title) for ids, title in moves]
    return [(ids, _ALONE.get(ids, title)) for ids, title in left if ids]


def _held(lesson: Progress) -> frozenset[str]:
    """Return the commands that an open question of a lesson holds up."""
    held = TELLING if lesson.asking else frozenset[str]()
    held |= _FORWARD if lesson.last_step else frozenset()
    return held | (_WITHIN if lesson.last_moment else frozenset())


def _named(frame: Frame) -> list[Offer]:
    """Return the commands that the text of the lesson names, with their partners."""
    if frame.lesson is None:
        return []
    found = list[Offer]()
    for name in keys_named(frame.lesson):
        if name in _ROWS and frame.looked.lens is None:
            continue
        listed = [one for one in (*_RUN, *_OF_PANEL["Graph"]) if name in one[0]]
        found += listed or [((one.id,), one.title) for one in COMMANDS if one.id == name]
    return _possible(tuple(found), frame)


def _of_lesson(frame: Frame) -> list[Offer]:
    """Return how to go on in the lesson, if there is one."""
    progress = frame.lesson
    if progress is None:
        return []
    if progress.lesson is None and not progress.following:
        return [_LESSON_BACK]
    back = [_LESSON_BACK] if progress.place else []
    if progress.asking:
        what = "tell me" if progress.hinted else "hint"
        return [(("unfold",), "answer"), (("hint",), what), *back]
    on = "go on" if progress.lesson is not None else "next lesson"
    return [(("unfold",), on), *back]


def _of_findings(frame: Frame) -> list[Offer]:
    """Return the commands for the present finding."""
    findings, call = frame.known.findings, frame.problem.call is not None
    mends = any(finding.fix for finding in findings)
    waits = frame.problem.patches and not name_of(frame.problem.path)
    writes = waits or (mends and call and not frame.trouble)
    found: list[Offer] = [(("write-fix",), "write fix")] if writes else []
    if findings:
        found.append((("finding",), "finding"))
    if mends and not call:
        found.append((("fix",), "fix"))
    elif any(finding.trial for finding in findings):
        found.append((("fix",), "try it"))
    if frame.runs_again:
        found.append((("reload",), "run again"))
    return found


class Hint(Struct, frozen=True):
    """A feature that the user may not know."""

    id: str
    """The command."""
    text: str
    """Its benefit, shown after its key."""
    when: Callable[[Frame], bool] = lambda frame: True


HINTS = (
    Hint("surface", "the loss as a map"),
    Hint("what-if", "another rate from here on"),
    Hint("lens", "one number's chain rule", lambda frame: _has_array(frame)),
    Hint("sweep", "many rates at once"),
    Hint("next-view", "the curve of another value"),
    Hint("zoom", "the panel in focus alone"),
)
"""One is shown at a time, until its command has been used."""


def _has_array(frame: Frame) -> bool:
    drawn = frame.selected in frame.structure.nodes
    return drawn and bool(frame.graph.nodes[frame.selected].shape)


def hint(frame: Frame, used: Collection[str], shown: Collection[str], keys: Keys) -> str:
    """Return the first hint whose command has not been used; empty if none is left.

    A command whose key is among the keys `shown` needs no hint.
    """
    if frame.problem.call is not None or frame.message or frame.lesson is not None:
        return ""  # a lesson itself says what to try
    seen = {key for written in shown for key in written.split()}
    free = (
        one for one in HINTS
        if one.id not in used and keys.first(one.id) not in seen and one.when(frame)
    )  # fmt: skip
    found = next(free, None)
    return "" if found is None else f"{keys.first(found.id)}: {found.text}"
