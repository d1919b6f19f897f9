"""A debugger in a simulated terminal, and what a person would read on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from pathlib import Path

import platformdirs
import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

import gradtui
import gradtui.diagnosis.check
import gradtui.saving.store
from gradtui import Finding
from gradtui.debugger.session import Session
from gradtui.engine.history import History
from gradtui.scenario.problem import Problem
from gradtui.tui.app import GradtuiApp
from gradtui.tui.debugger import Debugger


class Terminal:
    """A running app, its keys and its text."""

    def __init__(self, app: GradtuiApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            while not self.arrived:
                await self.pilot.pause(0.01)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        names = {".": "full_stop", "/": "slash", "_": "underscore", " ": "space", "-": "minus"}
        await self.press(*(names.get(char, char) for char in text))

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something holds on the screen or in the session, and is shown."""
        for _ in range(3000):
            if condition():
                break
            await asyncio.sleep(0.02)
        else:
            raise AssertionError(self.text)
        await self.pilot.pause()

    async def settled(self) -> None:
        """Wait until it is known what is wrong and how the loss curves here."""
        await self.until(lambda: self.debugger.walk.settled)

    @property
    def arrived(self) -> bool:
        """Whether the debugger is at the step it was told to go to: a near one is not announced."""
        return not isinstance(self.app.screen, Debugger) or self.debugger.pace._target is None

    @property
    def debugger(self) -> Debugger:
        screen = self.app.screen
        assert isinstance(screen, Debugger)
        return screen

    @property
    def session(self) -> Session:
        return self.debugger.session

    @property
    def rows(self) -> list[str]:
        strips = self.app.screen._compositor.render_strips()
        return [strip.text.rstrip() for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.rows)


@pytest.fixture(autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep what is copied and saved in a folder of the test's own."""
    folder = tmp_path_factory.mktemp("state")

    def user_state_path(name: str, **options: object) -> Path:
        path = folder / name
        path.mkdir(exist_ok=True)
        return path

    monkeypatch.setattr(platformdirs, "user_state_path", user_state_path)
    monkeypatch.setattr(gradtui.saving.store, "user_state_path", user_state_path)
    return folder / "gradtui"


def opened(file: str) -> Session:
    """Open a scenario; a bundled one without its lesson, which begins where nothing is computed."""
    return Session(_bundled(file)) if file.isidentifier() else gradtui.load(file)


_SHARED = set[Problem]()


@cache
def _bundled(name: str) -> Problem:
    """Read a bundled scenario once for all tests: a problem never changes."""
    problem = replace(gradtui.load(name).problem, lessons=())
    _SHARED.add(problem)
    return problem


@pytest.fixture(autouse=True, scope="session")
def examined_once() -> Iterator[None]:
    """Examine the run of each of those problems once: what is found depends on nothing else."""
    examine, found = gradtui.diagnosis.check.diagnose_run, dict[Problem, tuple[Finding, ...]]()

    def findings(
        problem: Problem, history: History | None = None, first: int = 0
    ) -> tuple[Finding, ...]:
        if first or problem not in _SHARED:
            return examine(problem, history, first)
        if problem not in found:
            found[problem] = examine(problem, history, first)
        return found[problem]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gradtui.diagnosis.check, "diagnose_run", findings)
        yield


Open = Callable[..., AbstractAsyncContextManager[Terminal]]


@pytest.fixture
def terminal() -> Open:
    """Open a scenario, or the picker, in a terminal of some size."""

    @asynccontextmanager
    async def open_in(
        file: str | None, size: tuple[int, int] = (120, 40), *, resume: bool = False
    ) -> AsyncIterator[Terminal]:
        app = GradtuiApp(opened(file) if file else None, resume=resume)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            found = Terminal(app, pilot)
            if file:
                await found.settled()
            yield found

    return open_in
