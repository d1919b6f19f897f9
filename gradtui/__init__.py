"""gradtui: a terminal debugger for training.

`load(FILE)` opens a scenario for stepping through it in Python, `check(FILE)` verifies one,
`check(function, **arrays)` the gradients of code of your own; `assert_gradients` does so in a test,
`trace` gives a session on one call of it, and `debug` opens that on the screen.
`check_update(step)` compares an update of your own with an optimizer, `assert_update` in a test.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # a type checker goes by the name alone; importing typing takes time
    from typing import Any

    from gradtui.api import assert_gradients as assert_gradients
    from gradtui.api import assert_update as assert_update
    from gradtui.api import check as check
    from gradtui.api import check_update as check_update
    from gradtui.api import load as load
    from gradtui.api import trace as trace
    from gradtui.base.source import InputError as InputError
    from gradtui.cli.screen import debug as debug
    from gradtui.debugger.session import Session as Session
    from gradtui.diagnosis.finding import Finding as Finding
    from gradtui.recording.run import case as case

__version__ = "0.1.0"
__all__ = [
    "Finding", "InputError", "Session", "assert_gradients", "assert_update", "case", "check",
    "check_update", "debug", "load", "trace",
]  # fmt: skip

_HOMES = {
    "Finding": "gradtui.diagnosis.finding",
    "InputError": "gradtui.base.source",
    "Session": "gradtui.debugger.session",
    "assert_gradients": "gradtui.api",
    "assert_update": "gradtui.api",
    "case": "gradtui.recording.run",
    "check": "gradtui.api",
    "check_update": "gradtui.api",
    "debug": "gradtui.cli.screen",
    "load": "gradtui.api",
    "trace": "gradtui.api",
}


def __getattr__(name: str) -> Any:
    # Loaded on first use: `gradtui --help` must not wait for numpy.
    if name not in _HOMES:
        raise AttributeError(f"module 'gradtui' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
