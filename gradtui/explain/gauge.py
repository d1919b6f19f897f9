"""The gauge: how near the rate is to the largest stable one, in two rows."""

from __future__ import annotations

import math

from gradtui.base.text import filled, number
from gradtui.debugger.frame import Frame
from gradtui.engine.curvature import Gauge
from gradtui.explain.spans import Role, Span, TextRow, folded, line, line_width
from gradtui.explain.values import UNKNOWN

_BAR, _SHORT = 10, 7
"""Cells of the bar, and of a shorter one."""
_COUNTED = 1e6
"""Fewer steps than this are told exactly."""
_NAME: Span = ("lr·λmax ", "name")
_CLIPPED: Span = ("lr·clip·λmax ", "name")
"""Where clipping shortens the step."""


def gauge_rows(frame: Frame, width: int) -> list[TextRow]:
    """Return the gauge of this step, with the curvature's verdict on rate and valley."""
    gauge = frame.known.gauge
    if not gauge:
        return []
    if frame.position < frame.order.backward:  # a verdict on the step before it is worked out
        return [line(_NAME, (f"{UNKNOWN} ", "dim"), ("after the backward pass", "dim")), ()]
    if isinstance(gauge, str):
        return [*folded(_NAME, [(f"{word} ", "dim") for word in gauge.split()], width), ()]
    word, role = _verdict(frame, gauge)
    if gauge.sharpness <= 0.0:
        return [line(_NAME, (word, role)), ()]
    name = _CLIPPED if gauge.clip < 1.0 else _NAME
    pull, limit = f"{number(gauge.pull, 3)} ", f"of {number(gauge.limit, 3)} "
    bars = [_bar(gauge.pull / gauge.limit, cells) + " " for cells in (_BAR, _SHORT)]
    verdict: Span = (word, role)
    tried = [line(name, pull, limit, (bar, role), verdict) for bar in bars]
    tried += [line(name, pull, limit, verdict), line(name, pull, verdict)]
    row = next((row for row in tried if line_width(row) <= width), tried[-1])
    return [row, line((_bounds(gauge, width), "dim"))]


def _bounds(gauge: Gauge, width: int) -> str:
    """Return the largest stable rate and what else is known of the valley, as far as it fits."""
    # The clipped step is no measure of the rate: near the valley's floor nothing is clipped.
    whose = "unclipped: " if gauge.clip < 1.0 and not gauge.dynamics.second else ""
    rate = f"{whose}stable up to lr {number(gauge.largest_rate, 4)}"
    parts = [rate]
    if gauge.exact:
        if gauge.curves_down:
            parts.insert(0, "λmin < 0")
        elif gauge.condition > 1.0:  # the loss curves upward along more than one direction
            parts.insert(0, f"κ {number(gauge.condition, 3)}")
        # A rate that is lost along the steepest direction goes down no slower one.
        if math.isfinite(gauge.steps_per_decade) and gauge.pull <= gauge.limit:
            steps = gauge.steps_per_decade
            counted = f"{math.ceil(steps):,}" if steps < _COUNTED else number(steps, 3)
            parts.append(f"slowest: {counted} steps to a tenth")
    while len(parts) > 1 and len(" · ".join(parts)) > width:
        parts.pop(-1 if parts[-1] != rate else 0)
    return " · ".join(parts)


def _verdict(frame: Frame, gauge: Gauge) -> tuple[str, Role]:
    """Return, in a word, the effect of the rate along the steepest direction.

    Above the limit it is unstable at this step's curvature, which may change: whether the run
    diverges is for its findings to say.
    """
    if gauge.sharpness <= 0.0:
        return "no upward curvature here", "dim"
    if not frame.tape.rate:
        return "nothing moves", "dim"
    if gauge.pull > gauge.limit:
        lost = any(found.severity == "error" for found in frame.known.run_findings or ())
        return ("diverges", "bad") if lost else ("above the limit", "local")
    if gauge.dynamics.swings(gauge.pull):
        return "stable, swings", "good"  # momentum does this far below the limit too
    if gauge.dynamics.overshoots(gauge.pull):
        return "overshoots", "local"
    return "no overshoot", "good"


def _bar(part: float, cells: int) -> str:
    """Return a bar that is full at the limit, with a sign where it is passed."""
    full = filled(part, cells)
    return "█" * full + "░" * (cells - full) if part <= 1.0 else "█" * (cells - 1) + "▶"
