"""A curve of a run that is still computed: drawn now and then, and to its end."""

import numpy as np

import gradtui.tui.plot as plot
from gradtui.debugger.curves import Curve, Picture
from gradtui.tui.panels.loss import LossPanel


def of(known):
    """Return the picture of a run of 1,000 steps of which some are known."""
    return Picture((Curve("L", 0, range(known), np.arange(known, dtype=float)),), 0, 1000)


async def test_keys_do_not_wait_for_a_drawing_of_each_more_step(terminal, monkeypatch):
    drawn = []
    real = plot.draw_curves
    monkeypatch.setattr(plot, "draw_curves", lambda *a, **k: drawn.append(a) or real(*a, **k))
    async with terminal("one_weight") as t:
        panel = t.app.screen.query_one(LossPanel)
        asked = []
        monkeypatch.setattr(panel, "redraw", lambda: asked.append(1))
        drawn.clear()
        for known in range(500, 520):
            panel._drawing(of(known), 40, 10)
        assert len(drawn) <= 3
        await t.until(lambda: asked)
        panel._drawing(of(1001), 40, 10)
        assert len(drawn[-1][0][0].steps) == 1001
