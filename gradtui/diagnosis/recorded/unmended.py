"""The findings of wrong gradients that no edit of the code repairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from gradtui.base.source import Place
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.approximate import approximate, approximate_far
from gradtui.diagnosis.recorded.blame.ends import handed_out, last_stored
from gradtui.diagnosis.recorded.blame.flow import Flow
from gradtui.diagnosis.recorded.blame.likeliest import likeliest
from gradtui.diagnosis.recorded.judge import Wrong
from gradtui.diagnosis.recorded.notes import note, seen_text
from gradtui.diagnosis.recorded.omitted import Omitted, omitted
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.simple import Simple, explained
from gradtui.diagnosis.recorded.stabilisers import Stabilisers
from gradtui.diagnosis.recorded.target import Target
from gradtui.diagnosis.recorded.upstream import Upstream, place_of, stops_at, upstream


class Unmended:
    """Wrong gradients at some points that no edit repairs, compared to a tolerance."""

    def __init__(
        self, runs: Runs, points: Sequence[Point], wrong: Sequence[Wrong], tolerance: float
    ) -> None:
        self._runs, self._points, self._wrong = runs, points, wrong
        self._tolerance = tolerance
        self._flow: tuple[Point, Flow] | None = None
        """The point last asked for the likeliest line at fault, and its lines."""

    def findings(self, *, searched: bool) -> Iterator[Finding]:
        """Yield what is known of them, once for several at one line; none was `searched` for."""
        found = dict[tuple[str, int], list[tuple[Wrong, Upstream]]]()
        plain = dict[Place | None, list[Wrong]]()
        left_out = dict[str, list[tuple[Wrong, Omitted]]]()
        exact = Stabilisers(self._points, [one.name for one in self._wrong])
        for one in self._wrong:
            simple = explained(one.name, self._points)
            known = simple is not None or not searched
            told = None if known else self._approximation(one.name, exact)
            if told is not None:
                yield self._approximate(one, told)
                continue
            stopped = self._stopped(one, known)
            lacks = None if known or stopped is not None else self._lacks(one)
            if lacks is not None:
                left_out.setdefault(lacks.told, []).append((one, lacks))
                continue
            flow = None if known else upstream(one.point, one.name)
            if flow is not None:
                found.setdefault((flow.next.file, flow.next.line), []).append((one, flow))
            elif stopped is not None:
                yield stopped
            elif simple is not None:
                yield self._simple(one, simple)
            else:
                plain.setdefault(self._likeliest(one), []).append(one)
        for those_left in left_out.values():
            yield self._omitting([one for one, _ in those_left], those_left[0][1])
        for place, those in plain.items():
            yield self._unexplained(place, those, self._cut_short())
        for several in found.values():
            flow = several[0][1]
            text = f": {flow.told}{self._cut_short()}"
            yield self._unexplained(flow.next, [one for one, _ in several], text)

    def _simple(self, one: Wrong, simple: Simple) -> Finding:
        text, place = f"the gradient of {self._seen(one)}: {simple.text}", self._likeliest(one)
        found = note(simple.rule, "error", one.name, text, place, one.evidence)
        return replace(found, factor=simple.factor)

    def _lacks(self, one: Wrong) -> Omitted | None:
        """Return what a gradient leaves out that is told by the forward pass; None if nothing."""
        others = [point for point in self._points if point is not one.point]
        return omitted(one.name, [one.point, *others])

    def _omitting(self, several: Sequence[Wrong], lacks: Omitted) -> Finding:
        """Return the finding of gradients that leave out the same."""
        first = several[0]
        flow = upstream(first.point, first.name)
        place = self._likeliest(first) if flow is None else flow.next
        where = "none of the edits tried puts it back" if flow is None else flow.told
        text = f": {lacks.told}; {where}"
        return replace(self._unexplained(place, several, text), rule=lacks.rule)

    def _stopped(self, one: Wrong, known: bool) -> Finding | None:
        """Return the finding of a gradient that is that of another value; None if it is not."""
        target = self._runs.target
        line = None if known or not target.returns_loss else stops_at(one.point, one.name)
        place = None if line is None else handed_out(target.called, one.name)
        if line is None or place is None:
            return None
        text = f"the gradient of {self._seen(one)}: it is the gradient of what line {line.line} "
        return note("unexplained", "error", one.name, f"{text}computes{self._cut_short()}", place,
                    one.evidence)  # fmt: skip

    def _unexplained(self, place: Place | None, several: Sequence[Wrong], text: str) -> Finding:
        """Return the finding of gradients that become wrong at one place."""
        one, names = several[0], [other.name for other in several]
        others = f" (also wrong: {', '.join(names[1:])})" if len(names) > 1 else ""
        evidence = {**one.evidence, "gradients": names}
        said = f"the gradient of {self._seen(one)}{others}{text}"
        return note("unexplained", "error", one.name, said, place, evidence)

    def _approximation(self, name: str, exact: Stabilisers) -> str | None:
        """Return by how little a gradient is off, in words; None if no approximation is."""
        share = approximate(name, self._points, self._tolerance)
        if share is not None and not exact.is_exact_without(name):
            return f"near the given arguments it is off by no more than {share:.0e}"
        share = approximate_far(name, self._points)
        told = "it is right near the given arguments, and elsewhere off by no more than"
        return None if share is None else f"{told} {share:.1%}"

    def _approximate(self, one: Wrong, told: str) -> Finding:
        text = f"the gradient of {self._seen(one)}: {told} of its largest element, as an "
        text += "approximation is"
        return note("unexplained", "info", one.name, text, self._likeliest(one), one.evidence)

    def _seen(self, one: Wrong) -> str:
        return seen_text(one, self._runs.target)

    def _cut_short(self) -> str:
        """Return that not all edits were tried, in words; empty if all were."""
        runs = self._runs.cut_short
        return f"; after {runs:,} edited runs, not all edits had been tried" if runs else ""

    def _likeliest(self, wrong: Wrong) -> Place | None:
        """Return the likeliest line at fault for one of them."""
        if self._flow is None or self._flow[0] is not wrong.point:
            self._flow = wrong.point, Flow(wrong.point, (1.0,))
        names = [one.name for one in self._wrong]
        target = self._runs.target
        found = likeliest(self._flow[1], wrong.point, wrong.name, names, target.called)
        return found or place_of(wrong.point, wrong.name) or end_of(target, wrong.name)


def end_of(target: Target, name: str, *, absent: bool = False) -> Place | None:
    """Return the line that stores or returns a gradient that is never computed."""
    names, found = list(target.arguments), None
    if target.differentiating is not target.called:
        found = last_stored(target.differentiating, 0)
    elif name in names and not target.returns_loss:
        found = last_stored(target.called, names.index(name), absent=absent)
    return found or target.place
