"""Gradients that a backward half does not return, though it could.

They stand in one another's places, such as in `return dx, None`: what a place cannot take is
dropped or refused before anything is compared.  Or one is calculated and never returned, or the
code asks whether another argument needs it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import combinations, islice

import numpy as np
from msgspec import Struct

from gradtui.base.source import InputError
from gradtui.diagnosis.backward.trial import TOLERANCE
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.blame.ends import unit_of
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.blame.watch import Watched
from gradtui.diagnosis.recorded.judge import SINGLE, Judge
from gradtui.diagnosis.recorded.points import points_around
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.diagnosis.recorded.target import Misplaced, Misshapen
from gradtui.recording.slopes import Untold

_MOST = 21
"""Most exchanges tried: those of seven returned values."""


class _Change(Struct, frozen=True, eq=False):
    """Edits with which some gradients may be returned."""

    edits: Sequence[Edit]
    told: str


def exchanged(runs: Runs, names: tuple[str, ...], lacking: Sequence[str]) -> Finding | None:
    """Return the finding of an edit of places that makes all gradients right, or None.

    Two returned values change places, one that nothing uses is returned, or the code asks for
    another argument whether it needs a gradient.  `names` are all that are judged, of which it
    returns nothing for the `lacking` ones.
    """
    places = [at for at, name in enumerate(runs.target.signature.parameters) if name in lacking]
    own, others = unit_of(runs.target.called), _units(runs)
    changes = [] if own is None else [
        (own, one) for one in (*islice(_exchanges(own), _MOST), *_asked(own, places))
    ]  # fmt: skip
    changes += [(unit, one) for unit in others for one in _forgotten(unit)][:_MOST]
    within = (one for one in others if own is None or one.code is not own.code)
    changes += [(unit, one) for unit in within for one in _exchanges(unit)][:_MOST]
    for unit, change in changes:
        edits = change.edits
        try:
            with unit.running(unit.edited(edits)):
                right = are_right(runs, names)
        except (SyntaxError, ValueError):  # such as of a function whose line is part of another
            continue
        if right:
            told = f"no gradient is returned for {', '.join(lacking)}: {change.told}"
            place = unit.place(edits[0].start, edits[-1].end)
            return Finding("no-gradient", "error", lacking[0], place.line, told,
                           {"gradients": [*lacking]}, fix=unit.line_after(edits), place=place,
                           replaces=unit.lines(edits))  # fmt: skip
    return None


def _exchanges(unit: Unit) -> Iterator[_Change]:
    """Yield exchanges of two returned values."""
    for one, two in _pairs(unit):
        texts = unit.text(one), unit.text(two)
        edits = [Edit(unit.start(one), unit.end(one), texts[1]),
                 Edit(unit.start(two), unit.end(two), texts[0])]  # fmt: skip
        yield _Change(edits, f"{texts[0]} and {texts[1]} are returned in each other's places")


def _asked(unit: Unit, places: Sequence[int]) -> Iterator[_Change]:
    """Yield questions whether the arguments at some places need a gradient, for those of others."""
    for node in unit.nodes:
        match node:
            case ast.Subscript(ast.Attribute(attr="needs_input_grad"), ast.Constant(int() as own)):
                start, end = unit.start(node.slice), unit.end(node.slice)
                for at in (one for one in places if one != own):
                    told = f"the {own} in {unit.text(node)} must be {at}"
                    yield _Change([Edit(start, end, str(at))], told)


def _forgotten(unit: Unit) -> Iterator[_Change]:
    """Yield returns of what a function calculates and nothing uses, for a None."""
    uses = [(one.id, type(one.ctx)) for one in unit.of(ast.Name)]
    read = {name for name, context in uses if context is ast.Load}
    unused = dict.fromkeys(name for name, _ in uses if name not in read)
    for node in unit.of(ast.Return):
        for one in node.value.elts if isinstance(node.value, ast.Tuple) else ():
            if isinstance(one, ast.Constant) and one.value is None:
                for name in unused:
                    edit = Edit(unit.start(one), unit.end(one), name)
                    yield _Change([edit], f"{name} is calculated and not returned")


def _units(runs: Runs) -> Sequence[Unit]:
    """Return the functions of the user's file that run."""
    watched = Watched({runs.target.file}, runs.target.library)
    with suppress(CodeFailed, InputError):
        watched.run(lambda: runs.as_is(runs.given))
    return watched.units()


def _pairs(unit: Unit) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield two values of a return that are not the same."""
    for node in unit.nodes:
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            for one, two in combinations(node.value.elts, 2):
                if ast.dump(one) != ast.dump(two):
                    yield one, two


def are_right(runs: Runs, names: tuple[str, ...]) -> bool:
    """Return whether the code as it stands returns right gradients of all names."""
    single = any(np.asarray(runs.given[name]).dtype == np.float32 for name in names)
    try:
        start = runs.point({name: runs.given[name] for name in names}, names, near=True)
        if not all(name in start.hand and start.hand[name].shape == start.true[name].shape
                   for name in names):  # fmt: skip
            return False
        judge = Judge(
            runs, [start, *points_around(runs, start, names)], SINGLE if single else TOLERANCE
        )
    except (CodeFailed, InputError, Lost, Untold, Misplaced, Misshapen):
        return False
    judged = judge.judged(names)
    return not (judged.wrong or judged.untold or judged.mistrusted)
