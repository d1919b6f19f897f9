"""The wheel holds what the program reads beside its code."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradtui.manual.pages import TOPICS

ROOT = Path(__file__).parents[1]


def test_the_manual_and_the_scenarios_are_in_the_wheel():
    wheel = pytest.importorskip("hatchling.builders.wheel").WheelBuilder(str(ROOT))
    held = {
        file.distribution_path
        for file in [
            *wheel.recurse_included_files(),
            *wheel.recurse_forced_files(wheel.config.force_include),
        ]
    }
    assert {f"gradtui/manual/{topic}.md" for topic in TOPICS} <= held
    files = [path for path in (ROOT / "scenarios").iterdir() if path.is_file()]
    assert {f"gradtui/scenarios/{path.name}" for path in files} <= held
