"""What the first paint waits for; `tests/benchmarks/bench_start.py` measures the time it takes."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from textual.css.stylesheet import Stylesheet

from gradtui.tui.app import GradtuiApp
from gradtui.tui.bars import Footer, Header, Timeline
from gradtui.tui.panels.chain import ChainPanel
from gradtui.tui.panels.program import ProgramPanel

LATER = {
    "gradtui.base.words",
    "gradtui.debugger.assigned",
    "gradtui.debugger.axes",
    "gradtui.debugger.calls",
    "gradtui.debugger.digits",
    "gradtui.debugger.floor",
    "gradtui.debugger.inspection",
    "gradtui.debugger.stops",
    "gradtui.debugger.sweeps",
    "gradtui.diagnosis.backward",
    "gradtui.diagnosis.correction",
    "gradtui.diagnosis.facts",
    "gradtui.diagnosis.updates",
    "gradtui.engine.expansion",
    "gradtui.engine.interpreter",
    "gradtui.engine.kinks",
    "gradtui.engine.lens",
    "gradtui.engine.search",
    "gradtui.explain.arrays",
    "gradtui.explain.classes",
    "gradtui.explain.guesses",
    "gradtui.explain.lens",
    "gradtui.explain.listing",
    "gradtui.explain.outcome",
    "gradtui.explain.predictions",
    "gradtui.explain.remarks",
    "gradtui.explain.surface",
    "gradtui.explain.terms",
    "gradtui.saving.course",
    "gradtui.saving.format",
    "gradtui.saving.sealed",
    "gradtui.saving.snapshot",
    "gradtui.saving.store",
    "gradtui.scenario.changes",
    "gradtui.scenario.claims",
    "gradtui.scenario.settings",
    "gradtui.tracing.syntax",
    "gradtui.tui.help",
    "gradtui.tui.palette",
    "gradtui.tui.picker",
    "gradtui.tui.prompt",
    "gradtui.tui.tables",
    "importlib.metadata",
    "numpy.ma",
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
    session = Session(load_problem(find_scenario(sys.argv[1])))
    async with GradtuiApp(session).run_test(size=(120, 40)):
        pass

asyncio.run(start())
print(*loaded)
"""


def loaded_for(scenario: str) -> set[str]:
    """Return the modules that are loaded at the first paint of a scenario."""
    told = subprocess.run(
        [sys.executable, "-c", UP_TO_THE_FIRST_PAINT, scenario],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(told.stdout.split())


def test_the_first_paint_waits_for_no_module_that_only_a_key_needs():
    loaded = loaded_for("two_weights")
    assert {"gradtui.tui.panels.graph", "gradtui.tui.plot", "plotext", "numpy"} <= loaded
    assert not loaded & LATER


def test_a_classifier_draws_its_weights_without_openssl_and_other_generators():
    loaded = loaded_for("iris")
    assert {"gradtui.engine.draws", "gradtui.engine.residual"} <= loaded
    assert not loaded & {"_hashlib", "numpy.random"}


@pytest.mark.parametrize(
    ("scenario", "own"),
    [("two_weights", set()), ("grad_two_weights", {"-by-hand"})],
)
async def test_the_first_paint_styles_every_part_once(terminal, monkeypatch, scenario, own):
    styled, before = Counter(), list[Counter]()
    apply, show = Stylesheet.apply, GradtuiApp._display

    def counted(sheet, node, **options):
        styled[type(node)] += 1
        apply(sheet, node, **options)

    def watched(app, screen, update):
        if update is not None and not before:
            before.append(styled.copy())
        show(app, screen, update)

    monkeypatch.setattr(Stylesheet, "apply", counted)
    monkeypatch.setattr(GradtuiApp, "_display", watched)
    async with terminal(scenario) as screen:
        debugger = screen.app.screen
    parts = Header, Timeline, Footer, ChainPanel, ProgramPanel
    assert own <= debugger.classes
    assert {part: before[0][part] for part in parts} == dict.fromkeys(parts, 1)
