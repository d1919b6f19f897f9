"""Breakpoints and watches in words."""

from __future__ import annotations

from gradtui.base.text import DIGITS, clean
from gradtui.debugger.breakpoints import Breakpoint, Watched
from gradtui.explain.values import summary

_LISTED = 5


def breakpoint_text(breakpoint: Breakpoint, last: int) -> str:
    """Return a breakpoint with the steps at which its condition becomes true."""
    sign = "◆" if breakpoint.enabled else "◇ (off)"
    return clean(f"{sign} {breakpoint.text}   {_steps_text(breakpoint, last)}")


def watch_text(watched: Watched) -> str:
    """Return a watch with its value."""
    value = watched.trouble if watched.value is None else summary(watched.value, DIGITS)
    return clean(f"watch {watched.text} = {value}")


def _steps_text(breakpoint: Breakpoint, last: int) -> str:
    if breakpoint.trouble:
        return f"not looked for: {breakpoint.trouble}"
    more = "" if breakpoint.searched > last else f" (searched to step {breakpoint.searched:,})"
    steps = [f"{step:,}" for step in breakpoint.steps[:_LISTED]]
    count = len(breakpoint.steps)
    if not count:
        return f"at no step{more or f' up to {last:,}'}"
    rest = f", … ({count:,} steps)" if count > _LISTED else ""
    return f"at step{'s' if count > 1 else ''} {', '.join(steps)}{rest}{more}"
