"""Searches for the lines at fault from the evidence of a recorded run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import partial

from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.blame.flow import Flow
from gradtui.diagnosis.recorded.blame.labels import labels_of
from gradtui.diagnosis.recorded.blame.layers import NONE, Faulty, Layers, may_have
from gradtui.diagnosis.recorded.blame.needs import Needs
from gradtui.diagnosis.recorded.blame.preview import Preview
from gradtui.diagnosis.recorded.blame.scales import are_exchanged, are_negated, are_scaled, scales
from gradtui.diagnosis.recorded.blame.search import Search
from gradtui.diagnosis.recorded.blame.sites import Calls, Sites
from gradtui.diagnosis.recorded.blame.suspects import Suspects
from gradtui.diagnosis.recorded.blame.told import Line
from gradtui.diagnosis.recorded.blame.trial import Trials, faithful
from gradtui.diagnosis.recorded.blame.unclipping import unclipping
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.diagnosis.recorded.blame.watch import Watched
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.runs import VAST, CodeFailed, Lost, Runs, Watching
from gradtui.diagnosis.recorded.watchdog import Endless
from gradtui.recording.functions import function_of
from gradtui.recording.run import Result
from gradtui.recording.slopes import Untold

_FAILING = (CodeFailed, Endless, InputError, Lost, Untold)
"""What code may raise with some edits."""


class Searches:
    """Searches of the user's code, as it is and with some edits."""

    def __init__(self, runs: Runs, trials: Trials, wrong: Sequence[str], close: float) -> None:
        self._runs, self._trials, self._wrong, self._close = runs, trials, wrong, close
        self.units: list[Unit] = []
        """The functions that ran and whose text is current."""
        self.forward: Collection[Line] = ()
        """The lines on the way to the loss."""

    def of(self, point: Point) -> Search:
        """Return the search from the evidence of a run."""
        return self._from(self._flow(point), point, exact=False)

    def _flow(self, point: Point) -> Flow:
        deliberate = self._runs.target.deliberate
        return Flow(point, (1.0,) if deliberate else scales(point, self._wrong))

    def _from(self, flow: Flow, point: Point, *, exact: bool) -> Search:
        target, trials = self._runs.target, self._trials
        watched = self._watched(flow, point)
        if not self.units:
            self.units = faithful(watched, trials)
            for patch in unclipping(self.units, point.clips):
                trials.stand(patch, frozenset())
            bare = self._as_it_stands(point) if point.clips else None
            if bare is not None:
                point = bare.point
                flow = self._flow(point)
                watched = self._watched(flow, point)
        self.forward = flow.forward
        last = getattr(function_of(target.called), "__code__", None)
        calls = self._calls(flow, point) if watched.shares else None
        suspects = Suspects(
            flow, watched, self.units, calls,
            rearranged=any(flow.is_rearranged(point.hand[n], point.true[n]) for n in self._wrong),
            scaled=are_scaled(point, self._wrong), negated=are_negated(point, self._wrong),
            exchanged=are_exchanged(point, self._wrong),
            misshapen=any(point.hand[n].shape != point.true[n].shape for n in self._wrong),
            of_loss=last if target.returns_loss else None, back=last, faulty=self._faulty(point),
            labels=labels_of(point, watched, self.units),
        )  # fmt: skip
        # Of several mistakes, the edit of one alone makes no result right.
        lines = () if calls is None else calls.lines
        loose = exact or any(trials.directions.values())
        needs = None if loose else Needs(point, self._wrong, self._close, lines)
        preview = Preview(flow, watched.held, trials.watchdog, target.library, exact=exact,
                          needs=needs, is_whole=watched.is_whole)  # fmt: skip
        told = partial(self._as_it_stands, point)
        return Search(trials, suspects, preview, partial(self._again, point), told)

    def _watched(self, flow: Flow, point: Point) -> Watched:
        watched = Watched({file for file, _ in flow.feeds}, self._runs.target.library)
        with self._trials.standing():
            watched.run(lambda: self._runs.as_is(point.values))
        return watched

    def _calls(self, flow: Flow, point: Point) -> Calls | None:
        """Return what is told of the calls of functions that several lines call."""
        sites = Sites()
        if self._recorded_again(point, sites.watched) is None:
            return None
        if (counts := sites.counts(point.result.tape)) is None:
            return None
        return Calls(flow.counted(counts.lines), counts.lines, counts.others)

    def _faulty(self, point: Point) -> Faulty:
        """Return the functions of layers that are wrong by themselves."""
        layers = Layers()
        result = self._recorded_again(point, layers.watched) if may_have(self.units) else None
        return NONE if result is None else layers.faulty(result)

    def _recorded_again(self, point: Point, watched: Watching) -> Result | None:
        """Return the recording of a run that is watched; None if it is too dear or fails."""
        if len(point.result.tape) > VAST:
            return None
        try:
            with self._trials.standing():
                return self._runs.recorded(point.values, watched)
        except (CodeFailed, InputError, Lost):
            return None

    def _again(self, before: Point, line: Line | None) -> Search | None:
        """Return the search of the code as it stands; None if a line is as wrong as before."""
        flow = self._as_it_stands(before)
        if flow is None or line in flow.first:
            return None
        with suppress(*_FAILING):
            return self._from(flow, flow.point, exact=True)
        return None

    def _as_it_stands(self, before: Point) -> Flow | None:
        """Return what is known of a run of the code as it stands; None if it is no such run.

        A run that is dear to record is not recorded again.
        """
        if len(before.result.tape) > VAST:
            return None
        try:
            with self._trials.edited(None):  # recording would go on for ever
                self._runs.as_is(before.values)
            with self._trials.standing():
                point = self._runs.point(before.values, tuple(before.true), near=before.near)
            if not point.hand.keys() >= before.hand.keys():
                return None  # a gradient is returned no more
            return Flow(point, (1.0,), summing=True)
        except (*_FAILING, SyntaxError, ValueError):  # such as of two edits that overlap
            return None
