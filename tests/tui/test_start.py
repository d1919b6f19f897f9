"""What the first paint waits for; `tests/benchmarks/bench_start.py` measures the time it takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LATER = {
    "gradtui.diagnosis.backward",
    "gradtui.diagnosis.correction",
    "gradtui.diagnosis.updates",
    "gradtui.explain.lens",
    "gradtui.explain.surface",
    "gradtui.saving.snapshot",
    "gradtui.saving.format",
    "gradtui.scenario.changes",
    "gradtui.scenario.settings",
    "gradtui.saving.store",
    "gradtui.debugger.sweeps",
    "gradtui.tui.help",
    "gradtui.tui.palette",
    "gradtui.tui.picker",
    "gradtui.tui.prompt",
    "gradtui.tui.tables",
    "importlib.metadata",
    "numpy.random",
}
"""Modules for what a key may ask for, or for what is found out once the screen is there."""
UP_TO_THE_FIRST_PAINT = """
import asyncio, sys
from gradtui.scenario.bundled import find_scenario
from gradtui.scenario.load import load_problem
from gradtui.debugger.session import Session
from gradtui.tui.app import GradtuiApp

loaded, show = [], GradtuiApp._display

def watched(app, screen, update):
    if update is not None and not loaded:
        loaded.extend(sys.modules)
    show(app, screen, update)

async def start():
    GradtuiApp._display = watched
    session = Session(load_problem(find_scenario("two_weights")))
    async with GradtuiApp(session).run_test(size=(120, 40)):
        pass

asyncio.run(start())
print(*loaded)
"""


def test_the_first_paint_waits_for_no_module_that_only_a_key_needs():
    told = subprocess.run(
        [sys.executable, "-c", UP_TO_THE_FIRST_PAINT],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(told.stdout.split())
    assert {"gradtui.tui.panels.graph", "gradtui.tui.plot", "plotext", "numpy"} <= loaded
    assert not loaded & LATER
